"""Ingresses and their classes."""

from __future__ import annotations

from typing import Any

import pytest

KIND_MODULE = "networking.ingress"
BACKEND = {"service": {"name": "s", "port": {"number": 80}}}


def ingress(host: str = "a.example.com", **path: Any) -> dict[str, Any]:
    item = {"path": "/", "pathType": "Prefix", "backend": BACKEND, **path}
    return {"spec": {"rules": [{"host": host, "http": {"paths": [item]}}]}}


PATH = "spec.rules[0].http.paths[0]"


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        (ingress(), []),
        ({"spec": {}}, ["spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"]),
        (ingress(pathType=None), [f"{PATH}.pathType: Required value: pathType must be specified"]),
        (ingress(path="/a//b"), [f"{PATH}.path: Invalid value: \"/a//b\": must not contain '//'"]),
        (ingress(backend={}), [f'{PATH}.backend: Invalid value: "": resource or service backend is required']),
        (
            ingress(backend={"service": {"name": "s", "port": {"name": "a", "number": 2}}}),
            [f'{PATH}.backend: Invalid value: "": cannot set both port name & port number'],
        ),
        (
            ingress(host="1.2.3.4"),
            ['spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address'],
        ),
        (ingress(host="*.example.com"), []),
    ],
)
def test_faults(bench, body: dict[str, Any], faults: list[str]) -> None:
    assert bench.faults(body) == faults


def test_cells(bench) -> None:
    rules = [{"host": f"{name}.example.com"} for name in "abcd"]
    obj = bench.create({"spec": {"rules": rules, "tls": [{}]}})
    cells = bench.cells(obj)
    assert (cells["Class"], cells["Ports"], cells["Address"]) == ("<none>", "80, 443", "")
    assert cells["Hosts"] == "a.example.com,b.example.com,c.example.com + 1 more..."
    balanced = bench.update(
        obj, {"status": {"loadBalancer": {"ingress": [{"hostname": "lb.x"}]}}}, subresource="status"
    )
    assert bench.cells(balanced)["Address"] == "lb.x"


def test_the_old_annotation_is_deprecated(bench) -> None:
    bench.create({"metadata": {"annotations": {"kubernetes.io/ingress.class": "c"}}, **ingress()})
    assert bench.warnings == [
        "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"
    ]


def test_classes(benches) -> None:
    bench = benches.make("networking.ingressclass")
    parameters = {"apiGroup": "k.example", "kind": "P", "name": "p"}
    old = bench.create({"spec": {"controller": "example.com/c", "parameters": parameters}})
    assert old["spec"]["parameters"]["scope"] == "Cluster"
    assert bench.cells(old)["Parameters"] == "P.k.example/p"
    assert bench.faults({"spec": {"controller": "bad"}}) == [
        'spec.controller: Invalid value: "bad": must be a domain-prefixed path (such as "acme.io/foo")'
    ]
    assert bench.update_faults(old, {"spec": {"controller": "example.com/d"}}) == [
        'spec.controller: Invalid value: "example.com/d": field is immutable'
    ]
