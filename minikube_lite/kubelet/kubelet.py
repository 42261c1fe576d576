"""The kubelet of one fake node: takes the pods that are bound to it, and carries out what the pure step decides.

Upstream: pkg/kubelet (syncPod, pod_workers.go, status_manager.go). While its link to the API is cut it goes on by
what it knows: programs run, containers restart; only reports wait.
"""

from __future__ import annotations

import logging

from minikube_lite.kubelet.eviction import EvictionManager
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.mounts import mount_volumes
from minikube_lite.kubelet.node import NodeAgent
from minikube_lite.kubelet.object_files import MountError
from minikube_lite.kubelet.refreshing import pod_changed, refresh_volumes, source_changed
from minikube_lite.kubelet.resizing import Allocator
from minikube_lite.kubelet.runtime import Runtime
from minikube_lite.kubelet.server.server import KubeletServer
from minikube_lite.kubelet.state import PodState
from minikube_lite.kubelet.status import pod_text
from minikube_lite.kubelet.step import (
    Action,
    ConfirmDeletion,
    CreateSandbox,
    FailPod,
    Forget,
    MountVolumes,
    RemoveSandbox,
    StartContainer,
    StopContainer,
    step,
)
from minikube_lite.kubelet.tokens import renew_tokens
from minikube_lite.machinery.errors import ApiError, is_conflict, is_not_found
from minikube_lite.machinery.meta import is_pod_terminal
from minikube_lite.machinery.resources import PODS, GroupVersionResource
from minikube_lite.network.link import Unreachable
from minikube_lite.store import Object

log = logging.getLogger(__name__)

STEPS_MAX = 64
"""How many steps of one pod are taken in a row before others get their turn."""
MOUNT_RETRY_SECONDS_MIN = 0.5
MOUNT_RETRY_SECONDS_MAX = 122.0
"""After how long volumes that are not there are looked for again, doubling (upstream's exponentialbackoff)."""


