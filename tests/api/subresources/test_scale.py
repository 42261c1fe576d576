"""The scale subresource."""

from __future__ import annotations

import json

import pytest

from minikube_lite.machinery.resources import STATEFUL_SETS

SETS = "/apis/apps/v1/namespaces/default/statefulsets"
SCALE = f"{SETS}/web/scale"
MERGE = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture
async def made(client):
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"serviceName": "web", "replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    made = await client.create(
        STATEFUL_SETS, "default", {"metadata": {"name": "web", "labels": {"a": "b"}}, "spec": spec}
    )
    return (
        await client.patch(STATEFUL_SETS, "default", "web", {"status": {"replicas": 2}}, subresource="status") or made
    )


async def test_a_scale_shows_wanted_and_present_replicas(http, made) -> None:
    metadata = made["metadata"]
    assert (await http.get(SCALE)).json() == {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            key: metadata[key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        },
        "spec": {"replicas": 3},
        "status": {"replicas": 2, "selector": "app=web"},
    }


async def test_scaling_changes_the_object(http, made) -> None:
    scale = (await http.get(SCALE)).json()
    answer = await http.put(SCALE, json={**scale, "spec": {"replicas": 5}})
    obj = (await http.get(f"{SETS}/web")).json()
    assert (answer.status_code, answer.json()["spec"]) == (200, {"replicas": 5})
    assert (obj["spec"]["replicas"], obj["metadata"]["generation"], obj["metadata"]["labels"]) == (5, 2, {"a": "b"})
    assert answer.json()["metadata"]["resourceVersion"] == obj["metadata"]["resourceVersion"]
    stale = await http.put(SCALE, json={**scale, "spec": {"replicas": 7}})
    assert (stale.status_code, stale.json()["reason"]) == (409, "Conflict")


async def test_a_scale_is_patched(http, made) -> None:
    answer = await http.patch(SCALE, content=json.dumps({"spec": {"replicas": 0}}), headers=MERGE)
    assert (answer.status_code, answer.json()["spec"]) == (200, {})
    assert (await http.get(f"{SETS}/web")).json()["spec"]["replicas"] == 0


async def test_a_dry_run_scales_nothing(http, store, made) -> None:
    before = store.revision
    content = json.dumps({"spec": {"replicas": 9}})
    answer = await http.patch(SCALE, content=content, headers=MERGE, params={"dryRun": "All"})
    assert (answer.json()["spec"], store.revision) == ({"replicas": 9}, before)


