"""The road of a write: what the server sets, optimistic concurrency, dry runs, and stores that fail in the middle."""

from __future__ import annotations

import asyncio
import re

import pytest

from minikube_lite.api.apiserver import Apiserver
from minikube_lite.api.registry import GENERATE_NAME_TRIES_MAX, WriteOptions
from minikube_lite.clock import SAFE_ALPHABET
from minikube_lite.machinery.errors import ApiError, is_already_exists, is_conflict, is_not_found
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import (
    CONFIG_MAPS,
    NAMESPACES,
    POD_DISRUPTION_BUDGETS,
    PODS,
    SERVICE_ACCOUNTS,
    SERVICES,
    STATEFUL_SETS,
)
from minikube_lite.store import MemoryStore

PATH = "/api/v1/namespaces/default/configmaps"
OPTIONS = WriteOptions(User("admin"), "tests")


def metadata(answer) -> dict:
    return answer.json()["metadata"]


# Create


async def test_the_server_sets_what_only_it_knows(http, config_map, store) -> None:
    lies = {"uid": "mine", "creationTimestamp": "2000-01-01T00:00:00Z", "generation": 7, "selfLink": "/x"}
    answer = await http.post(PATH, json=config_map("a", {"k": "v"}, deletionTimestamp="2000-01-01T00:00:00Z", **lies))
    assert answer.status_code == 201
    found = metadata(answer)
    assert found["uid"] != "mine"
    assert found["creationTimestamp"] == "2026-01-01T00:00:00Z"
    assert (found["namespace"], found["resourceVersion"]) == ("default", str(store.revision))
    assert not {"deletionTimestamp", "selfLink"} & set(found)
    assert [entry["operation"] for entry in found["managedFields"]] == ["Update"]
    assert answer.json() == (await http.get(f"{PATH}/a")).json()


@pytest.mark.parametrize(
    ("obj", "code", "text"),
    [
        (
            {"metadata": {"name": "a", "resourceVersion": "1"}},
            500,
            "resourceVersion should not be set on objects to be created",
        ),
        ({"metadata": {"name": "a", "namespace": "other"}}, 400, "the namespace of the provided object does not match"),
        ({"metadata": {"name": "UPPER"}}, 422, 'metadata.name: Invalid value: "UPPER"'),
        ({}, 422, "name or generateName is required"),
        ({"metadata": {"name": "a", "labels": {"a b": "c"}}}, 422, "metadata.labels: Invalid value"),
    ],
)
async def test_what_cannot_be_created(http, store, obj, code, text) -> None:
    before = store.revision
    answer = await http.post(PATH, json=obj)
    assert (answer.status_code, text in answer.json()["message"]) == (code, True)
    assert store.revision == before


async def test_a_name_is_taken_once(http, config_map) -> None:
    await http.post(PATH, json=config_map("a"))
    answer = await http.post(PATH, json=config_map("a"))
    assert (answer.status_code, answer.json()["message"]) == (409, 'configmaps "a" already exists')


async def test_a_missing_namespace_takes_nothing(http, config_map) -> None:
    answer = await http.post("/api/v1/namespaces/nosuch/configmaps", json=config_map("a"))
    assert (answer.status_code, answer.json()["message"]) == (404, 'namespaces "nosuch" not found')


async def test_generated_names(http) -> None:
    answer = await http.post(PATH, json={"metadata": {"generateName": "a-" * 40}})
    name = metadata(answer)["name"]
    assert re.fullmatch(f"(a-){{29}}[{SAFE_ALPHABET}]{{5}}", name)
    named = await http.post(PATH, json={"metadata": {"generateName": "a-", "name": "b"}})
    assert metadata(named)["name"] == "b"


async def test_a_generated_name_that_is_taken_is_drawn_anew(client, clock, config_map) -> None:
    before = clock.random.getstate()
    first = await client.create(CONFIG_MAPS, "default", {"metadata": {"generateName": "a-"}})
    clock.random.setstate(before)
    second = await client.create(CONFIG_MAPS, "default", {"metadata": {"generateName": "a-"}})
    assert first["metadata"]["uid"] == second["metadata"]["uid"]
    assert first["metadata"]["name"] != second["metadata"]["name"]


