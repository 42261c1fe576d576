"""Step 5 of the lesson: what kubectl shows of the pods, claims, volumes and the StatefulSet, beside what was recorded."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.lesson.conftest import Lesson

RECORDED_MINOR = 32
"""The recording was made with kubectl 1.32; others lay out `describe` otherwise."""
VARIES = (
    (re.compile(r"\b(\d+[smhd])+\b"), "<age>"),
    (re.compile(r"\b\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000"), "<time>"),
    (re.compile(r"\b(10\.64|10\.244|127\.\d+)(\.\d+){2}\b"), "<ip>"),
    (re.compile(r"\bkube-api-access-\w{5}\b"), "kube-api-access-<random>"),
    (re.compile(r"\bpv-[abc]\b"), "<volume>"),
    (re.compile(r"\bnode-\d(/\S+)?"), "<node>"),
)
NOT_KWOK = ("Container ID:", "Image ID:")
"""What the recorded fake kubelets left empty."""
KWOK_ADDRESS_COLUMNS = {"AGE", "IP", "NODE", "VOLUME", "ENDPOINTS"}


def plain(line: str) -> str:
    """A line without what differs from run to run."""
    for pattern, word in VARIES:
        line = pattern.sub(word, line)
    return " ".join(line.split())


def outputs(text: str) -> dict[str, list[str]]:
    """A recording: the lines that each command printed."""
    parts = re.split(r"^\$ kubectl (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.strip("\n").split("\n") for part in parts[2::2]), strict=True))


def missing(wanted: list[str], printed: str) -> list[str]:
    """Recorded lines that were not printed, in their order."""
    lines = iter([plain(line) for line in printed.splitlines()])
    wanted = [plain(line) for line in wanted if line.strip() and not line.strip().startswith(NOT_KWOK)]
    return [line for line in wanted if line not in lines]


def test_get_of_all_as_recorded(shown: Lesson, recorded: Callable[[str], str]) -> None:
    [(command, lines)] = outputs(recorded("05-get.txt")).items()
    wanted = "\n".join(lines).split("\n\n")
    printed = shown.kubectl(*command.split()).strip("\n").split("\n\n")
    assert len(printed) == len(wanted) == 6
    for want, got in zip(wanted[:5], printed[:5], strict=True):
        headings = re.split(r"\s{2,}", got.splitlines()[0].strip())
        assert headings == re.split(r"\s{2,}", want.splitlines()[0].strip())
        assert [line.split()[0] for line in got.splitlines()[1:]] == [line.split()[0] for line in want.splitlines()[1:]]


def test_get_pods(shown: Lesson) -> None:
    table = shown.table("pods", "-o", "wide")
    assert list(table) == ["kubia-0", "kubia-1"]
    for row in table.values():
        assert (row["READY"], row["STATUS"], row["RESTARTS"]) == ("1/1", "Running", "0")
        assert (row["NOMINATED NODE"], row["READINESS GATES"]) == ("<none>", "<none>")
    assert len({row["IP"] for row in table.values()}) == 2
    assert {row["NODE"] for row in table.values()} <= set(shown.table("nodes"))


def test_every_pod_has_its_own_volume(shown: Lesson) -> None:
    claims = shown.table("pvc")
    assert {name: row["STATUS"] for name, row in claims.items()} == {"data-kubia-0": "Bound", "data-kubia-1": "Bound"}
    bound = {row["VOLUME"]: f"default/{name}" for name, row in claims.items()}
    assert len(bound) == 2
    volumes = shown.table("pv")
    assert set(volumes) == {"pv-a", "pv-b", "pv-c"}
    for name, row in volumes.items():
        expected = ("Bound", bound[name]) if name in bound else ("Available", "")
        assert (row["STATUS"], row["CLAIM"]) == expected
    for name in ("kubia-0", "kubia-1"):
        [volume] = [one for one in shown.object("pod", name)["spec"]["volumes"] if one["name"] == "data"]
        assert volume == {"name": "data", "persistentVolumeClaim": {"claimName": f"data-{name}"}}


def test_get_statefulset(shown: Lesson) -> None:
    row = shown.table("sts", "-o", "wide")["kubia"]
    assert (row["READY"], row["CONTAINERS"], row["IMAGES"]) == ("2/2", "kubia", "luksa/kubia-pet")
    status = shown.object("sts", "kubia")["status"]
    assert status["replicas"] == status["readyReplicas"] == status["availableReplicas"] == 2
    assert status["currentRevision"] == status["updateRevision"]


@pytest.mark.parametrize("what", ["sts kubia", "po kubia-0", "pvc data-kubia-0", "svc kubia"])
def test_describe_as_recorded(shown: Lesson, recorded: Callable[[str], str], what: str) -> None:
    if shown.kubectl_minor != RECORDED_MINOR:
        pytest.skip(f"`describe` was recorded with kubectl 1.{RECORDED_MINOR}; this is 1.{shown.kubectl_minor}")
    printed = shown.kubectl("describe", *what.split())
    assert missing(outputs(recorded("05-describe.txt"))[f"describe {what}"], printed) == []


@pytest.mark.parametrize(
    ("what", "facts"),
    [
        ("sts kubia", ["Selector: app=kubia", "Replicas: 2 desired | 2 total", "Update Strategy: RollingUpdate"]),
        ("sts kubia", ["Pods Status: 2 Running / 0 Waiting / 0 Succeeded / 0 Failed", "/var/data from data (rw)"]),
        ("po kubia-0", ["Status: Running", "Controlled By: StatefulSet/kubia", "Port: 8080/TCP", "Ready: True"]),
        ("po kubia-0", ["ClaimName: data-kubia-0", "QoS Class: BestEffort"]),
        ("pvc data-kubia-0", ["Status: Bound", "Volume: <volume>", "Capacity: 1Mi", "Access Modes: RWO"]),
        ("pv pv-a", ["Status: Bound", "Reclaim Policy: Recycle", "Type: HostPath (bare host directory volume)"]),
        ("svc kubia", ["IP: None", "Port: http 80/TCP", "Endpoints: <ip>:80,<ip>:80"]),
        ("node node-1", ["Taints: <none>", "Unschedulable: false"]),
    ],
)
def test_describe_says(shown: Lesson, what: str, facts: list[str]) -> None:
    """Whatever kubectl there is."""
    lines = [plain(line) for line in shown.kubectl("describe", *what.split()).splitlines()]
    assert [fact for fact in facts if fact not in lines] == []


def test_events_tell_the_story(shown: Lesson) -> None:
    told = [
        (event["involvedObject"]["name"], event["type"], event["reason"], event["message"])
        for event in shown.object("events")["items"]
    ]
    for name in ("kubia-0", "kubia-1"):
        claim = f"Create Claim data-{name} Pod {name} in StatefulSet kubia success"
        assert ("kubia", "Normal", "SuccessfulCreate", claim) in told
        created = f"Create Pod {name} in StatefulSet kubia successful"
        assert ("kubia", "Normal", "SuccessfulCreate", created) in told
        node = shown.object("pod", name)["spec"]["nodeName"]
        assert (name, "Normal", "Scheduled", f"Successfully assigned default/{name} to {node}") in told
        reasons = [reason for about, _, reason, _ in told if about == name]
        assert {"Pulling", "Pulled", "Created", "Started"} <= set(reasons)
    for name in ("node-1", "node-2", "node-3"):
        registered = f"Node {name} event: Registered Node {name} in Controller"
        assert (name, "Normal", "RegisteredNode", registered) in told
