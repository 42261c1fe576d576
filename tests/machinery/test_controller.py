"""Controllers: one key after the other; a sync that crashes is logged and tried again, and the other keys go on."""

from __future__ import annotations

import asyncio

import pytest

from minikube_lite.machinery import errors
from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.events import Events
from minikube_lite.machinery.informer import Informers
from minikube_lite.machinery.queue import RETRIES_AT_ONCE_MAX
from minikube_lite.machinery.resources import PODS


class Recording(Controller):
    """Syncs pods by noting their keys; `failures` says what goes wrong how often."""

    name = "recording-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self.pods = self.informer(PODS, self.enqueue_changed)
        self.synced: list[str] = []
        self.failures: dict[str, list[BaseException]] = {}
        self.busy = 0
        self.begun = asyncio.Event()

    async def sync(self, key: str) -> None:
        self.busy += 1
        assert self.busy == 1
        self.begun.set()
        try:
            await asyncio.sleep(0)
            self.synced.append(key)
            if self.failures.get(key):
                raise self.failures[key].pop(0)
        finally:
            self.busy -= 1


@pytest.fixture
async def controller(clock, client):
    informers = Informers(client)
    controller = Recording(ControllerContext(client, informers, clock, Events(client, clock)))
    await informers.start()
    controller.start()
    yield controller
    await controller.stop()
    await informers.stop()
    assert clock.ledger.idle


async def test_every_changed_object_is_synced(clock, client, controller) -> None:
    client.put(PODS, "a", "x")
    client.put(PODS, "a", "y")
    await clock.settle(5)
    client.remove(PODS, "a", "x")
    await clock.settle(5)
    assert controller.synced == ["a/x", "a/y", "a/x"]


async def test_changes_that_come_at_once_are_one_sync(clock, client, controller) -> None:
    for _ in range(5):
        client.put(PODS, "a", "x")
    await clock.settle(5)
    assert controller.synced == ["a/x"]


async def test_a_crash_is_logged_and_tried_again_and_other_keys_go_on(clock, client, controller, caplog) -> None:
    controller.failures["a/x"] = [RuntimeError("no"), KeyError("nor this")]
    client.put(PODS, "a", "x")
    client.put(PODS, "a", "y")
    await clock.settle(5)
    assert controller.synced == ["a/x", "a/y", "a/x", "a/x"]
    assert caplog.text.count("recording-controller: sync of a/x failed") == 2


@pytest.mark.parametrize("error", [errors.conflict(PODS, "x", errors.MODIFIED_MESSAGE), errors.not_found(PODS, "x")])
async def test_what_changed_in_between_is_tried_again_without_noise(
    clock, client, controller, caplog, error: errors.ApiError
) -> None:
    controller.failures["a/x"] = [error]
    client.put(PODS, "a", "x")
    await clock.settle(5)
    assert controller.synced == ["a/x", "a/x"]
    assert not caplog.records


async def test_a_key_that_keeps_failing_waits_for_emulated_time(clock, client, controller) -> None:
    controller.failures["a/x"] = [RuntimeError("no") for _ in range(RETRIES_AT_ONCE_MAX + 2)]
    client.put(PODS, "a", "x")
    await clock.settle(5)
    assert len(controller.synced) == RETRIES_AT_ONCE_MAX + 1
    client.put(PODS, "a", "y")
    await clock.settle(5)
    assert controller.synced[-1] == "a/y"
    await clock.advance(1)
    assert controller.synced.count("a/x") == RETRIES_AT_ONCE_MAX + 3
    await clock.advance(3600)
    assert controller.synced.count("a/x") == RETRIES_AT_ONCE_MAX + 3


async def test_a_controller_that_stopped_takes_no_more_work(clock, client, controller) -> None:
    await controller.stop()
    client.put(PODS, "a", "x")
    await clock.settle(5)
    assert controller.synced == []


async def test_stopping_in_the_middle_of_a_sync_leaves_no_work(clock, client, controller) -> None:
    client.put(PODS, "a", "x")
    await controller.begun.wait()
    await controller.stop()
    await clock.settle(5)
    assert controller.synced == []


@pytest.mark.parametrize(("metadata", "key"), [({"namespace": "a", "name": "x"}, "a/x"), ({"name": "x"}, "x")])
def test_keys(metadata, key) -> None:
    assert object_key({"metadata": metadata}) == key
    assert split_key(key) == (metadata.get("namespace", ""), "x")
