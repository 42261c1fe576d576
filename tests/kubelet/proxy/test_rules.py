"""Which endpoints stand behind a Service's ports, for whom."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.kubelet.proxy.rules import PortKey, service_rules


def service(**spec: Any) -> dict[str, Any]:
    ports = [{"name": "web", "port": 80, "protocol": "TCP", "targetPort": 8080, "nodePort": 30080}]
    return {
        "metadata": {"namespace": "default", "name": "web"},
        "spec": {"clusterIP": "10.96.0.5", "clusterIPs": ["10.96.0.5"], "ports": ports, **spec},
    }


def slice_of(*endpoints: dict[str, Any]) -> dict[str, Any]:
    return {"ports": [{"name": "web", "port": 8080, "protocol": "TCP"}], "endpoints": list(endpoints)}


def endpoint(ip: str, node: str = "node-1", **conditions: bool) -> dict[str, Any]:
    return {"addresses": [ip], "nodeName": node, "conditions": conditions}


READY = endpoint("10.244.0.2", ready=True, serving=True, terminating=False)
OTHER = endpoint("10.244.1.2", "node-2", ready=True, serving=True, terminating=False)
ENDING = endpoint("10.244.0.3", ready=False, serving=True, terminating=True)
BROKEN = endpoint("10.244.0.4", ready=False, serving=False, terminating=False)


@pytest.mark.parametrize(
    ("spec", "kind", "node", "endpoints", "addresses", "anywhere"),
    [
        ({}, "internal", "node-1", [READY, OTHER, ENDING, BROKEN], ["10.244.0.2", "10.244.1.2"], True),
        ({}, "internal", "node-1", [ENDING, BROKEN], ["10.244.0.3"], True),
        ({}, "internal", "node-1", [BROKEN], [], False),
        ({"internalTrafficPolicy": "Local"}, "internal", "node-2", [READY, OTHER], ["10.244.1.2"], True),
        ({"internalTrafficPolicy": "Local"}, "internal", "node-3", [READY, OTHER], [], True),
        ({"internalTrafficPolicy": "Local"}, "node", "node-3", [READY], ["10.244.0.2"], True),
        ({"externalTrafficPolicy": "Local"}, "node", "node-1", [READY, OTHER], ["10.244.0.2"], True),
        ({"externalTrafficPolicy": "Local"}, "internal", "node-3", [READY], ["10.244.0.2"], True),
    ],
)
def test_who_is_reached(spec, kind, node, endpoints, addresses, anywhere):
    rules = service_rules(service(**spec), [slice_of(*endpoints)])
    key = PortKey("", 30080, "TCP") if kind == "node" else PortKey("10.96.0.5", 80, "TCP")
    assert rules[key][0] == kind
    backends, any_at_all = rules[key][1].reachable(kind, node)
    assert ([backend.ip for backend in backends], any_at_all) == (addresses, anywhere)


def test_every_address_of_a_service():
    status = {"loadBalancer": {"ingress": [{"ip": "9.9.9.9", "ipMode": "VIP"}, {"ip": "8.8.8.8", "ipMode": "Proxy"}]}}
    rules = service_rules(service(externalIPs=["7.7.7.7"]) | {"status": status}, [])
    assert [(key.address, key.port, kind) for key, (kind, _) in rules.items()] == [
        ("10.96.0.5", 80, "internal"),
        ("7.7.7.7", 80, "external"),
        ("9.9.9.9", 80, "external"),
        ("", 30080, "node"),
    ]


@pytest.mark.parametrize("spec", [{"clusterIP": "None", "clusterIPs": ["None"]}, {"type": "ExternalName"}])
def test_what_has_no_virtual_address(spec):
    assert service_rules(service(**spec), [slice_of(READY)]) == {}


@pytest.mark.parametrize(
    ("spec", "seconds"),
    [
        ({}, 0),
        ({"sessionAffinity": "ClientIP"}, 10800),
        ({"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}}}, 5),
    ],
)
def test_affinity(spec, seconds):
    [entry] = {id(entry): entry for _, entry in service_rules(service(**spec), []).values()}.values()
    assert entry.affinity_seconds == seconds
