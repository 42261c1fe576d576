"""The composition root: its life, its clock, whom it acts as, and that it leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from minikube_lite import Cluster
from minikube_lite.clock import TransportTime, Unsettled
from minikube_lite.config import Options
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import CONFIG_MAPS, NAMESPACES, NODES, PODS, SERVICES, STORAGE_CLASSES

POD = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "example/app"}]}}
CONFIG_MAP = {"metadata": {"name": "a"}}
FRESH_SECONDS_MAX = 0.5
"""A fresh cluster in a warm process; meant to be far less, and the machine may be busy."""


async def test_on_ones_own_loop() -> None:
    async with Cluster(nodes=2, clock="stepped", detect_mutation=True) as cluster:
        nodes = (await cluster.client.list_objects(NODES)).items
        assert [node["metadata"]["name"] for node in nodes] == ["node-1", "node-2"]
        await cluster.client.create(PODS, "default", dict(POD))
        await cluster.settle()
        pod = await cluster.client.get(PODS, "default", "p")
        assert pod["status"]["phase"] == "Running"


async def test_what_stands_from_the_first_moment() -> None:
    async with Cluster(nodes=0, serve_dns=False) as cluster:
        client = cluster.client
        names = [item["metadata"]["name"] for item in (await client.list_objects(NAMESPACES)).items]
        assert names == ["default", "kube-node-lease", "kube-public", "kube-system"]
        service = await client.get(SERVICES, "default", "kubernetes")
        assert service["spec"]["clusterIP"] == "10.96.0.1"
        dns = await client.get(SERVICES, "kube-system", "kube-dns")
        assert dns["spec"]["clusterIP"] == "10.96.0.10"
        assert [item["metadata"]["name"] for item in (await client.list_objects(STORAGE_CLASSES)).items] == ["standard"]
    async with Cluster(nodes=0, serve_api=False, serve_dns=False, default_storage_class="none") as cluster:
        assert (await cluster.client.list_objects(STORAGE_CLASSES)).items == []


async def test_a_cluster_starts_once() -> None:
    async with Cluster(nodes=0) as cluster:
        with pytest.raises(RuntimeError, match="starts once"):
            await cluster.start()


async def test_it_leaves_nothing_running() -> None:
    before = asyncio.all_tasks()
    async with Cluster(nodes=3) as cluster:
        await cluster.client.create(PODS, "default", dict(POD))
        await cluster.settle()
    assert asyncio.all_tasks() == before
    assert cluster.store.watchers == 0


async def test_a_start_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    async with Cluster(nodes=0) as one:
        port = int(one.addresses.server.rpartition(":")[2])
        before = asyncio.all_tasks()
        with pytest.raises(OSError, match="address already in use"):
            await Cluster(nodes=1, api_port=port).start()
        assert asyncio.all_tasks() == before


async def test_it_keeps_to_its_directory(tmp_path: Path) -> None:
    directory = tmp_path / "cluster"
    async with Cluster(nodes=1, data_dir=directory, clock="stepped") as cluster:
        assert cluster.directory == directory
        await cluster.client.create(PODS, "default", dict(POD))
        await cluster.settle()
    assert await asyncio.to_thread(os.listdir, tmp_path) == ["cluster"]


async def test_it_acts_as_somebody() -> None:
    async with Cluster(nodes=0, serve_api=False, serve_dns=False) as cluster:
        jane = cluster.client_as("jane", manager="jane-tool")
        obj = await jane.create(CONFIG_MAPS, "default", dict(CONFIG_MAP))
        assert [entry["manager"] for entry in obj["metadata"].get("managedFields", ())] in (["jane-tool"], [])
        with pytest.raises(ApiError) as refused:
            await jane.create(CONFIG_MAPS, "default", dict(CONFIG_MAP))
        assert refused.value.reason == "AlreadyExists"


async def test_settling_names_what_is_busy() -> None:
    async with Cluster(nodes=0, serve_api=False, serve_dns=False) as cluster:
        token = cluster.clock.ledger.start("waiting for the plumber")
        with pytest.raises(Unsettled, match="waiting for the plumber"):
            await cluster.settle(0.01)
        token.done()
        await cluster.settle()


async def test_options_in_one_object_or_by_name() -> None:
    assert Cluster(Options(nodes=1)).options.nodes == 1
    assert Cluster(nodes=2).options.nodes == 2
    assert Cluster(Options(nodes=1, seed=3), nodes=2).options.model_dump(include={"nodes", "seed"}) == {
        "nodes": 2,
        "seed": 3,
    }


async def test_a_fresh_cluster_is_quick() -> None:
    time = TransportTime()
    async with Cluster(nodes=3):
        pass
    begun = time.now()
    async with Cluster(nodes=3):
        taken = time.now() - begun
    assert taken < FRESH_SECONDS_MAX
