"""Server-side apply: an object from a live one and what a manager wants, and who owns what afterwards.

Upstream: structured-merge-diff/merge/update.go (Apply) and apimachinery/pkg/util/managedfields. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from minikube_lite.machinery.managed_fields import (
    STRIPPED_FIELDS,
    Entry,
    Managed,
    ManagerKey,
    Managers,
    Version,
    Versions,
    decode_managers,
    encode_managers,
    take_from_others,
    track_update,
)
from minikube_lite.schema.field import go_value
from minikube_lite.schema.fieldset import (
    Fields,
    Filter,
    difference,
    has,
    intersection,
    member_elements,
    paths,
    sort_fields,
    union,
)
from minikube_lite.schema.model import Schema
from minikube_lite.schema.typed import (
    Comparison,
    TypedError,
    compare,
    ensure_named_fields_are_members,
    remove_items,
    to_field_set,
)
from minikube_lite.schema.typed_merge import merge

BEFORE_FIRST_APPLY = "before-first-apply"
KUBECTL_MANAGER = "kubectl"
LAST_APPLIED_ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True, slots=True)
class Applied:
    """The outcome. `entries` are the managedFields of `obj`; empty means that the field is to be left out."""

    obj: dict[str, Any]
    entries: list[Entry]
    changed: bool
    """Whether anything but the entries differs from the live object."""


class ApplyConflictError(Exception):
    """Others own fields to which the applied object gives other values."""

    def __init__(self, conflicts: Mapping[ManagerKey, tuple[str, Fields]]) -> None:
        self.fields: Fields = {}
        self.causes: list[dict[str, str]] = []
        sections = []
        for key in sorted(conflicts):
            api_version, fields = conflicts[key]
            self.fields = union(self.fields, fields)
            name = _manager_text(key, api_version)
            found = list(paths(fields))
            self.causes += [
                {"reason": "FieldManagerConflict", "message": f"conflict with {name}", "field": path} for path in found
            ]
            sections.append("\n".join([f"conflicts with {name}:", *(f"- {path}" for path in found)]))
        if len(self.causes) == 1:
            cause = self.causes[0]
            self.message = f"Apply failed with 1 conflict: {cause['message']}: {cause['field']}"
        else:
            self.message = f"Apply failed with {len(self.causes)} conflicts: " + "\n".join(sections)
        super().__init__(self.message)


def _manager_text(key: ManagerKey, api_version: str) -> str:
    manager, operation, _, subresource = key
    text = go_value(manager)
    if subresource:
        text += f" with subresource {go_value(subresource)}"
    return f"{text} using {api_version}" if operation == "Update" else text


@dataclass(frozen=True, slots=True)
class Apply:
    """One request to apply. `config` has passed `typed_merge.validate_typed`, and like all objects inside the process
    has no apiVersion and kind.

    `empty` is what a create starts from: `decode.zero_value(schema)`, or {} for custom resources.
    """

    schema: Schema
    config: Mapping[str, Any]
    manager: str
    api_version: str
    kind: str
    time: str
    empty: Mapping[str, Any]
    subresource: str = ""
    force: bool = False
    reset: Filter | None = None
    versions: Versions | None = None

    def to(self, live: Mapping[str, Any]) -> Applied:
        """The outcome for that live object; raises ApplyConflictError."""
        try:
            return self._apply(live)
        except ApplyConflictError as error:
            # kubectl may take over what it applied before, as long as nobody has changed it since.
            if self.manager != KUBECTL_MANAGER or self.force:
                raise
            allowed = self._last_applied_fields(live)
            if allowed is None or not _holds(allowed, error.fields):
                raise
        return replace(self, force=True)._apply(live)

    def _apply(self, live: Mapping[str, Any]) -> Applied:
        before: list[Entry] = (live.get("metadata") or {}).get("managedFields") or []
        plain = _without_entries(live)
        managers = decode_managers(before, trusted=True)
        if not managers:
            key = (BEFORE_FIRST_APPLY, "Update", self.api_version, self.subresource)
            change = compare(self.schema, self.empty, plain).filtered(self.reset)
            managers = track_update({}, change, key, self.time)
        key = (self.manager, "Apply", "", self.subresource)
        merged = merge(self.schema, plain, self.config)
        last = managers.get(key)
        fields = to_field_set(self.schema, self.config)
        fields = self.reset(fields) if self.reset is not None else fields
        managers[key] = Managed(self.api_version, last.time if last is not None else None, fields, applied=True)
        new = self._prune(merged, managers, last) if last is not None and last.fields else merged
        managers = self._take_over(plain, new, managers, key)
        changed = new != plain
        own = difference(fields, STRIPPED_FIELDS)
        if own and key in managers:
            own = last.fields if last is not None and own == last.fields else sort_fields(own)
            time = self.time if changed else managers[key].time
            managers[key] = replace(managers[key], fields=own, time=time)
        else:
            managers.pop(key, None)
        entries = encode_managers(managers, before)
        obj = self._with_last_applied(new)
        return Applied({**obj, "metadata": _metadata_with(obj, entries)}, entries, changed)

    def _take_over(
        self, live: Mapping[str, Any], new: Mapping[str, Any], managers: Managers, key: ManagerKey
    ) -> Managers:
        """The managers after the change; raises ApplyConflictError unless forced."""
        change = compare(self.schema, live, new).filtered(self.reset)

        def seen_at(api_version: str) -> Comparison | None:
            version = self._version(api_version)
            return version.compare(live, new, self.reset) if version is not None else None

        if not self.force:
            conflicts = {}
            for other, managed in managers.items():
                seen = change if managed.api_version == self.api_version else seen_at(managed.api_version)
                fields = intersection(managed.fields, seen.changed) if other != key and seen is not None else {}
                if fields:
                    conflicts[other] = (managed.api_version, fields)
            if conflicts:
                raise ApplyConflictError(conflicts)
        return take_from_others(managers, change, self.api_version, seen_at, but=key)

    def _version(self, api_version: str) -> Version | None:
        if api_version == self.api_version or self.versions is None:
            return Version(self.schema, dict, dict)
        return self.versions(api_version)

    def _prune(self, merged: dict[str, Any], managers: Managers, last: Managed) -> dict[str, Any]:
        """Removes what this manager applied before and now does not, and nobody else owns; seen in the version applied then."""
        version = self._version(last.api_version)
        if version is None:
            return merged
        schema, converted = version.schema, version.convert(merged)
        fields, all_fields = _named(schema, last.fields), _named_fields_of(schema, converted)
        pruned = version.back(remove_items(schema, converted, fields))
        for api_version in dict.fromkeys((last.api_version, *(managed.api_version for managed in managers.values()))):
            pruned = self._with_owned(merged, pruned, managers, api_version)
        # What lies below a removed field and was never this manager's stays.
        gone = intersection(difference(all_fields, _named_fields_of(schema, version.convert(pruned))), fields)
        return version.back(remove_items(schema, converted, gone))

    def _with_owned(
        self, merged: dict[str, Any], pruned: dict[str, Any], managers: Managers, api_version: str
    ) -> dict[str, Any]:
        """What was pruned, with what the managers of that version own put back."""
        version = self._version(api_version)
        if version is None:
            return pruned
        schema, converted = version.schema, version.convert(merged)
        kept = _named_fields_of(schema, version.convert(pruned))
        for managed in managers.values():
            if managed.api_version == api_version:
                kept = union(kept, _named(schema, managed.fields))
        return version.back(remove_items(schema, converted, difference(_named_fields_of(schema, converted), kept)))

    def _last_applied_fields(self, live: Mapping[str, Any]) -> Fields | None:
        """The fields that client-side apply wrote and that still are as it wrote them."""
        text = ((live.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED_ANNOTATION)
        if not text:
            return None
        try:
            last = orjson.loads(text)
            if not isinstance(last, dict) or last.pop("apiVersion", None) != self.api_version:
                return None
            last.pop("kind", None)
            fields = to_field_set(self.schema, last)
            change = compare(self.schema, last, _without_entries(live))
        except (TypedError, ValueError):
            return None
        return difference(difference(fields, change.changed), change.removed)

    def _with_last_applied(self, obj: dict[str, Any]) -> dict[str, Any]:
        """Keeps the annotation of client-side apply true for kubectl, where it exists."""
        metadata = obj.get("metadata") or {}
        annotations = metadata.get("annotations") or {}
        if self.manager != KUBECTL_MANAGER or not annotations.get(LAST_APPLIED_ANNOTATION):
            return obj
        config: dict[str, Any] = {"apiVersion": self.api_version, "kind": self.kind, **self.config}
        own = (config.get("metadata") or {}).get("annotations")
        if own and LAST_APPLIED_ANNOTATION in own:
            others = {name: value for name, value in own.items() if name != LAST_APPLIED_ANNOTATION}
            config["metadata"] = {**config["metadata"], "annotations": others}
        text = orjson.dumps(config, option=orjson.OPT_SORT_KEYS).decode() + "\n"
        return {**obj, "metadata": {**metadata, "annotations": {**annotations, LAST_APPLIED_ANNOTATION: text}}}


def _named(schema: Schema, fields: Fields) -> Fields:
    return ensure_named_fields_are_members(schema, fields)


def _named_fields_of(schema: Schema, value: Any) -> Fields:
    return _named(schema, to_field_set(schema, value))


def _holds(allowed: Fields, wanted: Fields) -> bool:
    return all(has(allowed, elements) for elements in member_elements(wanted))


def _without_entries(obj: Mapping[str, Any]) -> dict[str, Any]:
    metadata = obj.get("metadata") or {}
    if "managedFields" not in metadata:
        return dict(obj)
    return {**obj, "metadata": {name: value for name, value in metadata.items() if name != "managedFields"}}


def _metadata_with(obj: Mapping[str, Any], entries: list[Entry]) -> dict[str, Any]:
    metadata = dict(obj.get("metadata") or {})
    if entries:
        metadata["managedFields"] = entries
    return metadata
