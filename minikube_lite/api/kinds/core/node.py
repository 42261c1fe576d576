"""Nodes: defaults, taints, addresses, pod networks; upstream: pkg/registry/core/node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minikube_lite.api.columns import AGE, NAME, NONE, cell_column, text_column, value_at
from minikube_lite.api.kinds.core.pod_resources import validate_quantity
from minikube_lite.api.kinds.go_structs import GoField, go_struct
from minikube_lite.api.kinds.ip_fields import cidr_family, cidr_warnings, legacy_cidr
from minikube_lite.api.kinds.quantities import sorted_items
from minikube_lite.machinery.ages import UNKNOWN
from minikube_lite.machinery.kind import FieldText, Kind, RequestContext, StatusStrategy, Strategy, keep
from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.metadata import validate_label_name
from minikube_lite.machinery.names import byte_length, is_valid_label_value
from minikube_lite.schema.field import FieldError, Path, duplicate, forbidden, invalid, not_supported, required
from minikube_lite.store import Object

FEATURE_NAME_BYTES_MAX = 253
ROLE_LABEL_PREFIX = "node-role.kubernetes.io/"
ROLE_LABEL = "kubernetes.io/role"
TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")

_ADDRESS = (GoField("Type", "type", ""), GoField("Address", "address", ""))
_TAINT = (
    GoField("Key", "key", ""),
    GoField("Value", "value", ""),
    GoField("Effect", "effect", ""),
    GoField("TimeAdded", "timeAdded"),
)
_match_feature = re.compile(r"[A-Z][a-zA-Z0-9]*(/[a-zA-Z0-9]+)*").fullmatch

SPEC = Path("spec")
STATUS = Path("status")
TAINTS = Path("metadata.taints")
"""Where upstream says that taints stand."""


class NodeStrategy(Strategy):
    """All writes but those of status. A node that registers itself brings its status along."""

    manages_generation = False

    def default(self, obj: Object) -> None:
        spec, status = obj.setdefault("spec", {}), obj.setdefault("status", {})
        # podCIDR is the older field for the first of podCIDRs.
        if spec.get("podCIDR") and not spec.get("podCIDRs"):
            spec["podCIDRs"] = [spec["podCIDR"]]
        elif spec.get("podCIDRs") and spec.get("podCIDR") != spec["podCIDRs"][0]:
            if spec.get("podCIDR"):
                spec["podCIDRs"] = [spec["podCIDR"]]
            else:
                spec["podCIDR"] = spec["podCIDRs"][0]
        if "allocatable" not in status and "capacity" in status:
            status["allocatable"] = dict(status["capacity"])

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        obj["spec"].pop("configSource", None)
        obj["status"].pop("config", None)

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        yield from taints_errors(obj["spec"].get("taints", ()), TAINTS)
        yield from _status_errors(obj)
        networks, path = obj["spec"].get("podCIDRs", ()), SPEC.child("podCIDRs")
        for position, network in enumerate(networks):
            yield from legacy_cidr(path.index(position), network)
        if len(networks) > 2 or len({cidr_family(network) for network in networks}) < len(networks):
            yield invalid(path, networks, "may specify no more than one CIDR for each IP family")

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterable[str]:
        if obj["spec"].get("configSource") is not None:
            yield "spec.configSource: the feature is removed"
        if obj["spec"].get("externalID"):
            yield "spec.externalID: this field is deprecated, and is unused by Kubernetes"
        for position, network in enumerate(obj["spec"].get("podCIDRs", ())):
            yield from cidr_warnings(SPEC.child("podCIDRs").index(position), network)

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        keep(new, old, "status")
        if "configSource" not in old["spec"]:
            new["spec"].pop("configSource", None)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        yield from self.validate(context, new)
        yield from _update_errors(new, old)

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[str]:
        return self.warnings_on_create(context, new)


class NodeStatusStrategy(StatusStrategy):
    """The status, which kubelets report."""

    def main_status_errors(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        yield from _update_errors(new, old)


def _status_errors(obj: Object) -> Iterator[FieldError]:
    status = obj["status"]
    for part in ("capacity", "allocatable"):
        for name, amount in sorted_items(status.get(part)):
            yield from validate_quantity(name, amount, STATUS.child(part, name))
    features, path = status.get("declaredFeatures", ()), STATUS.child("declaredFeatures")
    for position, feature in enumerate(features):
        if byte_length(feature) > FEATURE_NAME_BYTES_MAX:
            text = f'invalid feature name "{feature}": must be no more than {FEATURE_NAME_BYTES_MAX} characters'
            yield invalid(path.index(position), feature, text)
        elif not _match_feature(feature):
            text = (
                f'invalid feature name "{feature}": must start with an UpperCamelCase segment, with subsequent segments'
                " separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric"
                " characters and slashes"
            )
            yield invalid(path.index(position), feature, text)
        following = features[position + 1] if position + 1 < len(features) else None
        if following == feature:
            yield duplicate(path.index(position + 1), following)
        elif following is not None and following < feature:
            yield invalid(path.index(position + 1), following, "list must be sorted alphabetically")


def _update_errors(new: Object, old: Object) -> Iterator[FieldError]:
    yield from _status_errors(new)
    addresses = new["status"].get("addresses", [])
    for position, address in enumerate(addresses):
        if address in addresses[:position]:
            yield duplicate(STATUS.child("addresses").index(position), go_struct(address, _ADDRESS))
    spec, before = new["spec"], old["spec"]
    networks, path = before.get("podCIDRs", []), SPEC.child("podCIDRs")
    text = 'node updates may not change podCIDR except from "" to valid'
    if networks and len(networks) != len(spec.get("podCIDRs", [])):
        yield forbidden(path, text)
    else:
        for position, network in enumerate(networks):
            if network != spec["podCIDRs"][position]:
                yield forbidden(path, text)
    if before.get("providerID") and before["providerID"] != spec.get("providerID"):
        yield forbidden(SPEC.child("providerID"), 'node updates may not change providerID except from "" to valid')
    yield from taints_errors(spec.get("taints", ()), TAINTS)
    if spec.get("externalID") != before.get("externalID"):
        yield forbidden(SPEC.child("externalID"), "may not be updated")


def taints_errors(taints: Iterable[Mapping[str, Any]], path: Path) -> Iterator[FieldError]:
    """The faults of a list of taints."""
    seen: set[tuple[str, str]] = set()
    for position, taint in enumerate(taints):
        place, effect = path.index(position), taint.get("effect", "")
        yield from validate_label_name(taint.get("key", ""), place.child("key"))
        faults = is_valid_label_value(taint.get("value", ""))
        if faults:
            yield invalid(place.child("value"), taint["value"], ";".join(faults))
        if not effect:
            yield required(place.child("effect"))
        elif effect not in TAINT_EFFECTS:
            yield not_supported(place.child("effect"), effect, TAINT_EFFECTS)
        key = (effect, taint.get("key", ""))
        if key in seen:
            fault = duplicate(place, go_struct(taint, _TAINT))
            yield FieldError(fault.reason, place, fault.value, "taints must be unique by key and effect pair")
        seen.add(key)


def status_text(obj: Object) -> str:
    """The Status cell."""
    ready = find_condition(obj, "Ready")
    texts = ["Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"]
    if obj["spec"].get("unschedulable"):
        texts.append("SchedulingDisabled")
    return ",".join(texts)


def roles_text(obj: Object) -> str:
    """The Roles cell."""
    labels = obj["metadata"].get("labels") or {}
    roles = {key.removeprefix(ROLE_LABEL_PREFIX) for key in labels if key.startswith(ROLE_LABEL_PREFIX)}
    roles.add(labels.get(ROLE_LABEL, ""))
    return ",".join(sorted(roles - {""})) or NONE


def address_text(obj: Object, address_type: str) -> str:
    """The first address of a type."""
    addresses = value_at(obj, ("status", "addresses"), ())
    return next((str(item["address"]) for item in addresses if item["type"] == address_type), NONE)


def kernel_text(obj: Object) -> str:
    """The Kernel-Version cell, with the architecture."""
    info = value_at(obj, ("status", "nodeInfo"), {})
    kernel, architecture = info.get("kernelVersion") or UNKNOWN, info.get("architecture")
    return f"{kernel} ({architecture})" if architecture else str(kernel)


def _info_text(name: str) -> Any:
    return lambda obj: value_at(obj, ("status", "nodeInfo", name)) or UNKNOWN


COLUMNS = (
    NAME,
    cell_column("Status", status_text, description="The status of the node"),
    cell_column("Roles", roles_text, description="The roles of the node"),
    AGE,
    text_column(
        "Version",
        "status",
        "nodeInfo",
        "kubeletVersion",
        description=FieldText("io.k8s.api.core.v1.NodeSystemInfo", "kubeletVersion"),
    ),
    cell_column(
        "Internal-IP",
        lambda obj: address_text(obj, "InternalIP"),
        priority=1,
        description=FieldText("io.k8s.api.core.v1.NodeStatus", "addresses"),
    ),
    cell_column(
        "External-IP",
        lambda obj: address_text(obj, "ExternalIP"),
        priority=1,
        description=FieldText("io.k8s.api.core.v1.NodeStatus", "addresses"),
    ),
    cell_column(
        "OS-Image",
        _info_text("osImage"),
        priority=1,
        description=FieldText("io.k8s.api.core.v1.NodeSystemInfo", "osImage"),
    ),
    cell_column(
        "Kernel-Version",
        kernel_text,
        priority=1,
        description=FieldText("io.k8s.api.core.v1.NodeSystemInfo", "kernelVersion"),
    ),
    cell_column(
        "Container-Runtime",
        _info_text("containerRuntimeVersion"),
        priority=1,
        description=FieldText("io.k8s.api.core.v1.NodeSystemInfo", "containerRuntimeVersion"),
    ),
)


def selectable(obj: Object) -> Mapping[str, str]:
    """The fields by which nodes can be selected."""
    return {"spec.unschedulable": "true" if obj["spec"].get("unschedulable") else "false"}


STRATEGY = NodeStrategy()

KIND = Kind(
    group="",
    plural="nodes",
    strategy=STRATEGY,
    status_strategy=NodeStatusStrategy(STRATEGY),
    columns=COLUMNS,
    selectable=selectable,
    selectable_names=("spec.unschedulable",),
)
