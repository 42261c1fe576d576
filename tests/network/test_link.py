"""Links and isolated endpoints."""

from __future__ import annotations

import asyncio

import pytest

from minikube_lite.network.link import Link, Unreachable


async def test_a_link_is_up_when_nothing_cuts_it():
    link = Link("node-1", "api")
    seen: list[bool] = []
    link.watch(seen.append)
    link.cut("one")
    link.cut("two")
    with pytest.raises(Unreachable, match="no route to host"):
        link.check()
    waiting = asyncio.create_task(link.wait_up())
    await asyncio.sleep(0)
    link.heal("one")
    assert not link.up
    link.heal("two")
    await waiting
    link.check()
    assert seen == [False, True]


def test_isolation_covers_links_that_come_later(network):
    before = network.link("node-1", "api")
    network.isolate("node-1")
    later = network.link("node-2", "node-1")
    assert not before.up
    assert not later.up
    assert network.link("node-2", "api").up
    assert network.link("api", "node-1") is before
    network.rejoin("node-1")
    assert before.up
    assert later.up
