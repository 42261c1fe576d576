"""Step 7 of the lesson: a pod is deleted, and comes back as who it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.lesson.conftest import Lesson


def identity(lesson: Lesson) -> dict[str, str]:
    pod = lesson.object("pod", "kubia-0")
    [claim] = [volume["persistentVolumeClaim"] for volume in pod["spec"]["volumes"] if volume["name"] == "data"]
    volume = lesson.object("pvc", claim["claimName"])["spec"]["volumeName"]
    return {
        "name": pod["metadata"]["name"],
        "hostname": pod["spec"]["hostname"],
        "subdomain": pod["spec"]["subdomain"],
        "claim": claim["claimName"],
        "volume": volume,
        "data": (lesson.volume(volume) / "kubia.txt").read_text(),
    }


def test_step_7_a_deleted_pod_comes_back_as_who_it_was(kubia: Lesson) -> None:
    volume = kubia.object("pvc", "data-kubia-0")["spec"]["volumeName"]
    (kubia.volume(volume) / "kubia.txt").write_text("Hey there! This greeting was submitted to kubia-0.")
    before, was = kubia.object("pod", "kubia-0"), identity(kubia)

    printed = kubia.kubectl("delete", "po", "kubia-0")  # it waits until the pod is gone, and does not hang
    assert printed.startswith('pod "kubia-0" deleted')
    kubia.pods_become("kubia-0", "kubia-1")

    after = kubia.object("pod", "kubia-0")
    assert identity(kubia) == was
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert after["status"]["podIP"] != before["status"]["podIP"]
    row = kubia.table("pods")["kubia-0"]
    assert (row["READY"], row["STATUS"], row["RESTARTS"]) == ("1/1", "Running", "0")
    assert list(kubia.table("pods")) == ["kubia-0", "kubia-1"]
    kubia.endpoints_are(after["status"]["podIP"], kubia.object("pod", "kubia-1")["status"]["podIP"])
    assert kubia.dig("+short", "A", "kubia-0.kubia.default.svc.cluster.local") == f"{after['status']['podIP']}\n"


def test_step_7_without_waiting(kubia: Lesson) -> None:
    """kubectl returns at once; the pod is still there, on its way out."""
    uid = kubia.object("pod", "kubia-0")["metadata"]["uid"]
    with kubia.watching("pod", "kubia-0", "-w", "--output-watch-events") as lines:
        assert next(lines).split()[:2] == ["EVENT", "NAME"]
        assert next(lines).split()[:4] == ["ADDED", "kubia-0", "1/1", "Running"]
        assert kubia.kubectl("delete", "po", "kubia-0", "--wait=false").startswith('pod "kubia-0" deleted')
        assert next(lines).split()[:4] == ["MODIFIED", "kubia-0", "1/1", "Terminating"]
        seen = [next(lines).split()[:4]]
        while seen[-1] != ["MODIFIED", "kubia-0", "1/1", "Running"]:
            seen.append(next(lines).split()[:4])
    words = [" ".join([row[0], row[3]]) for row in seen]
    assert [word for word in words if word.startswith(("DELETED", "ADDED"))] == [
        words[words.index("ADDED Pending") - 1],
        "ADDED Pending",
    ]
    assert words.count("ADDED Pending") == 1
    assert kubia.object("pod", "kubia-0")["metadata"]["uid"] != uid


def test_step_7_again_and_again(kubia: Lesson) -> None:
    """kubectl asks for the pod, lists it and watches it by name; it must not take the new one for the old one."""
    for _ in range(5):
        kubia.kubectl("delete", "po", "kubia-0", "--ignore-not-found")
    kubia.pods_become("kubia-0", "kubia-1")
