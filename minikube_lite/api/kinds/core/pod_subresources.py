"""The subresources ephemeralcontainers and resize of pods; upstream: pkg/registry/core/pod/strategy.go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from minikube_lite.api.kinds.core.pod_fields import ANNOTATION_MIRROR_POD
from minikube_lite.api.kinds.core.pod_spec import validate_pod
from minikube_lite.api.kinds.core.pod_update import METADATA, SPEC, diff_text, validate_meta_and_spec
from minikube_lite.machinery.equality import same
from minikube_lite.machinery.kind import RequestContext, Strategy, keep
from minikube_lite.machinery.metadata import validate_object_meta
from minikube_lite.machinery.names import name_is_dns_subdomain
from minikube_lite.machinery.pod_resources import compute_pod_qos, is_sidecar, pod_qos
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid
from minikube_lite.schema.fieldset import ANY_ELEMENT
from minikube_lite.store import Object

_RESIZABLE = ("cpu", "memory")
_METADATA_KEPT = ("labels", "annotations", "finalizers", "ownerReferences", "generateName")


def _keep_all_but_spec(new: Object, old: Object) -> None:
    keep(new, old, "status")
    for part in _METADATA_KEPT:
        keep(new["metadata"], old["metadata"], part)


class PodViewStrategy(Strategy):
    """Writes a part of a pod's spec alone."""

    def __init__(self, main: Strategy) -> None:
        self.main = main

    def default(self, obj: Object) -> None:
        self.main.default(obj)


class EphemeralContainersStrategy(PodViewStrategy):
    """Adds containers to a running pod."""

    owned_fields = (("f:spec", "f:ephemeralContainers"),)

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        added = (new.get("spec") or {}).get("ephemeralContainers")
        new["spec"] = dict(old.get("spec") or {})
        new["spec"].pop("ephemeralContainers", None)
        if added:
            new["spec"]["ephemeralContainers"] = added
        _keep_all_but_spec(new, old)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        if ANNOTATION_MIRROR_POD in (old["metadata"].get("annotations") or {}):
            yield forbidden(Path(), "static pods do not support ephemeral containers")
            return
        yield from validate_meta_and_spec(new, old)
        path = SPEC.child("ephemeralContainers")
        after = {item.get("name"): item for item in new["spec"].get("ephemeralContainers") or ()}
        for before in (old.get("spec") or {}).get("ephemeralContainers") or ():
            name = before.get("name") or ""
            if name not in after:
                yield forbidden(path, f'existing ephemeral containers "{name}" may not be removed\n')
            elif not same(after[name], before):
                text = f'existing ephemeral containers "{name}" may not be changed'
                yield forbidden(path, f"{text}\n{diff_text(before, after[name])}")


class ResizeStrategy(PodViewStrategy):
    """Changes how much cpu and memory the containers of a running pod may use."""

    owned_fields = tuple(
        ("f:spec", containers, ANY_ELEMENT, field)
        for containers in ("f:containers", "f:initContainers")
        for field in ("f:resources", "f:resizePolicy")
    )

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        after, before = new.get("spec") or {}, old.get("spec") or {}
        lists = ("containers", "initContainers")
        if any(len(after.get(name) or ()) != len(before.get(name) or ()) for name in lists):
            return
        spec = dict(before)
        for name in (*lists, "resources"):
            spec.pop(name, None)
        if after.get("resources") is not None:
            spec["resources"] = after["resources"]
        for name in lists:
            if name in before:
                spec[name] = _merge_resources(after.get(name) or [], before[name] or [])
        new["spec"] = spec
        _keep_all_but_spec(new, old)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        yield from validate_resize(new, old)


def _merge_resources(new: list[Object], old: list[Object]) -> list[Object]:
    """The old containers with what the new ones may use; the new ones if they are others."""
    merged = []
    for after, before in zip(new, old, strict=True):
        if after.get("name") != before.get("name"):
            return new
        container = dict(before)
        for name in ("resources", "resizePolicy"):
            container.pop(name, None)
            if name in after:
                container[name] = after[name]
        merged.append(container)
    return merged


