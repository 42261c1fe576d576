"""Deletion: at once, after a grace period that a kubelet confirms, or when the last finalizer is gone."""

from __future__ import annotations

import pytest

from minikube_lite.machinery.resources import CONFIG_MAPS, NAMESPACES, PODS
from minikube_lite.store import Object

PATH = "/api/v1/namespaces/default/configmaps"
POD_PATH = "/api/v1/namespaces/default/pods"
EXAMPLE = ["example.com/keep"]


def state(obj: Object) -> tuple[bool, int | None]:
    """Whether an object is being deleted, and with which grace period."""
    metadata = obj["metadata"]
    return "deletionTimestamp" in metadata, metadata.get("deletionGracePeriodSeconds")


async def put_status(client, **status: object) -> Object:
    return await client.patch(PODS, "default", "p", {"status": status}, subresource="status")


# Pods


async def test_a_pod_with_a_finalizer_and_a_grace_period(http, client, watching, store, clock, pod) -> None:
    """MODIFIED with deletionTimestamp, status updates, then one DELETED at a newer revision."""
    start = str(store.revision)
    await client.create(PODS, "default", pod("p", finalizers=EXAMPLE))
    await client.create(PODS, "default", {"target": {"name": "n"}}, name="p", subresource="binding")
    await put_status(client, phase="Running")
    async with watching(POD_PATH, resourceVersion=start) as events:
        await events.take(3)
        answer = await http.delete(f"{POD_PATH}/p")
        assert (answer.status_code, answer.json()["kind"]) == (200, "Pod")
        marked = await events.next()
        assert (marked["type"], state(marked["object"])) == ("MODIFIED", (True, 30))
        assert marked["object"]["metadata"]["deletionTimestamp"] == "2026-01-01T00:00:30Z"
        assert marked["object"]["metadata"]["generation"] == 2
        assert marked["object"] == answer.json()
        await clock.advance(5)
        await put_status(client, phase="Succeeded")
        assert (await events.next())["object"]["status"]["phase"] == "Succeeded"
        await client.delete(PODS, "default", "p", {"gracePeriodSeconds": 0})
        confirmed = await events.next()
        assert (confirmed["type"], state(confirmed["object"])) == ("MODIFIED", (True, 0))
        assert (await http.get(f"{POD_PATH}/p")).status_code == 200
        released = await client.patch(PODS, "default", "p", {"metadata": {"finalizers": None}})
        gone = await events.next()
        assert gone["type"] == "DELETED"
        assert int(gone["object"]["metadata"]["resourceVersion"]) == store.revision
        assert released["metadata"]["resourceVersion"] == str(store.revision)
        assert int(confirmed["object"]["metadata"]["resourceVersion"]) == store.revision - 1
        await client.create(PODS, "default", pod("p"))
        assert (await events.next())["type"] == "ADDED"


async def test_a_second_delete_changes_nothing_and_a_shorter_one_hurries(http, client, store, clock, pod) -> None:
    await client.create(PODS, "default", pod("p", "n"))
    await http.delete(f"{POD_PATH}/p", params={"gracePeriodSeconds": "100"})
    before = store.revision
    for query in ({}, {"gracePeriodSeconds": "100"}, {"gracePeriodSeconds": "1000"}):
        answer = await http.delete(f"{POD_PATH}/p", params=query)
        assert (answer.status_code, state(answer.json()), store.revision) == (200, (True, 100), before)
    await clock.advance(10)
    answer = await http.delete(f"{POD_PATH}/p", params={"gracePeriodSeconds": "40"})
    assert state(answer.json()) == (True, 40)
    assert answer.json()["metadata"]["deletionTimestamp"] == "2026-01-01T00:00:40Z"
    answer = await http.delete(f"{POD_PATH}/p", params={"gracePeriodSeconds": "5"})
    assert answer.json()["metadata"]["deletionTimestamp"] == "2026-01-01T00:00:10Z"
    await http.delete(f"{POD_PATH}/p", params={"gracePeriodSeconds": "0"})
    assert (await http.get(f"{POD_PATH}/p")).status_code == 404


