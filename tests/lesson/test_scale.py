"""Step 11 of the lesson: scaling up and down, and what stays; and the whole story so far beside what was recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.lesson.conftest import Lesson

SCALED = "statefulset.apps/kubia scaled\n"
RECORDED_UNTIL_SECONDS = 38.8
"""Where steps 4, 7 and 11 end in the recording."""
RESOURCES = ("pods", "persistentvolumeclaims")


def told(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Changes as they were recorded: the fields that tell the story."""
    return [
        {
            "resource": change["resource"],
            "event": change["type"],
            "name": change["object"]["metadata"]["name"],
            "deletionTimestamp": change["object"]["metadata"].get("deletionTimestamp"),
            "phase": change["object"]["status"].get("phase"),
            "node": change["object"]["spec"].get("nodeName"),
            "conditions": {one["type"]: one["status"] for one in change["object"]["status"].get("conditions") or ()},
        }
        for change in changes
    ]


def test_step_11_up_down_and_up_again(kubia: Lesson) -> None:
    assert kubia.kubectl("scale", "sts", "kubia", "--replicas=3") == SCALED
    kubia.pods_become("kubia-0", "kubia-1", "kubia-2")
    volume = kubia.object("pvc", "data-kubia-2")["spec"]["volumeName"]
    (kubia.volume(volume) / "kubia.txt").write_text("This stays.")

    assert kubia.kubectl("scale", "sts", "kubia", "--replicas=2") == SCALED
    kubia.gone("kubia-2")
    assert list(kubia.table("pods")) == ["kubia-0", "kubia-1"]
    claims = kubia.table("pvc")
    assert {name: row["STATUS"] for name, row in claims.items()} == {f"data-kubia-{n}": "Bound" for n in range(3)}
    assert claims["data-kubia-2"]["VOLUME"] == volume
    assert kubia.table("pv")[volume]["STATUS"] == "Bound"

    assert kubia.kubectl("scale", "sts", "kubia", "--replicas=3") == SCALED
    kubia.pods_become("kubia-0", "kubia-1", "kubia-2")
    assert kubia.object("pvc", "data-kubia-2")["spec"]["volumeName"] == volume
    assert (kubia.volume(volume) / "kubia.txt").read_text() == "This stays."


def test_the_story_goes_as_recorded(
    lesson: Lesson, recorded: Callable[[str], str], milestones: Callable[[list[dict[str, Any]]], list[str]]
) -> None:
    """Apply, delete, scale to 3, to 1 and to 3 again: the same happens to pods and claims, in the same order."""
    before = lesson.revision()
    lesson.kubectl("apply", "-f", "pvs.yaml", "-f", "service.yaml", "-f", "statefulset.yaml")
    lesson.pods_become("kubia-0", "kubia-1")
    lesson.kubectl("delete", "po", "kubia-0")
    lesson.pods_become("kubia-0", "kubia-1")
    lesson.kubectl("scale", "sts", "kubia", "--replicas=3")
    lesson.pods_become("kubia-0", "kubia-1", "kubia-2")
    lesson.kubectl("scale", "sts", "kubia", "--replicas=1")
    lesson.gone("kubia-1")
    lesson.kubectl("scale", "sts", "kubia", "--replicas=3")
    lesson.pods_become("kubia-0", "kubia-1", "kubia-2")

    lines = [json.loads(line) for line in recorded("workload.jsonl").splitlines()]
    real = [line for line in lines if line.get("resource") in RESOURCES and line["t"] < RECORDED_UNTIL_SECONDS]
    ours = told(lesson.history(before, *RESOURCES))
    assert in_order(milestones(ours)) == in_order(milestones(real))


def in_order(story: list[str]) -> list[str]:
    """What has one right order: all of the pods, and that claims are created; they are bound beside."""
    assert [line for line in story if line.endswith("bound")] == [f"data-kubia-{ordinal} bound" for ordinal in range(3)]
    return [line for line in story if not line.endswith("bound")]


def test_step_11_down_one_at_a_time(kubia: Lesson) -> None:
    """The highest ordinal first, and each is gone before the next one goes."""
    kubia.kubectl("scale", "sts", "kubia", "--replicas=3")
    kubia.pods_become("kubia-0", "kubia-1", "kubia-2")
    before = kubia.revision()
    kubia.kubectl("scale", "sts", "kubia", "--replicas=0")
    kubia.gone("kubia-0")
    steps = []
    for change in kubia.history(before, "pods"):
        metadata = change["object"]["metadata"]
        step = (metadata["name"], "gone" if change["type"] == "DELETED" else "going")
        assert "deletionTimestamp" in metadata
        if step not in steps:
            steps.append(step)
    assert steps == [(f"kubia-{n}", word) for n in (2, 1, 0) for word in ("going", "gone")]
    assert {row["STATUS"] for row in kubia.table("pvc").values()} == {"Bound"}
    assert kubia.table("sts")["kubia"]["READY"] == "0/0"


def test_what_scaling_prints_as_recorded(kubia: Lesson, recorded: Callable[[str], str]) -> None:
    """The tables after scaling to 3: the same pods, claims and volumes with the same words."""
    kubia.kubectl("scale", "sts", "kubia", "--replicas=3")
    kubia.pods_become("kubia-0", "kubia-1", "kubia-2")
    part = recorded("11-scale.txt").split("$ kubectl get po,pvc,pv\n")[1].split("\n$ kubectl")[0]
    wanted = [" ".join(line.split()[:-1]) for line in part.splitlines() if line]
    printed = [" ".join(line.split()[:-1]) for line in kubia.kubectl("get", "po,pvc,pv").splitlines() if line]
    assert printed == wanted
