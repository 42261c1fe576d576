"""All fake nodes of a cluster: one queue, a timer a node for its heartbeats, and pods handed to the node of theirs."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable
from pathlib import Path

from minikube_lite.clock import Clock, Timer
from minikube_lite.config import Options
from minikube_lite.kubelet.host import Caches, Host, HostEvents
from minikube_lite.kubelet.kubelet import Kubelet
from minikube_lite.kubelet.node_faults import NodeFaults
from minikube_lite.kubelet.pace import Pace
from minikube_lite.kubelet.proxy.proxy import ServiceProxy
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.decisions import Decisions
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.events import Events
from minikube_lite.machinery.faults import Faults
from minikube_lite.machinery.informer import Informers
from minikube_lite.machinery.instances import Instance, Instances
from minikube_lite.machinery.pod_indexes import NODE_INDEX, index_by_node
from minikube_lite.machinery.queue import WorkQueue
from minikube_lite.machinery.resources import (
    CONFIG_MAPS,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    SECRETS,
    SERVICES,
    GroupVersionResource,
)
from minikube_lite.network.addresses import node_address, pod_networks
from minikube_lite.network.client import LinkedClient
from minikube_lite.network.fabric import API, Network
from minikube_lite.programs.registry import Programs
from minikube_lite.programs.volumes import VolumeDirectories
from minikube_lite.store import Object

log = logging.getLogger(__name__)

HEARTBEAT = ""
"""In place of a pod's uid: the node itself."""

Key = tuple[str, str]
"""A node's name and a pod's uid."""


