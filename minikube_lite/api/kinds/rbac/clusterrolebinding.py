"""ClusterRoleBindings; upstream: pkg/registry/rbac/clusterrolebinding."""

from __future__ import annotations

from minikube_lite.api.kinds.rbac.rules import GROUP, BindingStrategy, binding_columns
from minikube_lite.machinery.kind import Kind
from minikube_lite.machinery.names import path_segment_name

KIND = Kind(
    group=GROUP,
    plural="clusterrolebindings",
    strategy=BindingStrategy(("ClusterRole",), namespaced=False),
    columns=binding_columns("ClusterRoleBinding"),
    name_check=path_segment_name,
)
