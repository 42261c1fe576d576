"""Steps 14 to 18 of the lesson in virtual time, beside what a real control plane did: the same order, the same distances."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.resources import (
    ENDPOINT_SLICES,
    EVENTS,
    NODES,
    PERSISTENT_VOLUMES,
    PODS,
    SERVICES,
    STATEFUL_SETS,
)
from minikube_lite.store import Event

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

pytestmark = pytest.mark.minikube_lite(clock="stepped", seed=3, detect_mutation=True)

DISTANCE_SECONDS_MAX = 1.5
GRACE_SECONDS = (40, 56)
"""From a cut to Unknown: a grace of 50 s from the last of heartbeats 10 s apart, looked at every 5 s."""


@dataclass
class Told:
    """What happened to kubia-0 and to its node, in words, and when each was first so since the last step from outside."""

    seconds: list[tuple[float, str]] = field(default_factory=list)
    state: dict[str, str] = field(default_factory=dict)

    def tell(self, when: float, about: str, now: str) -> None:
        """Something is so; only a change is told."""
        if self.state.get(about) != now:
            self.state[about] = now
            self.seconds.append((when, f"{about}: {now}"))

    def words(self, about: str) -> list[str]:
        """What was told of one thing, in order."""
        return [text for _, text in self.seconds if text.startswith(f"{about}:")]

    def when(self, text: str, nth: int = 0) -> float:
        """When it was so, for the n-th time."""
        return [when for when, told in self.seconds if told == text][nth]


def tell_node(told: Told, when: float, ready: str, taints: list[str]) -> None:
    told.tell(when, "node", ready)
    told.tell(when, "taints", ", ".join(sorted(taint.rpartition("/")[2] for taint in taints)) or "none")


def tell_pod(told: Told, when: float, pod: dict[str, Any] | None) -> None:
    if pod is None:
        told.tell(when, "pod", "gone")
        return
    told.tell(when, "ready", pod["ready"])
    told.tell(when, "disruption", pod["disruption"])
    told.tell(when, "pod", "terminating" if pod["deleting"] else "there")


@pytest.fixture(scope="module")
def recorded_story(recorded: Callable[[str], str]) -> Told:
    """The recording, in the same words."""
    told = Told()
    for line in map(json.loads, recorded("node-loss.jsonl").splitlines()):
        when, name, kind = line["t"], line.get("name", ""), line.get("resource", "")
        if kind == "nodes" and name == "node-1":
            tell_node(told, when, line["ready"], line["taints"])
        elif kind == "pods" and name == "kubia-0" and line.get("node") == "node-1":
            conditions = line["conditions"]
            shown = {
                "ready": conditions.get("Ready", "False"),
                "disruption": conditions.get("DisruptionTarget", ""),
                "deleting": "deletionTimestamp" in line,
            }
            tell_pod(told, when, None if line["event"] == "DELETED" else shown)
        elif kind == "events" and line["about"] == "Pod/kubia-0" and line["from"] == "taint-eviction-controller":
            told.tell(when, "manager", line["message"])
    return told


class Story:
    """The lesson's objects in a stepped cluster of three nodes, and what is told of the node of kubia-0."""

    def __init__(self, cluster: RunningCluster, manifest: Callable[[str], str]) -> None:
        self.cluster = cluster
        self.told = Told()
        for volume in _read(manifest("pvs"))["items"]:
            cluster.create(PERSISTENT_VOLUMES, "", {"metadata": volume["metadata"], "spec": volume["spec"]})
        cluster.create(SERVICES, "default", _read(manifest("service")))
        statefulset = _read(manifest("statefulset"))
        statefulset["spec"]["replicas"] = 3
        cluster.create(STATEFUL_SETS, "default", statefulset)
        cluster.settle()
        first = self.pod()
        assert first is not None
        self.uid, self.node = first["metadata"]["uid"], first["spec"]["nodeName"]
        self.seen = cluster.cluster.store.revision
        tell_node(self.told, self.now(), "True/KubeletReady", [])
        tell_pod(self.told, self.now(), _shown(first))

    async def _news(self) -> list[Event]:
        """The changes since the last look, in their order."""
        found: list[Event] = []
        for resource in (NODES, PODS, EVENTS):
            cursor = self.cluster.cluster.client.watch(resource, after=self.seen)
            found += cursor.drain()
            cursor.close()
        self.seen = self.cluster.cluster.store.revision
        return sorted(found, key=lambda event: event.revision)

    def pod(self, name: str = "kubia-0") -> Any:
        try:
            return self.cluster.get(PODS, "default", name)
        except ApiError as error:
            assert error.reason == "NotFound"
            return None

    def now(self) -> float:
        return self.cluster.cluster.clock.now()

    def look(self) -> None:
        """Tell what happened until now."""
        now = self.now()
        for event in self.cluster.call(self._news()):
            obj, name = event.record.object, event.record.name
            if event.record.resource == NODES.key and name == self.node:
                ready = find_condition(obj, "Ready")
                assert ready is not None
                taints = [f"{taint['key']}:{taint['effect']}" for taint in obj["spec"].get("taints") or ()]
                tell_node(self.told, now, f"{ready['status']}/{ready['reason']}", taints)
            elif event.record.resource == PODS.key and obj["metadata"]["uid"] == self.uid:
                tell_pod(self.told, now, None if event.type == "DELETED" else _shown(obj))
            elif obj.get("reason") == "TaintManagerEviction" and obj["involvedObject"]["name"] == "kubia-0":
                self.told.tell(now, "manager", obj["message"])

    def pass_seconds(self, seconds: int) -> None:
        for _ in range(seconds):
            self.cluster.advance(1)
            self.look()
            self.check()

    def alarms(self) -> list[str]:
        """Names of which more than one runs."""
        running = [one.pod for one in self.cluster.cluster.kubelets.instances()]
        return [name for name in dict.fromkeys(running) if running.count(name) > 1]

    def check(self) -> None:
        """Whatever happens, of each name at most one runs."""
        assert self.alarms() == []

    def compare(self, real: Told, *cuts: float) -> None:
        """The same in the same order, at the same distances."""
        ours = self.told
        # Not "ready": a real kubelet reports its pods Ready again when it returns, the recorded one does not.
        for about in ("taints", "disruption", "pod", "manager"):
            assert ours.words(about) == real.words(about)
        for nth, cut in enumerate(cuts):
            unknown = "node: Unknown/NodeStatusUnknown"
            assert GRACE_SECONDS[0] <= ours.when(unknown, nth) - cut <= GRACE_SECONDS[1]
        for told in (ours, real):
            tainted = told.when("taints: unreachable:NoExecute, unreachable:NoSchedule", 1)
            for text in ("manager: Marking for deletion Pod default/kubia-0", "pod: terminating"):
                assert abs(told.when(text) - tainted - 300) <= DISTANCE_SECONDS_MAX

    def cut(self) -> float:
        self.cluster.cluster.kubelets.network.isolate(self.node)
        return self.now()

    def heal(self) -> None:
        self.cluster.cluster.kubelets.network.rejoin(self.node)
        self.cluster.settle()
        self.look()

    def addresses(self) -> set[str]:
        """The pods behind the Service that DNS names."""
        [found] = [
            one for one in self.cluster.list(ENDPOINT_SLICES, "default") if one["metadata"]["name"] != "kubernetes"
        ]
        return {one["hostname"] for one in found["endpoints"] if one["conditions"]["ready"]}


