"""Who owns which field: the managedFields of an object after a write that is no apply.

Upstream: apimachinery/pkg/util/managedfields and structured-merge-diff/merge. Pure: lists of entries in, lists out;
entries and their sets may be shared with stored objects and are never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from minikube_lite.schema.fieldset import (
    Fields,
    FieldsError,
    Filter,
    decode_fields,
    difference,
    from_paths,
    sort_fields,
    union,
)
from minikube_lite.schema.model import Schema
from minikube_lite.schema.typed import Comparison, TypedError, compare

Entry = dict[str, Any]
"""One item of metadata.managedFields."""

UPDATE_MANAGERS_MAX = 10
ANCIENT_CHANGES = "ancient-changes"

ManagerKey = tuple[str, str, str, str]
"""Manager, operation, apiVersion (empty for Apply) and subresource: what tells one entry from another."""

CompareAt = Callable[[str], Comparison | None]
"""The same change as seen in another apiVersion; None where that version is not served any more."""


@dataclass(frozen=True, slots=True)
class Version:
    """Another version of the written object: its type, and how objects of the written version come there and back."""

    schema: Schema
    convert: Callable[[dict[str, Any]], dict[str, Any]]
    back: Callable[[dict[str, Any]], dict[str, Any]]

    def compare(self, live: Mapping[str, Any], new: Mapping[str, Any], reset: Filter | None) -> Comparison:
        """The difference of two objects of the written version, as seen in this one."""
        return compare(self.schema, self.convert(dict(live)), self.convert(dict(new))).filtered(reset)


Versions = Callable[[str], Version | None]
"""Other versions of the written object by apiVersion; None where a version is not served any more."""


@dataclass(frozen=True, slots=True)
class Managed:
    """One manager's fields, decoded. `entry` is what it was read from, while that still says the same."""

    api_version: str
    time: str | None
    fields: Fields
    applied: bool
    entry: Entry | None = None


Managers = dict[ManagerKey, Managed]


def stripped_fields() -> Fields:
    """What nobody owns, because the server alone writes it."""
    metadata = ("name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation")
    paths = [("metadata", name) for name in (*metadata, "managedFields", "resourceVersion")]
    return from_paths(("apiVersion",), ("kind",), ("metadata",), *paths)


STRIPPED_FIELDS = stripped_fields()


def update_managed_fields(
    schema: Schema,
    live: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    manager: str,
    api_version: str,
    subresource: str = "",
    time: str,
    reset: Filter | None = None,
    compare_at: CompareAt | None = None,
) -> list[Entry]:
    """The entries of `new` after a create, update or patch; empty means that the field is to be left out.

    `live` is the stored object; on creation it is `decode.zero_value(schema)`, or {} for custom resources. `reset` drops
    the fields that the strategy does not take from this request (`fieldset.exclude_filter`).
    """
    try:
        return _update(schema, live, new, (manager, "Update", api_version, subresource), time, reset, compare_at)
    except TypedError:
        # Upstream too would rather forget the owners than refuse the write.
        return []


def _update(
    schema: Schema,
    live: Mapping[str, Any],
    new: Mapping[str, Any],
    key: ManagerKey,
    time: str,
    reset: Filter | None,
    compare_at: CompareAt | None,
) -> list[Entry]:
    live_metadata: Mapping[str, Any] = live.get("metadata") or {}
    entries: list[Entry] = live_metadata.get("managedFields") or []
    managers = live_or_new(live_metadata, new.get("metadata") or {}, ignore_new=bool(key[3]))
    if not managers and live_metadata.get("uid"):
        return []
    change = compare(schema, live, new).filtered(reset)
    return encode_managers(track_update(managers, change, key, time, compare_at), entries)


def live_or_new(live: Mapping[str, Any], new: Mapping[str, Any], *, ignore_new: bool) -> Managers:
    """The managers to start from: those the client sent, if it sent any that make sense, or the stored ones."""
    sent = new.get("managedFields")
    stored = live.get("managedFields") or []
    if not ignore_new and sent is not None and sent != stored:
        if is_reset(sent):
            return {}
        try:
            decoded = decode_managers(sent)
        except FieldsError:
            decoded = {}
        if decoded:
            return decoded
    try:
        return decode_managers(stored, trusted=True)
    except FieldsError:
        return {}


