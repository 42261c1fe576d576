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
