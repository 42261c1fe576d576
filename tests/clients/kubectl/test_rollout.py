"""Rollouts of a StatefulSet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.clients.kubectl.conftest import Kube

SAME_BYTES_MINOR = 34
"""Older ones write a template's empty creationTimestamp, so that none is equal to a revision of today's Kubernetes."""
COMPLETE = "partitioned roll out complete: 2 new pods have been updated...\n"


def revisions(kubectl: Kube) -> list[str]:
    printed = kubectl("rollout", "history", "statefulset/kubia")
    return [line.split()[0] for line in printed.splitlines()[2:] if line]


def finished(kubectl: Kube) -> str:
    return kubectl("rollout", "status", "statefulset/kubia", "--timeout=60s")


def test_status_history_and_undo(kubia: Kube) -> None:
    assert finished(kubia) == COMPLETE
    kubia("set", "image", "sts/kubia", "kubia=luksa/kubia-pet:2")
    kubia("annotate", "sts/kubia", "kubernetes.io/change-cause=a better image")
    assert finished(kubia).endswith(COMPLETE)
    assert kubia("get", "pods", "-o", "jsonpath={.items[*].spec.containers[0].image}") == (
        "luksa/kubia-pet:2 luksa/kubia-pet:2"
    )
    assert revisions(kubia) == ["1", "2"]
    assert "Image:\tluksa/kubia-pet:2" in kubia("rollout", "history", "sts/kubia", "--revision=2")
    assert "rolled back" in kubia("rollout", "undo", "sts/kubia", "--dry-run=server")
    assert revisions(kubia) == ["1", "2"]
    assert "statefulset.apps/kubia rolled back\n" in kubia("rollout", "undo", "sts/kubia")
    assert finished(kubia).endswith(COMPLETE)
    assert revisions(kubia) == ["2", "3"]
    if kubia.minor >= SAME_BYTES_MINOR:
        assert "skipped rollback" in kubia("rollout", "undo", "sts/kubia", "--to-revision=3")
    assert "unable to find specified revision 9" in kubia("rollout", "undo", "sts/kubia", "--to-revision=9", code=1)


def test_restart(kubia: Kube) -> None:
    before = {pod["metadata"]["uid"] for pod in kubia.object("pods")["items"]}
    assert kubia("rollout", "restart", "sts/kubia") == "statefulset.apps/kubia restarted\n"
    assert finished(kubia).endswith(COMPLETE)
    assert not before & {pod["metadata"]["uid"] for pod in kubia.object("pods")["items"]}


def test_a_stateful_set_cannot_be_paused(kubia: Kube) -> None:
    assert 'statefulsets.apps "kubia" pausing is not supported' in kubia("rollout", "pause", "sts/kubia", code=1)
    assert 'statefulsets.apps "kubia" resuming is not supported' in kubia("rollout", "resume", "sts/kubia", code=1)
