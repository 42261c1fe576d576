"""Step 12 of the lesson: while a lower ordinal is unhealthy nothing goes up or down; it is rebuilt first.

Whether a pod is ready is decided from outside, by a readiness gate.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from tests.lesson.conftest import Lesson

GATE = "example.com/healthy"
TRIES_MAX = 20


@pytest.fixture
def gated(lesson: Lesson, manifest: Callable[[str], str]) -> Lesson:
    """The lesson's StatefulSet, of three pods that are ready when they are said to be healthy."""
    statefulset = yaml.safe_load(manifest("statefulset"))
    statefulset["spec"]["replicas"] = 3
    statefulset["spec"]["template"]["spec"]["readinessGates"] = [{"conditionType": GATE}]
    lesson.kubectl("apply", "-f", "pvs.yaml", "-f", "service.yaml")
    lesson.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(statefulset))
    return lesson


def wait_running(lesson: Lesson, pod: str, ready: str, uid_was: str = "") -> None:
    """Wait until the pod runs and READY is as said, as another pod than the one it was."""
    with lesson.watching("--raw", "/api/v1/namespaces/default/pods?watch=true") as lines:
        for change in map(json.loads, lines):
            found = change["object"]
            states = [status["ready"] for status in found["status"].get("containerStatuses") or ()]
            conditions = {one["type"]: one["status"] for one in found["status"].get("conditions") or ()}
            if found["metadata"]["name"] != pod or found["metadata"]["uid"] == uid_was or change["type"] == "DELETED":
                continue
            if states == [True] and conditions.get("Ready") == ready:
                return
    pytest.fail(f"{pod} did not become Ready={ready}: {lesson.kubectl('get', 'pods')}")


def say_healthy(lesson: Lesson, pod: str, healthy: bool) -> None:
    """Set the gate's condition, by read and PUT: kubectl had no other way before 1.24."""
    path = f"/api/v1/namespaces/default/pods/{pod}/status"
    for _ in range(TRIES_MAX):
        found = lesson.object("pod", pod)
        others = [one for one in found["status"].get("conditions") or () if one["type"] != GATE]
        found["status"]["conditions"] = [*others, {"type": GATE, "status": "True" if healthy else "False"}]
        done = lesson.run_kubectl("replace", "--raw", path, "-f", "-", stdin=json.dumps(found))
        if done.returncode == 0:
            break
        assert "Conflict" in done.stderr or "object has been modified" in done.stderr
    wait_running(lesson, pod, "True" if healthy else "False")


def wait_observed(lesson: Lesson) -> None:
    """Wait until the controller has seen the StatefulSet as it is now."""
    with lesson.watching(
        "sts", "kubia", "-w", "-o", "jsonpath={.metadata.generation} {.status.observedGeneration}{'\\n'}"
    ) as lines:
        for line in lines:
            generation, *observed = line.split()
            if observed == [generation]:
                return
    pytest.fail("the controller did not see the change")


def test_step_12_nothing_is_scaled_down_while_a_lower_one_is_unhealthy(gated: Lesson) -> None:
    for ordinal in range(3):
        wait_running(gated, f"kubia-{ordinal}", "False")
        say_healthy(gated, f"kubia-{ordinal}", True)
    gated.pods_become("kubia-0", "kubia-1", "kubia-2")
    say_healthy(gated, "kubia-0", False)
    before = gated.revision()
    gated.kubectl("scale", "sts", "kubia", "--replicas=1")
    wait_observed(gated)
    say_healthy(gated, "kubia-0", True)
    gated.gone("kubia-1")
    assert list(gated.table("pods")) == ["kubia-0"]

    steps = []
    for change in gated.history(before, "pods"):
        pod = change["object"]
        ready = any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"]["conditions"])
        word = "gone" if change["type"] == "DELETED" else "going" if "deletionTimestamp" in pod["metadata"] else ready
        if (pod["metadata"]["name"], word) not in steps:
            steps.append((pod["metadata"]["name"], word))
    going = [step for step in steps if step[1] is not False]
    assert going == [
        ("kubia-0", True),
        ("kubia-2", "going"),
        ("kubia-2", "gone"),
        ("kubia-1", "going"),
        ("kubia-1", "gone"),
    ]


def test_step_12_the_lowest_is_rebuilt_first(gated: Lesson) -> None:
    """kubia-0 is deleted while kubia-1 starts: nobody else comes before it is ready again."""
    wait_running(gated, "kubia-0", "False")
    assert list(gated.table("pods")) == ["kubia-0"]
    assert list(gated.table("pvc")) == ["data-kubia-0"]
    say_healthy(gated, "kubia-0", True)
    wait_running(gated, "kubia-1", "False")
    uid = gated.object("pod", "kubia-0")["metadata"]["uid"]
    gated.kubectl("delete", "po", "kubia-0")
    wait_running(gated, "kubia-0", "False", uid_was=uid)
    before = gated.revision()
    gated.kubectl("delete", "po", "kubia-1")
    assert list(gated.table("pods")) == ["kubia-0"]
    say_healthy(gated, "kubia-0", True)
    wait_running(gated, "kubia-1", "False")
    assert list(gated.table("pods")) == ["kubia-0", "kubia-1"]

    story = [
        (change["object"]["metadata"]["name"], change["type"], is_ready(change["object"]))
        for change in gated.history(before, "pods")
    ]
    assert story.index(("kubia-0", "MODIFIED", True)) < story.index(("kubia-1", "ADDED", False))
    assert "data-kubia-2" not in gated.table("pvc")


def is_ready(pod: dict[str, object]) -> bool:
    status: dict[str, list[dict[str, str]]] = pod["status"]  # type: ignore[assignment]
    return any(one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions") or ())
