"""What names ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.dns.names import parse_name
from minikube_lite.dns.parse import RecordRequest, parse_request

CASES = {
    "": RecordRequest(),
    "svc": RecordRequest(),
    "pod": RecordRequest(),
    "default.svc": RecordRequest("svc", "default"),
    "default.pod": RecordRequest("pod", "default"),
    "kubia.default.svc": RecordRequest("svc", "default", "kubia"),
    "10-1-2-3.default.pod": RecordRequest("pod", "default", "10-1-2-3"),
    "kubia-0.kubia.default.svc": RecordRequest("svc", "default", "kubia", endpoint="kubia-0"),
    "_tcp.kubia.default.svc": RecordRequest("svc", "default", "kubia", endpoint="_tcp"),
    "_http._tcp.kubia.default.svc": RecordRequest("svc", "default", "kubia", port="http", protocol="tcp"),
    "http.tcp.kubia.default.svc": RecordRequest("svc", "default", "kubia", port="http", protocol="tcp"),
    "__http._tcp.kubia.default.svc": RecordRequest("svc", "default", "kubia", port="_http", protocol="tcp"),
    "_._.kubia.default.svc": RecordRequest("svc", "default", "kubia"),
    "a._http._tcp.kubia.default.svc": None,
    "default": None,
    "kubia.default.service": None,
    "svc.default": None,
}


@pytest.mark.parametrize(("base", "request_"), CASES.items(), ids=CASES)
def test_parse_request(base: str, request_: RecordRequest | None) -> None:
    assert parse_request(parse_name(base)) == request_


@given(st.lists(st.sampled_from(["svc", "pod", "a", "_b", "_", "10-1-2-3"]), max_size=7))
def test_a_request_names_only_labels_of_the_name(labels: list[str]) -> None:
    request = parse_request(tuple(labels))
    if request is not None:
        stripped = {label.removeprefix("_") for label in labels} | set(labels) | {""}
        assert {request.namespace, request.service, request.endpoint, request.port, request.protocol} <= stripped