async def test_drawing_names_ends(client, clock) -> None:
    before = clock.random.getstate()
    for _ in range(GENERATE_NAME_TRIES_MAX):
        clock.random.setstate(before)
        await client.create(CONFIG_MAPS, "default", {"metadata": {"generateName": "a-"}})
    clock.random.setstate(before)
    with pytest.raises(ApiError) as caught:
        await client.create(CONFIG_MAPS, "default", {"metadata": {"generateName": "a-"}})
    assert is_already_exists(caught.value)


async def test_a_dry_run_writes_nothing(http, store, config_map) -> None:
    await http.post(PATH, json=config_map("there", {"k": "v"}))
    before, listed = store.revision, (await http.get(PATH)).json()
    dry = {"dryRun": "All"}
    merge = {"Content-Type": "application/merge-patch+json"}
    created = await http.post(PATH, json=config_map("new"), params=dry)
    replaced = await http.put(f"{PATH}/there", json=config_map("there", {"k": "w"}), params=dry)
    patched = await http.patch(f"{PATH}/there", content='{"data":{"k":"w"}}', headers=merge, params=dry)
    deleted = await http.delete(f"{PATH}/there", params=dry)
    collection = await http.delete(PATH, params=dry)
    in_body = await http.request("DELETE", f"{PATH}/there", json={"dryRun": ["All"]})
    codes = [answer.status_code for answer in (created, replaced, patched, deleted, collection, in_body)]
    assert codes == [201, 200, 200, 200, 200, 200]
    assert metadata(created)["uid"]
    assert "resourceVersion" not in metadata(created)
    assert (replaced.json()["data"], patched.json()["data"]) == ({"k": "w"}, {"k": "w"})
    assert (store.revision, (await http.get(PATH)).json()) == (before, listed)


async def test_a_dry_run_is_checked_like_any_other(http, config_map) -> None:
    await http.post(PATH, json=config_map("a"))
    assert (await http.post(PATH, json=config_map("a"), params={"dryRun": "All"})).status_code == 409
    assert (await http.post(PATH, json=config_map("A"), params={"dryRun": "All"})).status_code == 422
    odd = await http.post(PATH, json=config_map("b"), params={"dryRun": "Some"})
    assert (odd.status_code, 'dryRun: Unsupported value: ["Some"]' in odd.json()["message"]) == (422, True)


async def test_a_kind_on_which_nothing_acts_warns(http, scheme, config_map) -> None:
    assert "Warning" not in (await http.post(PATH, json=config_map("a"))).headers
    resource = next(found for found in scheme if not found.kind.emulated and found.info.name == "flowschemas")
    assert resource.api_version == "flowcontrol.apiserver.k8s.io/v1"
    body = {
        "metadata": {"name": "x"},
        "spec": {"priorityLevelConfiguration": {"name": "exempt"}, "matchingPrecedence": 1, "rules": []},
    }
    answer = await http.post(f"/apis/{resource.api_version}/flowschemas", json=body)
    assert answer.status_code == 201
    assert answer.headers["Warning"] == (
        '299 - "flowschemas.flowcontrol.apiserver.k8s.io are stored but nothing acts on them: their controller is not emulated"'
    )


async def test_repeated_owners_are_dropped_with_a_warning(http, config_map) -> None:
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}
    answer = await http.post(PATH, json=config_map("a", ownerReferences=[owner, owner]))
    assert metadata(answer)["ownerReferences"] == [owner]
    assert "duplicate entries" in answer.headers["Warning"]


# Update


async def test_a_change_counts_one_revision_and_no_change_none(http, store, config_map) -> None:
    made = (await http.post(PATH, json=config_map("a", {"k": "v"}))).json()
    before = store.revision
    same = await http.put(f"{PATH}/a", json=made)
    assert (same.json(), store.revision) == (made, before)
    changed = await http.put(f"{PATH}/a", json={**made, "data": {"k": "w"}})
    assert (int(metadata(changed)["resourceVersion"]), store.revision) == (before + 1, before + 1)
    assert metadata(changed)["uid"] == made["metadata"]["uid"]


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        (
            {"resourceVersion": "1"},
            409,
            "the object has been modified; please apply your changes to the latest version",
        ),
        ({"resourceVersion": "abc"}, 500, 'strconv.ParseUint: parsing "abc": invalid syntax'),
        ({"resourceVersion": "٣"}, 500, "invalid syntax"),
        ({"resourceVersion": "9" * 5000}, 500, "invalid syntax"),
        ({"resourceVersion": "0"}, 200, ""),
        ({"resourceVersion": ""}, 200, ""),
        ({"uid": "another"}, 409, "Precondition failed: UID in precondition: another"),
        ({"name": "b"}, 400, "the name of the object (b) does not match the name on the URL (a)"),
        ({"name": ""}, 400, "name must be provided"),
        ({"namespace": "other"}, 400, "the namespace of the provided object does not match"),
    ],
)
async def test_a_replacement_is_checked_against_what_is_there(http, config_map, change, code, text) -> None:
    made = (await http.post(PATH, json=config_map("a", {"k": "v"}))).json()
    answer = await http.put(f"{PATH}/a", json={**made, "metadata": {**made["metadata"], **change}})
    assert (answer.status_code, text in answer.json().get("message", "")) == (code, True)


