"""Views of objects: status, scale and finalize are written through paths of their own."""

from __future__ import annotations

import json

import pytest

from minikube_lite.machinery.resources import CONFIG_MAPS, PODS, STATEFUL_SETS

POD = "/api/v1/namespaces/default/pods/p"
MERGE = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture
async def made(client, pod):
    return await client.create(PODS, "default", pod("p"))


async def test_status_has_a_path_of_its_own(http, made) -> None:
    body = {"metadata": {"labels": {"a": "b"}}, "spec": {"nodeName": "n"}, "status": {"phase": "Running"}}
    patched = (await http.patch(f"{POD}/status", content=json.dumps(body), headers=MERGE)).json()
    assert patched["status"]["phase"] == "Running"
    assert patched["metadata"]["labels"] == {"a": "b"}
    assert "nodeName" not in patched["spec"]
    main = {"metadata": {"labels": {"c": "d"}}, "status": {"phase": "Failed"}}
    patched = (await http.patch(POD, content=json.dumps(main), headers=MERGE)).json()
    assert (patched["status"]["phase"], patched["metadata"]["labels"]) == ("Running", {"a": "b", "c": "d"})
    assert (await http.get(f"{POD}/status")).json() == (await http.get(POD)).json()


async def test_a_status_is_replaced_at_the_version_that_was_read(http, made) -> None:
    obj = (await http.get(POD)).json()
    obj["status"] = {**obj["status"], "phase": "Running"}
    first = await http.put(f"{POD}/status", json=obj)
    assert (first.status_code, first.json()["status"]["phase"]) == (200, "Running")
    assert (await http.put(f"{POD}/status", json=obj)).status_code == 409


async def test_a_new_object_has_the_status_that_the_server_gives_it(http, pod) -> None:
    answer = await http.post("/api/v1/namespaces/default/pods", json={**pod("p"), "status": {"phase": "Running"}})
    assert answer.json()["status"]["phase"] == "Pending"


async def test_who_writes_owns_what_was_written(client, made) -> None:
    await client.patch(PODS, "default", "p", {"status": {"phase": "Running"}}, subresource="status")
    entries = (await client.get(PODS, "default", "p"))["metadata"]["managedFields"]
    assert [(entry["manager"], entry.get("subresource", "")) for entry in entries] == [
        ("tests", ""),
        ("tests", "status"),
    ]


async def test_a_collection_is_deleted_even_if_another_deletes_along(api, client, config_map) -> None:
    for name in "abc":
        await client.create(CONFIG_MAPS, "default", config_map(name))
    other = api.client("other", "other")
    await client.delete_collection(CONFIG_MAPS, "default", label_selector="app=none")
    assert len((await other.list_objects(CONFIG_MAPS, "default")).items) == 3
    await other.delete(CONFIG_MAPS, "default", "b")
    await client.delete_collection(CONFIG_MAPS, "default")
    assert (await other.list_objects(CONFIG_MAPS, "default")).items == []


async def test_subresources_that_a_kind_lacks_or_that_are_not_emulated(http, made) -> None:
    assert (await http.get(f"{POD}/scale")).status_code == 404
    assert (await http.get("/apis/apps/v1/namespaces/default/statefulsets/x/scale")).status_code == 404
    assert STATEFUL_SETS.key == "statefulsets.apps"
