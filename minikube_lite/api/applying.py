"""Server-side apply: a manager says what it wants of an object; upstream: handlers/patch.go applyPatcher, util/managedfields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minikube_lite.api.bodies import read_typed
from minikube_lite.api.registry import Registry, WriteOptions
from minikube_lite.api.scheme import ServedResource
from minikube_lite.machinery import errors
from minikube_lite.machinery.kind import Strategy
from minikube_lite.machinery.server_side_apply import Apply, ApplyConflictError
from minikube_lite.schema.decode import DecodeError
from minikube_lite.schema.parse import parse_yaml
from minikube_lite.schema.typed_merge import validate_typed
from minikube_lite.store import Object

APPLY_PATCH = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class AppliedConfiguration:
    """What a client applies, decoded; `repeated` are its keys that stand there twice, as YAML readers tell them."""

    value: Object
    repeated: list[str]


def decode_configuration(data: bytes) -> AppliedConfiguration:
    """The configuration in a body, which is YAML and so JSON, too; 400 where it is none."""
    try:
        value, repeated = parse_yaml(data, find_duplicates=True)
    except DecodeError as error:
        raise errors.bad_request(f"error decoding YAML: {_go_yaml(str(error))}") from None
    if value is not None and not isinstance(value, dict):
        text = "json: cannot unmarshal into Go value of type map[string]interface {}"
        raise errors.bad_request(f"error decoding YAML: {text}")
    return AppliedConfiguration(value or {}, repeated)


def _go_yaml(text: str) -> str:
    return f"error converting YAML to JSON: {text}"


class Applying:
    """Turns what is applied into the object that is wanted, with its owners."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def apply(
        self,
        resource: ServedResource,
        strategy: Strategy,
        old: Object | None,
        configuration: AppliedConfiguration,
        options: WriteOptions,
        *,
        force: bool,
        validation: str,
    ) -> Object:
        """The object after the apply, as its version shows it; raises ApiError, 409 where others own what is changed."""
        config = self._checked(resource, configuration.value)
        ownership = self._registry.ownership
        empty = ownership.empty(resource)
        apply = Apply(
            schema=resource.schema,
            config=config,
            manager=options.manager,
            api_version=resource.api_version,
            kind=resource.info.kind,
            time=self._registry.clock.timestamp(),
            empty=empty,
            subresource=options.subresource,
            force=force,
            reset=ownership.filter(strategy),
            versions=ownership.versions(resource),
        )
        try:
            applied = apply.to(old if old is not None else empty)
        except ApplyConflictError as error:
            raise errors.ApiError(409, "Conflict", error.message, {"causes": error.causes}) from None
        self._tell_repeated(configuration.repeated, validation, options.warnings)
        return self._finished(resource, applied.obj, applied.entries)

    def _checked(self, resource: ServedResource, value: Object) -> Object:
        """What is applied without its type, of which every field must be declared."""
        group, _, version = str(value.get("apiVersion") or "").rpartition("/")
        kind = value.get("kind") or ""
        if (value.get("apiVersion"), kind) != (resource.api_version, resource.info.kind):
            raise errors.bad_request(f"invalid object type: {group}/{version}, Kind={kind}")
        metadata = value.get("metadata") or {}
        entries = metadata.get("managedFields") if isinstance(metadata, dict) else None
        if isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries):
            raise errors.bad_request("metadata.managedFields must be nil")
        config = {name: item for name, item in value.items() if name not in ("apiVersion", "kind")}
        if isinstance(metadata, dict) and "managedFields" in metadata:
            config["metadata"] = {name: item for name, item in metadata.items() if name != "managedFields"}
        fault = validate_typed(resource.schema, config)
        if fault:
            name = metadata.get("name", "") if isinstance(metadata, dict) else ""
            where = f"{metadata.get('namespace', '')}/{name}; {group}/{version}, Kind={kind}"
            raise errors.unknown(f"failed to create typed patch object ({where}): {fault}")
        return config

    def _tell_repeated(self, repeated: list[str], validation: str, warnings: list[str]) -> None:
        if not repeated or validation == "Ignore":
            return
        text = _go_yaml("; ".join(repeated))
        if validation == "Strict":
            raise errors.bad_request(f"error strict decoding YAML: {text}")
        warnings.append(text)

    def _finished(self, resource: ServedResource, obj: dict[str, Any], entries: list[dict[str, Any]]) -> Object:
        """Canonical again: taking fields away may have left what Go writes otherwise."""
        try:
            finished, _ = read_typed(obj, resource.schema)
        except DecodeError as error:
            raise errors.unknown(str(error)) from None
        metadata = finished.setdefault("metadata", {})
        if entries:
            metadata["managedFields"] = entries
        else:
            metadata.pop("managedFields", None)
        return finished
