"""Roles; upstream: pkg/registry/rbac/role."""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.api.kinds.rbac.rules import GROUP, rules_errors
from minikube_lite.machinery.kind import Kind, RequestContext, Strategy
from minikube_lite.machinery.names import path_segment_name
from minikube_lite.schema.field import FieldError
from minikube_lite.store import Object


class RoleStrategy(Strategy):
    """All writes."""

    has_status = False
    manages_generation = False
    allow_create_on_update = True
    reset_fields = ()

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        yield from rules_errors(obj.get("rules") or (), namespaced=True)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        return self.validate(context, new)


KIND = Kind(
    group=GROUP,
    plural="roles",
    strategy=RoleStrategy(),
    name_check=path_segment_name,
    emulated=False,
)
