"""Instances: what really runs where, one object a pod on a node, written by the emulator and read-only. No counterpart upstream.

The API says what is wanted and what was reported; a node that is cut off may go on with something else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from minikube_lite.machinery.ages import age
from minikube_lite.machinery.kind import Column, Kind, Strategy
from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.own_kind import Model, OwnKind
from minikube_lite.machinery.resources import INSTANCES
from minikube_lite.schema.own_types import META, TYPE_EXTENSION
from minikube_lite.schema.resources import ResourceInfo
from minikube_lite.store import Object

AT_MOST_ONE = "AtMostOne"
"""The condition that says whether it is the only one of its name."""


class InstanceContainer(Model):
    """A container that runs."""

    name: Annotated[str, Field(description="The container's name.")]
    id: Annotated[str, Field(description="Its id, as in a pod's containerStatuses.")]
    started_at: Annotated[
        datetime, Field(description="Since when.", json_schema_extra={"type": "string", "format": "date-time"})
    ]


class InstanceStatus(Model):
    """What runs."""

    namespace: Annotated[str, Field(description="The pod's namespace.")] = ""
    pod: Annotated[str, Field(description="The pod's name.")] = ""
    uid: Annotated[str, Field(description="The pod's uid, which tells pods of one name apart.")] = ""
    owner: Annotated[str, Field(description="The kind and name of the pod's controller, as StatefulSet/kubia.")] = ""
    node: Annotated[str, Field(description="The node where it runs.")] = ""
    ip: Annotated[str, Field(description="The pod's address.")] = ""
    containers: Annotated[
        list[InstanceContainer],
        Field(
            description="The containers that run.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"]},
        ),
    ] = []
    conditions: Annotated[
        list[object],
        Field(
            description="AtMostOne says, of pods of a StatefulSet, whether no other pod of the name runs.",
            json_schema_extra={
                "items": {TYPE_EXTENSION: f"{META}Condition"},
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
            },
        ),
    ] = []


class Instance(Model):
    """A pod that really runs on a node. Written by the emulator; nobody else can."""

    status: Annotated[InstanceStatus, Field(description="What runs.")]


class InstanceStrategy(Strategy):
    """There is nothing to be wanted."""

    has_status = False
    manages_generation = False
    reset_fields = ()


def _status(name: str, key: str, text: str, priority: int = 0) -> Column:
    return Column(name, lambda obj, _now: obj["status"].get(key, ""), priority=priority, description=text)


def _alone(obj: Object, _now: float) -> str:
    condition = find_condition(obj, AT_MOST_ONE)
    return condition["status"] if condition else ""


INSTANCE = OwnKind(
    ResourceInfo(
        group=INSTANCES.group,
        version=INSTANCES.version,
        preferred_version=INSTANCES.version,
        name=INSTANCES.resource,
        singular="instance",
        kind="Instance",
        namespaced=False,
        verbs=("get", "list", "watch"),
    ),
    Instance.model_json_schema(),
    Kind(
        group=INSTANCES.group,
        plural=INSTANCES.resource,
        strategy=InstanceStrategy(),
        columns=(
            Column("Name", lambda obj, _now: obj["metadata"]["name"], "string", "name"),
            _status("Namespace", "namespace", "The pod's namespace."),
            _status("Pod", "pod", "The pod's name."),
            _status("Node", "node", "Where it runs."),
            Column("At Most One", _alone, description="Whether no other pod of the name runs."),
            Column("Age", age, description="Since when it runs."),
            _status("UID", "uid", "The pod's uid.", 1),
            _status("IP", "ip", "The pod's address.", 1),
        ),
    ),
)
