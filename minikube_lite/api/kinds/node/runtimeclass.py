"""RuntimeClasses; upstream: pkg/registry/node/runtimeclass and pkg/apis/node/validation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minikube_lite.api.columns import AGE, NAME, text_column
from minikube_lite.api.kinds.core.pod_affinity import validate_tolerations
from minikube_lite.api.kinds.core.pod_resources import validate_container_resources
from minikube_lite.api.kinds.go_structs import GoField, go_struct
from minikube_lite.api.kinds.node_selectors import DEPRECATED_NODE_LABELS
from minikube_lite.machinery.kind import FieldText, Kind, RequestContext, Strategy
from minikube_lite.machinery.metadata import validate_immutable_field, validate_labels
from minikube_lite.machinery.names import is_dns1123_label
from minikube_lite.schema.field import FieldError, Path, duplicate, invalid, required
from minikube_lite.store import Object

SCHEDULING = Path("scheduling")

_TOLERATION = (
    GoField("Key", "key", ""),
    GoField("Operator", "operator", ""),
    GoField("Value", "value", ""),
    GoField("Effect", "effect", ""),
    GoField("TolerationSeconds", "tolerationSeconds"),
)


class RuntimeClassStrategy(Strategy):
    """All writes."""

    has_status = False
    manages_generation = False
    allow_create_on_update = True
    allow_unconditional_update = False
    reset_fields = ()

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        handler = obj.get("handler", "")
        if not handler:
            yield required(Path("handler"))
        else:
            yield from (invalid(Path("handler"), handler, message) for message in is_dns1123_label(handler))
        overhead = obj.get("overhead")
        if overhead is not None:
            yield from validate_container_resources({"limits": overhead.get("podFixed") or {}}, (), Path("overhead"))
        if obj.get("scheduling") is not None:
            yield from _scheduling_errors(obj["scheduling"])

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterable[str]:
        selector = (obj.get("scheduling") or {}).get("nodeSelector") or {}
        for key in sorted(selector):
            if key in DEPRECATED_NODE_LABELS:
                yield f"{SCHEDULING.child('nodeSelector')}: {DEPRECATED_NODE_LABELS[key]}"

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        yield from validate_immutable_field(new.get("handler"), old.get("handler"), Path("handler"))

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[str]:
        return self.warnings_on_create(context, new)


def _scheduling_errors(scheduling: Mapping[str, Any]) -> Iterator[FieldError]:
    yield from validate_labels(scheduling.get("nodeSelector"), SCHEDULING.child("nodeSelector"))
    tolerations, path = scheduling.get("tolerations") or (), SCHEDULING.child("tolerations")
    yield from validate_tolerations(tolerations, path)
    seen: set[tuple[str, ...]] = set()
    for position, toleration in enumerate(tolerations):
        key = tuple(toleration.get(name, "") for name in ("key", "operator", "value", "effect"))
        if key in seen:
            yield duplicate(path.index(position), go_struct(toleration, _TOLERATION))
        seen.add(key)


KIND = Kind(
    group="node.k8s.io",
    plural="runtimeclasses",
    strategy=RuntimeClassStrategy(),
    columns=(
        NAME,
        text_column(
            "Handler", "handler", description=FieldText("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "handler")
        ),
        AGE,
    ),
)