@pytest.mark.parametrize(
    ("replicas", "code", "text"),
    [
        (-1, 422, "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
        ("many", 422, "patch: Invalid value"),
    ],
)
async def test_what_cannot_be_scaled_to(http, made, replicas, code, text) -> None:
    answer = await http.patch(SCALE, content=json.dumps({"spec": {"replicas": replicas}}), headers=MERGE)
    assert (answer.status_code, text in answer.json()["message"]) == (code, True)


async def test_a_body_of_another_kind_is_refused(http, made) -> None:
    answer = await http.put(SCALE, json={"kind": "StatefulSet", "apiVersion": "apps/v1", "metadata": {"name": "web"}})
    assert answer.status_code == 400


async def test_scaling_what_is_not_there(http) -> None:
    body = {"metadata": {"name": "web"}, "spec": {"replicas": 1}}
    assert [(await http.get(SCALE)).status_code, (await http.put(SCALE, json=body)).status_code] == [404, 404]
    assert (await http.delete(SCALE)).status_code == 405


APPLY = {"Content-Type": "application/apply-patch+yaml"}


async def apply(http, manager: str, replicas: int, code: int = 200, **query: str):
    body = {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {"name": "web"},
        "spec": {"replicas": replicas},
    }
    params = {"fieldManager": manager, **query}
    answer = await http.patch(SCALE, content=json.dumps(body), headers=APPLY, params=params)
    assert answer.status_code == code, answer.text
    return answer.json()


async def owners(http) -> list[tuple[str, str, str]]:
    """Who owns the replicas: manager, operation, subresource."""
    entries = (await http.get(f"{SETS}/web")).json()["metadata"]["managedFields"]
    return [
        (entry["manager"], entry["operation"], entry.get("subresource", ""))
        for entry in entries
        if "f:replicas" in entry["fieldsV1"].get("f:spec", {})
    ]


async def test_who_updates_a_scale_owns_the_replicas(http, made) -> None:
    params = {"fieldManager": "scaler"}
    await http.patch(SCALE, content=json.dumps({"spec": {"replicas": 7}}), headers=MERGE, params=params)
    assert await owners(http) == [("scaler", "Update", "scale")]
    entries = (await http.get(f"{SETS}/web")).json()["metadata"]["managedFields"]
    assert {"manager": "scaler", "operation": "Update", "apiVersion": "apps/v1", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": {"f:replicas": {}}}, "subresource": "scale"} in entries  # fmt: skip


async def test_an_applied_scale_conflicts_with_who_owns_the_replicas(http, made) -> None:
    status = await apply(http, "hpa", 5, 409)
    text = 'Apply failed with 1 conflict: conflict with "tests" using autoscaling/v1: .spec.replicas'
    assert status["message"] == text
    assert (await apply(http, "hpa", 5, force="true"))["spec"] == {"replicas": 5}
    assert await owners(http) == [("hpa", "Apply", "scale")]
    assert (await http.get(f"{SETS}/web")).json()["metadata"]["generation"] == 2


async def test_appliers_of_scale_and_object_conflict_and_share(http, made) -> None:
    await apply(http, "hpa", 5, force="true")
    body = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"}, "spec": {"replicas": 6}}
    url, params = f"{SETS}/web", {"fieldManager": "me"}
    answer = await http.patch(url, content=json.dumps(body), headers=APPLY, params=params)
    assert answer.status_code == 409
    assert 'conflict with "hpa" with subresource "scale": .spec.replicas' in answer.json()["message"]
    body["spec"] = {"replicas": 5}
    assert (await http.patch(url, content=json.dumps(body), headers=APPLY, params=params)).status_code == 200
    assert sorted(await owners(http)) == [("hpa", "Apply", "scale"), ("me", "Apply", "")]
    assert (await apply(http, "hpa", 6, 409))["details"]["causes"][0]["message"] == 'conflict with "me"'
    await apply(http, "hpa", 6, force="true")
    assert await owners(http) == [("hpa", "Apply", "scale")]


async def test_a_scale_that_is_applied_again_changes_nothing(http, store, made) -> None:
    await apply(http, "hpa", 5, force="true")
    before = store.revision
    await apply(http, "hpa", 5)
    assert store.revision == before


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ({"apiVersion": "apps/v1", "kind": "StatefulSet"}, 400, "invalid object type: apps/v1, Kind=StatefulSet"),
        ({"metadata": {"name": "other"}}, 400, "the name of the object (other) does not match the name on the URL"),
        ({"spec": {"replicas": -1}}, 422, 'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1'),
        ({"spec": {"count": 1}}, 500, ".spec.count: field not declared in schema"),
        ({"metadata": {"name": "web", "uid": "u"}}, 409, "Precondition failed: UID in precondition: u, UID in object"),
    ],
)
async def test_an_applied_scale_is_checked(http, made, body, code, text) -> None:
    body = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "web"}, **body}
    params = {"fieldManager": "x", "force": "true"}
    answer = await http.patch(SCALE, content=json.dumps(body), headers=APPLY, params=params)
    assert (answer.status_code, text in answer.json()["message"]) == (code, True), answer.text


async def test_a_scale_of_nothing_cannot_be_applied(http) -> None:
    assert (await apply(http, "x", 1, 404))["message"] == 'statefulsets.apps "web" not found'