def validate_resize(new: Object, old: Object) -> Iterator[FieldError]:
    """A change of what containers may use."""
    after, before = new.get("spec") or {}, old.get("spec") or {}
    if ANNOTATION_MIRROR_POD in (old["metadata"].get("annotations") or {}):
        yield forbidden(Path(), "static pods cannot be resized")
        return
    if (before.get("os") or {}).get("name") == "windows":
        yield forbidden(Path(), "windows pods cannot be resized")
        return
    errors = [*validate_object_meta(new["metadata"], True, name_is_dns_subdomain, METADATA), *validate_pod(new)]
    if pod_qos(old) != compute_pod_qos(after):
        text = "Pod QOS Class may not change as a result of resizing"
        errors.append(invalid(SPEC, (new.get("status") or {}).get("qosClass") or "", text))
    errors.extend(_validate_pod_level(after.get("resources"), before.get("resources")))
    order = list(_validate_order(after, before))
    yield from errors
    yield from order
    if not order:
        yield from _validate_containers(after, before, clean=not errors)


def _validate_pod_level(new: Object | None, old: Object | None) -> Iterator[FieldError]:
    if old is None:
        return
    path = SPEC.child("resources")
    if new is None:
        yield forbidden(path, "pod-level resources cannot be removed")
        return
    for sort in ("requests", "limits"):
        if set(old.get(sort) or {}) - set(new.get(sort) or {}):
            yield forbidden(path.child(sort), f"pod-level resource {sort} cannot be removed")
    if not same(_without_resizable(new, old), old):
        yield forbidden(SPEC, "only cpu and memory resources are mutable at pod-level")


def _validate_order(new: Object, old: Object) -> Iterator[FieldError]:
    for name in ("containers", "initContainers"):
        after, before = new.get(name) or (), old.get(name) or ()
        if len(after) != len(before):
            yield forbidden(SPEC.child(name), f"{name} may not be added or removed on resize")
            continue
        for position, container in enumerate(before):
            if after[position].get("name") != container.get("name"):
                at = SPEC.child(name).index(position).child("name")
                yield forbidden(at, f"{name} may not be renamed or reordered on resize")


def _validate_containers(new: Object, old: Object, *, clean: bool) -> Iterator[FieldError]:
    errors: list[FieldError] = []
    for name in ("initContainers", "containers"):
        path = SPEC.child(name)
        for position, before in enumerate(old.get(name) or ()):
            after = new[name][position]
            errors.extend(_validate_removed(after, before, path.index(position).child("resources")))
    only = "only cpu and memory resources"
    for after, before in _pairs(new, old, "containers"):
        if not same(_masked(after, before), before):
            errors.append(forbidden(SPEC, f"{only} are mutable"))
    for position, (after, before) in enumerate(_pairs(new, old, "initContainers")):
        at = SPEC.child("initContainers").index(position)
        if not same(_masked(after, before), before):
            errors.append(forbidden(at, f"{only} for init or sidecar containers are mutable"))
        if not is_sidecar(after) and not same(after, before):
            restarting = [p for p in after.get("resizePolicy") or () if p.get("restartPolicy") == "RestartContainer"]
            text = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"
            errors.extend(forbidden(at, text) for _ in restarting)
    yield from errors
    parts = [part for part in {**new, **old} if part not in ("containers", "initContainers", "resources")]
    if clean and not errors and any(not same(new.get(part), old.get(part)) for part in parts):
        yield forbidden(SPEC, f"{only} are mutable")


def _pairs(new: Object, old: Object, name: str) -> Sequence[tuple[Object, Object]]:
    return list(zip(new.get(name) or (), old.get(name) or (), strict=True))


def _validate_removed(new: Object, old: Object, path: Path) -> Iterator[FieldError]:
    after, before = new.get("resources") or {}, old.get("resources") or {}
    for sort in ("requests", "limits"):
        if set(before.get(sort) or {}) - set(after.get(sort) or {}):
            yield forbidden(path.child(sort), f"resource {sort} cannot be removed")


def _masked(new: Object, old: Object) -> Object:
    resources = _without_resizable(new.get("resources") or {}, old.get("resources") or {})
    return {**new, "resources": {sort: resources.get(sort) for sort in ("limits", "requests") if resources.get(sort)}}


def _without_resizable(new: Object, old: Object) -> Object:
    """The new resources with cpu and memory as they were."""
    masked = dict(new)
    for sort in ("limits", "requests"):
        amounts = {name: text for name, text in (new.get(sort) or {}).items() if name not in _RESIZABLE}
        before = old.get(sort) or {}
        amounts.update((name, before[name]) for name in _RESIZABLE if name in before)
        if amounts or sort in masked:
            masked[sort] = amounts
    return masked
