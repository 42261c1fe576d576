"""Steps 14 to 18 of the lesson, in process and by the command line, beside what a real control plane did: its order, its distances."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
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
    from tests.lesson.conftest import Lesson

pytestmark = pytest.mark.minikube_lite(clock="stepped", seed=3, detect_mutation=True)

DISTANCE_SECONDS_MAX = 1.5
TAINTED = "taints: unreachable:NoExecute, unreachable:NoSchedule"
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
            tainted = told.when(TAINTED, 1)
            for text in ("manager: Marking for deletion Pod default/kubia-0", "pod: terminating"):
                assert abs(told.when(text) - tainted - 300) <= DISTANCE_SECONDS_MAX

    def cut(self) -> float:
        self.cluster.cut(self.node)
        return self.now()

    def heal(self) -> None:
        self.cluster.heal(self.node)
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


class Typed:
    """The same, as a reader of the chapter types it: minikube-lite and kubectl, on a clock that the options choose."""

    def __init__(self, lesson: Lesson, name: str) -> None:
        self.lesson = lesson
        self.name = name
        lesson.kubectl("apply", "-f", "pvs.yaml", "-f", "service.yaml", "-f", "statefulset.yaml")
        lesson.kubectl("scale", "sts", "kubia", "--replicas=3")
        lesson.rolled_out()
        self.node = self.pods()["kubia-0"]["NODE"]

    def type(self, command: str, *words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "minikube_lite", command, "--name", self.name, *words],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")

    def eth0(self, state: str) -> None:
        self.type("ssh", self.node, "--", "sudo", "ifconfig", "eth0", state)

    def pods(self) -> dict[str, dict[str, str]]:
        return self.lesson.table("pods", "-o", "wide")

    def statuses(self) -> list[tuple[str, str]]:
        return [(pod["READY"], pod["STATUS"]) for pod in self.pods().values()]


@pytest.fixture
def start_typed(
    start_lesson: Callable[..., AbstractContextManager[Lesson]],
) -> Callable[..., AbstractContextManager[Lesson]]:
    return lambda name, *options: start_lesson("--name", name, "--seed", "3", *options)


LOST = [("1/1", "Unknown"), ("1/1", "Running"), ("1/1", "Running")]
WELL = [("1/1", "Running")] * 3


def test_the_whole_story_as_the_chapter_types_it(start_typed, recorded_story: Told) -> None:
    name = f"stepped-{os.getpid()}"
    with start_typed(name, "--clock", "stepped") as lesson:
        typed = Typed(lesson, name)
        revision, claim = lesson.revision(), lesson.object("pvc", "data-kubia-0")
        typed.eth0("down")
        typed.type("clock", "advance", "70s")
        assert lesson.table("nodes")[typed.node]["STATUS"] == "NotReady"
        assert typed.statuses() == LOST
        typed.eth0("up")
        typed.type("settle")
        assert (lesson.table("nodes")[typed.node]["STATUS"], typed.statuses()) == ("Ready", WELL)
        assert "reason" not in lesson.object("pod", "kubia-0")["status"]

        typed.eth0("down")
        typed.type("clock", "advance", "400s")
        told = lesson.kubectl("describe", "po", "kubia-0")
        assert "Terminating" in told.partition("Status:")[2].splitlines()[0]
        assert "NodeLost" in told.partition("Reason:")[2].splitlines()[0]
        assert "deleted" in lesson.kubectl("delete", "po", "kubia-0", "--wait=false")
        typed.type("clock", "advance", "1h")
        assert typed.statuses() == LOST, "still no replacement"

        lesson.kubectl("delete", "po", "kubia-0", "--force", "--grace-period", "0")
        lesson.rolled_out()
        assert typed.statuses() == WELL
        assert typed.pods()["kubia-0"]["NODE"] != typed.node
        assert lesson.object("pvc", "data-kubia-0")["metadata"]["uid"] == claim["metadata"]["uid"]
        compare_history(lesson.history(revision, "pods"), lesson.object("node", typed.node), recorded_story)
        typed.eth0("up")
        typed.type("settle")


def compare_history(changes: list[dict[str, Any]], node: dict[str, Any], real: Told) -> None:
    """What a watch has shown of the first kubia-0, and its lost node, beside the recorded."""
    ours, uid, marked = Told(), "", ""
    tell_pod(ours, 0.0, {"ready": "True", "disruption": "", "deleting": False})
    for change in changes:
        pod = change["object"]
        uid = uid or (pod["metadata"]["uid"] if pod["metadata"]["name"] == "kubia-0" else "")
        if pod["metadata"]["uid"] == uid:
            tell_pod(ours, 0.0, None if change["type"] == "DELETED" else _shown(pod))
            disruption = find_condition(pod, "DisruptionTarget")
            marked = disruption["lastTransitionTime"] if disruption else marked
    for about in ("disruption", "pod"):
        assert ours.words(about) == real.words(about)
    [tainted] = [taint["timeAdded"] for taint in node["spec"]["taints"] if taint["effect"] == "NoExecute"]
    distance = datetime.fromisoformat(marked) - datetime.fromisoformat(tainted)
    recorded = real.when("disruption: True/DeletionByTaintManager") - real.when(TAINTED, 1)
    assert abs(distance.total_seconds() - recorded) <= DISTANCE_SECONDS_MAX


def test_time_that_flows(start_typed) -> None:
    """Steps 14 to 16 while time flows by itself, a hundred times as fast."""
    name = f"scaled-{os.getpid()}"
    with start_typed(name, "--clock", "scaled", "--clock-rate", "100", "--pod-eviction-timeout", "2m") as lesson:
        typed = Typed(lesson, name)
        typed.eth0("down")
        lesson.kubectl("wait", f"node/{typed.node}", "--for=condition=Ready=Unknown", "--timeout=60s")
        lesson.kubectl("wait", "pod/kubia-0", "--for=jsonpath={.status.reason}=NodeLost", "--timeout=60s")
        typed.eth0("up")
        lesson.kubectl("wait", f"node/{typed.node}", "--for=condition=Ready", "--timeout=60s")
        lesson.kubectl("wait", "pod/kubia-0", "--for=condition=Ready", "--timeout=60s")
        typed.eth0("down")
        lesson.kubectl("wait", "pod/kubia-0", "--for=condition=DisruptionTarget", "--timeout=60s")
        assert typed.statuses() == LOST
        tolerations = lesson.object("pod", "kubia-0")["spec"]["tolerations"]
        assert [one["tolerationSeconds"] for one in tolerations] == [120, 120]


def test_today_a_lost_pod_shows_what_ran(start_typed) -> None:
    name = f"today-{os.getpid()}"
    with start_typed(name, "--clock", "stepped", "--lost-pod-status", "Running") as lesson:
        typed = Typed(lesson, name)
        typed.eth0("down")
        typed.type("clock", "advance", "70s")
        assert typed.statuses() == WELL
        typed.type("clock", "advance", "330s")
        assert typed.statuses() == [("1/1", "Terminating"), *WELL[1:]]
        typed.type("node", "heal", typed.node)
        lesson.rolled_out()
