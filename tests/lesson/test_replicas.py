"""Step 1 of the lesson: replicas of one template have random names, and all of them mount the template's one claim."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.lesson.conftest import Lesson

NAMESPACE = ("-n", "replicas")
SAFE = "[bcdfghjklmnpqrstvwxz2456789]"


@pytest.mark.parametrize(
    ("kind", "pod_name"), [("ReplicaSet", f"kubia-{SAFE}{{5}}"), ("Deployment", f"kubia-{SAFE}+-{SAFE}{{5}}")]
)
def test_step_1_replicas_share_one_claim(
    lesson: Lesson, manifest: Callable[[str], str], kind: str, pod_name: str
) -> None:
    lesson.kubectl("create", "namespace", "replicas")
    lesson.kubectl("apply", "-f", "-", *NAMESPACE, stdin=manifest("replicaset").replace("ReplicaSet", kind))
    lesson.kubectl("wait", kind.lower(), "kubia", "--for=jsonpath={.status.readyReplicas}=3", *NAMESPACE)
    pods: list[dict[str, Any]] = lesson.object("pods", *NAMESPACE)["items"]
    assert len(pods) == 3
    assert len({pod["spec"]["nodeName"] for pod in pods}) == 3
    for pod in pods:
        assert re.fullmatch(pod_name, pod["metadata"]["name"])
        [volume] = [found for found in pod["spec"]["volumes"] if found["name"] == "data"]
        assert volume["persistentVolumeClaim"]["claimName"] == "shared"
    [row] = lesson.table("pvc", *NAMESPACE).values()
    assert (row["NAME"], row["STATUS"], row["STORAGECLASS"]) == ("shared", "Bound", "standard")
    described = lesson.kubectl("describe", "pvc", "shared", *NAMESPACE)
    assert all(pod["metadata"]["name"] in described for pod in pods)
