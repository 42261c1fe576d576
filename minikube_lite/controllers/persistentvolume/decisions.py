"""What to do next with a claim or a volume, from what is observed of both.

Upstream: syncClaim and syncVolume of pv_controller.go. Pure: a step says what to do and what to report;
`controller.py` does it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from minikube_lite.machinery.volumes import (
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    FREE_OR_NEW_PHASES,
    PROVISIONED_BY,
    SELECTED_NODE,
    annotations_of,
    default_storage_class,
    find_matching_volume,
    has_storage_class,
    is_volume_bound_to_claim,
    mismatch,
    storage_class_of,
    volume_mode_of,
    waits_for_first_consumer,
)
from minikube_lite.store import Object

IN_TREE_PREFIX = "kubernetes.io/"


@dataclass(frozen=True, slots=True)
class Report:
    """An event to tell."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Bind:
    """Bind the claim and this volume to each other."""

    volume: Object


@dataclass(frozen=True, slots=True)
class SetClaimPhase:
    """The claim has no volume: it is Pending, or Lost. `report` is told each time, or only when the phase changes."""

    phase: Literal["Pending", "Lost"]
    report: Report | None = None
    only_on_change: bool = False


@dataclass(frozen=True, slots=True)
class AssignClass:
    """Give the claim the default class."""

    name: str


@dataclass(frozen=True, slots=True)
class Provision:
    """Ask a provisioner outside of the binder for a volume."""

    provisioner: str
    report: Report


@dataclass(frozen=True, slots=True)
class Fail:
    """Nothing can be done but telling."""

    report: Report


ClaimStep = Bind | SetClaimPhase | AssignClass | Provision | Fail


def decide_claim(
    claim: Object, volumes: Mapping[str, Object], classes: Mapping[str, Object], unscheduled_pods: Sequence[str] = ()
) -> ClaimStep:
    """The next step of a claim. `unscheduled_pods` are those that use it and have no node yet."""
    name = claim["spec"].get("volumeName", "")
    if BIND_COMPLETED in annotations_of(claim):
        return _bound_claim(claim, name, volumes.get(name))
    if name:
        return _claim_of_named_volume(claim, volumes.get(name))
    return _unbound_claim(claim, volumes, classes, unscheduled_pods)


def _unbound_claim(
    claim: Object, volumes: Mapping[str, Object], classes: Mapping[str, Object], unscheduled_pods: Sequence[str]
) -> ClaimStep:
    class_name = storage_class_of(claim)
    storage_class = classes.get(class_name) if class_name else None
    delay = waits_for_first_consumer(storage_class)
    found = find_matching_volume(claim, volumes.values(), delay_binding=delay)
    if found is not None:
        return Bind(found)
    default = default_storage_class(classes.values())
    if default is not None and not has_storage_class(claim):
        if find_matching_volume(claim, volumes.values(), phases=FREE_OR_NEW_PHASES) is not None:
            return SetClaimPhase("Pending")  # that volume will be free in a moment
        return AssignClass(default["metadata"]["name"])
    if delay and SELECTED_NODE not in annotations_of(claim):
        return SetClaimPhase("Pending", _waiting_for_pods(unscheduled_pods))
    if class_name:
        return _provision(class_name, storage_class)
    text = "no persistent volumes available for this claim and no storage class is set"
    return SetClaimPhase("Pending", Report("Normal", "FailedBinding", text))


def _waiting_for_pods(names: Sequence[str]) -> Report:
    if not names:
        text = "waiting for first consumer to be created before binding"
        return Report("Normal", "WaitForFirstConsumer", text)
    pods = "pod" if len(names) == 1 else "pods"
    return Report("Normal", "WaitForPodScheduled", f"waiting for {pods} {','.join(names)} to be scheduled")


def _provision(class_name: str, storage_class: Object | None) -> ClaimStep:
    if storage_class is None:
        text = f'storageclass.storage.k8s.io "{class_name}" not found'
        return Fail(Report("Warning", "ProvisioningFailed", text))
    provisioner = storage_class.get("provisioner", "")
    if provisioner.startswith(IN_TREE_PREFIX):
        text = f"no volume plugin matched name: {provisioner}"
        return Fail(Report("Warning", "ProvisioningFailed", text))
    text = (
        f"Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the"
        " system administrator. If volume creation is delayed, please verify that the provisioner is running and"
        " correctly registered."
    )
    return Provision(provisioner, Report("Normal", "ExternalProvisioning", text))


