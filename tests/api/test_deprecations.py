"""Whoever asks for a kind that is on its way out is warned, whatever the verb and the outcome."""

from __future__ import annotations

import json

import pytest

ENDPOINTS = "/api/v1/namespaces/default/endpoints"
TEXT = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
BODY = json.dumps({"metadata": {"name": "e"}})
MERGE = {"Content-Type": "application/merge-patch+json"}


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", ENDPOINTS, BODY, 201),
        ("POST", ENDPOINTS, "nonsense", 400),
        ("GET", ENDPOINTS, "", 200),
        ("GET", "/api/v1/endpoints", "", 200),
        ("GET", f"{ENDPOINTS}/nosuch", "", 404),
        ("PUT", f"{ENDPOINTS}/e", BODY, 201),
        ("PATCH", f"{ENDPOINTS}/e", "{}", 404),
        ("DELETE", f"{ENDPOINTS}/e", "", 404),
        ("DELETE", ENDPOINTS, "", 200),
    ],
)
async def test_every_verb_warns(http, method, path, body, code) -> None:
    headers = MERGE if method == "PATCH" else {"Content-Type": "application/json"}
    answer = await http.request(method, path, content=body, headers=headers)
    assert (answer.status_code, answer.headers.get_list("Warning")) == (code, [TEXT])


@pytest.mark.parametrize("query", [{"resourceVersion": ""}, {"resourceVersion": "1"}, {"timeoutSeconds": "1"}])
async def test_a_watch_warns_too(watching, query) -> None:
    async with watching(ENDPOINTS, **query) as events:
        assert events.response.headers.get_list("Warning") == [TEXT]


@pytest.mark.parametrize(("method", "path"), [("PUT", ENDPOINTS), ("GET", f"{ENDPOINTS}/e/status")])
async def test_what_is_not_served_does_not_warn(http, method, path) -> None:
    answer = await http.request(method, path)
    assert (answer.status_code in (404, 405), "Warning" in answer.headers) == (True, False)


async def test_component_statuses_warn_and_slices_do_not(http) -> None:
    answer = await http.get("/api/v1/componentstatuses")
    assert answer.headers["Warning"] == '299 - "v1 ComponentStatus is deprecated in v1.19+"'
    assert "Warning" not in (await http.get("/apis/discovery.k8s.io/v1/endpointslices")).headers
