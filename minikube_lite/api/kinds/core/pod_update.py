"""Which changes of a pod are allowed; upstream: ValidatePodUpdate in pkg/apis/core/validation/validation.go."""

from __future__ import annotations

import difflib
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

import orjson

from minikube_lite.api.kinds.core.pod_affinity import validate_tolerations
from minikube_lite.api.kinds.core.pod_fields import ANNOTATION_MIRROR_POD, INT32_MAX
from minikube_lite.api.kinds.core.pod_security import ANNOTATION_APPARMOR
from minikube_lite.api.kinds.core.pod_spec import validate_pod, validate_pod_annotations
from minikube_lite.machinery.equality import same
from minikube_lite.machinery.metadata import validate_object_meta
from minikube_lite.machinery.names import name_is_dns_subdomain, range_text
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, required
from minikube_lite.store import Object

SPEC = Path("spec")
METADATA = Path("metadata")

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_UPDATABLE = ",".join(
    (
        "`spec.containers[*].image`",
        "`spec.initContainers[*].image`",
        "`spec.activeDeadlineSeconds`",
        "`spec.tolerations` (only additions to existing tolerations)",
        "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
    )
)


def diff_text(old: Any, new: Any) -> str:
    """The lines that differ, with some around them."""
    before, after = (
        orjson.dumps(value, option=orjson.OPT_INDENT_2).decode().splitlines(keepends=True) for value in (old, new)
    )
    lines = list(difflib.unified_diff(before, after))[2:]
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def validate_meta_and_spec(new: Object, old: Object) -> Iterator[FieldError]:
    """A changed pod as a whole, as if it were new, and its annotations against what was."""
    yield from validate_object_meta(new["metadata"], True, name_is_dns_subdomain, METADATA)
    yield from validate_pod(new)
    yield from validate_annotation_changes(new, old)


def validate_annotation_changes(new: Object, old: Object) -> Iterator[FieldError]:
    """Some annotations stay as they were."""
    path = METADATA.child("annotations")
    after: Mapping[str, str] = new["metadata"].get("annotations") or {}
    before: Mapping[str, str] = old["metadata"].get("annotations") or {}
    if not after and not before:
        return
    for key in sorted(before):
        if after.get(key) != before[key]:
            if key.startswith(ANNOTATION_APPARMOR):
                yield forbidden(path.key(key), "may not remove or update AppArmor annotations")
            if key == ANNOTATION_MIRROR_POD:
                yield forbidden(path.key(key), "may not remove or update mirror pod annotation")
    for key in sorted(after):
        if key not in before:
            if key.startswith(ANNOTATION_APPARMOR):
                yield forbidden(path.key(key), "may not add AppArmor annotations")
            if key == ANNOTATION_MIRROR_POD:
                yield forbidden(path.key(key), "may not add mirror pod annotation")
    yield from validate_pod_annotations(dict(after), new.get("spec") or {}, path)


def validate_pod_update(new: Object, old: Object) -> Iterator[FieldError]:
    """A change of a pod by PUT or PATCH."""
    yield from validate_meta_and_spec(new, old)
    after, before = new.get("spec") or {}, old.get("spec") or {}
    for name in ("containers", "initContainers"):
        if len(after.get(name) or ()) != len(before.get(name) or ()):
            yield forbidden(SPEC.child(name), "pod updates may not add or remove containers")
            return
        yield from _validate_images(after.get(name) or (), SPEC.child(name))
    stop = yield from _validate_deadline(after.get("activeDeadlineSeconds"), before.get("activeDeadlineSeconds"))
    if stop:
        return
    yield from _validate_added_tolerations(after.get("tolerations") or (), before.get("tolerations") or ())
    yield from _validate_gates(after.get("schedulingGates") or (), before.get("schedulingGates") or ())
    if same(after, before):
        return
    munged = _without_updatable(after, before)
    if before.get("schedulingGates"):
        yield from _validate_gated_changes(munged, before)
    if not same(munged, before):
        text = f"pod updates may not change fields other than {_UPDATABLE}"
        yield forbidden(SPEC, f"{text}\n{diff_text(before, munged)}")


def _validate_images(containers: Sequence[Object], path: Path) -> Iterator[FieldError]:
    for position, container in enumerate(containers):
        image = container.get("image") or ""
        if not image:
            yield required(path.index(position).child("image"))
        if image != image.strip():
            text = "must not have leading or trailing whitespace"
            yield invalid(path.index(position).child("image"), image, text)


