"""Roles; upstream: pkg/registry/rbac/role."""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.api.kinds.rbac.rules import GROUP, RbacStrategy, rules_errors
from minikube_lite.machinery.kind import Kind, RequestContext
from minikube_lite.machinery.names import path_segment_name
from minikube_lite.schema.field import FieldError
from minikube_lite.store import Object


class RoleStrategy(RbacStrategy):
    """All writes."""

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        yield from rules_errors(obj.get("rules") or (), namespaced=True)


KIND = Kind(
    group=GROUP,
    plural="roles",
    strategy=RoleStrategy(),
    name_check=path_segment_name,
)