def is_reset(entries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a client asks to forget all managers: no entry, or a single empty one."""
    return not entries or (len(entries) == 1 and not any(entries[0].values()))


def track_update(
    managers: Managers, change: Comparison, key: ManagerKey, time: str | None, compare_at: CompareAt | None = None
) -> Managers:
    """The managers after a change: who made it owns what it added or modified, nobody owns what it removed."""
    api_version = key[2]
    after = take_from_others(managers, change, api_version, compare_at)
    own = difference(change.changed, STRIPPED_FIELDS)
    if own:
        key = (key[0] or "unknown", *key[1:])
        before, remaining = managers.get(key), after.get(key)
        fields = union(remaining.fields, own) if remaining is not None else own
        fields = before.fields if before is not None and fields == before.fields else sort_fields(fields)
        after[key] = Managed(api_version, time, fields, applied=False)
    return cap_update_managers(after)


def take_from_others(
    managers: Managers,
    change: Comparison,
    api_version: str,
    compare_at: CompareAt | None = None,
    *,
    but: ManagerKey | None = None,
) -> Managers:
    """The managers without the fields that the change touched; who is left without any goes."""
    after: Managers = {}
    for key, managed in managers.items():
        if key == but:
            after[key] = managed
            continue
        seen: Comparison | None = change
        if managed.api_version != api_version and compare_at is not None:
            seen = compare_at(managed.api_version)
        if seen is None:
            continue
        fields = difference(difference(managed.fields, seen.changed), seen.removed)
        if fields == managed.fields:
            after[key] = managed
        elif fields:
            after[key] = replace(managed, fields=fields, entry=None)
    return {key: managed for key, managed in after.items() if managed.fields}


def cap_update_managers(managers: Managers) -> Managers:
    """At most ten managers of updates: the oldest of a version are merged into one."""
    updaters = [key for key, managed in managers.items() if not managed.applied]
    if len(updaters) <= UPDATE_MANAGERS_MAX:
        return managers
    after = dict(managers)
    updaters.sort(key=lambda key: (managers[key].time or "", key))
    first_of_version: dict[str, ManagerKey] = {}
    excess = len(updaters) - UPDATE_MANAGERS_MAX
    for key in updaters:
        if not excess:
            break
        managed = managers[key]
        first = first_of_version.setdefault(managed.api_version, key)
        if first == key:
            continue
        bucket = (ANCIENT_CHANGES, "Update", managed.api_version, "")
        if bucket not in after:
            after[bucket] = after.pop(first)
        fields = sort_fields(union(managed.fields, after[bucket].fields))
        del after[key]
        after[bucket] = Managed(managed.api_version, managed.time, fields, applied=False)
        excess -= 1
    return after


def decode_managers(entries: Sequence[Mapping[str, Any]], *, trusted: bool = False) -> Managers:
    """The managers of a list of entries; raises FieldsError. Trusted sets are taken as they are."""
    managers: Managers = {}
    for position, entry in enumerate(entries):
        operation, api_version = entry.get("operation") or "", entry.get("apiVersion") or ""
        if operation not in ("Apply", "Update"):
            raise FieldsError("operation must be `Apply` or `Update`")
        if not api_version:
            raise FieldsError("apiVersion must not be empty")
        fields_type = entry.get("fieldsType") or ""
        if not fields_type:
            raise FieldsError(f"missing fieldsType in managed fields entry {position}")
        if fields_type != "FieldsV1":
            raise FieldsError(f'invalid fieldsType "{fields_type}" in managed fields entry {position}')
        applied = operation == "Apply"
        key = (entry.get("manager") or "", operation, "" if applied else api_version, entry.get("subresource") or "")
        fields = entry.get("fieldsV1") or {}
        if not trusted:
            fields = sort_fields(decode_fields(fields))
        managers[key] = Managed(
            api_version, entry.get("time"), fields, applied, entry if isinstance(entry, dict) and trusted else None
        )
    return managers


def encode_managers(managers: Managers, before: list[Entry]) -> list[Entry]:
    """The entries in upstream's order; the list from before itself if nothing changed."""
    entries = [managed.entry or _encode(key, managed) for key, managed in managers.items()]
    entries.sort(key=_entry_order)
    return before if entries == before else entries


def _encode(key: ManagerKey, managed: Managed) -> Entry:
    manager, operation, _, subresource = key
    entry: Entry = {}
    if manager:
        entry["manager"] = manager
    entry["operation"] = operation
    entry["apiVersion"] = managed.api_version
    if managed.time is not None:
        entry["time"] = managed.time
    entry["fieldsType"] = "FieldsV1"
    entry["fieldsV1"] = managed.fields
    if subresource:
        entry["subresource"] = subresource
    return entry


def _entry_order(entry: Entry) -> tuple[str, str, str, str, str]:
    # Times are RFC 3339 in UTC, whose order is that of their texts.
    return (
        entry["operation"],
        entry.get("time") or "",
        entry.get("manager", ""),
        entry["apiVersion"],
        entry.get("subresource", ""),
    )


def same_but_for_times(left: Sequence[Entry], right: Sequence[Entry]) -> bool:
    """Whether two lists of entries differ in nothing but times: then an otherwise equal object was not changed."""
    return len(left) == len(right) and all(_untimed(a) == _untimed(b) for a, b in zip(left, right, strict=True))


def _untimed(entry: Entry) -> Entry:
    return {name: value for name, value in entry.items() if name != "time"}
