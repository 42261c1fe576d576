"""Steps 2 to 4 of the lesson: volumes, the headless Service, the StatefulSet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from tests.lesson.conftest import Lesson

RECYCLE_WARNING = (
    "Warning: spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. "
    "Instead, the recommended approach is to use dynamic provisioning.\n"
)
VOLUMES = ("pv-a", "pv-b", "pv-c")


def wait_available(lesson: Lesson) -> None:
    missing = set(VOLUMES)
    with lesson.watching("pv", "-w", "--no-headers") as lines:
        for line in lines:
            if line.split()[4] == "Available":
                missing.discard(line.split()[0])
            if not missing:
                return
    raise AssertionError(lesson.kubectl("get", "pv"))


def test_step_2_volumes_from_a_list(lesson: Lesson) -> None:
    done = lesson.run_kubectl("apply", "-f", "pvs.yaml")
    assert done.stdout == "".join(f"persistentvolume/{name} created\n" for name in VOLUMES)
    assert done.stderr == RECYCLE_WARNING
    wait_available(lesson)
    table = lesson.table("pv")
    assert tuple(table) == VOLUMES
    for row in table.values():
        assert (row["CAPACITY"], row["ACCESS MODES"], row["RECLAIM POLICY"]) == ("1Mi", "RWO", "Recycle")
        assert (row["STATUS"], row["CLAIM"], row["STORAGECLASS"], row["REASON"]) == ("Available", "", "", "")


def test_step_2_volumes_from_separate_documents(lesson: Lesson, manifest: Callable[[str], str]) -> None:
    documents = yaml.safe_dump_all(yaml.safe_load(manifest("pvs"))["items"])
    done = lesson.run_kubectl("apply", "-f", "-", stdin=documents)
    assert done.stdout == "".join(f"persistentvolume/{name} created\n" for name in VOLUMES)
    assert done.stderr == RECYCLE_WARNING
    assert lesson.kubectl("apply", "-f", "pvs.yaml") == "".join(
        f"persistentvolume/{name} unchanged\n" for name in VOLUMES
    )


def test_step_3_a_headless_service(lesson: Lesson) -> None:
    assert lesson.kubectl("apply", "-f", "service.yaml") == "service/kubia created\n"
    row = lesson.table("svc", "kubia")["kubia"]
    assert (row["TYPE"], row["CLUSTER-IP"], row["EXTERNAL-IP"], row["PORT(S)"]) == (
        "ClusterIP",
        "None",
        "<none>",
        "80/TCP",
    )


def test_steps_2_to_4_at_once_as_recorded(lesson: Lesson, recorded: Callable[[str], str]) -> None:
    command, warning, *lines = recorded("04-apply.txt").strip().split("\n")
    done = lesson.run_kubectl(*command.split()[2:])
    assert done.stderr.splitlines() == [warning]
    assert done.stdout.splitlines() == lines


def test_step_4_the_next_pod_waits_for_the_one_before(lesson: Lesson) -> None:
    """A reader who watches sees kubia-1 come only after kubia-0 is ready."""
    lesson.kubectl("apply", "-f", "pvs.yaml", "-f", "service.yaml")
    lesson.kubectl("run", "early", "--image=registry.k8s.io/pause")
    lesson.kubectl("wait", "pod/early", "--for=condition=Ready")
    with lesson.watching("pods", "-w", "--output-watch-events") as lines:
        assert next(lines).split()[:5] == ["EVENT", "NAME", "READY", "STATUS", "RESTARTS"]
        # What is there already is shown when the watch is open.
        assert next(lines).split()[:4] == ["ADDED", "early", "1/1", "Running"]
        lesson.kubectl("apply", "-f", "statefulset.yaml")
        story: list[list[str]] = []
        for line in lines:
            story.append(line.split()[:4])
            if story[-1][1:] == ["kubia-1", "1/1", "Running"]:
                break
    assert story[0] == ["ADDED", "kubia-0", "0/1", "Pending"]
    ready = story.index(["MODIFIED", "kubia-0", "1/1", "Running"])
    added = story.index(["ADDED", "kubia-1", "0/1", "Pending"])
    assert ready < added
    assert {row[1] for row in story[:added]} == {"kubia-0"}
    assert ["MODIFIED", "kubia-0", "0/1", "ContainerCreating"] in story


def test_step_4_claims_come_before_their_pods(lesson: Lesson) -> None:
    before = lesson.revision()
    lesson.kubectl("apply", "-f", "pvs.yaml", "-f", "service.yaml", "-f", "statefulset.yaml")
    lesson.rolled_out()
    changes = lesson.history(before, "pods", "persistentvolumeclaims")
    added = [change["object"]["metadata"]["name"] for change in changes if change["type"] == "ADDED"]
    assert added == ["data-kubia-0", "kubia-0", "data-kubia-1", "kubia-1"]
    names = {change["object"]["metadata"]["name"]: number for number, change in reversed(list(enumerate(changes)))}
    ready = next(number for number, change in enumerate(changes) if is_ready(change["object"]))
    assert changes[ready]["object"]["metadata"]["name"] == "kubia-0"
    assert changes[ready]["object"]["status"]["phase"] == "Running"
    assert ready < names["data-kubia-1"] < names["kubia-1"]


def is_ready(obj: dict[str, Any]) -> bool:
    conditions = obj.get("status", {}).get("conditions") or ()
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