def _read(text: str) -> Any:
    obj = yaml.safe_load(text)
    del obj["kind"], obj["apiVersion"]
    return obj


def _shown(pod: Any) -> dict[str, Any]:
    ready, disruption = find_condition(pod, "Ready"), find_condition(pod, "DisruptionTarget")
    return {
        "ready": ready["status"] if ready else "False",
        "disruption": f"{disruption['status']}/{disruption['reason']}" if disruption else "",
        "deleting": "deletionTimestamp" in pod["metadata"],
    }


@pytest.fixture
def story(cluster: RunningCluster, manifest: Callable[[str], str]) -> Story:
    return Story(cluster, manifest)


def test_the_whole_story_is_the_recorded_one(story: Story, recorded_story: Told) -> None:
    """Cut, back, cut again for longer than pods tolerate, deleted in vain, deleted by force."""
    first_cut = story.cut()
    story.pass_seconds(70)
    assert story.addresses() == {"kubia-1", "kubia-2"}
    story.heal()
    story.pass_seconds(20)
    assert story.addresses() == {"kubia-0", "kubia-1", "kubia-2"}

    second_cut = story.cut()
    story.pass_seconds(400)
    story.cluster.delete(PODS, "default", "kubia-0")
    story.pass_seconds(60)
    pod = story.pod()
    assert (pod["metadata"]["uid"], pod["status"]["phase"]) == (story.uid, "Running"), "no replacement"
    assert [one.node for one in story.cluster.cluster.kubelets.instances() if one.pod == "kubia-0"] == [story.node]

    story.cluster.delete(PODS, "default", "kubia-0", {"gracePeriodSeconds": 0})
    story.cluster.settle()
    story.look()
    story.compare(recorded_story, first_cut, second_cut)
    new = story.pod()
    assert (new["metadata"]["uid"] != story.uid, new["spec"]["nodeName"] != story.node) == (True, True)
    assert _shown(new)["ready"] == "True"
    assert story.alarms() == ["kubia-0"], "forced: now two of one name run"
    story.heal()
    assert story.alarms() == [], "the kubelet stops the orphan when it is back"