class Kubelet:
    """One node's pods. `requeue` asks for a sync of a pod after a delay."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.pods: dict[str, PodState] = {}
        """By uid."""
        self.eviction = EvictionManager(host, self.pods)
        self.node = NodeAgent(host, self.eviction)
        self.runtime = Runtime(host)
        self.server = KubeletServer(self)
        self._down: dict[str, None] = {}
        """Why the machine is off, so that nothing is done on it."""
        self._allocator = Allocator(host, self.pods, self.eviction)
        self._mount_failures: dict[str, int] = {}
        self._backed_off: dict[tuple[str, str], int] = {}

    # Seeing

    def observe(self, pod: Object) -> None:
        """A pod of this node, as the API shows it now."""
        metadata = pod["metadata"]
        state = self.pods.get(metadata["uid"])
        if state is None:
            state = PodState(metadata["uid"], pod, self.host.clock.now())
            self._allocator.admit(state)
            self.pods[state.uid] = state
        elif int(metadata["resourceVersion"]) > int(state.pod["metadata"]["resourceVersion"]):
            before = state.pod
            state.see(pod)
            pod_changed(state, before, self.host)
            self.host.instances.owned_by(state.uid, state.owner_text, state.owner.get("uid", ""))
        self.host.changed(state.uid)

    def observe_gone(self, uid: str) -> None:
        """The API no longer has that pod."""
        state = self.pods.get(uid)
        if state is not None and not state.gone:
            state.gone = True
            self.host.changed(uid)

    def catch_up(self, pods: list[Object]) -> None:
        """All pods of this node, after a time of seeing nothing."""
        there = {pod["metadata"]["uid"] for pod in pods}
        for uid in list(self.pods):
            if uid not in there:
                self.observe_gone(uid)
        for pod in pods:
            self.observe(pod)

    def waiting_for_volumes(self, namespace: str = "") -> list[str]:
        """The pods whose volumes are not there yet."""
        return [
            uid
            for uid, state in self.pods.items()
            if not state.mounted and (not namespace or state.namespace == namespace)
        ]

    def source_changed(self, resource: GroupVersionResource, namespace: str, name: str) -> None:
        """A config map or secret changed, which volumes may be made from."""
        for state in self.pods.values():
            if state.namespace == namespace and source_changed(state, resource.key, name, self.host):
                self.host.changed(state.uid)

    # Acting

    def go_down(self, cause: str) -> None:
        """The machine is switched off: nothing runs on it any more."""
        self._down[cause] = None
        for state in self.pods.values():
            self.runtime.cut_power(state)

    def boot(self, cause: str) -> None:
        """The machine comes up again, if nothing else keeps it down: its pods get new sandboxes, their containers start anew."""
        if cause not in self._down:
            return
        del self._down[cause]
        if self._down:
            return
        self.node.boots += 1
        for state in self.pods.values():
            if state.sandbox in ("creating", "ready") and state.failure is None:
                self.host.events.pod(
                    state, "Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created."
                )
            self.runtime.reset_sandbox(state)
            self.host.changed(state.uid)
        self.host.changed("")

    async def sync(self, uid: str) -> float | None:
        """Take the steps of a pod that can be taken now. Returns when to look again at the latest."""
        state, now = self.pods.get(uid), self.host.clock.now
        if state is None or self._down:
            return None
        await self._renew_tokens(state)
        await refresh_volumes(state, self.host)
        fault: ApiError | None = None
        for _ in range(STEPS_MAX):
            self._allocator.review(state)
            result = step(state.pod, state, now(), self.host.ip)
            self.host.because(state, result.reason)
            confirms = any(isinstance(action, ConfirmDeletion) for action in result.actions)
            if not result.actions or confirms or "startTime" not in state.pod.get("status", {}):
                try:
                    await self._report(state)
                except Unreachable:
                    if confirms:
                        return None
                except ApiError as error:
                    if confirms:
                        raise
                    fault = error
            self._tell_back_offs(state)
            if not result.actions:
                break
            for action in result.actions:
                wait = await self._perform(action, state)
                if wait is not None:
                    return _raise_or(fault, wait or None)
        return _raise_or(fault, _earlier(result.requeue_at, state.renew_tokens_at, state.refresh_at))

    async def _renew_tokens(self, state: PodState) -> None:
        """Renew the tokens of a pod whose time has come, while it has use for them."""
        if state.renew_tokens_at is None or not state.mounted:
            return
        if state.gone or state.failure or is_pod_terminal(state.pod):
            state.renew_tokens_at = None
        elif state.renew_tokens_at <= self.host.clock.now():
            await renew_tokens(state, self.host)

    async def _perform(self, action: Action, state: PodState) -> float | None:
        """Carry out an action. None: go on; else wait for something, or until that moment if it is not 0."""
        runtime = self.runtime
        match action:
            case MountVolumes():
                return await self._mount(state)
            case CreateSandbox():
                runtime.create_sandbox(state)
            case StartContainer(name, back_off):
                try:
                    await runtime.start_container(state, name, back_off)
                except Unreachable:
                    return 0.0
            case StopContainer(name, grace, message):
                runtime.stop_container(state, name, grace, message)
            case FailPod(reason, message):
                state.failure = (reason, message)
                self.host.events.pod(state, "Normal", reason, message)
            case RemoveSandbox():
                runtime.remove_sandbox(state)
            case ConfirmDeletion():
                await self._confirm(state)
                return 0.0
            case Forget():
                self._forget(state)
                return 0.0
        return None

    async def _mount(self, state: PodState) -> float | None:
        try:
            volumes = await mount_volumes(state, self.host)
        except Unreachable:
            return 0.0
        except MountError as error:
            self.host.events.pod(state, "Warning", error.reason, str(error))
            failures = self._mount_failures.get(state.uid, 0)
            self._mount_failures[state.uid] = failures + 1
            return self.host.clock.now() + min(
                MOUNT_RETRY_SECONDS_MIN * 2.0 ** min(failures, 20), MOUNT_RETRY_SECONDS_MAX
            )
        self._mount_failures.pop(state.uid, None)
        self.runtime.set_volumes(state, volumes)
        return None

    async def _report(self, state: PodState) -> None:
        """Write the pod's status if the API shows another. A pod that is gone, or a new one of its name, is let be."""
        if self.status(state) == state.pod.get("status"):
            return
        client = self.host.client
        try:
            fresh = await client.get(PODS, state.namespace, state.name)
            if fresh["metadata"]["uid"] != state.uid:
                return
            status = self.status(state, fresh)
            if status != fresh.get("status"):
                fresh = await client.update(PODS, state.namespace, {**fresh, "status": status}, subresource="status")
            state.see(fresh)
        except ApiError as error:
            if not is_not_found(error):
                raise

    def status(self, state: PodState, pod: Object | None = None) -> Object:
        """A pod's status as this node sees it, upon what the API shows of it."""
        return step(pod or state.pod, state, self.host.clock.now(), self.host.ip).status

    async def _confirm(self, state: PodState) -> None:
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": state.uid}}
        try:
            await self.host.client.delete(PODS, state.namespace, state.name, options)
        except ApiError as error:
            if not (is_not_found(error) or is_conflict(error)):
                raise
        except Unreachable:
            pass

    def _tell_back_offs(self, state: PodState) -> None:
        """One event for each wait before a restart."""
        for name, container in state.containers.items():
            end = state.back_off_end(name, self.host.clock.now())
            if end is None or state.gone or state.failure or "deletionTimestamp" in state.pod["metadata"]:
                continue
            if self._backed_off.get((state.uid, name)) != container.restart_count:
                self._backed_off[state.uid, name] = container.restart_count
                text = f"Back-off restarting failed container {name} in pod {pod_text(state.pod)}"
                self.host.events.pod(state, "Warning", "BackOff", text, name)

    def _forget(self, state: PodState) -> None:
        self.runtime.forget(state)
        self._allocator.look_again()
        del self.pods[state.uid]
        self.host.decisions.forget(self.host.component, PODS, state.namespace, state.name)
        self._mount_failures.pop(state.uid, None)
        for name in state.containers:
            self._backed_off.pop((state.uid, name), None)


def _earlier(*moments: float | None) -> float | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _raise_or(fault: ApiError | None, when: float | None) -> float | None:
    if fault is not None:
        raise fault
    return when
