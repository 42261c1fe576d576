"""ServiceAccounts; upstream: pkg/registry/core/serviceaccount."""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.api.columns import AGE, NAME
from minikube_lite.machinery.kind import Kind, RequestContext, Strategy
from minikube_lite.store import Object

ENFORCE_MOUNTABLE_SECRETS = "kubernetes.io/enforce-mountable-secrets"


class ServiceAccountStrategy(Strategy):
    """All writes."""

    has_status = False
    manages_generation = False
    reset_fields = ()

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        _clean_secret_references(obj)

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterable[str]:
        if ENFORCE_MOUNTABLE_SECRETS in (obj["metadata"].get("annotations") or {}):
            yield (
                f"metadata.annotations[{ENFORCE_MOUNTABLE_SECRETS}]: deprecated in v1.32+; prefer separate namespaces"
                " to isolate access to mounted secrets"
            )

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        _clean_secret_references(new)

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[str]:
        if ENFORCE_MOUNTABLE_SECRETS in (old["metadata"].get("annotations") or {}):
            return ()
        return self.warnings_on_create(context, new)


def _clean_secret_references(obj: Object) -> None:
    """Only names count in references to secrets."""
    if obj.get("secrets"):
        obj["secrets"] = [{"name": secret["name"]} if secret.get("name") else {} for secret in obj["secrets"]]


KIND = Kind(
    group="",
    plural="serviceaccounts",
    strategy=ServiceAccountStrategy(),
    columns=(NAME, AGE),
    delete_returns_object=True,
)
