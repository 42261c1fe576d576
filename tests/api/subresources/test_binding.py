"""pods/binding: the scheduler's assignment."""

from __future__ import annotations

import pytest

from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.resources import PODS

POD = "/api/v1/namespaces/default/pods/p"
TARGET = {"target": {"kind": "Node", "name": "n"}}


@pytest.fixture
async def made(client, pod):
    return await client.create(PODS, "default", pod("p"))


async def test_a_pod_is_assigned_once(http, client, made) -> None:
    answer = await http.post(f"{POD}/binding", json={"metadata": {"name": "p", "annotations": {"a": "b"}}, **TARGET})
    assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (201, "Success", 201)
    bound = await client.get(PODS, "default", "p")
    assert bound["spec"]["nodeName"] == "n"
    assert bound["metadata"]["annotations"] == {"a": "b"}
    condition = find_condition(bound, "PodScheduled")
    assert condition is not None
    assert (condition["status"], condition["lastTransitionTime"]) == ("True", "2026-01-01T00:00:00Z")
    again = await http.post(f"{POD}/binding", json=TARGET)
    assert (again.status_code, again.json()["message"]) == (
        409,
        'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n"',
    )


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ({"target": {"kind": "Service", "name": "n"}}, 500, 'target.kind: Unsupported value: "Service"'),
        ({"target": {}}, 500, "target.name: Required value"),
        ({**TARGET, "metadata": {"name": "other"}}, 400, "name in URL does not match name in Binding object"),
        ({**TARGET, "metadata": {"uid": "other"}}, 409, "Precondition failed: UID in precondition: other"),
        ({"kind": "Pod", "apiVersion": "v1"}, 400, "unknown conversion"),
    ],
)
async def test_what_is_no_assignment(http, store, made, body, code, text) -> None:
    before = store.revision
    answer = await http.post(f"{POD}/binding", json=body)
    assert (answer.status_code, text in answer.json()["message"]) == (code, True)
    assert store.revision == before


async def test_pods_that_wait_for_something_or_go_are_not_assigned(http, client, pod) -> None:
    gated = pod("gated")
    gated["spec"]["schedulingGates"] = [{"name": "example.com/g"}]
    await client.create(PODS, "default", gated)
    await client.create(PODS, "default", pod("going", finalizers=["example.com/f"]))
    await client.delete(PODS, "default", "going")
    for name, text in (("gated", "has non-empty .spec.schedulingGates"), ("going", "is being deleted")):
        answer = await http.post(f"/api/v1/namespaces/default/pods/{name}/binding", json=TARGET)
        assert (answer.status_code, text in answer.json()["message"]) == (409, True)


async def test_nothing_is_assigned_where_nothing_is_or_in_a_dry_run(http, store, made) -> None:
    assert (await http.post("/api/v1/namespaces/default/pods/nosuch/binding", json=TARGET)).status_code == 404
    before = store.revision
    assert (await http.post(f"{POD}/binding", json=TARGET, params={"dryRun": "All"})).status_code == 201
    assert store.revision == before
