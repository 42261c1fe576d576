"""A control plane with one controller in it: the real store, registry, informers and queue on a stepped clock.

The test is the kubelet and the user. After every write of the controller the invariants of a StatefulSet are checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, Self

import pytest

from minikube_lite.api.apiserver import Apiserver
from minikube_lite.api.scheme import Scheme
from minikube_lite.clock import Clock
from minikube_lite.config import Options
from minikube_lite.controllers.statefulset import StatefulSetController
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.controller import ControllerContext
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.events import Events
from minikube_lite.machinery.informer import Informers
from minikube_lite.machinery.meta import copy_object, is_deleting, is_pod_ready
from minikube_lite.machinery.resources import (
    CONTROLLER_REVISIONS,
    EVENTS,
    NAMESPACES,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    SERVICE_ACCOUNTS,
    STATEFUL_SETS,
    GroupVersionResource,
)
from minikube_lite.store import MemoryStore, Object, Record

NAMESPACE = "default"
NAME = "kubia"
LIVE_ROUNDS_MAX = 500
"""So many deeds of a kubelet must be enough for everything to come to rest."""
WRITES = ("create", "update", "patch", "delete")

FaultMode = Literal["refused", "lost"]


class FaultyClient:
    """A client whose n-th write fails: refused before it is made, or made and the answer lost."""

    def __init__(self, client: Client, checked: CheckedStore) -> None:
        self._client = client
        self._checked = checked
        self.writes = 0
        self.refusals: list[str] = []
        """Why the API itself refused writes."""
        self.fail_at = 0
        self.mode: FaultMode = "refused"

    def __getattr__(self, verb: str) -> Any:
        method = getattr(self._client, verb)
        if verb not in WRITES:
            return method

        async def write(*args: Any, **named: Any) -> Object:
            self.writes += 1
            error = (
                ApiError(500, "InternalError", f"write {self.writes} fails") if self.writes == self.fail_at else None
            )
            if error is not None and self.mode == "refused":
                raise error
            self._checked.by_controller = True
            try:
                written: Object = await method(*args, **named)
            except ApiError as refusal:
                self.refusals.append(refusal.reason)
                raise
            finally:
                self._checked.by_controller = False
            if error is not None:
                raise error
            return written

        return write


class CheckedStore(MemoryStore):
    """The store, which checks the invariants of a StatefulSet after each commit and keeps what broke them."""

    by_controller = False

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock.ledger)
        self.faults: list[str] = []
        self.log: list[tuple[str, str, str]] = []

    def commit(self, resource: str, namespace: str, name: str, obj: Object | None, *, expected: int) -> Record:
        before = self.get(resource, namespace, name)
        record = super().commit(resource, namespace, name, obj, expected=expected)
        if resource != EVENTS.key:
            change = "DELETED" if obj is None else "MODIFIED" if before else "ADDED"
            self.log.append((change, resource, name))
        stateful_set = self.get(STATEFUL_SETS.key, namespace, NAME)
        if stateful_set is not None and self.by_controller:
            self._check(stateful_set.object, resource, before.object if before else None, record.object, obj is None)
        return record

    def _check(self, stateful_set: Object, resource: str, old: Object | None, new: Object, deleted: bool) -> None:
        name = new["metadata"]["name"]
        if resource == PERSISTENT_VOLUME_CLAIMS.key and deleted:
            self.faults.append(f"claim {name} was deleted")
        if resource == STATEFUL_SETS.key:
            self._check_status(new)
        if resource == PODS.key:
            if old is None:
                self._check_creation(stateful_set, new)
            elif deleted or (is_deleting(new) and not is_deleting(old)):
                self._check_deletion(stateful_set, old)

    def _pods(self) -> dict[int, Object]:
        pods = [record.object for record in self.scan(PODS.key, NAMESPACE)]
        return {ordinal(pod): pod for pod in pods if re.fullmatch(rf"{NAME}-\d+", pod["metadata"]["name"])}

    def _unhealthy(self, stateful_set: Object, but: int = -1) -> list[int]:
        """Wanted ordinals whose pod is missing, not Running and Ready, or on its way out."""
        pods = self._pods()
        return [n for n in wanted(stateful_set) if n != but and not (n in pods and healthy(pods[n]))]

    def _check_creation(self, stateful_set: Object, pod: Object) -> None:
        name, at = pod["metadata"]["name"], ordinal(pod)
        if at not in wanted(stateful_set):
            self.faults.append(f"{name} was created and is not wanted")
        for template in stateful_set["spec"].get("volumeClaimTemplates", ()):
            claim = f"{template['metadata']['name']}-{name}"
            if self.get(PERSISTENT_VOLUME_CLAIMS.key, NAMESPACE, claim) is None:
                self.faults.append(f"{name} was created before claim {claim}")
        lower = [n for n in self._unhealthy(stateful_set) if n < at]
        if ordered(stateful_set) and lower:
            self.faults.append(f"{name} was created while {lower} were not healthy")

    def _check_deletion(self, stateful_set: Object, pod: Object) -> None:
        name, at, spec = pod["metadata"]["name"], ordinal(pod), stateful_set["spec"]
        if pod["status"]["phase"] in ("Failed", "Succeeded") and at in wanted(stateful_set):
            return
        if ordered(stateful_set):
            others = [n for n in self._pods() if n > at and n not in wanted(stateful_set)]
            if others and at not in wanted(stateful_set):
                self.faults.append(f"{name} was deleted before {others}")
            if unhealthy := self._unhealthy(stateful_set, but=at):
                self.faults.append(f"{name} was deleted while {unhealthy} were not healthy")
        if at in wanted(stateful_set):
            index = at - wanted(stateful_set).start
            if spec["updateStrategy"]["type"] == "OnDelete":
                self.faults.append(f"{name} was deleted in spite of OnDelete")
            elif index < spec["updateStrategy"].get("rollingUpdate", {}).get("partition", 0):
                self.faults.append(f"{name} was deleted below the partition")
            if unhealthy := [n for n in self._unhealthy(stateful_set, but=at) if n > at]:
                self.faults.append(f"{name} was updated while {unhealthy} above it were not healthy")

    def _check_status(self, stateful_set: Object) -> None:
        status = stateful_set.get("status", {})
        total = status.get("replicas", 0)
        for part in ("readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas"):
            if not 0 <= status.get(part, 0) <= total:
                self.faults.append(f"status.{part} is {status.get(part)} of {total}")


def ordinal(pod: Object) -> int:
    return int(pod["metadata"]["name"].rpartition("-")[2])


def wanted(stateful_set: Object) -> range:
    start = stateful_set["spec"].get("ordinals", {}).get("start", 0)
    return range(start, start + stateful_set["spec"]["replicas"])


def healthy(pod: Object) -> bool:
    return pod["status"]["phase"] == "Running" and is_pod_ready(pod) and not is_deleting(pod)


def ordered(stateful_set: Object) -> bool:
    return bool(stateful_set["spec"]["podManagementPolicy"] == "OrderedReady")


class World:
    """The control plane, and what its users and kubelets do."""

    def __init__(self, scheme: Any, interleaving: int | None = None) -> None:
        self.clock = Clock("stepped", seed=7, interleaving=interleaving)
        self.store = CheckedStore(self.clock)
        options = Options(clock="stepped", default_storage_class="none")
        self.apiserver = Apiserver(self.store, self.clock, scheme, options)
        self.client: Client = self.apiserver.client("kubernetes-admin", "tests")
        self.faulty = FaultyClient(self.apiserver.client("controller", "kube-controller-manager"), self.store)
        self.informers = Informers(self.client)
        self.events = Events(self.client, self.clock)
        context = ControllerContext(self.faulty, self.informers, self.clock, self.events, options)
        self.controller = StatefulSetController(context)

    async def __aenter__(self) -> Self:
        await self.client.create(NAMESPACES, "", {"metadata": {"name": NAMESPACE}})
        await self.client.create(SERVICE_ACCOUNTS, NAMESPACE, {"metadata": {"name": "default"}})
        await self.informers.start()
        self.events.start()
        self.controller.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.controller.stop()
        await self.events.stop()
        await self.informers.stop()
        self.clock.stop()

    async def settle(self) -> None:
        await self.clock.settle(10)
        assert self.store.faults == []

    # What is there

    sets = STATEFUL_SETS

    async def names(self, resource: GroupVersionResource) -> list[str]:
        return [obj["metadata"]["name"] for obj in (await self.client.list_objects(resource, NAMESPACE)).items]

    async def pods(self) -> dict[str, Object]:
        return {pod["metadata"]["name"]: pod for pod in (await self.client.list_objects(PODS, NAMESPACE)).items}

    async def get(self) -> Object:
        return await self.client.get(STATEFUL_SETS, NAMESPACE, NAME)

    async def revisions(self) -> list[tuple[int, str]]:
        found = (await self.client.list_objects(CONTROLLER_REVISIONS, NAMESPACE)).items
        return sorted((revision["revision"], revision["metadata"]["name"]) for revision in found)

    async def messages(self) -> list[str]:
        events = (await self.client.list_objects(EVENTS, NAMESPACE)).items
        return [event["message"] for event in sorted(events, key=lambda event: event["metadata"]["name"])]

    async def state(self) -> dict[str, Any]:
        """All that a scenario must end with, whatever failed on the way."""
        pods = (await self.pods()).values()
        return {
            "pods": {
                p["metadata"]["name"]: (healthy(p), p["metadata"]["labels"]["controller-revision-hash"]) for p in pods
            },
            "claims": await self.names(PERSISTENT_VOLUME_CLAIMS),
            "status": (await self.get()).get("status", {}),
            "revisions": await self.revisions(),
        }

    # The user

    async def create(self, **spec: Any) -> None:
        await self.client.create(STATEFUL_SETS, NAMESPACE, manifest(**spec))
        await self.settle()

    async def patch(self, spec: Object) -> None:
        await self.client.patch(STATEFUL_SETS, NAMESPACE, NAME, {"spec": spec})
        await self.settle()

    async def set_image(self, image: str) -> None:
        stateful_set = copy_object(await self.get())
        stateful_set["spec"]["template"]["spec"]["containers"][0]["image"] = image
        await self.client.update(STATEFUL_SETS, NAMESPACE, stateful_set)
        await self.settle()

    async def delete_pod(self, name: str) -> None:
        await self.client.delete(PODS, NAMESPACE, name)
        await self.settle()

    # The kubelet and the scheduler

    async def bind(self, name: str) -> None:
        binding = {"metadata": {"name": name}, "target": {"kind": "Node", "name": "node-1"}}
        await self.client.create(PODS, NAMESPACE, binding, name=name, subresource="binding")

    async def set_status(self, name: str, phase: str, ready: bool) -> None:
        pod = copy_object(await self.client.get(PODS, NAMESPACE, name))
        condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": self.clock.timestamp()}
        kept = [other for other in pod["status"].get("conditions", ()) if other["type"] != "Ready"]
        pod["status"] = {**pod["status"], "phase": phase, "conditions": [*kept, condition]}
        await self.client.update(PODS, NAMESPACE, pod, subresource="status")

    async def run(self, name: str) -> None:
        if "nodeName" not in (await self.client.get(PODS, NAMESPACE, name))["spec"]:
            await self.bind(name)
        await self.set_status(name, "Running", True)
        await self.settle()

    async def unready(self, name: str) -> None:
        await self.set_status(name, "Running", False)
        await self.settle()

    async def end(self, name: str, phase: str) -> None:
        await self.set_status(name, phase, False)
        await self.settle()

    async def stop(self, name: str) -> None:
        """Confirm a deletion."""
        await self.client.delete(PODS, NAMESPACE, name, {"gracePeriodSeconds": 0})
        await self.settle()

    async def live(self, *held: str, choose: Callable[[list[str]], str] = min) -> None:
        """Let kubelets work until nothing is left to do; pods in `held` are left as they are."""
        for _ in range(LIVE_ROUNDS_MAX):
            await self.settle()
            pods = await self.pods()
            unfinished = [name for name, pod in pods.items() if name not in held and not healthy(pod)]
            unfinished = [name for name in unfinished if is_deleting(pods[name]) or alive(pods[name])]
            if not unfinished:
                return
            name = choose(unfinished)
            await (self.stop(name) if is_deleting(pods[name]) else self.run(name))
        raise AssertionError("does not come to rest")


def alive(pod: Object) -> bool:
    return pod["status"]["phase"] in ("Pending", "Running")


def manifest(
    *,
    replicas: int = 2,
    policy: str = "OrderedReady",
    image: str = "luksa/kubia-pet",
    claims: bool = True,
    labels: dict[str, str] | None = None,
    **spec: Any,
) -> Object:
    """The lesson's set."""
    container: Object = {
        "name": "kubia",
        "image": image,
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "Always",
    }
    if claims:
        container["volumeMounts"] = [{"name": "data", "mountPath": "/var/data"}]
    pod_spec = {
        "containers": [container],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    }
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    templates = [{"metadata": {"name": "data"}, "spec": claim}] if claims else []
    return {
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": {
            "serviceName": NAME,
            "replicas": replicas,
            "podManagementPolicy": policy,
            "selector": {"matchLabels": {"app": NAME}},
            "template": {"metadata": {"labels": {"app": NAME, **(labels or {})}}, "spec": pod_spec},
            **({"volumeClaimTemplates": templates} if claims else {}),
            **spec,
        },
    }


@pytest.fixture(scope="session")
def new_world(scheme: Scheme, minikube_lite_seed: dict[str, Any]) -> Callable[[], World]:
    """Makes a control plane; use it as an async context."""
    return lambda: World(scheme, minikube_lite_seed.get("interleaving"))


@pytest.fixture(scope="session")
def new_manifest() -> Callable[..., Object]:
    """Makes the lesson's set, as it is after defaulting."""
    return manifest


@pytest.fixture(params=["OrderedReady", "Parallel"])
def policy(request: pytest.FixtureRequest) -> str:
    """Every scenario runs under both."""
    return str(request.param)
