"""Secrets: types, plain data, immutability."""

from __future__ import annotations

from typing import Any

import pytest

KIND_MODULE = "core.secret"


def test_plain_data_is_encoded_and_wins(bench) -> None:
    obj = bench.create({"stringData": {"u": "admin"}, "data": {"u": "b2xk", "p": "cHc="}})
    assert obj["data"] == {"u": "YWRtaW4=", "p": "cHc="}
    assert "stringData" not in obj
    assert obj["type"] == "Opaque"
    assert bench.cells(obj) == {"Name": "x", "Type": "Opaque", "Data": 2, "Age": "5s"}
    assert bench.fields(obj) == {"type": "Opaque"}


@pytest.mark.parametrize(
    ("secret_type", "data", "faults"),
    [
        ("kubernetes.io/tls", {"tls.crt": ""}, ["data[tls.key]: Required value"]),
        ("kubernetes.io/basic-auth", {}, ["data[username]: Required value", "data[password]: Required value"]),
        ("kubernetes.io/basic-auth", {"username": "u"}, []),
        ("kubernetes.io/ssh-auth", {"ssh-privatekey": ""}, ["data[ssh-privatekey]: Required value"]),
        ("kubernetes.io/dockercfg", {}, ["data[.dockercfg]: Required value"]),
        (
            "kubernetes.io/service-account-token",
            {},
            ["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
        ),
        ("example.com/any", {}, []),
    ],
)
def test_types_ask_for_their_keys(bench, secret_type: str, data: dict[str, Any], faults: list[str]) -> None:
    assert bench.faults({"type": secret_type, "stringData": data}) == faults


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{}", ""),
        ("null", ""),
        ("", "unexpected end of JSON input"),
        ("{bad", "invalid character 'b' looking for beginning of object key string"),
        ("{} x", "invalid character 'x' after top-level value"),
        ("[]", "json: cannot unmarshal array into Go value of type map[string]interface {}"),
    ],
)
def test_docker_configurations_are_json_objects(bench, text: str, fault: str) -> None:
    body = {"type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": text}}
    shown = f'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": {fault}'
    assert bench.faults(body) == ([shown] if fault else [])


def test_the_type_is_immutable(bench) -> None:
    old = bench.create({})
    assert bench.update_faults(old, {"type": "other"}) == ['type: Invalid value: "other": field is immutable']


def test_a_key_pair_that_is_none_is_warned_of(bench) -> None:
    bench.create({"type": "kubernetes.io/tls", "stringData": {"tls.crt": "x", "tls.key": "y"}})
    assert bench.warnings == ["tls: failed to find any PEM data in certificate input"]