class Kubelets:
    """The nodes that this process plays. Nodes that users make have no kubelet, and nothing here touches them."""

    def __init__(
        self,
        *,
        client_for: Callable[[str], Client],
        informers: Informers,
        clock: Clock,
        events: Events,
        directory: Path,
        programs: Programs,
        options: Options,
        network: Network,
        faults: Faults | None = None,
    ) -> None:
        """`client_for` gives the client of a user, as `system:node:node-1`."""
        faults = faults if faults is not None else Faults()
        self.network = network
        self.volumes = VolumeDirectories(directory)
        self.running = Instances()
        self.decisions = Decisions()
        self._clock = clock
        self._queue: WorkQueue[Key] = WorkQueue(clock, "kubelet")
        self._pods = informers.informer(PODS)
        self._timers: dict[str, Timer] = {}
        self._task: asyncio.Task[None] | None = None
        self._kubelets: dict[str, Kubelet] = {}
        self.proxy = ServiceProxy(informers, self.network, clock)
        names = [f"node-{number}" for number in range(1, options.nodes + 1)]
        caches = Caches(
            informers.informer(NODES),
            informers.informer(PERSISTENT_VOLUME_CLAIMS),
            informers.informer(PERSISTENT_VOLUMES),
            informers.informer(SERVICES),
        )
        flowing = options.clock != "stepped"
        pace = Pace.chosen(flowing, options.image_pull_delay, options.pod_start_delay, options.pod_stop_delay)
        networks = pod_networks(self.network.cluster_cidr, len(names), options.max_pods)
        for index, (name, pod_network) in enumerate(zip(names, networks, strict=True)):
            link = self.network.link(name, API)
            client = LinkedClient(client_for(f"system:node:{name}"), link)
            host = Host(
                name=name,
                index=index,
                ip=node_address(index),
                pod_network=pod_network,
                client=client,
                clock=clock,
                network=self.network,
                volumes=self.volumes,
                programs=programs,
                pace=pace,
                caches=caches,
                events=HostEvents(events.recorder("kubelet", name), client),
                instances=self.running,
                faults=faults,
                decisions=self.decisions,
                options=options,
                changed=functools.partial(self._changed, name),
            )
            self._kubelets[name] = Kubelet(host)
            self.network.switch.add_address(host.ip, name)
            self.proxy.add_node(name, host.ip)
            link.watch(functools.partial(self._link_changed, name))
        NodeFaults(faults, self.network, self._kubelets)
        index_by_node(self._pods)
        self._pods.add_handler(self._pod_changed)
        caches.claims.add_handler(self._claim_changed)
        caches.volumes.add_handler(self._volume_changed)
        for resource in (CONFIG_MAPS, SECRETS):
            informers.informer(resource).add_handler(functools.partial(self._source_changed, resource))

    # Life

    async def start(self) -> None:
        """Register the nodes, which are Ready at once, and begin to work. The informers run."""
        for kubelet in self._kubelets.values():
            await kubelet.node.register()
            kubelet.server.start()
        count = len(self._kubelets)
        for index, (name, kubelet) in enumerate(self._kubelets.items()):
            interval = kubelet.node.renew_seconds
            phase = interval * (index + 1) / count
            self._timers[name] = self._clock.call_later(phase, self._beat, name, interval)
        self._task = asyncio.create_task(self._run(), name="kubelets")

    async def stop(self) -> None:
        """Stop everything that runs on the nodes, and the nodes."""
        for timer in self._timers.values():
            timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for kubelet in self._kubelets.values():
            kubelet.eviction.stop()
            await kubelet.server.stop()
            await kubelet.runtime.stop()
        self._queue.close()

    # Looking

    def __getitem__(self, name: str) -> Kubelet:
        return self._kubelets[name]

    @property
    def names(self) -> list[str]:
        """The nodes."""
        return list(self._kubelets)

    def instances(self) -> list[Instance]:
        """What really runs where, whatever the API says."""
        return self.running.all()

    def door_refused(self, address: tuple[str, int], why: str) -> None:
        """Tell of a pod's port that cannot be opened on the host."""
        host, port = address
        text = f"{host}:{port} cannot be opened on this machine ({why}); it answers inside the cluster, and through the API's proxies"
        for kubelet in self._kubelets.values():
            for state in kubelet.pods.values():
                if state.ip == host:
                    kubelet.host.events.pod(state, "Warning", "DoorRefused", text)

    # Seeing

    def _changed(self, node: str, uid: str) -> None:
        self._queue.add((node, uid))

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        for pod in (old, new):
            if pod is None:
                continue
            kubelet = self._kubelets.get(pod["spec"].get("nodeName", ""))
            if kubelet is None or not kubelet.host.client.link.up:
                continue
            if pod is new:
                kubelet.observe(pod)
            elif new is None or new["metadata"]["uid"] != pod["metadata"]["uid"]:
                kubelet.observe_gone(pod["metadata"]["uid"])

    def _claim_changed(self, old: Object | None, new: Object | None) -> None:
        obj = new or old
        if obj is not None:
            self._look_for_volumes(obj["metadata"]["namespace"])

    def _volume_changed(self, old: Object | None, new: Object | None) -> None:
        self._look_for_volumes("")

    def _look_for_volumes(self, namespace: str) -> None:
        for name, kubelet in self._kubelets.items():
            for uid in kubelet.waiting_for_volumes(namespace):
                self._queue.add((name, uid))

    def _source_changed(self, resource: GroupVersionResource, old: Object | None, new: Object | None) -> None:
        if old is not None and new is not None and _content(old) == _content(new):
            return
        metadata = (new or old or {})["metadata"]
        for kubelet in self._kubelets.values():
            kubelet.source_changed(resource, metadata["namespace"], metadata["name"])

    def _link_changed(self, node: str, up: bool) -> None:
        if up:
            self._kubelets[node].catch_up(self._pods.by_index(NODE_INDEX, node))
            self._queue.add((node, HEARTBEAT))

    # Working

    def _beat(self, node: str, interval: float) -> None:
        self._timers[node] = self._clock.call_later(interval, self._beat, node, interval)
        self._queue.add((node, HEARTBEAT))

    async def _run(self) -> None:
        while True:
            await self._sync(await self._queue.get())

    async def _sync(self, key: Key) -> None:
        node, uid = key
        kubelet = self._kubelets[node]
        try:
            if uid == HEARTBEAT:
                await kubelet.node.heartbeat()
            else:
                when = await kubelet.sync(uid)
                if when is not None:
                    self._queue.add_after(key, when - self._clock.now())
        except ApiError as error:
            log.debug("kubelet %s: sync of %s failed: %s", node, uid, error)
            self._queue.retry(key)
        except Exception:
            log.exception("kubelet %s: sync of %s failed", node, uid)
            self._queue.retry(key)
        else:
            self._queue.forget(key)
        finally:
            self._queue.done(key)


def _content(obj: Object) -> tuple[Object, Object]:
    return obj.get("data") or {}, obj.get("binaryData") or {}
