"""CustomResourceDefinition; upstream: apiextensions-apiserver/pkg/registry/customresourcedefinition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minikube_lite.api.kinds.apiextensions.definition_validation import (
    approval_errors,
    definition_errors,
    definition_update_errors,
    status_errors,
)
from minikube_lite.machinery.kind import Kind, RequestContext, StatusStrategy, Strategy
from minikube_lite.schema.custom.formats import known_format
from minikube_lite.schema.custom.structural import additional_of, items_of, properties_of
from minikube_lite.schema.field import FieldError, Path, invalid
from minikube_lite.store import Object

CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
WEBHOOK_PORT = 443
PENDING = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"


class DefinitionStrategy(Strategy):
    """All writes of definitions."""

    allow_unconditional_update = False
    checks_finalizers = False

    def default(self, obj: Object) -> None:
        spec: Object = obj.setdefault("spec", {})
        names: Object = spec.setdefault("names", {})
        if not names.get("singular") and names.get("kind"):
            names["singular"] = names["kind"].lower()
        if not names.get("listKind") and names.get("kind"):
            names["listKind"] = f"{names['kind']}List"
        if spec.get("conversion") is None:
            spec["conversion"] = {"strategy": "None"}
        service = ((spec["conversion"].get("webhook") or {}).get("clientConfig") or {}).get("service")
        if service is not None and service.get("port") is None:
            service["port"] = WEBHOOK_PORT
        status = obj.get("status")
        if status is not None and not status.get("storedVersions"):
            status["storedVersions"] = _storage_versions(spec)

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        obj["status"] = {
            "acceptedNames": {"plural": "", "kind": ""},
            "conditions": None,
            "storedVersions": _storage_versions(obj["spec"]) or None,
        }

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        names, name = obj["spec"].get("names") or {}, obj["metadata"].get("name") or ""
        if name != f"{names.get('plural') or ''}.{obj['spec'].get('group') or ''}":
            yield invalid(Path("metadata").child("name"), name, 'must be spec.names.plural+"."+spec.group')
        yield from definition_errors(obj)
        yield from approval_errors(obj, None)

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        super().prepare_for_update(context, new, old)
        missing = [name for name in _storage_versions(new["spec"]) if name not in _stored_versions(old)]
        if missing:
            new["status"] = {**new["status"], "storedVersions": [*_stored_versions(old), *missing]}

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        yield from definition_update_errors(new, old)
        yield from approval_errors(new, old)

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterable[str]:
        return [f'unrecognized format "{name}"' for name in _unknown_formats(obj)]

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[str]:
        known = set(_unknown_formats(old))
        return [f'unrecognized format "{name}"' for name in _unknown_formats(new) if name not in known]

    def begin_deletion(self, context: RequestContext, obj: Object) -> bool:
        """Marked first: its objects go before it does."""
        metadata = obj["metadata"]
        if metadata.get("deletionTimestamp") is not None:
            return False
        metadata["deletionTimestamp"] = context.clock.timestamp()
        if CLEANUP_FINALIZER not in (metadata.get("finalizers") or ()):
            metadata["finalizers"] = [*(metadata.get("finalizers") or ()), CLEANUP_FINALIZER]
        set_condition(obj, "Terminating", "True", "InstanceDeletionPending", PENDING, context.clock.timestamp())
        return True


class DefinitionStatusStrategy(StatusStrategy):
    """The status, which the API server writes itself."""

    def main_status_errors(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        return status_errors(new.get("status") or {})


def set_condition(obj: Object, kind: str, status: str, reason: str, message: str, now: str) -> None:
    """Put a condition in its place; its time changes with its status."""
    conditions: list[Object] = obj.setdefault("status", {}).get("conditions") or []
    condition = {"type": kind, "status": status, "lastTransitionTime": now, "reason": reason, "message": message}
    for position, known in enumerate(conditions):
        if known["type"] == kind:
            if known["status"] == status:
                condition["lastTransitionTime"] = known["lastTransitionTime"]
            obj["status"]["conditions"] = [*conditions[:position], condition, *conditions[position + 1 :]]
            return
    obj["status"]["conditions"] = [*conditions, condition]


def _storage_versions(spec: Mapping[str, Any]) -> list[str]:
    return [version["name"] for version in spec.get("versions") or () if version.get("storage")][:1]


def _stored_versions(obj: Object) -> list[str]:
    return (obj.get("status") or {}).get("storedVersions") or []


def _unknown_formats(obj: Object) -> Iterator[str]:
    seen = []
    for version in obj["spec"].get("versions") or ():
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if schema is not None and schema not in seen:
            seen.append(schema)
            yield from _formats_below(schema)


def _formats_below(schema: Mapping[str, Any]) -> Iterator[str]:
    name = schema.get("format")
    if name and not known_format(schema.get("type") or "", name):
        yield name
    below = [items_of(schema), additional_of(schema), schema.get("not"), *properties_of(schema).values()]
    for each in (*below, *(each for part in ("allOf", "anyOf", "oneOf") for each in schema.get(part) or ())):
        if each is not None:
            yield from _formats_below(each)


_STRATEGY = DefinitionStrategy()

KIND = Kind(
    group="apiextensions.k8s.io",
    plural="customresourcedefinitions",
    strategy=_STRATEGY,
    status_strategy=DefinitionStatusStrategy(_STRATEGY),
)
