"""Whatever the interleaving of writes, pages and watches, a list and a watch from it show the store as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikube_lite.api.apiserver import Apiserver
from minikube_lite.api.list_options import ListOptions, parse_list_options
from minikube_lite.api.local_client import LocalClient
from minikube_lite.api.request import Request, RequestInfo
from minikube_lite.api.scheme import Scheme, ServedResource
from minikube_lite.api.watch import Watch
from minikube_lite.clock import Clock
from minikube_lite.config import Options
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.resources import CONFIG_MAPS, NAMESPACES
from minikube_lite.store import MemoryStore, Object

NAMESPACES_USED = ("a", "a-b")
LAST = "zz"
"""The name of the object that is written last: a watch that has told it has told everything."""
Write = tuple[str, str, str]
"""A namespace, a name, and the label that the object is to have, "" to delete it."""
State = dict[tuple[str, str], str]
"""The resourceVersion of each object."""

writes = st.lists(
    st.tuples(st.sampled_from(NAMESPACES_USED), st.sampled_from("mno"), st.sampled_from(["x", "y", ""])), max_size=6
)


class World:
    """An API server with two namespaces, and what happens to it."""

    def __init__(self, scheme: Scheme) -> None:
        self.clock = Clock("stepped", seed=7)
        self.store = MemoryStore(self.clock.ledger, detect_mutation=True)
        self.api = Apiserver(self.store, self.clock, scheme, Options(clock="stepped"))
        self.client: LocalClient = self.api.client("admin", "tests")
        found = scheme.find(CONFIG_MAPS)
        assert found is not None
        self.resource: ServedResource = found

    async def write(self, changes: Sequence[Write]) -> None:
        """Make the changes, where they change anything."""
        for namespace, name, label in changes:
            there = self.store.get(CONFIG_MAPS.key, namespace, name) is not None
            if not label and there:
                await self.client.delete(CONFIG_MAPS, namespace, name)
            elif label and there:
                await self.client.patch(CONFIG_MAPS, namespace, name, {"metadata": {"labels": {"app": label}}})
            elif label:
                await self.client.create(CONFIG_MAPS, namespace, {"metadata": {"name": name, "labels": {"app": label}}})

    def state(self, namespace: str, selector: str) -> State:
        """What is there now of what is selected."""
        return {
            (record.namespace, record.name): str(record.revision)
            for record in self.store.scan(CONFIG_MAPS.key, namespace)
            if not selector or f"app={record.object['metadata']['labels']['app']}" == selector
        }

    def watch(self, namespace: str, accept: str, **query: str) -> Watch:
        """A watch that has begun."""
        info = RequestInfo(CONFIG_MAPS, namespace, "")
        request = Request("GET", info, self.resource, query, User("admin"), "", "", accept, b"", [])
        watch = Watch(self.store, self.clock, request, parse_list_options(query, watch=True))
        watch.open()
        return watch


def options(selector: str, **query: str) -> ListOptions:
    return parse_list_options({"labelSelector": selector, **query})


async def pages(world: World, namespace: str, selector: str, limit: int, between: Sequence[Sequence[Write]]) -> Any:
    """The state and revision that a list by pages shows, while others write between its pages."""
    shown: State = {}
    token, todo = "", list(between)
    while True:
        query = {"limit": str(limit), "continue": token}
        page = world.api.verbs.reading.list_page(world.resource, namespace, options(selector, **query))
        for record in page.records:
            assert (record.namespace, record.name) not in shown
            shown[record.namespace, record.name] = str(record.revision)
        token = page.continue_token
        if not token:
            return shown, page.revision
        if todo:
            await world.write(todo.pop())


async def follow(watch: Watch, state: State) -> None:
    """Apply what a watch tells to a state, until the last object is told."""
    seen = 0
    blocks = watch.blocks()
    async for block in blocks:
        for line in block.splitlines():
            event = orjson.loads(line)
            key, version = _named(event["object"])
            if event["type"] == "BOOKMARK":
                assert int(version) >= seen
                continue
            if event["type"] == "DELETED":
                del state[key]
            else:
                assert (key in state) == (event["type"] == "MODIFIED")
                state[key] = version
            seen = max(seen, int(version)) if event["type"] != "ADDED" else seen
            if key[1] == LAST:
                await blocks.aclose()
                watch.close()
                return


def _named(shown: Object) -> tuple[tuple[str, str], str]:
    if shown["kind"] == "Table":
        if not shown["rows"]:
            return ("", ""), shown["metadata"]["resourceVersion"]
        shown = shown["rows"][0]["object"]
    metadata = shown["metadata"]
    return (metadata.get("namespace", ""), metadata.get("name", "")), metadata["resourceVersion"]


PLAIN, TABLE, METADATA = (
    "application/json",
    "application/json;as=Table;v=v1;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
)


@settings(max_examples=60, deadline=None)
@given(
    before=writes,
    between=st.lists(writes, max_size=3),
    meanwhile=writes,
    later=writes,
    namespace=st.sampled_from(["", *NAMESPACES_USED]),
    selector=st.sampled_from(["", "app=x"]),
    limit=st.integers(min_value=0, max_value=3),
    accept=st.sampled_from([PLAIN, TABLE, METADATA]),
)
def test_a_list_and_a_watch_from_it_rebuild_the_store(
    scheme: Scheme, before: Any, between: Any, meanwhile: Any, later: Any, namespace: str, selector: str, limit: int,
    accept: str,
) -> None:  # fmt: skip
    async def run() -> None:
        world = World(scheme)
        for name in NAMESPACES_USED:
            await world.client.create(NAMESPACES, "", {"metadata": {"name": name}})
        await world.write(before)
        then = world.state(namespace, selector)
        shown, revision = await pages(world, namespace, selector, limit, between)
        assert shown == then
        await world.write(meanwhile)

        listed = world.watch(namespace, accept, labelSelector=selector, resourceVersion=str(revision))
        streamed = world.watch(namespace, accept, labelSelector=selector, allowWatchBookmarks="true")
        from_it: State = dict(shown)
        anew: State = {}
        following = asyncio.gather(follow(listed, from_it), follow(streamed, anew))
        for change in later:
            await world.write([change])
            await asyncio.sleep(0)
        await world.write([(namespace or "a", LAST, "x")])
        await following
        assert from_it == anew == world.state(namespace, selector)
        world.store.check_mutations()
        world.clock.stop()

    asyncio.run(run())


@settings(max_examples=40, deadline=None)
@given(before=writes, between=writes, selector=st.sampled_from(["", "app=x"]), limit=st.integers(1, 3))
def test_a_list_whose_revision_is_gone_goes_on_with_what_is_there(
    scheme: Scheme, before: Any, between: Any, selector: str, limit: int
) -> None:
    """What nobody touched meanwhile is shown once, and nothing is shown that is not, or was not, there."""

    async def run() -> None:
        world = World(scheme)
        for name in NAMESPACES_USED:
            await world.client.create(NAMESPACES, "", {"metadata": {"name": name}})
        await world.write(before)
        reading, old = world.api.verbs.reading, world.state("", selector)
        first = reading.list_page(world.resource, "", options(selector, limit=str(limit)))
        await world.write([*between, ("a", LAST, "x")])
        world.store.compact(CONFIG_MAPS.key)
        records = list(first.records)
        if first.continue_token:
            with pytest.raises(ApiError) as caught:
                reading.list_page(world.resource, "", options(selector, **{"continue": first.continue_token}))
            assert (caught.value.code, caught.value.reason) == (410, "Expired")
            rest = options(selector, **{"continue": caught.value.list_continue})
            records += reading.list_page(world.resource, "", rest).records
        shown = [(record.namespace, record.name) for record in records]
        new = world.state("", selector)
        assert len(set(shown)) == len(shown)
        assert set(shown) <= old.keys() | new.keys()
        if first.continue_token:
            assert {key for key in old if old[key] == new.get(key)} <= set(shown)
        world.clock.stop()

    asyncio.run(run())
