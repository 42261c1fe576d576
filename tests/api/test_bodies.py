"""Bodies: JSON and YAML, types, unknown and repeated fields, and what a client is told about them."""

from __future__ import annotations

import json

import pytest

PATH = "/api/v1/namespaces/default/configmaps"
YAML = {"Content-Type": "application/yaml"}
JSON = {"Content-Type": "application/json"}
REPEATED = '{"metadata":{"name":"a"},"data":{"k":"v","k":"w"}}'
UNKNOWN = '{"metadata":{"name":"a","wrong":1},"other":true}'
REPEATED_YAML = "metadata: {name: a}\ndata:\n  k: v\n  k: w\n"


async def test_yaml_and_json_make_the_same_object(http) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  k: |\n    line\n    line\n"
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}, "data": {"k": "line\nline\n"}}
    written = await http.post(PATH, content=text.replace("{name}", "a"), headers=YAML)
    plain = await http.post(PATH, content=json.dumps(body), headers=JSON)
    assert (written.status_code, plain.status_code) == (201, 201)
    assert written.json()["data"] == plain.json()["data"]
    assert list(written.json())[:2] == ["kind", "apiVersion"]


async def test_json_is_yaml_too(http) -> None:
    assert (await http.post(PATH, content='{"metadata": {"name": "a"}}', headers=YAML)).status_code == 201


@pytest.mark.parametrize(
    ("body", "headers", "faults"),
    [
        (REPEATED, JSON, ['duplicate field "data.k"']),
        (UNKNOWN, JSON, ['unknown field "metadata.wrong"', 'unknown field "other"']),
    ],
)
async def test_strict_warn_and_ignore(http, store, body, headers, faults) -> None:
    before = store.revision
    strict = await http.post(PATH, content=body, headers=headers, params={"fieldValidation": "Strict"})
    assert strict.status_code == 400
    assert "strict decoding error: " in strict.json()["message"]
    assert all(fault in strict.json()["message"] for fault in faults)
    assert store.revision == before
    for name, expected in (("", faults), ("Warn", faults), ("Ignore", [])):
        params = {"fieldValidation": name, "dryRun": "All"}
        answer = await http.post(PATH, content=body, headers=headers, params=params)
        assert answer.status_code == 201
        warned = answer.headers.get_list("Warning")
        assert sorted(warned) == sorted(
            f'299 - "{fault}"'.replace('"' + fault, '"' + fault.replace('"', '\\"')) for fault in expected
        )
        assert not {"other"} & set(answer.json())
        assert answer.json().get("data", {}).get("k", "w") == "w"


async def test_repeated_keys_of_yaml_are_found_under_strict(http) -> None:
    answer = await http.post(PATH, content=REPEATED_YAML, headers=YAML, params={"fieldValidation": "Strict"})
    assert answer.status_code == 400
    assert "already set in map" in answer.json()["message"]


async def test_other_ways_of_validation_are_refused(http) -> None:
    answer = await http.post(PATH, content=UNKNOWN, params={"fieldValidation": "Loose"})
    assert (answer.status_code, 'fieldValidation: Unsupported value: "Loose"' in answer.json()["message"]) == (
        422,
        True,
    )


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ("{", 400, "the object provided is unrecognized"),
        ("[]", 400, ""),
        ('"text"', 400, ""),
        ("7", 400, ""),
        ("", 400, ""),
        ("\xff", 400, ""),
        ("null", 422, "name or generateName is required"),
        ("{}", 422, "name or generateName is required"),
        ('{"metadata":{"name":"a"},"data":{"k":7}}', 400, 'in version "v1" cannot be handled as a ConfigMap'),
        ('{"metadata":[]}', 400, "cannot be handled as a ConfigMap"),
        (
            '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}',
            400,
            "converting (v1.Pod) to (core.ConfigMap): unknown conversion",
        ),
        ('{"kind":"ConfigMap","apiVersion":"v2"}', 400, 'no kind "ConfigMap" is registered for version "v2"'),
        ('{"kind":"Nonsense","apiVersion":"v1"}', 400, 'no kind "Nonsense" is registered for version "v1"'),
        ('{"kind":7}', 400, ""),
        ('{"metadata":' + "[" * 50_000 + "]" * 50_000 + "}", 400, ""),
    ],
)
async def test_bodies_that_are_no_config_map(http, store, body, code, text) -> None:
    before = store.revision
    answer = await http.post(PATH, content=body.encode("latin-1"), headers=JSON)
    assert (answer.status_code, answer.json()["kind"]) == (code, "Status")
    assert text in answer.json()["message"]
    assert store.revision == before


@pytest.mark.parametrize(
    "body", ["a: [", "a: !!python/object:os.system x", "&a [*a]", "a: &a [x]\nb: " + "[*a, *a]" * 3, "--- {}\n--- {}"]
)
async def test_odd_yaml_does_no_harm(http, body) -> None:
    answer = await http.post(PATH, content=body, headers=YAML)
    assert answer.status_code in (400, 422)


async def test_yaml_that_explodes_is_stopped(http) -> None:
    """A few hundred bytes of aliases that would become billions of values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 12)]
    answer = await http.post(PATH, content="\n".join(lines), headers=YAML)
    assert answer.status_code in (400, 413)


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("configmaps", {"binaryData": {"k": None}}, 201),
        ("configmaps", {"data": {"k": None}}, 201),
        ("secrets", {"data": {"k": None}}, 201),
        ("secrets", {"type": "kubernetes.io/tls", "data": {"tls.crt": None, "tls.key": None}}, 201),
        ("secrets", {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": None}}, 422),
        ("secrets", {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "/w=="}}, 422),
        ("secrets", {"type": "bootstrap.kubernetes.io/token", "data": {"token-id": None}}, 201),
    ],
)
async def test_null_where_bytes_may_stand_is_no_crash(http, path, body, code) -> None:
    answer = await http.post(f"/api/v1/namespaces/default/{path}", json={"metadata": {"name": "a"}, **body})
    assert answer.status_code == code
