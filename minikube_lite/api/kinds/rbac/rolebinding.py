"""RoleBindings; upstream: pkg/registry/rbac/rolebinding."""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.api.columns import AGE, NAME
from minikube_lite.api.kinds.rbac.rules import (
    GROUP,
    binding_columns,
    binding_errors,
    default_binding,
    role_ref_change_errors,
)
from minikube_lite.machinery.kind import Kind, RequestContext, Strategy
from minikube_lite.machinery.names import path_segment_name
from minikube_lite.schema.field import FieldError
from minikube_lite.store import Object

ROLE_KINDS = ("Role", "ClusterRole")


class RoleBindingStrategy(Strategy):
    """All writes."""

    has_status = False
    manages_generation = False
    allow_create_on_update = True
    reset_fields = ()

    def default(self, obj: Object) -> None:
        default_binding(obj)

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        return binding_errors(obj, ROLE_KINDS, namespaced=True)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        yield from self.validate(context, new)
        yield from role_ref_change_errors(new, old)


ROLE, *SUBJECTS = binding_columns()

KIND = Kind(
    group=GROUP,
    plural="rolebindings",
    strategy=RoleBindingStrategy(),
    columns=(NAME, ROLE, AGE, *SUBJECTS),
    name_check=path_segment_name,
    emulated=False,
)
