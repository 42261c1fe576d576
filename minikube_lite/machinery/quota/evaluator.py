"""How objects of one resource use quotas, where they are only counted; upstream: apiserver/pkg/quota/v1/generic."""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.machinery.quota.amounts import ONE, Usage
from minikube_lite.machinery.quota.scopes import Scope, scopes_of
from minikube_lite.machinery.resources import CONFIG_MAPS, REPLICATION_CONTROLLERS, RESOURCE_QUOTAS, SECRETS
from minikube_lite.store import Object

_ALIASED = frozenset({CONFIG_MAPS.key, RESOURCE_QUOTAS.key, REPLICATION_CONTROLLERS.key, SECRETS.key})


class Evaluator:
    """Counts objects of one resource, given by its key (`deployments.apps`)."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.count = f"count/{key}"

    @property
    def names(self) -> frozenset[str]:
        """The fixed names under which quotas limit it."""
        return frozenset((self.count, self.key)) if self.key in _ALIASED else frozenset((self.count,))

    def handles(self, operation: str, subresource: str, new: Object, old: Object | None) -> bool:
        """Whether a write can use more of a quota."""
        return operation == "CREATE" and not subresource

    def matching(self, names: Iterable[str]) -> list[str]:
        """Those of the names that it uses."""
        return sorted(self.names.intersection(names))

    def missing(self, names: Iterable[str], obj: Object) -> str:
        """What the object must say because quotas on those names stand, "" if nothing."""
        return ""

    def in_scope(self, obj: Object, scope: Scope) -> bool:
        """Whether a quota of that scope counts the object. Raises SelectorError where the scope makes no sense."""
        return False

    def usage(self, obj: Object, now: float) -> Usage:
        """What the object uses; `now` in unix seconds."""
        return dict.fromkeys(self.names, ONE)

    def frees(self, old: Object, new: Object, now: float) -> bool:
        """Whether a change of an object may have left it using less, so that quotas are to be counted again."""
        return False

    def counts(self, quota: Object, obj: Object) -> bool:
        """Whether the quota, by its limits and scopes, counts the object."""
        limits = (quota.get("status") or {}).get("hard") or ()
        return bool(self.matching(limits)) and all(self.in_scope(obj, scope) for scope in scopes_of(quota))
