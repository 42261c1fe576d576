"""Services: defaults, rules, changes of type, addresses and ports."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.machinery.errors import ApiError

KIND_MODULE = "core.service"
PORTS = [{"port": 80}]


def service(**spec: Any) -> dict[str, Any]:
    return {"spec": {"selector": {"a": "b"}, "ports": PORTS, **spec}}


def test_defaults_of_a_cluster_ip_service(bench) -> None:
    spec = bench.create(service())["spec"]
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert spec["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert {name: spec[name] for name in ("type", "sessionAffinity", "ipFamilies", "ipFamilyPolicy")} == {
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
    }
    assert spec["internalTrafficPolicy"] == "Cluster"


def test_status_is_dropped_and_always_there(bench) -> None:
    body = {**service(), "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}}
    assert bench.create(body)["status"] == {"loadBalancer": {}}


def test_headless_services_have_no_address(bench) -> None:
    with_selector = bench.create(service(clusterIP="None"))["spec"]
    assert (with_selector["clusterIPs"], with_selector["ipFamilies"]) == (["None"], ["IPv4"])
    without = bench.create({"spec": {"clusterIP": "None"}})["spec"]
    assert (without["ipFamilies"], without["ipFamilyPolicy"]) == (["IPv4", "IPv6"], "RequireDualStack")


def test_external_names_have_neither_address_nor_families(bench) -> None:
    spec = bench.create({"spec": {"type": "ExternalName", "externalName": "db.example.com"}})["spec"]
    assert spec == {"type": "ExternalName", "externalName": "db.example.com", "sessionAffinity": "None"}


@pytest.mark.parametrize(
    ("spec", "faults"),
    [
        ({"ports": []}, ["spec.ports: Required value"]),
        (
            {"ports": [{"port": 80}, {"port": 81}]},
            ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"],
        ),
        (
            {"ports": [{"name": "a", "port": 80}, {"name": "b", "port": 80}]},
            [
                'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,'
                '"TargetPort":0,"NodePort":0}'
            ],
        ),
        ({"type": "ExternalName"}, ["spec.externalName: Required value"]),
        (
            {"type": "NodePort", "clusterIP": "None"},
            ["spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"],
        ),
        (
            {"ports": [{"port": 80, "nodePort": 30000}]},
            ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
        ),
        (
            {"externalTrafficPolicy": "Local"},
            ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
        ),
        (
            {"loadBalancerClass": "x"},
            ["spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"],
        ),
        (
            {"trafficDistribution": "Far"},
            [
                'spec.trafficDistribution: Unsupported value: "Far": supported values: "PreferClose", "PreferSameZone",'
                ' "PreferSameNode"'
            ],
        ),
    ],
)
def test_faults(bench, spec: dict[str, Any], faults: list[str]) -> None:
    assert bench.faults(service(**spec)) == faults


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"ipFamilyPolicy": "RequireDualStack"}, "this cluster is not configured for dual-stack services"),
        ({"ipFamilies": ["IPv6"]}, 'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'),
        ({"clusterIP": "nope"}, 'spec.clusterIPs[0]: Invalid value: "nope": must be a valid IP address'),
        (
            {"clusterIP": "10.200.0.1"},
            "the provided IP (10.200.0.1) is not in the valid range. The range of valid IPs is",
        ),
        ({"type": "NodePort", "ports": [{"port": 80, "nodePort": 99}]}, "The range of valid ports is 30000-32767"),
    ],
)
def test_what_the_cluster_cannot_give_is_refused(bench, spec: dict[str, Any], text: str) -> None:
    with pytest.raises(ApiError) as caught:
        bench.create(service(**spec))
    assert caught.value.code == 422
    assert text in caught.value.message


def test_taken_addresses_and_ports_are_refused(bench) -> None:
    bench.create(service(type="NodePort", clusterIP="10.96.0.7", ports=[{"port": 80, "nodePort": 30123}]))
    with pytest.raises(ApiError, match="failed to allocate IP 10.96.0.7: provided IP is already allocated"):
        bench.create(service(clusterIP="10.96.0.7"))
    with pytest.raises(ApiError, match="provided port is already allocated"):
        bench.create(service(type="NodePort", ports=[{"port": 80, "nodePort": 30123}]))


def test_ports_of_one_number_share_a_node_port(bench) -> None:
    ports = [{"name": "a", "port": 53, "protocol": "UDP"}, {"name": "b", "port": 53}, {"name": "c", "port": 80}]
    given = [port["nodePort"] for port in bench.create(service(type="NodePort", ports=ports))["spec"]["ports"]]
    assert given[0] == given[1] != given[2]


def test_a_load_balancer_may_do_without_node_ports(bench) -> None:
    spec = bench.create(service(type="LoadBalancer", allocateLoadBalancerNodePorts=False))["spec"]
    assert "nodePort" not in spec["ports"][0]


def test_local_traffic_needs_a_health_check_port(bench) -> None:
    old = bench.create(service(type="LoadBalancer", externalTrafficPolicy="Local"))
    port = old["spec"]["healthCheckNodePort"]
    assert 30000 <= port <= 32767 and port != old["spec"]["ports"][0]["nodePort"]
    kept = bench.update(old, service(type="LoadBalancer", externalTrafficPolicy="Local"))
    assert kept["spec"]["healthCheckNodePort"] == port
    assert (
        "healthCheckNodePort"
        not in bench.update(old, {"spec": {**old["spec"], "externalTrafficPolicy": "Cluster"}})["spec"]
    )


def test_an_update_keeps_what_was_given_out(bench) -> None:
    old = bench.create(service(type="NodePort"))
    new = bench.update(old, service(type="NodePort", ports=[{"port": 81}]))
    assert new["spec"]["clusterIP"] == old["spec"]["clusterIP"]
    assert new["spec"]["ports"][0]["nodePort"] == old["spec"]["ports"][0]["nodePort"]


def test_types_change_there_and_back(bench) -> None:
    old = bench.create(service())
    node_port = bench.update(old, service(type="NodePort"))
    assert node_port["spec"]["ports"][0]["nodePort"] >= 30000
    back = bench.update(node_port, {"spec": {**node_port["spec"], "type": "ClusterIP"}})
    assert "nodePort" not in back["spec"]["ports"][0] and "externalTrafficPolicy" not in back["spec"]
    external = bench.update(back, {"spec": {**back["spec"], "type": "ExternalName", "externalName": "a.b"}})
    assert not {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"}.intersection(external["spec"])
    again = bench.update(external, service())
    assert again["spec"]["clusterIP"].startswith("10.96.")


@pytest.mark.parametrize("address", ["10.96.250.250", "None"])
def test_the_address_may_not_change(bench, address: str) -> None:
    old = bench.create(service())
    faults = bench.update_faults(old, service(clusterIP=address))
    assert faults == [f'spec.clusterIPs[0]: Invalid value: ["{address}"]: may not change once set']


def test_status_is_for_load_balancers(bench) -> None:
    status = {"status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}}
    faults = bench.update_faults(bench.create(service()), status, subresource="status")
    assert faults == ["status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"]
    balanced = bench.create(service(type="LoadBalancer"))
    shown = bench.update(balanced, status, subresource="status")
    assert shown["status"]["loadBalancer"]["ingress"] == [{"ip": "1.2.3.4", "ipMode": "VIP"}]
    assert bench.cells(shown)["External-IP"] == "1.2.3.4"


def test_warnings(bench) -> None:
    bench.create(service(clusterIP="None", externalIPs=["203.0.113.5"], trafficDistribution="PreferClose"))
    assert bench.warnings == [
        "spec.externalIPs is ignored for headless services",
        'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ]


@pytest.mark.parametrize(
    ("spec", "cells"),
    [
        ({"clusterIP": "10.96.3.4"}, {"Cluster-IP": "10.96.3.4", "External-IP": "<none>", "Port(s)": "80/TCP"}),
        ({"clusterIP": "None"}, {"Cluster-IP": "None", "Selector": "a=b", "Age": "5s"}),
        ({"type": "ExternalName", "externalName": "x.y", "ports": []}, {"External-IP": "x.y", "Port(s)": "<none>"}),
        (
            {"type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 30001}]},
            {"External-IP": "<pending>", "Port(s)": "80:30001/TCP"},
        ),
    ],
)
def test_cells(bench, spec: dict[str, Any], cells: dict[str, str]) -> None:
    shown = bench.cells(bench.create(service(**spec)))
    assert {name: shown[name] for name in cells} == cells


def test_selectable_fields(bench) -> None:
    obj = bench.create(service(clusterIP="10.96.3.4"))
    assert bench.fields(obj) == {"spec.clusterIP": "10.96.3.4", "spec.type": "ClusterIP"}