@pytest.mark.parametrize(
    ("node", "phase", "query", "stays"),
    [
        ("n", "Running", {}, True),
        ("n", "Running", {"gracePeriodSeconds": "0"}, False),
        ("n", "Running", {"gracePeriodSeconds": "-5"}, True),
        ("n", "Succeeded", {}, False),
        ("n", "Failed", {}, False),
        ("", "Pending", {}, False),
    ],
)
async def test_who_gets_a_grace_period(http, client, pod, node, phase, query, stays) -> None:
    await client.create(PODS, "default", pod("p", node))
    await put_status(client, phase=phase)
    assert (await http.delete(f"{POD_PATH}/p", params=query)).json()["kind"] == "Pod"
    assert ((await http.get(f"{POD_PATH}/p")).status_code == 200) == stays


# Finalizers


async def test_finalizers_hold_an_object(http, client, watching, store, config_map) -> None:
    await client.create(CONFIG_MAPS, "default", config_map("a", finalizers=["example.com/a", "example.com/b"]))
    async with watching(PATH, resourceVersion=str(store.revision)) as events:
        held = await http.delete(f"{PATH}/a")
        assert (held.status_code, held.json()["kind"], state(held.json())) == (200, "ConfigMap", (True, 0))
        again = await http.delete(f"{PATH}/a")
        assert again.json() == held.json()
        await client.patch(CONFIG_MAPS, "default", "a", {"metadata": {"finalizers": ["example.com/b"]}})
        added = await http.patch(
            f"{PATH}/a",
            content='{"metadata":{"finalizers":["example.com/b","example.com/c"]}}',
            headers={"Content-Type": "application/merge-patch+json"},
        )
        assert added.status_code == 422
        taken = await http.post(PATH, json=config_map("a"))
        assert taken.json()["message"] == 'object is being deleted: configmaps "a" already exists'
        await client.patch(CONFIG_MAPS, "default", "a", {"metadata": {"finalizers": []}})
        found = await events.take(3)
    assert [event["type"] for event in found] == ["MODIFIED", "MODIFIED", "DELETED"]
    assert (await http.get(f"{PATH}/a")).status_code == 404


@pytest.mark.parametrize(
    ("asked", "finalizers"),
    [
        ({}, ["orphan"]),
        ({"propagationPolicy": "Foreground"}, ["foregroundDeletion"]),
        ({"propagationPolicy": "Orphan"}, ["orphan"]),
        ({"propagationPolicy": "Background"}, None),
        ({"orphanDependents": True}, ["orphan"]),
        ({"orphanDependents": False}, None),
    ],
)
async def test_how_dependents_are_treated_is_a_finalizer(http, client, config_map, asked, finalizers) -> None:
    await client.create(CONFIG_MAPS, "default", config_map("a", finalizers=["orphan"]))
    answer = await http.request("DELETE", f"{PATH}/a", json=asked)
    there = await http.get(f"{PATH}/a")
    if finalizers is None:
        assert (answer.json()["status"], there.status_code) == ("Success", 404)
    else:
        assert there.json()["metadata"]["finalizers"] == finalizers


async def test_who_asks_for_no_orphans_of_a_held_object_is_told_it_is_accepted(http, client, config_map) -> None:
    await client.create(CONFIG_MAPS, "default", config_map("a", finalizers=EXAMPLE))
    assert (await http.request("DELETE", f"{PATH}/a", json={"orphanDependents": False})).status_code == 202


# Preconditions and options


@pytest.mark.parametrize(
    ("preconditions", "text"),
    [
        ({"uid": "another"}, "the UID in the precondition (another) does not match the UID in record ("),
        (
            {"resourceVersion": "1"},
            "the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (",
        ),
    ],
)
async def test_preconditions(http, client, config_map, preconditions, text) -> None:
    made = await client.create(CONFIG_MAPS, "default", config_map("a"))
    refused = await http.request("DELETE", f"{PATH}/a", json={"preconditions": preconditions})
    assert (refused.status_code, refused.json()["reason"]) == (409, "Conflict")
    assert text in refused.json()["message"]
    assert refused.json()["details"]["kind"] == "ConfigMap"
    right = {key: made["metadata"][key] for key in preconditions}
    assert (await http.request("DELETE", f"{PATH}/a", json={"preconditions": right})).status_code == 200


