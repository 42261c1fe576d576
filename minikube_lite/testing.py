"""Clusters for tests: a plain, blocking face over clusters that live on one warm event loop in a thread of its own.

Code under test may block as it likes; the cluster goes on. Every cluster is fresh.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Self, TypeVar

from minikube_lite.clock import SETTLE_SECONDS_MAX
from minikube_lite.cluster import Cluster
from minikube_lite.kubeconfig import write_kubeconfig
from minikube_lite.lab.breaking import Breakage
from minikube_lite.machinery.client import PatchType
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.programs.program import Blocked
from minikube_lite.programs.registry import Programs
from minikube_lite.programs.watchdog import Watchdog
from minikube_lite.store import Object

T = TypeVar("T")


class LoopThread:
    """An event loop in a thread, kept warm for as many clusters as there are."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="minikube-lite", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        watchdog = Watchdog(self._loop)
        watchdog.start()
        while not self._closing:
            with contextlib.suppress(Blocked):  # it came when the program that was meant was done
                self._loop.run_forever()
        watchdog.stop()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there and wait for its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """End the loop and its thread."""
        self._closing = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class RunningCluster:
    """A running cluster as a blocking object: where it is reached, its time, and its objects.

    `with RunningCluster(loop, nodes=3) as cluster:`; pytest's fixture `cluster` gives one.
    """

    def __init__(self, loop: LoopThread, **options: Any) -> None:
        self._loop = loop
        self._cluster = loop.run(_make(options))

    def __enter__(self) -> Self:
        self._loop.run(self._cluster.start())
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loop.run(self._cluster.stop())

    # Where it is

    @property
    def server(self) -> str:
        """The API's URL."""
        return self._cluster.addresses.server

    @property
    def dns(self) -> str:
        """The DNS server's host:port."""
        return self._cluster.addresses.dns

    @property
    def directory(self) -> Path:
        """The cluster's own directory."""
        return self._cluster.directory

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig file for kubectl and client libraries."""
        path = self._cluster.directory / "kubeconfig"
        if not path.exists():
            write_kubeconfig(path, self.server, token=self._cluster.admin_token)
        return path

    @property
    def programs(self) -> Programs:
        """What containers run, by image: `cluster.programs["my/app"] = app`."""
        return self._cluster.programs

    @property
    def cluster(self) -> Cluster:
        """The cluster itself; it lives on the loop's thread, so touch it with `call` only."""
        return self._cluster

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the cluster's loop; where time is stepped, once the cluster is quiet, so that a seed repeats the test."""
        return self._loop.run(self._in_turn(work))

    async def _in_turn(self, work: Coroutine[Any, Any, T]) -> T:
        if not self._cluster.clock.flowing:
            try:
                await self._cluster.settle()
            except BaseException:
                work.close()
                raise
        return await work

    # Time

    def settle(self, timeout: float = SETTLE_SECONDS_MAX) -> None:
        """Wait until the cluster has no work left; `timeout` in real seconds."""
        self._loop.run(self._cluster.settle(timeout))

    def advance(self, duration: str | float) -> None:
        """Let emulated time pass, as `"5m"` or in seconds."""
        self._loop.run(self._cluster.advance(duration))

    def why(self, what: str, namespace: str = "") -> str:
        """Why something is as it is, in a sentence: `cluster.why("pod/kubia-1")`."""
        return self.call(self._cluster.why(what, namespace))

    # Breaking it

    def fault(self, name: str = "", *, may_miss: bool = False, **spec: Any) -> RunningBreakage:
        """Break something for a block: `with cluster.fault(node={"name": "node-2", "type": "Cut"}): ...`; see Cluster.fault."""
        return RunningBreakage(self.call, self._cluster.fault(name, may_miss=may_miss, **spec))

    def cut(self, node: str) -> None:
        """Cut the network of a node. What runs there goes on."""
        self.call(self._cluster.cut(node))

    def heal(self, node: str) -> None:
        """Bring the network of a node back that `cut` has cut."""
        self.call(self._cluster.heal(node))

    # Objects

    def get(self, resource: GroupVersionResource, namespace: str, name: str) -> Object:
        """One object."""
        return self.call(self._cluster.client.get(resource, namespace, name))

    def list(self, resource: GroupVersionResource, namespace: str = "", label_selector: str = "") -> list[Object]:
        """The objects of a namespace, or of all."""
        return self.call(self._cluster.client.list_objects(resource, namespace, label_selector=label_selector)).items

    def create(self, resource: GroupVersionResource, namespace: str, obj: Object) -> Object:
        """Create an object."""
        return self.call(self._cluster.client.create(resource, namespace, obj))

    def patch(
        self,
        resource: GroupVersionResource,
        namespace: str,
        name: str,
        patch: Any,
        patch_type: PatchType = "application/merge-patch+json",
        subresource: str = "",
    ) -> Object:
        """Change an object."""
        work = self._cluster.client.patch(
            resource, namespace, name, patch, patch_type=patch_type, subresource=subresource
        )
        return self.call(work)

    def delete(
        self, resource: GroupVersionResource, namespace: str, name: str, options: dict[str, Any] | None = None
    ) -> None:
        """Delete an object."""
        self.call(self._cluster.client.delete(resource, namespace, name, options))


class RunningBreakage:
    """One fault of a running cluster; it is there within its `with` block."""

    def __init__(self, call: Callable[[Coroutine[Any, Any, None]], None], breakage: Breakage) -> None:
        self._call = call
        self._breakage = breakage

    @property
    def name(self) -> str:
        """The name of the Fault object, once it is there."""
        return self._breakage.name

    @property
    def hits(self) -> int:
        """How often it has struck until now, or did until it was healed."""
        return self._breakage.hits or self._breakage.count()

    def __enter__(self) -> Self:
        self._call(self._breakage.begin())
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        self._call(self._breakage.__aexit__(failure))


async def _make(options: dict[str, Any]) -> Cluster:
    return Cluster(**options)
