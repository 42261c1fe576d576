"""RoleBindings; upstream: pkg/registry/rbac/rolebinding."""

from __future__ import annotations

from minikube_lite.api.kinds.rbac.rules import GROUP, BindingStrategy, binding_columns
from minikube_lite.machinery.kind import Kind
from minikube_lite.machinery.names import path_segment_name

KIND = Kind(
    group=GROUP,
    plural="rolebindings",
    strategy=BindingStrategy(("Role", "ClusterRole"), namespaced=True),
    columns=binding_columns("RoleBinding"),
    name_check=path_segment_name,
)
