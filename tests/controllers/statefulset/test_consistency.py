"""Tests of what is known about one's own writes while a cache lags behind."""

from __future__ import annotations

from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.machinery.informer import Informers
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import CONFIG_MAPS

KEY = "default/kubia"


async def test_a_write_is_awaited_until_the_cache_shows_it(new_world):
    async with new_world() as world:
        lagging = Informers(world.client).informer(CONFIG_MAPS)
        await lagging.start()
        writes = OwnWrites(world.client, lagging)
        assert await writes.are_shown(KEY, "default")

        created = await world.client.create(CONFIG_MAPS, "default", {"metadata": {"name": "a"}})
        writes.note(KEY, CONFIG_MAPS, created)
        assert not await writes.are_shown(KEY, "default")
        assert await writes.are_shown("default/other", "default")
        await lagging.start()
        assert await writes.are_shown(KEY, "default")

        updated = await world.client.update(CONFIG_MAPS, "default", {**copy_object(created), "data": {"a": "b"}})
        writes.note(KEY, CONFIG_MAPS, updated)
        assert not await writes.are_shown(KEY, "default")
        writes.forget(KEY)
        assert await writes.are_shown(KEY, "default")


async def test_a_deletion_is_awaited(new_world):
    async with new_world() as world:
        created = await world.client.create(CONFIG_MAPS, "default", {"metadata": {"name": "a"}})
        lagging = Informers(world.client).informer(CONFIG_MAPS)
        await lagging.start()
        writes = OwnWrites(world.client, lagging)
        await world.client.delete(CONFIG_MAPS, "default", "a")
        writes.note(KEY, CONFIG_MAPS, created, deleted=True)
        assert not await writes.are_shown(KEY, "default")
        await lagging.start()
        assert await writes.are_shown(KEY, "default")


async def test_what_came_and_went_unseen_is_not_awaited(new_world):
    async with new_world() as world:
        lagging = Informers(world.client).informer(CONFIG_MAPS)
        await lagging.start()
        writes = OwnWrites(world.client, lagging)
        created = await world.client.create(CONFIG_MAPS, "default", {"metadata": {"name": "a"}})
        writes.note(KEY, CONFIG_MAPS, created)
        await world.client.delete(CONFIG_MAPS, "default", "a")
        assert await writes.are_shown(KEY, "default")


async def test_nothing_is_done_twice_while_the_caches_lag(new_world, policy: str):
    async with new_world() as world:
        await world.controller.stop()
        await world.create(replicas=1, policy=policy)
        await world.informers.stop()
        for _ in range(3):
            await world.controller.sync(KEY)
        await world.settle()
        changes = [name for change, _, name in world.store.log if change == "ADDED"]
        assert changes[3:] == ["kubia-59fc7cd76b", "data-kubia-0", "kubia-0"]
        assert world.faulty.writes == 4
        assert len(await world.messages()) == 2


async def test_a_pod_that_went_by_itself_counts_as_deleted(new_world, policy: str):
    async with new_world() as world:
        await world.create(replicas=1, policy=policy)
        await world.live()
        await world.controller.stop()
        await world.patch({"replicas": 0})
        await world.informers.stop()
        await world.stop("kubia-0")
        await world.controller.sync(KEY)
        await world.settle()
        assert (await world.messages())[-1] == "Delete Pod kubia-0 in StatefulSet kubia successful"
