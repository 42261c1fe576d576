"""Patches over HTTP: JSON, merge and strategic."""

from __future__ import annotations

import json

import pytest

from minikube_lite.api.patching import go_map
from minikube_lite.machinery.resources import CONFIG_MAPS, PODS

PATH = "/api/v1/namespaces/default/configmaps/a"
JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


@pytest.fixture
async def patch(http, client, config_map):
    """Patches the ConfigMap a, whose data are k: v, l: w."""
    await client.create(CONFIG_MAPS, "default", config_map("a", {"k": "v", "l": "w"}))

    async def send(body, patch_type: str = MERGE, path: str = PATH, **query: str):
        content = body if isinstance(body, str) else json.dumps(body)
        return await http.patch(path, content=content, headers={"Content-Type": patch_type}, params=query)

    return send


@pytest.mark.parametrize(
    ("patch_type", "body", "data"),
    [
        (MERGE, {"data": {"k": "x", "l": None}}, {"k": "x"}),
        (MERGE, {"data": None}, None),
        (MERGE, {}, {"k": "v", "l": "w"}),
        (STRATEGIC, {"data": {"k": "x", "l": None}}, {"k": "x"}),
        (STRATEGIC, {"data": {"$patch": "replace", "m": "n"}}, {"m": "n"}),
        (JSON_PATCH, [{"op": "replace", "path": "/data/k", "value": "x"}, {"op": "remove", "path": "/data/l"}], {"k": "x"}),
        (JSON_PATCH, [{"op": "test", "path": "/data/k", "value": "v"}, {"op": "copy", "from": "/data/k", "path": "/data/m"}],
         {"k": "v", "l": "w", "m": "v"}),
        (JSON_PATCH, [], {"k": "v", "l": "w"}),
    ],
)  # fmt: skip
async def test_patches(patch, patch_type, body, data) -> None:
    answer = await patch(body, patch_type)
    assert (answer.status_code, answer.json().get("data")) == (200, data)


async def test_a_strategic_patch_merges_lists_by_their_keys(http, client, patch, pod) -> None:
    await client.create(PODS, "default", pod("p"))
    path = "/api/v1/namespaces/default/pods/p"
    body = {"spec": {"containers": [{"name": "c", "image": "new"}]}}
    answer = await patch(body, STRATEGIC, path)
    [container] = answer.json()["spec"]["containers"]
    assert (answer.status_code, container["image"], container["terminationMessagePath"]) == (
        200,
        "new",
        "/dev/termination-log",
    )


async def test_a_patch_that_changes_nothing_writes_nothing(patch, store) -> None:
    before = store.revision
    for body in ({"data": {"k": "v"}}, {"metadata": {"labels": None}}):
        answer = await patch(body)
        assert answer.json()["metadata"]["resourceVersion"] == str(before)
    assert store.revision == before


@pytest.mark.parametrize(
    ("patch_type", "body", "code", "text"),
    [
        (MERGE, "{", 400, "error decoding patch"),
        (MERGE, "[]", 400, "cannot unmarshal array"),
        (STRATEGIC, "7", 400, "cannot unmarshal number"),
        (JSON_PATCH, "{}", 400, "error decoding patch"),
        (
            JSON_PATCH,
            [{"op": "remove", "path": "/data/nosuch"}],
            422,
            "the server rejected our request due to an error in our request",
        ),
        (JSON_PATCH, [{"op": "test", "path": "/data/k", "value": "x"}], 422, "the server rejected our request"),
        (MERGE, {"data": {"k": 7}}, 422, "patch: Invalid value"),
        (MERGE, {"metadata": {"name": "b"}}, 400, "the name of the object (b) does not match the name on the URL (a)"),
        (MERGE, {"metadata": {"resourceVersion": "1"}}, 409, "the object has been modified"),
        (MERGE, {"metadata": {"uid": "x"}}, 422, "field is immutable"),
        (MERGE, {"kind": "Pod"}, 422, "patch: Invalid value"),
        (STRATEGIC, {"data": {"$patch": "nonsense"}}, 500, "Unknown patch type"),
        ("application/json", {}, 415, "unsupported media type"),
        ("text/plain", {}, 415, "unsupported media type"),
        ("", {}, 415, "unsupported media type"),
    ],
)
async def test_patches_that_are_refused(patch, store, patch_type, body, code, text) -> None:
    before = store.revision
    answer = await patch(body, patch_type)
    assert answer.status_code == code
    assert text.lower() in answer.json()["message"].lower()
    assert store.revision == before


async def test_unknown_fields_of_a_patch(patch) -> None:
    body = {"data": {"k": "x"}, "other": 1}
    strict = await patch(body, fieldValidation="Strict")
    assert (strict.status_code, 'unknown field "other"' in strict.json()["message"]) == (422, True)
    warned = await patch(body)
    assert (warned.status_code, warned.headers["Warning"]) == (200, '299 - "unknown field \\"other\\""')
    ignored = await patch(body, fieldValidation="Ignore")
    assert (ignored.status_code, "Warning" in ignored.headers) == (200, False)


async def test_repeated_fields_of_a_patch(patch) -> None:
    body = '{"data":{"k":"x","k":"y"}}'
    strict = await patch(body, fieldValidation="Strict")
    assert (strict.status_code, 'duplicate field "data.k"' in strict.json()["message"]) == (400, True)
    assert (await patch(body)).json()["data"]["k"] == "y"


async def test_force_is_for_apply(patch) -> None:
    answer = await patch({}, force="true")
    assert (answer.status_code, "may not be specified for non-apply patch" in answer.json()["message"]) == (422, True)


async def test_nothing_is_patched_where_nothing_is(patch) -> None:
    assert (await patch({}, path=PATH + "nosuch")).status_code == 404


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": [1, "x", None], "a": {}}, "map[a:map[] b:[1 x <nil>]]"),
        ([True, False], "[true false]"),
        ("text", "text"),
    ],
)
def test_values_as_go_prints_them(value, text) -> None:
    assert go_map(value) == text
