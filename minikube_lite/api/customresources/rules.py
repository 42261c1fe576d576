"""The rules of a schema (x-kubernetes-validations), which are asked about every object; upstream: apiserver/schema/cel."""

from __future__ import annotations

from minikube_lite.schema.custom.structural import JSONSchema
from minikube_lite.schema.field import FieldError
from minikube_lite.store import Object


class Rules:
    """The rules of one version."""

    def __init__(self, schema: JSONSchema) -> None:
        self.any = False

    def faults(self, new: Object, old: Object | None) -> list[FieldError]:
        """What the rules say of an object, and of its change."""
        return []