async def test_replacing_what_is_not_there(http, config_map) -> None:
    assert (await http.put(f"{PATH}/a", json=config_map("a"))).status_code == 404
    assert (await http.put(f"{PATH}/a", json=config_map("a", uid="u"))).status_code == 404
    role = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles/r"
    assert (await http.put(role, json={"metadata": {"name": "r", "uid": "u"}, "rules": []})).status_code == 409
    assert (
        await http.put(role, json={"metadata": {"name": "r", "resourceVersion": "5"}, "rules": []})
    ).status_code == 404
    assert (await http.put(role, json={"metadata": {"name": "r"}, "rules": []})).status_code == 201


async def test_generation_counts_what_was_asked_for(client, config_map) -> None:
    made = await client.create(STATEFUL_SETS, "default", stateful_set())
    assert made["metadata"]["generation"] == 1
    labelled = await client.patch(STATEFUL_SETS, "default", "web", {"metadata": {"labels": {"a": "b"}}})
    assert labelled["metadata"]["generation"] == 1
    scaled = await client.patch(STATEFUL_SETS, "default", "web", {"spec": {"replicas": 5}})
    assert scaled["metadata"]["generation"] == 2
    seen = await client.patch(STATEFUL_SETS, "default", "web", {"status": {"replicas": 5}}, subresource="status")
    assert (seen["metadata"]["generation"], seen["status"]["replicas"]) == (2, 5)


def stateful_set() -> dict:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    return {
        "metadata": {"name": "web"},
        "spec": {
            "serviceName": "web",
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": template,
        },
    }


async def test_a_change_is_made_again_on_what_another_wrote_meanwhile(api, client, scheme, config_map) -> None:
    await client.create(CONFIG_MAPS, "default", config_map("a", {"n": "0"}))
    resource = scheme.find(CONFIG_MAPS)

    def add(old):
        new = copy_object(old)
        new["data"]["n"] = str(int(new["data"]["n"]) + 1)
        return new

    await asyncio.gather(*(api.registry.update(resource, "default", "a", add, OPTIONS) for _ in range(30)))
    assert (await client.get(CONFIG_MAPS, "default", "a"))["data"] == {"n": "30"}


# In process


async def test_the_in_process_client_takes_the_same_road(client) -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "v"}}
    made = await client.create(CONFIG_MAPS, "default", copy_object(manifest))
    assert not {"apiVersion", "kind"} & set(made)
    with pytest.raises(ApiError) as caught:
        await client.create(CONFIG_MAPS, "default", copy_object(manifest))
    assert is_already_exists(caught.value)
    with pytest.raises(ApiError) as caught:
        await client.update(CONFIG_MAPS, "default", {**manifest, "metadata": {"name": "a", "resourceVersion": "1"}})
    assert is_conflict(caught.value)
    updated = await client.update(CONFIG_MAPS, "default", {**manifest, "data": {"k": "w"}})
    assert updated["data"] == {"k": "w"}
    await client.delete_collection(CONFIG_MAPS, "default")
    with pytest.raises(ApiError) as caught:
        await client.get(CONFIG_MAPS, "default", "a")
    assert is_not_found(caught.value)


async def test_a_request_in_process_is_work(client, clock, config_map) -> None:
    waiting = asyncio.create_task(client.create(CONFIG_MAPS, "default", config_map("a")))
    await clock.settle(1)
    await waiting
    assert clock.ledger.idle


# Stores that fail


