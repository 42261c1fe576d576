"""When a node counts as heard of."""

from __future__ import annotations

import pytest

from minikube_lite.controllers.nodelifecycle.health import lost_pod_status, lost_status, observe
from minikube_lite.store import Object


def node(heartbeat: str = "", *, status: str = "True", transition: str = "2026-01-01T00:00:00Z") -> Object:
    times = {"lastHeartbeatTime": heartbeat, "lastTransitionTime": transition}
    conditions = [{"type": "Ready", "status": status, **times}] if heartbeat else []
    metadata = {"name": "n", "creationTimestamp": "1970-01-01T00:00:05Z"}
    return {"metadata": metadata, "spec": {}, "status": {"conditions": conditions}}


def lease(renewed: str) -> Object:
    return {"spec": {"renewTime": renewed}}


def test_a_node_that_never_reported_is_as_old_as_its_object():
    assert observe(None, node(), None, 100.0).probed == 5.0


def test_a_heartbeat_is_news_and_the_same_heartbeat_is_none():
    first = observe(None, node("2026-01-01T00:00:00Z"), None, 10.0)
    assert first.probed == 10.0
    assert observe(first, node("2026-01-01T00:00:00Z"), None, 20.0).probed == 10.0
    second = observe(first, node("2026-01-01T00:00:10Z"), None, 20.0)
    assert (second.probed, second.ready_since) == (20.0, 10.0)
    third = observe(second, node("2026-01-01T00:00:20Z", transition="2026-01-01T00:00:20Z"), None, 30.0)
    assert (third.probed, third.ready_since) == (30.0, 30.0)


def test_a_lease_that_is_renewed_is_news():
    first = observe(None, node("2026-01-01T00:00:00Z"), lease("2026-01-01T00:00:00.000000Z"), 10.0)
    assert observe(first, node("2026-01-01T00:00:00Z"), lease("2026-01-01T00:00:00.000000Z"), 20.0).probed == 10.0
    assert observe(first, node("2026-01-01T00:00:00Z"), lease("2026-01-01T00:00:09.500000Z"), 20.0).probed == 20.0


def test_what_nobody_knows():
    lost = lost_status(node("2026-01-01T00:00:00Z"), "2026-01-01T00:01:00Z")
    assert lost is not None
    ready, *others = lost["status"]["conditions"]
    assert ready == {
        "type": "Ready",
        "status": "Unknown",
        "reason": "NodeStatusUnknown",
        "message": "Kubelet stopped posting node status.",
        "lastHeartbeatTime": "2026-01-01T00:00:00Z",
        "lastTransitionTime": "2026-01-01T00:01:00Z",
    }
    assert [condition["reason"] for condition in others] == ["NodeStatusNeverUpdated"] * 3
    assert lost_status(lost, "2026-01-01T00:02:00Z") is None


def pod(ready: str = "True", phase: str = "Running", reason: str = "") -> Object:
    conditions = [{"type": "Ready", "status": ready}]
    status = {"phase": phase, "conditions": conditions, **({"reason": reason} if reason else {})}
    return {"metadata": {"name": "web-0"}, "spec": {"nodeName": "node-1"}, "status": status}


NOT_READY = [{"type": "Ready", "status": "False", "lastTransitionTime": "now"}]
LOST = {"reason": "NodeLost", "message": "Node node-1 which was running pod web-0 is unresponsive"}


@pytest.mark.parametrize(
    ("subject", "says_lost", "expected"),
    [
        (pod(), False, {"conditions": NOT_READY}),
        (pod(), True, {"conditions": NOT_READY, **LOST}),
        (pod("False"), False, {}),
        (pod("False"), True, LOST),
        (pod("False", reason="NodeLost"), True, {}),
        (pod("False", "Succeeded"), True, {}),
    ],
)
def test_what_a_pod_of_a_lost_node_is_said_to_be(subject, says_lost, expected):
    assert lost_pod_status(subject, "now", says_lost=says_lost) == expected
