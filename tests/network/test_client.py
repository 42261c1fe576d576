"""The API at the far end of a link."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from minikube_lite.clock import Clock
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.resources import CONFIG_MAPS
from minikube_lite.network.client import LinkedClient
from minikube_lite.network.link import Link, Unreachable
from minikube_lite.store import MemoryStore


class StoreClient:
    """As much of a client as is needed here."""

    def __init__(self, store):
        self.store = store

    async def get(self, resource, namespace, name, *, subresource=""):
        return self.store.get(resource.key, namespace, name).object

    def watch(self, resource, namespace="", name="", *, after):
        return self.store.watch(resource.key, namespace, name, after=after)


def write(store, name):
    store.commit(CONFIG_MAPS.key, "default", name, {"metadata": {"name": name}}, expected=0)


async def test_a_cut_link_lets_no_call_through(clock: Clock):
    store, link = MemoryStore(clock.ledger), Link("node-1", "api")
    client = LinkedClient(cast(Client, StoreClient(store)), link)
    write(store, "a")
    assert (await client.get(CONFIG_MAPS, "default", "a"))["metadata"]["name"] == "a"
    link.cut()
    for call in (
        client.get(CONFIG_MAPS, "default", "a"),
        client.update(CONFIG_MAPS, "default", {}),
        client.list_objects(CONFIG_MAPS),
    ):
        with pytest.raises(Unreachable):
            await call
    with pytest.raises(Unreachable):
        client.watch(CONFIG_MAPS, after=0)


async def test_a_watch_stands_still_and_catches_up(clock: Clock):
    store, link = MemoryStore(clock.ledger), Link("node-1", "api")
    cursor = LinkedClient(cast(Client, StoreClient(store)), link).watch(CONFIG_MAPS, after=0)
    seen: list[str] = []

    async def follow():
        while True:
            for event in await cursor.next_batch():
                seen.append(event.record.name)

    following = asyncio.create_task(follow())
    write(store, "a")
    await clock.settle()
    link.cut()
    for name in ("b", "c"):
        write(store, name)
        await clock.settle()
    assert seen == ["a"]
    link.heal()
    await clock.settle()
    for _ in range(3):
        await asyncio.sleep(0)
    assert seen == ["a", "b", "c"]
    following.cancel()
    cursor.close()
    assert clock.ledger.idle
