"""What a path asks for."""

from __future__ import annotations

import pytest

from minikube_lite.api.request import RequestInfo, parse_path
from minikube_lite.machinery.resources import CONFIG_MAPS, NAMESPACES, NODES, PODS, STATEFUL_SETS

TABLE = [
    ("/api/v1/pods", RequestInfo(PODS)),
    ("/api/v1/namespaces/a/pods", RequestInfo(PODS, "a")),
    ("/api/v1/namespaces/a/pods/", RequestInfo(PODS, "a")),
    ("/api/v1//namespaces//a/pods", RequestInfo(PODS, "a")),
    ("/api/v1/namespaces/a/pods/x", RequestInfo(PODS, "a", "x")),
    ("/api/v1/namespaces/a/pods/x/log", RequestInfo(PODS, "a", "x", "log")),
    ("/api/v1/namespaces/a/pods/x/proxy/some/path", RequestInfo(PODS, "a", "x", "proxy", "some/path")),
    ("/api/v1/nodes/n/status", RequestInfo(NODES, "", "n", "status")),
    ("/api/v1/namespaces", RequestInfo(NAMESPACES)),
    ("/api/v1/namespaces/a", RequestInfo(NAMESPACES, "", "a")),
    ("/api/v1/namespaces/a/status", RequestInfo(NAMESPACES, "", "a", "status")),
    ("/api/v1/namespaces/a/finalize", RequestInfo(NAMESPACES, "", "a", "finalize")),
    ("/api/v1/namespaces/namespaces/configmaps/status", RequestInfo(CONFIG_MAPS, "namespaces", "status")),
    ("/apis/apps/v1/namespaces/a/statefulsets/x/scale", RequestInfo(STATEFUL_SETS, "a", "x", "scale")),
    ("/api/v1/watch/pods", RequestInfo(PODS, watch=True)),
    ("/api/v1/watch/namespaces/a/pods/x", RequestInfo(PODS, "a", "x", watch=True)),
    ("/api/v1/watch/namespaces", RequestInfo(NAMESPACES, watch=True)),
    ("/api", None),
    ("/api/v1", None),
    ("/apis", None),
    ("/apis/apps", None),
    ("/apis/apps/v1", None),
    ("/version", None),
]


@pytest.mark.parametrize(("path", "info"), TABLE)
def test_paths(path, info) -> None:
    assert parse_path(path) == info