def _validate_deadline(new: int | None, old: int | None) -> Generator[FieldError, None, bool]:
    """Returns, as the generator's value, whether to look no further."""
    path = SPEC.child("activeDeadlineSeconds")
    if new is not None:
        if not 0 <= new <= INT32_MAX:
            yield invalid(path, new, range_text(0, INT32_MAX))
            return True
        if old is not None and old < new:
            yield invalid(path, new, "must be less than or equal to previous value")
            return True
    elif old is not None:
        yield invalid(path, new, "must not update from a positive integer to nil value")
    return False


def _validate_added_tolerations(new: Sequence[Object], old: Sequence[Object]) -> Iterator[FieldError]:
    path = SPEC.child("tolerations")
    known = [{**toleration, "tolerationSeconds": None} for toleration in new]
    for toleration in old:
        if {**toleration, "tolerationSeconds": None} not in known:
            yield forbidden(path, "existing toleration can not be modified except its tolerationSeconds")
            return
    yield from validate_tolerations(new, path)


def _validate_gates(new: Sequence[Object], old: Sequence[Object]) -> Iterator[FieldError]:
    known = {gate.get("name") for gate in old}
    for position, gate in enumerate(new):
        if gate.get("name") not in known:
            text = f"only deletion is allowed, but found new scheduling gate '{gate.get('name')}'"
            yield forbidden(SPEC.child("schedulingGates").index(position).child("name"), text)


def _without_updatable(new: Object, old: Object) -> Object:
    """The new spec with all that may change taken from the old one."""
    munged = dict(new)
    for name in ("containers", "initContainers"):
        if new.get(name):
            pairs = zip(new[name], old[name], strict=True)
            munged[name] = [{**container, "image": other.get("image")} for container, other in pairs]
    for name in ("activeDeadlineSeconds", "schedulingGates", "tolerations"):
        munged[name] = old.get(name)
    if (old.get("terminationGracePeriodSeconds") or 0) < 0 and new.get("terminationGracePeriodSeconds") == 1:
        munged["terminationGracePeriodSeconds"] = old["terminationGracePeriodSeconds"]
    return {name: value for name, value in munged.items() if value is not None}


def _validate_gated_changes(munged: Object, old: Object) -> Iterator[FieldError]:
    """A pod that may not be scheduled yet may still be told to go to fewer nodes."""
    new_labels, old_labels = munged.get("nodeSelector") or {}, old.get("nodeSelector") or {}
    if new_labels != old_labels:
        if any(new_labels.get(key) != value for key, value in old_labels.items()):
            text = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
            yield invalid(SPEC.child("nodeSelector"), new_labels, text)
        munged["nodeSelector"] = old_labels
    affinity, old_affinity = munged.get("affinity") or {}, old.get("affinity") or {}
    if not same(affinity.get("nodeAffinity"), old_affinity.get("nodeAffinity")):
        yield from _validate_node_affinity(affinity.get("nodeAffinity") or {}, old_affinity.get("nodeAffinity") or {})
        munged["affinity"] = {**affinity, "nodeAffinity": old_affinity.get("nodeAffinity")}


def _validate_node_affinity(new: Object, old: Object) -> Iterator[FieldError]:
    path = SPEC.child("affinity", "nodeAffinity", _REQUIRED, "nodeSelectorTerms")
    old_terms: list[Object] = (old.get(_REQUIRED) or {}).get("nodeSelectorTerms") or []
    new_terms: list[Object] = (new.get(_REQUIRED) or {}).get("nodeSelectorTerms") or []
    if old_terms and len(old_terms) != len(new_terms):
        text = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
        yield invalid(path, new_terms, text)
        return
    for position, term in enumerate(old_terms):
        if not _only_adds(new_terms[position], term):
            text = "only additions are allowed (no mutations or deletions)"
            yield invalid(path.index(position), new_terms[position], text)


def _only_adds(new: Object, old: Object) -> bool:
    names = ("matchExpressions", "matchFields")
    if not any(old.get(name) for name in names):
        return not any(new.get(name) for name in names)
    return all((new.get(name) or [])[: len(old.get(name) or ())] == (old.get(name) or []) for name in names)
