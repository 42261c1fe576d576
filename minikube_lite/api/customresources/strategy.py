"""How custom resources are written; upstream: apiextensions-apiserver/pkg/registry/customresource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from minikube_lite.api.customresources.embedded import embedded_errors
from minikube_lite.api.customresources.rules import Rules
from minikube_lite.api.customresources.values import go_type, value_at
from minikube_lite.api.scheme import ScalePaths
from minikube_lite.machinery import errors
from minikube_lite.machinery.kind import RequestContext, StatusStrategy, Strategy
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.names import is_qualified_name
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.schema.custom.correlation import Correlated
from minikube_lite.schema.custom.list_types import repeated_items
from minikube_lite.schema.custom.structural import JSONSchema, properties_of
from minikube_lite.schema.custom.validator import Validator
from minikube_lite.schema.field import FieldError, Path, invalid
from minikube_lite.store import Object

NOT_CHECKED = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
INT32_MAX = 2**31 - 1
_BLOCKING = frozenset(
    {
        "FieldValueNotSupported",
        "FieldValueRequired",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueTypeInvalid",
    }
)
_STANDARD_FINALIZERS = frozenset({"orphan", "foregroundDeletion", "kubernetes"})


@dataclass(frozen=True, slots=True)
class CustomKind:
    """What a strategy knows of its kind; `schema` is the JSON schema of the version in which objects are checked."""

    gvr: GroupVersionResource
    kind: str
    schema: JSONSchema
    status: bool
    scale: ScalePaths | None
    rules: Rules
    terminating: bool = False


class CustomStrategy(Strategy):
    """All writes of custom resources."""

    allow_unconditional_update = False
    checks_finalizers = False

    def __init__(self, custom: CustomKind) -> None:
        self.custom = custom
        self.has_status = custom.status
        self.reset_fields = (("status",),) if custom.status else ()
        self._validator = Validator(custom.schema)

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        if self.custom.terminating:
            text = "create not allowed while custom resource definition is terminating"
            raise errors.forbidden(self.custom.gvr, obj["metadata"].get("name", ""), text)
        super().prepare_for_create(context, obj)

    def generation_changes(self, new: Object, old: Object) -> bool:
        return any(new.get(part) != old.get(part) for part in {**new, **old} if part != "metadata")

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        faults = list(self._kind_errors(obj))
        whole = self.whole(obj)
        if not faults:
            faults.extend(self._validator.faults(whole))
            faults.extend(scale_errors(whole, self.custom.scale))
        faults.extend(embedded_errors(whole, self.custom.schema))
        faults.extend(repeated_items(whole, self.custom.schema))
        return self._with_rules(faults, whole, None)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        faults = list(self._kind_errors(new))
        whole, before = self.whole(new), self.whole(old)
        if not faults:
            faults.extend(self._validator.faults(whole, Correlated(whole, before, self.custom.schema)))
            faults.extend(scale_errors(whole, self.custom.scale))
        faults.extend(embedded_errors(whole, self.custom.schema))
        if not any(repeated_items(before, self.custom.schema)):
            faults.extend(repeated_items(whole, self.custom.schema))
        return self._with_rules(faults, whole, before)

    def with_rules(self, faults: list[FieldError], new: Object, old: Object | None) -> list[FieldError]:
        """The faults and those that rules find, which are not asked about objects of the wrong form."""
        return self._with_rules(faults, new, old)

    def _with_rules(self, faults: list[FieldError], new: Object, old: Object | None) -> list[FieldError]:
        if not self.custom.rules.any:
            return faults
        if any(fault.reason in _BLOCKING for fault in faults):
            return [*faults, invalid(Path(), None, NOT_CHECKED)]
        return [*faults, *self.custom.rules.faults(new, old)]

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterable[str]:
        return finalizer_warnings(obj, None)

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[str]:
        return finalizer_warnings(new, old)

    def whole(self, obj: Object) -> Object:
        """The object with what it is."""
        return {"apiVersion": self.custom.gvr.api_version, "kind": self.custom.kind, **obj}

    def _kind_errors(self, obj: Object) -> Iterator[FieldError]:
        kind = obj.get("kind", self.custom.kind)
        if kind != self.custom.kind:
            yield invalid(Path("kind"), kind, f"must be {self.custom.kind}")


class CustomStatusStrategy(StatusStrategy):
    """The status of custom resources: nothing else changes, not even metadata."""

    main: CustomStrategy

    def __init__(self, main: CustomStrategy) -> None:
        super().__init__(main)
        self.checks_finalizers = False
        self.reset_fields = (("metadata",), ("spec",))
        schema = properties_of(main.custom.schema).get("status")
        self._validator = Validator(schema, Path("status")) if schema is not None else None

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        status, managed = new.get("status"), new["metadata"].get("managedFields")
        had_status = "status" in new
        metadata = copy_object(old["metadata"])
        if managed is None:
            metadata.pop("managedFields", None)
        else:
            metadata["managedFields"] = managed
        new["metadata"].clear()
        new["metadata"].update(metadata)
        for part in [part for part in new if part != "metadata"]:
            del new[part]
        new.update({part: copy_object(value) for part, value in old.items() if part not in ("metadata", "status")})
        if had_status:
            new["status"] = status

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        main = self.main
        whole, before = main.whole(new), main.whole(old)
        faults: list[FieldError] = []
        if "status" in new and self._validator is not None:
            correlated = Correlated(whole, before, main.custom.schema).key("status")
            faults.extend(self._validator.faults(new["status"], correlated))
        faults.extend(scale_status_errors(whole, main.custom.scale))
        repeated = list(repeated_items(whole, main.custom.schema))
        if repeated and not any(repeated_items(before, main.custom.schema)):
            faults.extend(repeated)
        return main.with_rules(faults, whole, before)


def scale_errors(obj: Object, scale: ScalePaths | None) -> Iterator[FieldError]:
    """What a Scale would show must be a number."""
    if scale is not None:
        yield from _count_errors(obj, scale.replicas)
        yield from scale_status_errors(obj, scale)


def scale_status_errors(obj: Object, scale: ScalePaths | None) -> Iterator[FieldError]:
    """As scale_errors, of the status alone."""
    if scale is None:
        return
    yield from _count_errors(obj, scale.status_replicas)
    if scale.selector:
        value, trouble = value_at(obj, scale.selector)
        if not trouble and value is not None and not isinstance(value, str):
            trouble = _wrong_type(scale.selector, value, "string")
        if trouble:
            yield invalid(Path("." + ".".join(scale.selector)), "", trouble)


def _count_errors(obj: Object, steps: tuple[str, ...]) -> Iterator[FieldError]:
    path = Path("." + ".".join(steps))
    value, trouble = value_at(obj, steps)
    if not trouble and value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        trouble = _wrong_type(steps, value, "int64")
    if trouble:
        yield invalid(path, 0, trouble)
    elif value is not None and value < 0:
        yield invalid(path, value, "should be a non-negative integer")
    elif value is not None and value > INT32_MAX:
        yield invalid(path, value, f"should be less than or equal to {INT32_MAX}")


def _wrong_type(steps: tuple[str, ...], value: Any, wanted: str) -> str:
    return f".{'.'.join(steps)} accessor error: {value} is of the type {go_type(value)}, expected {wanted}"


def finalizer_warnings(new: Object, old: Object | None) -> Iterator[str]:
    """New finalizers that are no qualified names."""
    before = set((old or {}).get("metadata", {}).get("finalizers") or ())
    for name in sorted(set(new["metadata"].get("finalizers") or ()) - before):
        for message in is_qualified_name(name):
            yield f'metadata.finalizers: "{name}": {message}'
        if "/" not in name and name not in _STANDARD_FINALIZERS:
            including = " including a path (/)" if "." in name else ""
            yield (
                f'metadata.finalizers: "{name}": prefer a domain-qualified finalizer name{including} to avoid accidental conflicts '
                "with other finalizer writers"
            )