def _claim_of_named_volume(claim: Object, volume: Object | None) -> ClaimStep:
    """A claim that asks for one volume by its name."""
    if volume is None:
        return SetClaimPhase("Pending")
    name = volume["metadata"]["name"]
    if volume["spec"].get("claimRef") is None:
        fault = mismatch(volume, claim)
        if fault:
            text = f'Cannot bind to requested volume "{name}": {fault}'
            return SetClaimPhase("Pending", Report("Warning", "VolumeMismatch", text))
        return Bind(volume)
    if is_volume_bound_to_claim(volume, claim):
        return Bind(volume)
    report = Report("Warning", "FailedBinding", f'volume "{name}" already bound to a different claim.')
    return Fail(report) if BOUND_BY_CONTROLLER in annotations_of(claim) else SetClaimPhase("Pending", report)


def _bound_claim(claim: Object, name: str, volume: Object | None) -> ClaimStep:
    """A claim that was bound: it stays bound, or it is lost."""
    if not name:
        text = "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!"
    elif volume is None:
        text = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
    else:
        reference = volume["spec"].get("claimRef")
        if reference is None or reference.get("uid") == claim["metadata"]["uid"]:
            return Bind(volume)
        text = "Two claims are bound to the same volume, this one is bound incorrectly"
        return SetClaimPhase("Lost", Report("Warning", "ClaimMisbound", text), only_on_change=True)
    return SetClaimPhase("Lost", Report("Warning", "ClaimLost", text), only_on_change=True)


VolumeStep = Literal["Available", "Bound", "Release", "Unbind", "WaitForClaim", "ModeMismatch"]
"""What to do with a volume: show that phase, take it back, undo its binding, let its claim settle it, or tell."""


def decide_volume(volume: Object, claim: Object | None) -> VolumeStep:
    """The next step of a volume. `claim` is the one of the name in its claimRef."""
    reference = volume["spec"].get("claimRef")
    if reference is None or not reference.get("uid"):
        return "Available"
    if claim is None or claim["metadata"]["uid"] != reference["uid"]:
        return "Release"
    chosen = claim["spec"].get("volumeName", "")
    if not chosen:
        return "WaitForClaim" if volume_mode_of(volume) == volume_mode_of(claim) else "ModeMismatch"
    if chosen == volume["metadata"]["name"]:
        return "Bound"
    policy = volume["spec"].get("persistentVolumeReclaimPolicy")
    return "Release" if PROVISIONED_BY in annotations_of(volume) and policy == "Delete" else "Unbind"


def is_released(volume: Object, claim: Object | None) -> bool:
    """Whether a volume that was bound belongs to no claim any more, so that its data may go."""
    reference = volume["spec"].get("claimRef")
    if reference is None or not reference.get("uid"):
        return False
    if claim is None or claim["metadata"]["uid"] != reference["uid"]:
        return True
    return claim["spec"].get("volumeName", "") not in ("", volume["metadata"]["name"])


DELETER_NONE = "no deletable volume plugin matched"


def deleter_fault(volume: Object) -> str | None:
    """Why the binder itself cannot delete a volume, "" if it can; None if a provisioner outside has to."""
    spec, provisioner = volume["spec"], annotations_of(volume).get(PROVISIONED_BY, "")
    if provisioner:
        return f"no volume plugin matched name: {provisioner}" if provisioner.startswith(IN_TREE_PREFIX) else None
    if spec.get("csi") is not None:
        return None
    if spec.get("hostPath") is None:
        name = volume["metadata"]["name"]
        return f'error getting deleter volume plugin for volume "{name}": {DELETER_NONE}'
    path = spec["hostPath"].get("path", "")
    if path.startswith("/tmp/") and len(path) > len("/tmp/"):
        return ""
    return f"host_path deleter only supports /tmp/.+ but received provided {path}"


def is_recyclable(volume: Object) -> bool:
    """Whether there is a recycler for the volume's source."""
    return any(volume["spec"].get(source) is not None for source in ("hostPath", "nfs"))
