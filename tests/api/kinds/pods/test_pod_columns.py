"""What `kubectl get pods` shows."""

from __future__ import annotations

from typing import Any

import pytest

NOW = 1_800_000_000.0
READY = {"type": "Ready", "status": "True"}
RUNNING: dict[str, Any] = {"running": {}}


def container(
    name: str = "c", *, ready: bool = False, restarts: int = 0, last: str = "", **state: Any
) -> dict[str, Any]:
    """A container's status."""
    status: dict[str, Any] = {"name": name, "ready": ready, "restartCount": restarts, "state": state}
    if last:
        status["lastState"] = {"terminated": {"finishedAt": last, "exitCode": 1}}
    return status


def ended(code: int, reason: str = "", signal: int = 0) -> dict[str, Any]:
    """The state of a container that is over."""
    return {"exitCode": code, "reason": reason, "signal": signal}


def pod(status: dict[str, Any], spec: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    """A pod of two containers."""
    return {
        "metadata": {"name": "p", "creationTimestamp": "2027-01-15T07:00:00Z", **metadata},
        "spec": {"containers": [{"name": "c"}, {"name": "d"}], **(spec or {})},
        "status": {"phase": "Running", **status},
    }


INIT = {"initContainers": [{"name": "i"}, {"name": "s", "restartPolicy": "Always"}]}
DELETED: dict[str, Any] = {"deletionTimestamp": "2027-01-15T07:59:00Z"}

ROWS = [
    (pod({"phase": "Pending"}), "0/2", "Pending"),
    (pod({"phase": "Failed", "reason": "Evicted"}), "0/2", "Evicted"),
    (pod({"conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}]}), "0/2", "SchedulingGated"),
    (pod({"containerStatuses": [container(waiting={"reason": "ContainerCreating"})]}), "0/2", "ContainerCreating"),
    (pod({"containerStatuses": [container(ready=True, **RUNNING), container("d", **RUNNING)]}), "1/2", "Running"),
    (pod({"containerStatuses": [container(terminated=ended(137))]}), "0/2", "ExitCode:137"),
    (pod({"containerStatuses": [container(terminated=ended(0, signal=9))]}), "0/2", "Signal:9"),
    (pod({"containerStatuses": [container(terminated=ended(0, "Completed"))]}), "0/2", "Completed"),
    (
        pod(
            {
                "conditions": [READY],
                "containerStatuses": [
                    container(terminated=ended(0, "Completed")),
                    container("d", ready=True, **RUNNING),
                ],
            }
        ),
        "1/2",
        "Running",
    ),
    (
        pod(
            {
                "containerStatuses": [
                    container(terminated=ended(0, "Completed")),
                    container("d", ready=True, **RUNNING),
                ],
            }
        ),
        "1/2",
        "NotReady",
    ),
    (
        pod(
            {
                "containerStatuses": [
                    container(terminated=ended(0, "Completed")),
                    container("d", terminated=ended(1, "Error")),
                ],
            }
        ),
        "0/2",
        "Error",
    ),
    (pod({"initContainerStatuses": [container("i", **RUNNING)]}, INIT), "0/3", "Init:0/2"),
    (pod({"initContainerStatuses": [container("i", terminated=ended(1, "Error"))]}, INIT), "0/3", "Init:Error"),
    (pod({"initContainerStatuses": [container("i", terminated=ended(2))]}, INIT), "0/3", "Init:ExitCode:2"),
    (
        pod({"initContainerStatuses": [container("i", waiting={"reason": "CrashLoopBackOff"})]}, INIT),
        "0/3",
        "Init:CrashLoopBackOff",
    ),
    (
        pod(
            {
                "initContainerStatuses": [
                    container("i", terminated=ended(0)),
                    {**container("s", ready=True, **RUNNING), "started": True},
                ],
                "containerStatuses": [container(ready=True, **RUNNING), container("d", ready=True, **RUNNING)],
            },
            INIT,
        ),
        "3/3",
        "Running",
    ),
    (pod({}, **DELETED), "0/2", "Terminating"),
    (pod({"phase": "Succeeded"}, **DELETED), "0/2", "Succeeded"),
    (pod({"reason": "NodeLost"}, **DELETED), "0/2", "Unknown"),
]


@pytest.mark.parametrize(("shown", "ready", "status"), ROWS)
def test_ready_and_status(pods, shown, ready, status):
    row = pods.row(shown, NOW)
    assert (row["Ready"], row["Status"]) == (ready, status)


def test_restarts_with_the_age_of_the_last(pods):
    statuses = [container(restarts=2, last="2027-01-15T07:55:00Z", **RUNNING), container("d", restarts=1, **RUNNING)]
    assert pods.row(pod({"containerStatuses": statuses}), NOW)["Restarts"] == "3 (5m ago)"
    assert pods.row(pod({"containerStatuses": statuses[1:]}), NOW)["Restarts"] == "1"


def test_the_wide_columns(pods):
    spec = {"nodeName": "n1", "readinessGates": [{"conditionType": "a/b"}, {"conditionType": "c/d"}]}
    status = {"podIPs": [{"ip": "10.244.0.5"}], "conditions": [{"type": "a/b", "status": "True"}]}
    row = pods.row(pod(status, spec), NOW)
    assert [row[name] for name in ("Age", "IP", "Node", "Nominated Node", "Readiness Gates")] == [
        "60m", "10.244.0.5", "n1", "<none>", "1/2",
    ]  # fmt: skip
    assert pods.row(pod({}), NOW)["IP"] == "<none>"


@pytest.mark.parametrize(("phase", "count"), [("Running", 0), ("Succeeded", 1), ("Failed", 1)])
def test_a_pod_that_has_ended_says_so_in_its_row(pods, phase, count):
    assert [c["reason"] for c in pods.kind.row_conditions(pod({"phase": phase}))] == [phase] * count
