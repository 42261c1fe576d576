"""What pods and nodes use, as `kubectl top` asks for it; upstream: metrics-server, which asks the kubelets.

Nothing is measured, since nothing real runs: a program says what it uses (`context.usage`), or the pod's annotations say it for
each of its containers, so that a client's reaction to load can be tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated

from pydantic import Field

from minikube_lite.clock import Clock
from minikube_lite.kubelet.kubelet import Kubelet
from minikube_lite.kubelet.kubelets import Kubelets
from minikube_lite.kubelet.state import PodState
from minikube_lite.machinery.kind import Column, Kind, Strategy
from minikube_lite.machinery.own_kind import Model, OwnKind
from minikube_lite.machinery.resources import NODE_METRICS, POD_METRICS, GroupVersionResource
from minikube_lite.network.fabric import API
from minikube_lite.programs.program import IDLE_USAGE
from minikube_lite.schema.own_types import META, TYPE_EXTENSION
from minikube_lite.schema.quantity import Quantity, QuantityError
from minikube_lite.schema.resources import ResourceInfo
from minikube_lite.store import Object

ANNOTATION = "usage.minikube-lite.io/"
"""What stands before `cpu` and `memory` in the names of annotations."""
WINDOW = "15s"
"""Over which metrics-server measures."""
NODE_USAGE = {"cpu": "100m", "memory": "512Mi"}
"""What a node uses beside its pods."""
RESOURCES = ("cpu", "memory")
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"

Usage = Annotated[
    dict[str, str],
    Field(
        description="How much of each resource is used.",
        json_schema_extra={"additionalProperties": {TYPE_EXTENSION: QUANTITY}},
    ),
]
Timestamp = Annotated[
    str,
    Field(
        description="The end of the time over which it was measured.", json_schema_extra={TYPE_EXTENSION: f"{META}Time"}
    ),
]
Window = Annotated[str, Field(description="How long that time was.")]


class ContainerMetrics(Model):
    """What a container uses."""

    name: Annotated[str, Field(description="The container's name.")]
    usage: Usage


class PodMetrics(Model):
    """What the containers of a pod use."""

    timestamp: Timestamp
    window: Window
    containers: Annotated[list[ContainerMetrics], Field(description="The containers that run.")]


class NodeMetrics(Model):
    """What a node uses."""

    timestamp: Timestamp
    window: Window
    usage: Usage


class Metrics:
    """Tells what is used now."""

    def __init__(self, kubelets: Kubelets, clock: Clock) -> None:
        self._kubelets = kubelets
        self._clock = clock

    def pods(self) -> Iterator[Object]:
        """PodMetrics of each pod of which something runs."""
        for kubelet in self._reached():
            for state in kubelet.pods.values():
                used = container_usage(kubelet, state)
                if used:
                    labels = state.pod["metadata"].get("labels")
                    containers = [{"name": name, "usage": usage} for name, usage in used.items()]
                    yield self._measured(state.name, state.namespace, labels, containers=containers)

    def nodes(self) -> Iterator[Object]:
        """NodeMetrics of each node that can be asked."""
        for kubelet in self._reached():
            used = [one for state in kubelet.pods.values() for one in container_usage(kubelet, state).values()]
            total = {
                name: str(sum((Quantity.parse(one[name]) for one in [NODE_USAGE, *used]), Quantity()))
                for name in RESOURCES
            }
            yield self._measured(kubelet.host.name, "", None, usage=total)

    def _reached(self) -> Iterator[Kubelet]:
        for name in self._kubelets.names:
            if self._kubelets.network.link(name, API).up:
                yield self._kubelets[name]

    def _measured(self, name: str, namespace: str, labels: Mapping[str, str] | None, **measured: object) -> Object:
        now = self._clock.timestamp()
        metadata: Object = {"name": name}
        if namespace:
            metadata["namespace"] = namespace
        metadata["creationTimestamp"] = now
        if labels:
            metadata["labels"] = dict(labels)
        return {"metadata": metadata, "timestamp": now, "window": WINDOW, **measured}


def container_usage(kubelet: Kubelet, state: PodState) -> dict[str, dict[str, str]]:
    """What each running container of a pod uses: by annotation, else as its program says."""
    annotations = state.pod["metadata"].get("annotations") or {}
    used = {}
    for name, run in kubelet.runtime.runs.get(state.uid, {}).items():
        if run.task is not None and not run.task.done():
            said = {**IDLE_USAGE, **run.context.usage}
            used[name] = {key: _amount(annotations.get(ANNOTATION + key), said[key]) for key in RESOURCES}
    return used


def _amount(wanted: str | None, said: str) -> str:
    """An annotation that makes no sense is as none."""
    for text in (wanted, said):
        if text is not None:
            try:
                return str(Quantity.parse(text))
            except QuantityError:
                continue
    return "0"


def _kind(resource: GroupVersionResource, kind: str, model: type[Model], namespaced: bool, *columns: Column) -> OwnKind:
    info = ResourceInfo(
        group=resource.group,
        version=resource.version,
        preferred_version=resource.version,
        name=resource.resource,
        singular="",
        kind=kind,
        namespaced=namespaced,
        verbs=("get", "list"),
    )
    name = Column("Name", lambda obj, _now: obj["metadata"]["name"], "string", "name")
    shown = (name, *columns, Column("Window", lambda obj, _now: obj["window"]))
    return OwnKind(info, model.model_json_schema(), Kind(resource.group, resource.resource, _ReadOnly(), shown))


class _ReadOnly(Strategy):
    """Nothing is written."""

    has_status = False
    manages_generation = False


def _of_node(resource: str) -> Callable[[Object, float], str]:
    return lambda obj, _now: str(obj["usage"][resource])


def _of_pod(resource: str) -> Callable[[Object, float], str]:
    return lambda obj, _now: str(sum((Quantity.parse(one["usage"][resource]) for one in obj["containers"]), Quantity()))


def metrics_kinds() -> list[OwnKind]:
    """The kinds of metrics.k8s.io."""
    names = (("CPU", "cpu"), ("Memory", "memory"))
    return [
        _kind(NODE_METRICS, "NodeMetrics", NodeMetrics, False, *(Column(name, _of_node(key)) for name, key in names)),
        _kind(POD_METRICS, "PodMetrics", PodMetrics, True, *(Column(name, _of_pod(key)) for name, key in names)),
    ]
