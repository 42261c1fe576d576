"""A control plane without kubelets, in process and on a stepped clock: an API server, informers, events and the controllers under test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest

from minikube_lite.api.apiserver import Apiserver, built_in_scheme
from minikube_lite.api.scheme import Scheme
from minikube_lite.clock import Clock
from minikube_lite.config import Options
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.controller import Controller, ControllerContext
from minikube_lite.machinery.errors import ApiError, internal
from minikube_lite.machinery.events import Events
from minikube_lite.machinery.informer import Informers
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import EVENTS, NAMESPACES, NODES, PODS, SERVICE_ACCOUNTS, GroupVersionResource
from minikube_lite.store import MemoryStore, Object

WRITES = ("create", "update", "patch", "delete", "delete_collection")


class FailingClient:
    """Passes everything on, except that writes of chosen numbers fail; before or after they took effect."""

    def __init__(self, client: Client, plan: FailurePlan) -> None:
        self._client = client
        self._plan = plan

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if name not in WRITES:
            return method

        async def write(*args: Any, **kwargs: Any) -> Any:
            self._plan.count += 1
            fails = self._plan.count == self._plan.nth
            if fails and not self._plan.takes_effect:
                raise internal("the write failed")
            result = await method(*args, **kwargs)
            if fails:
                raise internal("the answer was lost")
            return result

        return write


class FailurePlan:
    """Which write of the controllers fails: the `nth`, counted from 1; 0 for none."""

    def __init__(self) -> None:
        self.nth = 0
        self.takes_effect = False
        self.count = 0


class World:
    """What controllers live in. Time stands still unless it is advanced."""

    def __init__(self, scheme: Scheme, **options: Any) -> None:
        self.options = Options(**{"clock": "stepped", "seed": 7, **options})
        self.clock = Clock("stepped", seed=self.options.seed, interleaving=self.options.interleaving)
        self.store = MemoryStore(self.clock.ledger)
        self.apiserver = Apiserver(self.store, self.clock, scheme, self.options)
        self.client: Client = self.apiserver.client("kubernetes-admin", "tests")
        system = self.apiserver.client("system:kube-controller-manager", "kube-controller-manager")
        self.informers = Informers(system)
        self.events = Events(system, self.clock)
        self.failures = FailurePlan()
        self.controllers: list[Controller] = []
        self.directory: Path | None = None
        """The cluster's own directory, for controllers that need one."""

    def _client_for(self, user: str, manager: str) -> Client:
        client: Any = FailingClient(self.apiserver.client(user, manager), self.failures)
        return client

    async def start(self, *controllers: type[Controller]) -> None:
        """Run those controllers, on a cluster that has its first namespaces."""
        context = ControllerContext(
            self.client,
            self.informers,
            self.clock,
            self.events,
            self.options,
            self._client_for,
            self.directory,
            "the authority's certificate",
        )
        self.controllers = [controller(context) for controller in controllers]
        for name in ("default", "kube-system", "kube-node-lease"):
            await self.client.create(NAMESPACES, "", {"metadata": {"name": name}})
            await self.client.create(SERVICE_ACCOUNTS, name, {"metadata": {"name": "default"}})
        await self.informers.start()
        self.events.start()
        for controller in self.controllers:
            controller.start()
        await self.settle()

    async def stop(self) -> None:
        """Stop everything."""
        for controller in self.controllers:
            await controller.stop()
        await self.events.stop()
        await self.informers.stop()
        self.clock.stop()

    async def settle(self) -> None:
        """Wait until no work is left."""
        await self.clock.settle(20)

    async def advance(self, seconds: float) -> None:
        """Let time pass."""
        await self.clock.advance(seconds)

    # What happens from outside

    async def create(self, resource: GroupVersionResource, obj: Object, namespace: str = "default") -> Object:
        """Create an object."""
        return await self.client.create(resource, namespace, copy_object(obj))

    async def change(
        self,
        resource: GroupVersionResource,
        name: str,
        change: Callable[[Object], object],
        *,
        namespace: str = "default",
        subresource: str = "",
    ) -> Object:
        """Change an object as it is now."""
        obj = copy_object(await self.client.get(resource, namespace, name))
        change(obj)
        return await self.client.update(resource, namespace, obj, subresource=subresource)

    async def get(self, resource: GroupVersionResource, name: str, namespace: str = "default") -> Object | None:
        """The object, or None."""
        try:
            return await self.client.get(resource, namespace, name)
        except ApiError as error:
            assert error.reason == "NotFound"
            return None

    async def items(self, resource: GroupVersionResource, namespace: str = "") -> list[Object]:
        """The objects of a namespace, or of all."""
        return (await self.client.list_objects(resource, namespace)).items

    async def reported(self, *, reason: str = "") -> list[tuple[str, str, str]]:
        """The events in the order in which they were written: type, reason, message."""
        events = sorted(await self.items(EVENTS), key=lambda event: event["metadata"]["name"].rpartition(".")[2])
        return [
            (event["type"], event["reason"], event["message"])
            for event in events
            if not reason or event["reason"] == reason
        ]

    async def add_node(self, name: str, *, ready: bool = True, **spec: Any) -> Object:
        """A node as its kubelet would report it: 4 CPUs, 8 GiB, 110 pods."""
        labels = {"kubernetes.io/hostname": name, **spec.pop("labels", {})}
        amounts = {"cpu": "4", "memory": "8Gi", "pods": "110", "ephemeral-storage": "100Gi", **spec.pop("amounts", {})}
        taints = spec.pop("taints", [])
        node = {"metadata": {"name": name, "labels": labels}, "spec": {"taints": taints, **spec}}
        await self.create(NODES, node, "")
        await self.change(NODES, name, lambda obj: obj["spec"].update(taints=taints), namespace="")
        now = self.clock.timestamp()
        condition = {
            "type": "Ready",
            "status": "True" if ready else "False",
            "reason": "KubeletReady",
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
        }

        def report(obj: Object) -> None:
            obj["status"] = {"capacity": amounts, "allocatable": amounts, "conditions": [condition]}

        return await self.change(NODES, name, report, namespace="", subresource="status")

    async def run_pod(self, name: str, ip: str, *, node: str = "node-1", ready: bool = True, **fields: Any) -> Object:
        """A pod that runs on a node, as the scheduler and its kubelet would make it."""
        namespace = fields.pop("namespace", "default")
        await self.create(PODS, pod_object(name, **fields), namespace)
        binding = {"metadata": {"name": name}, "target": {"kind": "Node", "name": node}}
        await self.client.create(PODS, namespace, binding, name=name, subresource="binding")
        return await self.report_pod(name, ip, ready=ready, namespace=namespace)

    async def report_pod(
        self, name: str, ip: str, *, ready: bool = True, phase: str = "Running", namespace: str = "default"
    ) -> Object:
        """A pod's status as its kubelet reports it."""

        def report(pod: Object) -> None:
            status = pod.setdefault("status", {})
            conditions = [item for item in status.get("conditions") or () if item["type"] != "Ready"]
            state = "True" if ready else "False"
            conditions.append({"type": "Ready", "status": state, "lastTransitionTime": self.clock.timestamp()})
            status.update(phase=phase, podIP=ip, podIPs=[{"ip": ip}], conditions=conditions)

        return await self.change(PODS, name, report, namespace=namespace, subresource="status")


