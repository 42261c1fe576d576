"""What volumes, claims and classes say of each other, and which volume fits a claim.

Upstream: component-helpers/storage/volume. Shared by the volume binder, the scheduler and admission. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from minikube_lite.machinery.meta import is_deleting
from minikube_lite.machinery.selectors import label_selector_as_selector
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object

BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
STORAGE_PROVISIONER = "volume.kubernetes.io/storage-provisioner"
BETA_STORAGE_PROVISIONER = "volume.beta.kubernetes.io/storage-provisioner"
BETA_STORAGE_CLASS = "volume.beta.kubernetes.io/storage-class"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
BETA_DEFAULT_CLASS = "storageclass.beta.kubernetes.io/is-default-class"

CLAIM_PROTECTION = "kubernetes.io/pvc-protection"
VOLUME_PROTECTION = "kubernetes.io/pv-protection"

FREE_OR_NEW_PHASES = ("Available", "Pending", "")
"""The phases of volumes that are free, or were made just now and will be."""

_MODE_ORDER = {"ReadWriteOnce": 0, "ReadOnlyMany": 1, "ReadWriteMany": 2, "ReadWriteOncePod": 3}


def annotations_of(obj: Object) -> Mapping[str, str]:
    """The annotations, perhaps none."""
    return obj["metadata"].get("annotations") or {}


def storage_of(amounts: Mapping[str, str] | None) -> Quantity:
    """How much storage a list of resources says."""
    return Quantity.parse((amounts or {}).get("storage", "0"))


def requested_storage(claim: Object) -> Quantity:
    """How much a claim asks for."""
    return storage_of(claim["spec"].get("resources", {}).get("requests"))


def storage_class_of(obj: Object) -> str:
    """The class of a volume or a claim, "" for none."""
    beta = annotations_of(obj).get(BETA_STORAGE_CLASS)
    return beta if beta is not None else obj["spec"].get("storageClassName") or ""


def has_storage_class(claim: Object) -> bool:
    """Whether a claim says which class it wants; "" is a choice too: none."""
    return BETA_STORAGE_CLASS in annotations_of(claim) or claim["spec"].get("storageClassName") is not None


def default_storage_class(classes: Iterable[Object]) -> Object | None:
    """The class of claims that name none: of several defaults the newest."""
    keys = (DEFAULT_CLASS, BETA_DEFAULT_CLASS)
    marked = [item for item in classes if any(annotations_of(item).get(key) == "true" for key in keys)]
    marked.sort(key=lambda item: str(item["metadata"]["name"]))
    marked.sort(key=lambda item: str(item["metadata"]["creationTimestamp"]), reverse=True)
    return marked[0] if marked else None


def waits_for_first_consumer(storage_class: Object | None) -> bool:
    """Whether claims of the class are bound only once a pod that uses them is scheduled."""
    return storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"


def claim_key(reference: Mapping[str, Any]) -> str:
    """The `namespace/name` of the claim in a volume's claimRef."""
    return f"{reference.get('namespace', '')}/{reference.get('name', '')}"


def claims_of_pod(pod: Object) -> list[str]:
    """The names of the claims that a pod mounts, those made for its ephemeral volumes among them."""
    names = []
    for volume in pod["spec"].get("volumes") or ():
        if volume.get("persistentVolumeClaim"):
            names.append(volume["persistentVolumeClaim"]["claimName"])
        elif volume.get("ephemeral") is not None:
            names.append(f"{pod['metadata']['name']}-{volume['name']}")
    return names


def is_volume_bound_to_claim(volume: Object, claim: Object) -> bool:
    """Whether the volume is reserved for, or bound to, that very claim."""
    reference, metadata = volume["spec"].get("claimRef"), claim["metadata"]
    if reference is None or claim_key(reference) != f"{metadata['namespace']}/{metadata['name']}":
        return False
    return reference.get("uid", "") in ("", metadata.get("uid"))


def volume_mode_of(obj: Object) -> str:
    """The mode of a volume or a claim."""
    return obj["spec"].get("volumeMode") or "Filesystem"


def mismatch(volume: Object, claim: Object) -> str:
    """Why a volume that a claim asks for by name cannot be its own, "" if it can; in upstream's words."""
    if is_deleting(volume):
        return f'the volume is marked for deletion "{volume["metadata"]["name"]}"'
    if storage_of(volume["spec"].get("capacity")).value < requested_storage(claim).value:
        return "requested PV is too small"
    if storage_class_of(volume) != storage_class_of(claim):
        return "storageClassName does not match"
    if _attributes_class(volume) != _attributes_class(claim):
        return "volumeAttributesClassName does not match"
    if volume_mode_of(volume) != volume_mode_of(claim):
        return "incompatible volumeMode"
    if not _covers(volume["spec"].get("accessModes"), claim["spec"].get("accessModes")):
        return "incompatible accessMode"
    return ""


def find_matching_volume(
    claim: Object,
    volumes: Iterable[Object],
    *,
    delay_binding: bool = False,
    phases: Sequence[str] = ("Available",),
) -> Object | None:
    """The volume that is reserved for the claim, or else the smallest free one that fits; of equals the first by name.

    Volumes with fewer access modes come first. With `delay_binding` only a reserved one counts: the scheduler chooses
    among the others. `phases` are those of volumes that are free.
    """
    groups: dict[tuple[int, ...], list[Object]] = {}
    for volume in volumes:
        modes = volume["spec"].get("accessModes")
        if _covers(modes, claim["spec"].get("accessModes")):
            groups.setdefault(tuple(sorted(_MODE_ORDER.get(mode, 9) for mode in modes or ())), []).append(volume)
    for modes in sorted(groups, key=lambda modes: (len(modes), modes)):
        found = _best_of(claim, groups[modes], () if delay_binding else phases)
        if found is not None:
            return found
    return None


def _best_of(claim: Object, volumes: Sequence[Object], phases: Sequence[str]) -> Object | None:
    requested, selector = requested_storage(claim), claim["spec"].get("selector")
    matcher = label_selector_as_selector(selector) if selector is not None else None
    best: Object | None = None
    best_size = requested
    for volume in sorted(volumes, key=lambda volume: str(volume["metadata"]["name"])):
        spec, size = volume["spec"], storage_of(volume["spec"].get("capacity"))
        reserved = is_volume_bound_to_claim(volume, claim)
        if spec.get("claimRef") is not None and not reserved:
            continue
        if size < requested or volume_mode_of(volume) != volume_mode_of(claim) or is_deleting(volume):
            continue
        if _attributes_class(volume) != _attributes_class(claim):
            continue
        if reserved:
            return volume
        if volume.get("status", {}).get("phase", "") not in phases:
            continue
        if matcher is not None and not matcher.matches(volume["metadata"].get("labels")):
            continue
        if storage_class_of(volume) == storage_class_of(claim) and (best is None or size < best_size):
            best, best_size = volume, size
    return best


def _covers(offered: Iterable[str] | None, wanted: Iterable[str] | None) -> bool:
    return set(wanted or ()) <= set(offered or ())


def _attributes_class(obj: Object) -> str:
    return obj["spec"].get("volumeAttributesClassName") or ""
