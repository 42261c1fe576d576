"""How PersistentVolumeClaims use quotas; upstream: pkg/quota/v1/evaluator/core/persistent_volume_claims.go."""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.machinery.quota.amounts import ONE, Usage
from minikube_lite.machinery.quota.evaluator import Evaluator
from minikube_lite.machinery.quota.scopes import Scope, claim_is_in_scope
from minikube_lite.machinery.volumes import storage_class_of
from minikube_lite.schema.quantity import NANO, Quantity
from minikube_lite.store import Object

STORAGE_CLASS_PART = ".storageclass.storage.k8s.io/"


class ClaimEvaluator(Evaluator):
    """Counts PersistentVolumeClaims and the storage they ask for, together and by storage class."""

    @property
    def names(self) -> frozenset[str]:
        return frozenset((self.count, "persistentvolumeclaims", "requests.storage"))

    def handles(self, operation: str, subresource: str, new: Object, old: Object | None) -> bool:
        if not subresource:
            return operation in ("CREATE", "UPDATE")
        return subresource == "status" and operation == "UPDATE"

    def matching(self, names: Iterable[str]) -> list[str]:
        suffixes = tuple(STORAGE_CLASS_PART + name for name in ("persistentvolumeclaims", "requests.storage"))
        return [name for name in names if name in self.names or name.endswith(suffixes)]

    def in_scope(self, obj: Object, scope: Scope) -> bool:
        return claim_is_in_scope(obj, scope)

    def usage(self, obj: Object, now: float) -> Usage:
        storage_class = storage_class_of(obj)
        used = {self.count: ONE, "persistentvolumeclaims": ONE}
        storage = _claimed_storage(obj)
        if storage is not None:
            used["requests.storage"] = storage
        if storage_class:
            used[f"{storage_class}{STORAGE_CLASS_PART}persistentvolumeclaims"] = ONE
            if storage is not None:
                used[f"{storage_class}{STORAGE_CLASS_PART}requests.storage"] = storage
        return used

    def frees(self, old: Object, new: Object, now: float) -> bool:
        return True


def _claimed_storage(claim: Object) -> Quantity | None:
    """What the claim asks for, or what it is being given if that is more; in whole bytes."""
    text = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
    if text is None:
        return None
    asked = Quantity.parse(text)
    allocated = ((claim.get("status") or {}).get("allocatedResources") or {}).get("storage")
    if allocated is not None and Quantity.parse(allocated) > asked:
        asked = Quantity.parse(allocated)
    return asked if asked.nano % NANO == 0 else Quantity.of(asked.value, asked.format)