class Failing:
    """A store whose n-th call of a kind fails; everything else is the store's own."""

    def __init__(self, store: MemoryStore, method: str, failing: int) -> None:
        self._store, self._method, self.failing = store, method, failing
        self.calls = 0

    def __getattr__(self, name: str):
        found = getattr(self._store, name)
        return self._call if name == self._method else found

    def _call(self, *args, **kwargs):
        self.calls += 1
        if self.calls == self.failing:
            raise OSError("the disk is full")
        return getattr(self._store, self._method)(*args, **kwargs)


WRITES = {
    "create": lambda client: client.create(CONFIG_MAPS, "default", {"metadata": {"name": "new"}}),
    "generate": lambda client: client.create(CONFIG_MAPS, "default", {"metadata": {"generateName": "new-"}}),
    "service": lambda client: client.create(
        SERVICES, "default", {"metadata": {"name": "new"}, "spec": {"ports": [{"port": 80, "protocol": "TCP"}]}}
    ),
    "update": lambda client: client.update(CONFIG_MAPS, "default", {"metadata": {"name": "a"}, "data": {"k": "w"}}),
    "patch": lambda client: client.patch(CONFIG_MAPS, "default", "a", {"data": {"k": "w"}}),
    "delete": lambda client: client.delete(CONFIG_MAPS, "default", "a"),
    "delete gracefully": lambda client: client.delete(PODS, "default", "p"),
    "bind": lambda client: client.create(PODS, "default", {"target": {"name": "n"}}, name="q", subresource="binding"),
    "evict": lambda client: client.create(PODS, "default", {}, name="p", subresource="eviction"),
    "delete all": lambda client: client.delete_collection(CONFIG_MAPS, "default"),
}


async def populated(api: Apiserver, pod) -> None:
    client = api.client("admin", "tests")
    await client.create(NAMESPACES, "", {"metadata": {"name": "default"}})
    await client.create(SERVICE_ACCOUNTS, "default", {"metadata": {"name": "default"}})
    for name in ("a", "b"):
        await client.create(CONFIG_MAPS, "default", {"metadata": {"name": name}, "data": {"k": "v"}})
    await client.create(PODS, "default", pod("p", "n", labels={"app": "p"}))
    await client.create(PODS, "default", pod("q"))
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    await client.patch(PODS, "default", "p", {"status": ready}, subresource="status")
    budget = {"metadata": {"name": "b"}, "spec": {"minAvailable": 0, "selector": {"matchLabels": {"app": "p"}}}}
    made = await client.create(POD_DISRUPTION_BUDGETS, "default", budget)
    status = {
        "observedGeneration": made["metadata"]["generation"],
        "disruptionsAllowed": 5,
        "currentHealthy": 1,
        "desiredHealthy": 0,
        "expectedPods": 1,
    }
    await client.patch(POD_DISRUPTION_BUDGETS, "default", "b", {"status": status}, subresource="status")


def contents(store: MemoryStore) -> list[tuple[str, str, int]]:
    keys = (CONFIG_MAPS, PODS, SERVICES, POD_DISRUPTION_BUDGETS)
    return [(record.resource, record.name, record.revision) for key in keys for record in store.scan(key.key)]


@pytest.mark.parametrize("method", ["get", "scan", "commit"])
@pytest.mark.parametrize("write", list(WRITES))
async def test_a_write_whose_nth_call_fails_is_whole_steps_or_nothing(
    clock, scheme, options, pod, write, method
) -> None:
    """Whatever fails, every object is as it was or as it should be, watchers saw exactly that, and trying again succeeds."""
    for failing in range(1, 50):
        store = MemoryStore(clock.ledger, detect_mutation=True)
        await populated(Apiserver(store, clock, scheme, options), pod)
        before, revision = contents(store), store.revision
        broken = Failing(store, method, failing)
        client = Apiserver(broken, clock, scheme, options).client("admin", "tests")
        cursors = [
            store.watch(key.key, after=revision) for key in (CONFIG_MAPS, PODS, SERVICES, POD_DISRUPTION_BUDGETS)
        ]
        try:
            await WRITES[write](client)
            failed = False
        except OSError:
            failed = True
        events = [event for cursor in cursors for event in cursor.drain()]
        for cursor in cursors:
            cursor.close()
        store.check_mutations()
        assert clock.ledger.idle
        assert sorted(event.revision for event in events) == list(range(revision + 1, store.revision + 1))
        if broken.calls < failing:
            assert not failed
            assert store.revision > revision
            return
        assert failed
        if write not in ("evict", "delete all"):
            assert contents(store) == before
        await WRITES[write](client)
    raise AssertionError("it never came to an end")
