"""The scale subresource: how many replicas are wanted and there are; upstream: autoscaling/v1 Scale and pkg/registry/apps/*/storage."""

from __future__ import annotations

from minikube_lite.api.columns import NAME
from minikube_lite.api.customresources.values import go_type, value_at
from minikube_lite.api.ownership import SCALE, set_entries
from minikube_lite.api.scheme import ScalePaths, ServedResource
from minikube_lite.machinery import errors
from minikube_lite.machinery.kind import Column, FieldText, Kind, Strategy
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.scale_ownership import owners_of_parent, owners_of_scale
from minikube_lite.machinery.selectors import format_label_selector
from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.field import Path, invalid
from minikube_lite.schema.resources import ResourceInfo
from minikube_lite.store import Object

SHOWN_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")

COLUMNS = (
    NAME,
    Column(
        "Desired",
        lambda obj, now: obj["spec"].get("replicas", 0),
        type="integer",
        description=FieldText("io.k8s.api.autoscaling.v1.ScaleSpec", "replicas"),
    ),
    Column(
        "Available",
        lambda obj, now: obj["status"].get("replicas", 0),
        type="integer",
        description=FieldText("io.k8s.api.autoscaling.v1.ScaleStatus", "replicas"),
    ),
)


class ScaleStrategy(Strategy):
    """All fields of a Scale can be owned."""

    has_status = False


class ScaleView:
    """Shows Deployments, StatefulSets and their like as a Scale. e.g. /apis/apps/v1/namespaces/default/statefulsets/kubia/scale"""

    def __init__(self, schemas: BuiltinSchemas) -> None:
        schema = schemas.type_for("autoscaling", "v1", "Scale")
        assert schema is not None
        info = ResourceInfo("autoscaling", "v1", "v1", "scales", "scale", "Scale", True, ("get", "patch", "update"))
        kind = Kind(group="autoscaling", plural="scales", strategy=ScaleStrategy(), columns=COLUMNS)
        self._scale = ServedResource(info, schema, kind, Strategy(), {})

    def shown_as(self, resource: ServedResource) -> ServedResource:
        """A Scale."""
        return self._scale

    def strategy(self, resource: ServedResource, subresource: str) -> Strategy:
        """The kind's own: it is the spec that is written."""
        return resource.strategy

    def show(self, resource: ServedResource, obj: Object) -> Object:
        """The wanted and the present number, and the selector as text."""
        if resource.custom is not None and resource.custom.scale is not None:
            wanted, replicas, selector = _custom_counts(obj, resource.custom.scale)
        else:
            spec, replicas = obj.get("spec", {}), obj.get("status", {}).get("replicas", 0)
            wanted = spec.get("replicas", 0)
            selector = _selector_text(spec.get("selector"))
        status: Object = {"replicas": replicas}
        if selector:
            status["selector"] = selector
        metadata = {name: obj["metadata"][name] for name in SHOWN_METADATA if name in obj["metadata"]}
        return {"metadata": metadata, "spec": {"replicas": wanted} if wanted else {}, "status": status}

    def merge(self, resource: ServedResource, sent: Object, old: Object | None) -> Object:
        """The object with the number that is sent, at the version that is sent."""
        if old is None:
            raise errors.not_found(resource.gvr, sent["metadata"].get("name", ""))
        replicas = sent.get("spec", {}).get("replicas", 0)
        if replicas < 0:
            fault = invalid(Path("spec").child("replicas"), replicas, "must be greater than or equal to 0")
            raise errors.invalid("autoscaling", "Scale", old["metadata"]["name"], [fault])
        version = sent["metadata"].get("resourceVersion")
        if version and version != old["metadata"]["resourceVersion"]:
            raise errors.conflict(resource.gvr, old["metadata"]["name"], errors.MODIFIED_MESSAGE)
        uid, own = sent["metadata"].get("uid"), old["metadata"]["uid"]
        if uid and uid != own:
            text = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {own}"
            name = f"{resource.info.name}/{SCALE}"
            raise errors.conflict(resource.gvr._replace(resource=name), old["metadata"]["name"], text)
        if resource.custom is not None and resource.custom.scale is not None:
            return _with_count(resource.custom.scale, old, replicas)
        new: Object = copy_object(old)
        new["spec"]["replicas"] = replicas
        return new

    def show_owned(self, resource: ServedResource, obj: Object) -> Object:
        """The Scale, whose replicas are owned by who owns them in the object."""
        shown = self.show(resource, obj)
        set_entries(shown, owners_of_scale(obj["metadata"].get("managedFields") or [], resource.kind.replicas_paths))
        return shown

    def merge_owned(self, resource: ServedResource, applied: Object, old: Object | None) -> Object:
        """The object with the applied number, owned by who owns it in the Scale."""
        new = self.merge(resource, applied, old)
        before, scaled = ((obj or {})["metadata"].get("managedFields") or [] for obj in (old, applied))
        set_entries(new, owners_of_parent(before, scaled, resource.kind.replicas_paths, resource.api_version))
        return new


def _custom_counts(obj: Object, scale: ScalePaths) -> tuple[int, int, str]:
    """What a custom resource has at the places that its definition names; upstream: scaleFromCustomResource."""
    found = []
    for steps, wanted in ((scale.replicas, int), (scale.status_replicas, int), (scale.selector, str)):
        value, trouble = value_at(obj, steps) if steps else (None, "")
        if not trouble and value is not None and (not isinstance(value, wanted) or isinstance(value, bool)):
            name = "int64" if wanted is int else "string"
            trouble = f".{'.'.join(steps)} accessor error: {value} is of the type {go_type(value)}, expected {name}"
        if trouble:
            raise errors.unknown(trouble)
        found.append(value)
    return found[0] or 0, found[1] or 0, found[2] or ""


def _with_count(scale: ScalePaths, old: Object, replicas: int) -> Object:
    new: Object = copy_object(old)
    place = new
    for step in scale.replicas[:-1]:
        place = place.setdefault(step, {})
        if not isinstance(place, dict):
            raise errors.unknown(
                f"value cannot be set because .{'.'.join(scale.replicas)} is not a map[string]interface{{}}"
            )
    place[scale.replicas[-1]] = replicas
    return new


def _selector_text(selector: Object | None) -> str:
    if not selector:
        return ""
    if not {"matchLabels", "matchExpressions"}.isdisjoint(selector):
        return format_label_selector(selector)
    return ",".join(f"{key}={selector[key]}" for key in sorted(selector))