@pytest.mark.parametrize(
    ("asked", "code", "text"),
    [
        ({"propagationPolicy": "Never"}, 422, 'propagationPolicy: Unsupported value: "Never"'),
        ({"propagationPolicy": "Orphan", "orphanDependents": True}, 422, "cannot be both set"),
        ({"dryRun": ["Some"]}, 422, "dryRun: Unsupported value"),
        ({"kind": "ConfigMap", "apiVersion": "v1"}, 400, 'no kind "ConfigMap" is registered'),
        ({"gracePeriodSeconds": "soon"}, 400, "gracePeriodSeconds"),
    ],
)
async def test_options_that_make_no_sense(http, client, config_map, asked, code, text) -> None:
    await client.create(CONFIG_MAPS, "default", config_map("a"))
    answer = await http.request("DELETE", f"{PATH}/a", json=asked)
    assert (answer.status_code, text in answer.json()["message"]) == (code, True)
    assert (await http.get(f"{PATH}/a")).status_code == 200


async def test_options_in_yaml_and_of_another_version_are_accepted(http, client, config_map) -> None:
    await client.create(CONFIG_MAPS, "default", config_map("a"))
    body = "apiVersion: policy/v1\nkind: DeleteOptions\npropagationPolicy: Background\n"
    answer = await http.request("DELETE", f"{PATH}/a", content=body, headers={"Content-Type": "application/yaml"})
    assert answer.status_code == 200


# Answers


async def test_what_is_gone_is_told_by_a_status_or_the_object(http, client, config_map) -> None:
    made = await client.create(CONFIG_MAPS, "default", config_map("a"))
    status = (await http.delete(f"{PATH}/a")).json()
    assert status == {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]},
    }  # fmt: skip
    assert (await http.delete(f"{PATH}/a")).status_code == 404
    await client.create(NAMESPACES, "", {"metadata": {"name": "other"}})
    namespace = (await http.delete("/api/v1/namespaces/other")).json()
    assert (namespace["kind"], namespace["status"]["phase"]) == ("Namespace", "Terminating")


async def test_a_namespace_goes_when_it_is_empty_and_asked_again(http, client) -> None:
    await client.create(NAMESPACES, "", {"metadata": {"name": "other"}})
    await http.delete("/api/v1/namespaces/other")
    late = await http.post("/api/v1/namespaces/other/configmaps", json={"metadata": {"name": "a"}})
    assert (late.status_code, late.json()["details"]["causes"][0]["reason"]) == (403, "NamespaceTerminating")
    namespace = (await http.get("/api/v1/namespaces/other")).json()
    namespace["spec"] = {"finalizers": []}
    assert (await http.put("/api/v1/namespaces/other/finalize", json=namespace)).status_code == 200
    await http.delete("/api/v1/namespaces/other")
    assert (await http.get("/api/v1/namespaces/other")).status_code == 404


async def test_the_default_namespace_stays(http) -> None:
    assert (await http.delete("/api/v1/namespaces/default")).status_code == 403


# Collections


async def test_a_collection_is_deleted_by_its_selection(http, client, config_map) -> None:
    for name, app in (("a", "x"), ("b", "x"), ("c", "y")):
        await client.create(CONFIG_MAPS, "default", config_map(name, labels={"app": app}))
    await client.patch(CONFIG_MAPS, "default", "b", {"metadata": {"finalizers": EXAMPLE}})
    answer = await http.delete(PATH, params={"labelSelector": "app=x"})
    assert answer.json()["kind"] == "ConfigMapList"
    assert [item["metadata"]["name"] for item in answer.json()["items"]] == ["a", "b"]
    left = (await http.get(PATH)).json()["items"]
    assert [(item["metadata"]["name"], state(item)[0]) for item in left] == [("b", True), ("c", False)]


async def test_pods_of_a_collection_get_their_grace(http, client, pod) -> None:
    for name, node in (("a", "n"), ("b", "")):
        await client.create(PODS, "default", pod(name, node))
    await http.request("DELETE", POD_PATH, json={"gracePeriodSeconds": 7})
    left = (await http.get(POD_PATH)).json()["items"]
    assert [(item["metadata"]["name"], state(item)) for item in left] == [("a", (True, 7))]
