"""The claims of a pod: whether it may be scheduled, and on which nodes.

Claims of a class that waits for the first consumer are bound for the node that is chosen, all others before.
Upstream: framework/plugins/volume{binding,zone,restrictions}.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from minikube_lite.controllers.scheduler.terms import matches_node_selector
from minikube_lite.machinery.meta import is_deleting
from minikube_lite.machinery.volumes import (
    BIND_COMPLETED,
    annotations_of,
    claims_of_pod,
    find_matching_volume,
    storage_class_of,
    waits_for_first_consumer,
)
from minikube_lite.store import Object

UNBOUND_FAULT = "pod has unbound immediate PersistentVolumeClaims"
NODE_FAULT = "node(s) didn't match PersistentVolume's node affinity"
BIND_FAULT = "node(s) didn't find available persistent volumes to bind"
MISSING_FAULT = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
ZONE_FAULT = "node(s) had no available volume zone"
IN_USE_FAULT = (
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
)

NO_PROVISIONER = "kubernetes.io/no-provisioner"
TOPOLOGY_LABELS = (
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
)


class Storage(Protocol):
    """Claims, volumes and classes as they are known."""

    def claim(self, namespace: str, name: str) -> Object | None:
        """A claim."""

    def volume(self, name: str) -> Object | None:
        """A volume."""

    def storage_class(self, name: str) -> Object | None:
        """A class."""

    def free_volumes(self) -> Sequence[Object]:
        """All volumes but those that are promised to a claim already."""

    def is_claim_used(self, namespace: str, name: str, pod_uid: str) -> bool:
        """Whether another pod that has a node uses the claim."""


@dataclass(frozen=True, slots=True)
class PodVolumes:
    """What the claims of a pod ask of its node."""

    volumes: tuple[Object, ...] = ()
    missing: bool = False
    """A claim is bound to a volume that is not there."""
    in_use: bool = False
    """A claim for one pod only is used by another."""
    unbound: tuple[Object, ...] = ()
    """Claims that are bound for the node."""


@dataclass(frozen=True, slots=True)
class VolumePlan:
    """How a pod's unbound claims get their volumes on a node."""

    bind: tuple[tuple[Object, Object], ...] = ()
    """Claim and volume."""
    provision: tuple[Object, ...] = ()
    """Claims whose volumes are made for the node."""


@dataclass(slots=True)
class _Found:
    volumes: list[Object] = field(default_factory=list)
    unbound: list[Object] = field(default_factory=list)
    missing: bool = False
    in_use: bool = False


def pod_volumes(pod: Object, storage: Storage) -> PodVolumes | str:
    """What is to be known of a pod's claims, or why the pod has to wait for them wherever it will run."""
    namespace = pod["metadata"]["namespace"]
    found, immediate = _Found(), False
    for name in claims_of_pod(pod):
        claim = storage.claim(namespace, name)
        fault = _claim_fault(pod, name, claim)
        if fault:
            return fault
        assert claim is not None
        if "ReadWriteOncePod" in (claim["spec"].get("accessModes") or ()):
            found.in_use = found.in_use or storage.is_claim_used(namespace, name, pod["metadata"]["uid"])
        if is_bound(claim):
            volume = storage.volume(claim["spec"]["volumeName"])
            found.missing = found.missing or volume is None
            found.volumes += [volume] if volume is not None else []
        elif _is_delayed(claim, storage):
            found.unbound.append(claim)
        else:
            immediate = True
    if immediate:
        return UNBOUND_FAULT
    return PodVolumes(tuple(found.volumes), found.missing, found.in_use, tuple(found.unbound))


def _claim_fault(pod: Object, name: str, claim: Object | None) -> str:
    if claim is None:
        ephemeral = any(volume.get("ephemeral") is not None for volume in pod["spec"]["volumes"]) and not any(
            (volume.get("persistentVolumeClaim") or {}).get("claimName") == name for volume in pod["spec"]["volumes"]
        )
        if ephemeral:
            return f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"'
        return f'persistentvolumeclaim "{name}" not found'
    if (claim.get("status") or {}).get("phase") == "Lost":
        volume = claim["spec"].get("volumeName", "")
        return f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{volume}"'
    if is_deleting(claim):
        return f'persistentvolumeclaim "{name}" is being deleted'
    return ""


def is_bound(claim: Object) -> bool:
    """Whether the claim has its volume for good."""
    return bool(claim["spec"].get("volumeName")) and BIND_COMPLETED in annotations_of(claim)


def _is_delayed(claim: Object, storage: Storage) -> bool:
    if claim["spec"].get("volumeName"):
        return False
    name = storage_class_of(claim)
    return bool(name) and waits_for_first_consumer(storage.storage_class(name))


def volume_faults(volumes: PodVolumes, node: Object, storage: Storage) -> list[str]:
    """Why the pod's claims do not let it run on a node."""
    if volumes.in_use:
        return [IN_USE_FAULT]
    faults = []
    if any(not _is_reachable(volume, node) for volume in volumes.volumes):
        faults.append(NODE_FAULT)
    if volumes.missing:
        faults.append(MISSING_FAULT)
    if volumes.unbound and plan_volumes(volumes, node, storage) is None:
        faults.append(BIND_FAULT)
    if not faults and any(not _is_in_zone(volume, node) for volume in volumes.volumes):
        faults.append(ZONE_FAULT)
    return faults


def plan_volumes(volumes: PodVolumes, node: Object, storage: Storage) -> VolumePlan | None:
    """How the unbound claims get their volumes on that node: free ones first; None where they cannot."""
    bind: list[tuple[Object, Object]] = []
    provision: list[Object] = []
    taken: dict[str, None] = {}
    for claim in volumes.unbound:
        reachable = [
            volume
            for volume in storage.free_volumes()
            if volume["metadata"]["name"] not in taken and _is_reachable(volume, node)
        ]
        volume = find_matching_volume(claim, reachable)
        if volume is not None:
            taken[volume["metadata"]["name"]] = None
            bind.append((claim, volume))
        elif _can_provision(storage.storage_class(storage_class_of(claim)), node):
            provision.append(claim)
        else:
            return None
    return VolumePlan(tuple(bind), tuple(provision))


def _is_reachable(volume: Object, node: Object) -> bool:
    return matches_node_selector((volume["spec"].get("nodeAffinity") or {}).get("required"), node)


def _is_in_zone(volume: Object, node: Object) -> bool:
    """Volumes of old say by labels where they are."""
    labels: Mapping[str, str] = volume["metadata"].get("labels") or {}
    found: Mapping[str, str] = node["metadata"].get("labels") or {}
    return all(found.get(key) in labels[key].split("__") for key in TOPOLOGY_LABELS if key in labels and key in found)


def _can_provision(storage_class: Object | None, node: Object) -> bool:
    if storage_class is None or storage_class.get("provisioner", "") in ("", NO_PROVISIONER):
        return False
    topologies: Iterable[Object] = storage_class.get("allowedTopologies") or ()
    labels: Mapping[str, str] = node["metadata"].get("labels") or {}
    terms = [term.get("matchLabelExpressions") or () for term in topologies]
    return not terms or any(all(labels.get(item["key"]) in item["values"] for item in term) for term in terms)
