"""Nodes and pods as the scheduler's pure parts see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from minikube_lite.controllers.scheduler.cache import PodInfo, SchedulerCache
from minikube_lite.controllers.scheduler.decide import Chosen, Failed, Surroundings, decide
from minikube_lite.machinery.selectors import EVERYTHING, Selector
from minikube_lite.store import Object


class NoStorage:
    """Claims, volumes and classes by name, none unless they are put in."""

    def __init__(self) -> None:
        self.claims: dict[str, Object] = {}
        self.volumes: dict[str, Object] = {}
        self.classes: dict[str, Object] = {}
        self.used: tuple[str, ...] = ()

    def claim(self, namespace: str, name: str) -> Object | None:
        return self.claims.get(name)

    def volume(self, name: str) -> Object | None:
        return self.volumes.get(name)

    def storage_class(self, name: str) -> Object | None:
        return self.classes.get(name)

    def free_volumes(self) -> Sequence[Object]:
        return list(self.volumes.values())

    def is_claim_used(self, namespace: str, name: str, pod_uid: str) -> bool:
        return name in self.used


class Cluster:
    """Nodes with pods on them, and decisions for others."""

    def __init__(self) -> None:
        self.cache = SchedulerCache()
        self.storage = NoStorage()
        self.namespaces: dict[str, dict[str, str]] = {}
        self.random = Random(1)

    def node(self, name: str, **fields: Any) -> Cluster:
        labels = {"kubernetes.io/hostname": name, **fields.pop("labels", {})}
        amounts = {"cpu": "4", "memory": "8Gi", "pods": "110", **fields.pop("amounts", {})}
        node = {"metadata": {"name": name, "labels": labels}, "spec": fields, "status": {"allocatable": amounts}}
        self.cache.set_node(name, node)
        return self

    def pod(self, name: str, node: str, **fields: Any) -> Cluster:
        self.cache.set_pod(PodInfo.of(pod(name, **fields)), node)
        return self

    def decide(self, subject: Object, selector: Selector = EVERYTHING) -> Chosen | Failed:
        around = Surroundings(self.cache.nodes, lambda name: self.namespaces.get(name, {}), self.storage, self.random)
        return decide(PodInfo.of(subject), selector, around)

    def chosen(self, subject: Object, selector: Selector = EVERYTHING) -> str:
        decision = self.decide(subject, selector)
        assert isinstance(decision, Chosen), decision
        return decision.node

    def failure(self, subject: Object) -> str:
        decision = self.decide(subject)
        assert isinstance(decision, Failed), decision
        return decision.message


def pod(name: str = "new", *, labels: dict[str, str] | None = None, namespace: str = "default", **spec: Any) -> Object:
    """A pod; `requests` and `ports` are its container's."""
    container = {"name": "main", "resources": {"requests": spec.pop("requests", {})}, "ports": spec.pop("ports", [])}
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "labels": labels or {}}
    return {"metadata": metadata, "spec": {"containers": [container], **spec}}


@pytest.fixture
def cluster() -> Cluster:
    """A cluster without nodes yet."""
    return Cluster()


@pytest.fixture
def pod_of() -> Callable[..., Object]:
    """Makes pods."""
    return pod
