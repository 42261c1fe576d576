"""A control plane without controllers, and nodes under it: what the tests of kubelets stand on."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from minikube_lite.api.apiserver import Apiserver, built_in_scheme
from minikube_lite.api.scheme import Scheme
from minikube_lite.clock import Clock
from minikube_lite.config import Options
from minikube_lite.kubelet.kubelets import Kubelets
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.events import Events
from minikube_lite.machinery.informer import Informers
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import (
    CONFIG_MAPS,
    EVENTS,
    LEASES,
    NAMESPACES,
    PODS,
    SERVICE_ACCOUNTS,
    GroupVersionResource,
)
from minikube_lite.network.fabric import Network
from minikube_lite.programs.registry import Programs
from minikube_lite.store import MemoryStore, Object

SCHEME: Callable[[], Scheme] = functools.lru_cache(maxsize=1)(built_in_scheme)


class FailingClient:
    """Passes everything on to a client, but the writes for which `fails` says so; that is asked with each write's number."""

    def __init__(self, client: Client, fails: Callable[[int], bool]) -> None:
        self._client = client
        self._fails = fails
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if name not in ("create", "update", "patch", "delete"):
            return method

        async def write(*args: Any, **options: Any) -> Any:
            self.writes += 1
            if self._fails(self.writes):
                raise ApiError(500, "InternalError", f"write {self.writes} fails")
            return await method(*args, **options)

        return write


class Nodes:
    """Some nodes and the API they talk to."""

    def __init__(self, directory: Path, clock: Clock, options: Options, fails: Callable[[int], bool]) -> None:
        self.clock = clock
        self.directory = directory
        self.store = MemoryStore(clock.ledger)
        self.network = Network(clock, options.pod_loopback_block or options.cluster_cidr)
        self.apiserver = Apiserver(self.store, clock, SCHEME(), options, self.network)
        self.client: Client = self.apiserver.client("kubernetes-admin", "test")
        self.informers = Informers(self.client)
        self.events = Events(self.client, clock)
        self.programs = Programs.discover()
        self.node_clients: dict[str, FailingClient] = {}

        def client_for(user: str) -> Any:
            client = self.node_clients[user] = FailingClient(
                self.apiserver.client(user, "kubelet", ("system:nodes",)), fails
            )
            return client

        self.kubelets = Kubelets(
            client_for=client_for,
            informers=self.informers,
            clock=clock,
            events=self.events,
            directory=directory,
            programs=self.programs,
            options=options,
            network=self.network,
        )

    async def start(self) -> None:
        self.clock.start()
        for name in ("default", "kube-node-lease"):
            await self.client.create(NAMESPACES, "", {"metadata": {"name": name}})
        await self.client.create(SERVICE_ACCOUNTS, "default", {"metadata": {"name": "default"}})
        await self.client.create(
            CONFIG_MAPS, "default", {"metadata": {"name": "kube-root-ca.crt"}, "data": {"ca.crt": ""}}
        )
        await self.informers.start()
        self.events.start()
        await self.kubelets.start()
        await self.clock.settle()

    async def stop(self) -> None:
        await self.kubelets.stop()
        await self.events.stop()
        await self.informers.stop()
        self.clock.stop()

    async def run(self, name: str, node: str = "node-1", **spec: Any) -> Object:
        """Create a pod that is bound to a node already."""
        containers = spec.pop("containers", None) or [{"name": "main", "image": "quiet"}]
        pod = {"metadata": {"name": name}, "spec": {"nodeName": node, "containers": containers, **spec}}
        created = await self.client.create(PODS, "default", copy_object(pod))
        await self.clock.settle()
        return created

    async def pod(self, name: str) -> Object:
        """A pod as it is now."""
        return await self.client.get(PODS, "default", name)

    async def find(self, resource: GroupVersionResource, name: str, namespace: str = "default") -> Object | None:
        """An object as it is now, or None."""
        record = self.store.get(resource.key, namespace, name)
        return record.object if record else None

    async def find_lease(self, node: str) -> Object | None:
        """A node's lease as it is now."""
        return await self.find(LEASES, node, "kube-node-lease")

    async def create_config_map(self, name: str, data: dict[str, str]) -> None:
        """Create a config map."""
        await self.client.create(CONFIG_MAPS, "default", {"metadata": {"name": name}, "data": data})

    async def told(self, name: str = "") -> list[tuple[str, str]]:
        """Reasons and messages of the events, of all or about one object, in order."""
        await self.clock.settle()
        events = sorted(
            (await self.client.list_objects(EVENTS)).items, key=lambda event: int(event["metadata"]["resourceVersion"])
        )
        return [
            (event["reason"], event["message"])
            for event in events
            if not name or event["involvedObject"]["name"] == name
        ]


Start = Callable[..., AbstractAsyncContextManager[Nodes]]


@asynccontextmanager
async def _running(
    directory: Path, *, fails: Callable[[int], bool] = lambda number: False, **chosen: Any
) -> AsyncIterator[Nodes]:
    options = Options(**{"nodes": 2, "clock": "stepped", "seed": 1, **chosen})
    clock = Clock(options.clock, rate=options.clock_rate, seed=options.seed, interleaving=options.interleaving)
    nodes = Nodes(directory / "cluster", clock, options, fails)
    await nodes.start()
    try:
        yield nodes
    finally:
        await nodes.stop()


@pytest.fixture(scope="session")
def new_nodes() -> Start:
    """Nodes that keep their files in a directory of the caller's: `async with new_nodes(directory, nodes=2) as nodes:`."""
    return _running


@pytest.fixture
def start_nodes(tmp_path: Path, minikube_lite_seed: dict[str, Any]) -> Start:
    """`async with start_nodes(nodes=2, pod_stop_delay=1) as nodes:` by options of a cluster; `fails` says which writes fail."""
    return functools.partial(_running, tmp_path, **minikube_lite_seed)
