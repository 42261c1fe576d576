"""ClusterRoles; upstream: pkg/registry/rbac/clusterrole."""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.api.kinds.rbac.rules import GROUP, RbacStrategy, rules_errors
from minikube_lite.machinery.kind import Kind, RequestContext
from minikube_lite.machinery.names import path_segment_name
from minikube_lite.machinery.selectors import validate_label_selector
from minikube_lite.schema.field import FieldError, Path, required
from minikube_lite.store import Object


class ClusterRoleStrategy(RbacStrategy):
    """All writes."""

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        yield from rules_errors(obj.get("rules") or (), namespaced=False)
        rule = obj.get("aggregationRule")
        if rule is not None:
            path, selectors = Path("aggregationRule.clusterRoleSelectors"), rule.get("clusterRoleSelectors") or ()
            if not selectors:
                yield required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil")
            for position, selector in enumerate(selectors):
                yield from validate_label_selector(selector, path.index(position))


KIND = Kind(
    group=GROUP,
    plural="clusterroles",
    strategy=ClusterRoleStrategy(),
    name_check=path_segment_name,
)
