"""What a request asks for, as authorizers see it."""

from __future__ import annotations

import pytest

from minikube_lite.api.authorization import Attributes, forbidden
from minikube_lite.api.authorization.attributes import request_attributes
from minikube_lite.api.request import parse_path
from minikube_lite.machinery.kind import User

USER = User("jane")
NS = "/api/v1/namespaces/ns"


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        ("GET /api/v1/pods", ("list", "", "", "pods", "", "")),
        ("HEAD /api/v1/pods", ("list", "", "", "pods", "", "")),
        (f"GET {NS}/pods", ("list", "ns", "", "pods", "", "")),
        (f"GET {NS}/pods?watch=true", ("watch", "ns", "", "pods", "", "")),
        (f"GET {NS}/pods?watch=0", ("list", "ns", "", "pods", "", "")),
        ("GET /api/v1/watch/namespaces/ns/pods", ("watch", "ns", "", "pods", "", "")),
        ("GET /api/v1/watch/namespaces/ns/pods/p", ("watch", "ns", "", "pods", "", "p")),
        (f"GET {NS}/pods/p?watch=true", ("get", "ns", "", "pods", "", "p")),
        (f"GET {NS}/pods?fieldSelector=metadata.name=p", ("list", "ns", "", "pods", "", "p")),
        (f"GET {NS}/pods?fieldSelector=metadata.name!=p", ("list", "ns", "", "pods", "", "")),
        (f"GET {NS}/pods?fieldSelector=metadata.name=a/b", ("list", "ns", "", "pods", "", "")),
        (f"GET {NS}/pods?fieldSelector=nonsense", ("list", "ns", "", "pods", "", "")),
        (f"POST {NS}/pods", ("create", "ns", "", "pods", "", "")),
        (f"DELETE {NS}/pods", ("deletecollection", "ns", "", "pods", "", "")),
        (f"DELETE {NS}/pods/p", ("delete", "ns", "", "pods", "", "p")),
        (f"PUT {NS}/pods/p/status", ("update", "ns", "", "pods", "status", "p")),
        ("PATCH /apis/apps/v1/namespaces/ns/statefulsets/s", ("patch", "ns", "apps", "statefulsets", "", "s")),
        (f"OPTIONS {NS}/pods/p", ("", "ns", "", "pods", "", "p")),
        (f"GET {NS}", ("get", "ns", "", "namespaces", "", "ns")),
        (f"PUT {NS}/finalize", ("update", "ns", "", "namespaces", "finalize", "ns")),
        ("GET /api/v1/namespaces", ("list", "", "", "namespaces", "", "")),
        ("GET /apis/no.such/v1/things", ("list", "", "no.such", "things", "", "")),
    ],
)
def test_resources(request_line, expected) -> None:
    method, _, target = request_line.partition(" ")
    path, _, query = target.partition("?")
    parameters = dict([query.split("=", 1)]) if query else {}
    assert request_attributes(USER, method, path, parse_path(path), parameters) == Attributes(USER, *expected)


@pytest.mark.parametrize("path", ["/", "/version", "/healthz/ping", "/api", "/api/v1", "/apis/apps/v1", "/openapi/v3"])
def test_paths(path) -> None:
    found = request_attributes(USER, "GET", path, parse_path(path), {})
    assert found == Attributes(USER, "get", path=path, is_resource=False)


@pytest.mark.parametrize(
    ("attributes", "reason", "message", "details"),
    [
        (
            Attributes(USER, "list", "ns", "", "pods"),
            "",
            'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "ns"',
            {"kind": "pods"},
        ),
        (
            Attributes(USER, "get", "", "apps", "deployments", "scale", "d"),
            "because",
            'deployments.apps "d" is forbidden: User "jane" cannot get resource "deployments/scale" '
            'in API group "apps" at the cluster scope: because',
            {"name": "d", "group": "apps", "kind": "deployments"},
        ),
        (
            Attributes(User("<b>&"), "get", path="/metrics", is_resource=False),
            "",
            'forbidden: User "&lt;b&gt;&amp;" cannot get path "/metrics"',
            {},
        ),
    ],
)
def test_a_refusal(attributes, reason, message, details) -> None:
    status = forbidden(attributes, reason).status()
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    assert (status["message"], status["details"]) == (message, details)
