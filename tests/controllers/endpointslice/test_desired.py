"""Which endpoints a Service should have, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.controllers.endpointslice.desired import desired_groups
from minikube_lite.store import Object


def service(**spec: Any) -> Object:
    own = {
        "clusterIP": "10.96.0.7",
        "ipFamilies": ["IPv4"],
        "selector": {"app": "web"},
        "ports": [{"port": 80}],
        **spec,
    }
    for port in own["ports"]:
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port["port"])
    return {"metadata": {"name": "web", "namespace": "default", "uid": "s", "creationTimestamp": "t"}, "spec": own}


def pod(name: str = "a", *, ready: bool = True, deleting: bool = False, **fields: Any) -> Object:
    metadata: Object = {"name": name, "namespace": "default", "uid": f"uid-{name}"}
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    status = {
        "phase": fields.pop("phase", "Running"),
        "podIPs": [{"ip": ip} for ip in fields.pop("ips", ("10.244.0.5",))],
        "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
    }
    containers = [{"name": "main", "ports": fields.pop("ports", [])}]
    return {"metadata": metadata, "spec": {"containers": containers, "nodeName": "n", **fields}, "status": status}


def only_endpoint(*args: Any, zone: str = "") -> Object | None:
    groups = desired_groups(args[0], args[1:], {"n": zone})
    endpoints = [endpoint for group in groups.values() for endpoint in group.endpoints]
    return endpoints[0] if endpoints else None


@pytest.mark.parametrize(
    ("publish", "ready", "deleting", "expected"),
    [
        (False, True, False, (True, True, False)),
        (False, False, False, (False, False, False)),
        (False, True, True, (False, True, True)),
        (True, False, False, (True, False, False)),
        (True, True, True, (True, True, True)),
    ],
)
def test_conditions(publish, ready, deleting, expected):
    endpoint = only_endpoint(service(publishNotReadyAddresses=publish), pod(ready=ready, deleting=deleting))
    assert endpoint is not None
    assert tuple(endpoint["conditions"][part] for part in ("ready", "serving", "terminating")) == expected


@pytest.mark.parametrize(
    "case",
    [pod(phase="Succeeded"), pod(phase="Failed"), pod(ips=()), pod(nodeName="gone"), pod(ips=("fd00::1",))],
    ids=["succeeded", "failed", "no address", "node gone", "other family"],
)
def test_what_is_no_endpoint(case):
    assert only_endpoint(service(), case) is None


def test_a_pod_of_a_missing_node_is_published_where_the_service_asks_for_it():
    assert only_endpoint(service(publishNotReadyAddresses=True), pod(nodeName="gone")) is not None


def test_what_an_endpoint_says():
    endpoint = only_endpoint(service(), pod(hostname="a", subdomain="web"), zone="z")
    assert endpoint == {
        "addresses": ["10.244.0.5"],
        "conditions": {"ready": True, "serving": True, "terminating": False},
        "targetRef": {"kind": "Pod", "namespace": "default", "name": "a", "uid": "uid-a"},
        "nodeName": "n",
        "zone": "z",
        "hostname": "a",
    }


@pytest.mark.parametrize("fields", [{"hostname": "a", "subdomain": "other"}, {"hostname": "a"}, {"subdomain": "web"}])
def test_no_hostname_without_both(fields):
    endpoint = only_endpoint(service(), pod(**fields))
    assert endpoint is not None and "hostname" not in endpoint


def test_named_target_ports_are_resolved_for_each_pod():
    named = service(ports=[{"name": "http", "port": 80, "targetPort": "http"}])
    ports = [{"name": "http", "containerPort": number, "protocol": "TCP"} for number in (8080, 9090)]
    groups = desired_groups(named, [pod("a", ports=ports[:1]), pod("b", ports=ports[1:]), pod("c")], {"n": ""})
    found = {group.endpoints[0]["targetRef"]["name"]: group.ports for group in groups.values()}
    assert found == {
        "a": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "b": [{"name": "http", "port": 9090, "protocol": "TCP"}],
        "c": [],
    }


def test_a_headless_service_needs_no_ports():
    groups = desired_groups(service(clusterIP="None", ports=[]), [pod()], {"n": ""})
    assert [(group.ports, len(group.endpoints)) for group in groups.values()] == [([], 1)]


def test_each_family_has_its_own_endpoints():
    dual = service(ipFamilies=["IPv4", "IPv6"])
    groups = desired_groups(dual, [pod(ips=("10.244.0.5", "fd00:0::5"))], {"n": ""})
    found = {group.address_type: group.endpoints[0]["addresses"] for group in groups.values()}
    assert found == {"IPv4": ["10.244.0.5"], "IPv6": ["fd00::5"]}


@pytest.mark.parametrize(
    ("distribution", "hints"),
    [
        ("PreferClose", {"forZones": [{"name": "z"}]}),
        ("PreferSameZone", {"forZones": [{"name": "z"}]}),
        ("PreferSameNode", {"forZones": [{"name": "z"}], "forNodes": [{"name": "n"}]}),
        (None, None),
    ],
)
def test_hints(distribution, hints):
    spec = {"trafficDistribution": distribution} if distribution else {}
    endpoint = only_endpoint(service(**spec), pod(), zone="z")
    assert endpoint is not None and endpoint.get("hints") == hints
