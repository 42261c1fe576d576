"""ClusterRoleAggregationController: roles that gather the rules of others by their labels.

Upstream: pkg/controller/clusterroleaggregation.
"""

from __future__ import annotations

from minikube_lite.machinery.aggregation import aggregated_rules
from minikube_lite.machinery.controller import Controller, ControllerContext
from minikube_lite.machinery.errors import ApiError, is_conflict, is_not_found
from minikube_lite.machinery.resources import CLUSTER_ROLES
from minikube_lite.machinery.selectors import SelectorError
from minikube_lite.store import Object


class ClusterRoleAggregationController(Controller):
    """Keeps the rules of such roles."""

    name = "clusterrole-aggregation-controller"
    manager = "clusterrole-aggregation-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._roles = self.informer(CLUSTER_ROLES, self._changed)

    def _changed(self, old: Object | None, new: Object | None) -> None:
        """Any role may be gathered by any other: look at all that gather."""
        for role in self._roles.list_objects():
            if role.get("aggregationRule") is not None:
                self.queue.add(role["metadata"]["name"])

    async def sync(self, key: str) -> None:
        role = self._roles.get("", key)
        if role is None or role.get("aggregationRule") is None:
            return
        try:
            rules = aggregated_rules(role, self._roles.list_objects())
        except SelectorError:
            return
        if rules == (role.get("rules") or []):
            return
        wanted = {
            "apiVersion": CLUSTER_ROLES.api_version,
            "kind": "ClusterRole",
            "metadata": {"name": key},
            "rules": rules,
        }
        try:
            await self.client.patch(CLUSTER_ROLES, "", key, wanted, patch_type="application/apply-patch+yaml")
        except ApiError as error:
            if not (is_not_found(error) or is_conflict(error)):
                raise