def pod_object(name: str, *, labels: dict[str, str] | None = None, **spec: Any) -> Object:
    """A pod of one container; `requests` and `ports` are the container's, the rest is the pod's."""
    container: Object = {"name": "main", "image": "example/app"}
    if requests := spec.pop("requests", None):
        container["resources"] = {"requests": requests}
    if ports := spec.pop("ports", None):
        container["ports"] = ports
    metadata = {"name": name, "labels": labels or {}, **spec.pop("metadata", {})}
    return {"metadata": metadata, "spec": {"containers": [container], **spec}}


@pytest.fixture(scope="session")
def scheme() -> Scheme:
    """The built-in resources."""
    return built_in_scheme()


@pytest.fixture
async def world(scheme: Scheme, minikube_lite_seed: dict[str, Any]) -> AsyncIterator[World]:
    """A fresh control plane; `await world.start(TheController)` begins it."""
    world = World(scheme, **minikube_lite_seed)
    yield world
    await world.stop()


@pytest.fixture
async def make_world(scheme: Scheme, minikube_lite_seed: dict[str, Any]) -> AsyncIterator[Callable[..., World]]:
    """As many fresh control planes as asked for, with options."""
    worlds: list[World] = []

    def make(**options: Any) -> World:
        worlds.append(World(scheme, **minikube_lite_seed, **options))
        return worlds[-1]

    yield make
    for world in worlds:
        await world.stop()


@pytest.fixture(scope="session")
def run_world(scheme: Scheme, minikube_lite_seed: dict[str, Any]) -> Callable[..., None]:
    """Runs a scenario in a world of its own, on a loop of its own; for tests that draw many."""

    def run(scenario: Callable[[World], Coroutine[Any, Any, None]], **options: Any) -> None:
        async def inside() -> None:
            world = World(scheme, **minikube_lite_seed, **options)
            try:
                await scenario(world)
            finally:
                await world.stop()

        asyncio.run(inside())

    return run


@pytest.fixture(scope="session")
def new_pod() -> Callable[..., Object]:
    """Makes pods: `new_pod("a", labels={"app": "x"}, requests={"cpu": "1"})`."""
    return pod_object


@pytest.fixture
def by_name() -> Callable[[Sequence[Object]], dict[str, Object]]:
    """Objects by their names."""
    return lambda objects: {obj["metadata"]["name"]: obj for obj in objects}
