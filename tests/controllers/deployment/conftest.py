"""Deployments and their ReplicaSets, written down shortly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from minikube_lite.clock import format_time
from minikube_lite.controllers.deployment.decide import Observed
from minikube_lite.store import Object

NOW = 1_767_225_600.0


def new_deployment(
    replicas: int = 10, *, image: str = "new", surge: int | str = "25%", unavailable: int | str = "25%", **spec: Any
) -> Object:
    """One whose template is that of an image."""
    metadata = {"name": "web", "namespace": "default", "uid": "web-uid", "generation": 2, **spec.pop("metadata", {})}
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    return {
        "metadata": metadata,
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": spec.pop("strategy", strategy),
            "template": template(image),
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": 600,
            **spec.pop("spec", {}),
        },
        "status": spec.pop("status", {}),
    }


def template(image: str, **labels: str) -> Object:
    return {"metadata": {"labels": {"app": "web", **labels}}, "spec": {"containers": [{"name": "c", "image": image}]}}


def new_set(
    image: str,
    size: int,
    available: int | None = None,
    *,
    there: int | None = None,
    desired: int | None = 10,
    most: int = 13,
    revision: int | str = 1,
    age: float = 0,
    **fields: Any,
) -> Object:
    """`size` is what it is to have, `there` what it has, `available` how many of them are."""
    annotations = {"deployment.kubernetes.io/revision": str(revision), **fields.pop("annotations", {})}
    if desired is not None:
        annotations["deployment.kubernetes.io/desired-replicas"] = str(desired)
        annotations["deployment.kubernetes.io/max-replicas"] = str(most)
    there = size if there is None else there
    available = there if available is None else available
    counts = {"replicas": there, "readyReplicas": available, "availableReplicas": available, "observedGeneration": 1}
    created = format_time(NOW - age)
    return {
        "metadata": {
            "name": f"web-{image}",
            "namespace": "default",
            "uid": f"uid-{image}",
            "generation": 1,
            "creationTimestamp": created,
            "annotations": annotations,
            **fields.pop("metadata", {}),
        },
        "spec": {"replicas": size, "template": template(image, **{"pod-template-hash": image})},
        "status": {**counts, "terminatingReplicas": 0, **fields.pop("status", {})},
    }


@pytest.fixture(scope="session")
def deployment_of() -> Callable[..., Object]:
    """Makes Deployments: `deployment_of(3, image="new", surge=1)`."""
    return new_deployment


@pytest.fixture(scope="session")
def set_of() -> Callable[..., Object]:
    """Makes ReplicaSets: `set_of("old", 3, available=2)`."""
    return new_set


@pytest.fixture(scope="session")
def observe() -> Callable[..., Observed]:
    """What is observed of a Deployment and ReplicaSets."""

    def make(deployment: Object, *replica_sets: Object, running: tuple[str, ...] = (), now: float = NOW) -> Observed:
        return Observed(deployment, replica_sets, frozenset(running), now)

    return make
