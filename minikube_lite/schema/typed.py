"""What differs between two objects, and which fields an object has; upstream: structured-merge-diff/typed.

The type decides how deep sets of fields go: structs and maps by name, lists by key or value, atomic ones not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from minikube_lite.schema import fieldset
from minikube_lite.schema.decode import zero_value
from minikube_lite.schema.fieldset import SELF, Fields
from minikube_lite.schema.model import Field, Schema

_RAW_EXTENSION = ".RawExtension"
_CONTAINERS = frozenset({"object", "map", "any"})
_DEDUCED = Schema("any")
"""The type of what no schema describes: maps go by name, all else is one value."""


class TypedError(ValueError):
    """A value does not fit its type."""


class Comparison(NamedTuple):
    """What a change did to an object's fields; no field is in two of the sets."""

    added: Fields
    modified: Fields
    removed: Fields

    @property
    def same(self) -> bool:
        """Whether nothing changed."""
        return not (self.added or self.modified or self.removed)

    @property
    def changed(self) -> Fields:
        """The fields that have a new value."""
        return fieldset.union(self.added, self.modified)

    def filtered(self, keep: fieldset.Filter | None) -> Comparison:
        """The comparison of those fields alone that the filter keeps."""
        return Comparison(*map(keep, self)) if keep is not None else self


def compare(schema: Schema, old: Mapping[str, Any], new: Mapping[str, Any]) -> Comparison:
    """What differs between two objects of a type. Both are as Go writes them: fields without omitempty are there."""
    result = Comparison({}, {}, {})
    if old is not new and old != new:
        _compare_items(schema, old, new, result)
    return result


def _compare(schema: Schema, old: Any, new: Any, element: str, out: Comparison) -> None:
    """Compares two values that differ, both of which are there."""
    old_kind, new_kind = type(old), type(new)
    container = schema.form in _CONTAINERS and not is_atomic(schema)
    if container and (old_kind is dict or old is None) and (new_kind is dict or new is None) and (old or new):
        below = Comparison({}, {}, {})
        _compare_items(schema, old or {}, new or {}, below)
    elif schema.form == "list" and not is_atomic(schema) and (old or new):
        below = Comparison({}, {}, {})
        _compare_list(schema, old or (), new or (), below)
    else:
        out.modified[element] = {}
        if not (schema.form == "any" and container):
            return
        # A map became something else or the other way round: its fields are gone, or new.
        below = Comparison({}, {}, {})
        _compare_items(schema, old if old_kind is dict else {}, new if new_kind is dict else {}, below)
        if below.added:
            out.added[element] = below.added
        if below.removed:
            out.removed[element] = below.removed
        return
    for into, part in zip(out, below, strict=True):
        if part:
            into[element] = part


def _compare_items(schema: Schema, old: Mapping[str, Any], new: Mapping[str, Any], out: Comparison) -> None:
    for name, value in new.items():
        if name not in old:
            out.added[f"f:{name}"] = _whole(item_type(schema, name), value)
            continue
        before = old[name]
        if before is not value and before != value:
            _compare(item_type(schema, name), before, value, f"f:{name}", out)
    if len(old) + len(out.added) == len(new):
        return
    for name, before in old.items():
        if name not in new:
            out.removed[f"f:{name}"] = _whole(item_type(schema, name), before)


def _compare_list(schema: Schema, old: Any, new: Any, out: Comparison) -> None:
    items = schema.items or _DEDUCED
    before, after = _by_element(schema, old), _by_element(schema, new)
    for element, values in after.items():
        earlier = before.get(element)
        if earlier is None:
            out.added[element] = _whole(items, values[0]) if len(values) == 1 else {}
        elif len(values) > 1 and len(earlier) > 1:
            if values != earlier:
                out.modified[element] = {}
        elif len(values) > 1:
            # A field that is there twice counts as one value; so the single one before is gone.
            _put_removed_and_added(out, element, _whole(items, earlier[0]), {})
        elif len(earlier) > 1:
            _put_removed_and_added(out, element, {}, _whole(items, values[0]))
        elif earlier[0] != values[0]:
            _compare(items, earlier[0], values[0], element, out)
    for element, earlier in before.items():
        if element not in after:
            out.removed[element] = _whole(items, earlier[0]) if len(earlier) == 1 else {}


def _put_removed_and_added(out: Comparison, element: str, removed: Fields, added: Fields) -> None:
    out.removed[element] = removed
    out.added[element] = added


def _whole(schema: Schema, value: Any) -> Fields:
    """All fields of a value that appeared or went, with itself."""
    kind = type(value)
    if not value or is_atomic(schema):
        return {}
    if kind is dict and schema.form in _CONTAINERS:
        result: Fields = {SELF: {}}
        for name, item in value.items():
            # Most fields hold plain values, which have nothing below them.
            leaf = type(item) is not dict and type(item) is not list
            result[f"f:{name}"] = {} if leaf else _whole(item_type(schema, name), item)
        return result
    if kind is list and schema.form == "list":
        result = {SELF: {}}
        items = schema.items or _DEDUCED
        for element, values in _by_element(schema, value).items():
            result[element] = _whole(items, values[0]) if len(values) == 1 else {}
        return result
    return {}


def to_field_set(schema: Schema, value: Mapping[str, Any]) -> Fields:
    """The fields that an applied object names. Structs and lists are not members themselves, as they are in changes."""
    return _set_of_items(schema, value)


def _set_of_items(schema: Schema, value: Mapping[str, Any]) -> Fields:
    result: Fields = {}
    for name, item in value.items():
        items = item_type(schema, name)
        below = _set_of(items, item)
        entry = schema.form != "object" or name not in schema.fields
        if below:
            result[f"f:{name}"] = {SELF: {}, **below} if entry else below
        elif below is not None or entry or item is None or item == {}:
            result[f"f:{name}"] = {}
    return result


def _set_of(schema: Schema, value: Any) -> Fields | None:
    """The fields below a value; empty for one that is a member itself, None for nothing at all."""
    kind = type(value)
    if is_atomic(schema):
        return {}
    if kind is dict and schema.form in _CONTAINERS:
        return _set_of_items(schema, value) or None
    if schema.form == "list":
        if kind is not list:
            return None
        result: Fields = {}
        items = schema.items or _DEDUCED
        for element, values in _by_element(schema, value).items():
            below = _set_of(items, values[0]) if len(values) == 1 else None
            result[element] = {SELF: {}, **below} if below else {}
        return result or None
    return None if value is None and schema.form in _CONTAINERS else {}


def is_atomic(schema: Schema) -> bool:
    """Whether the type's values are owned as a whole although they have parts."""
    form = schema.form
    if form == "list":
        return schema.list_type in ("", "atomic")
    if form == "any":
        return schema.map_type == "atomic" or schema.name.endswith(_RAW_EXTENSION)
    return schema.map_type == "atomic"


def item_type(schema: Schema, name: str) -> Schema:
    """The type of a field or of a map's entry."""
    field = schema.fields.get(name)
    if field is not None:
        return field.schema
    return schema.items or _DEDUCED


def _by_element(schema: Schema, items: Any) -> dict[str, list[Any]]:
    """The items of a list by their element; more than one only where a list wrongly repeats itself."""
    result: dict[str, list[Any]] = {}
    for item in items:
        element = list_element(schema, item)
        if element in result:
            result[element].append(item)
        else:
            result[element] = [item]
    return result


def list_element(schema: Schema, item: Any) -> str:
    """The element that stands for an item of a list of type map or set."""
    if schema.list_type == "set":
        if item is None or isinstance(item, dict | list):
            raise TypedError("associative list without keys has an element that is no plain value")
        return fieldset.value_element(item)
    if not isinstance(item, dict):
        raise TypedError("associative list with keys may not have non-map elements")
    names = schema.list_map_keys
    key = []
    for name in names if len(names) == 1 else sorted(names):
        if name in item:
            key.append((name, item[name]))
        else:
            default = _key_default(schema.items.fields.get(name) if schema.items is not None else None)
            if default is not None:
                key.append((name, default))
    if not key:
        shown = " ".join(f'"{name}"' for name in names)
        raise TypedError(
            f"associative list with keys has an element that omits all key fields [{shown}]"
            " (and doesn't have default values for any key fields)"
        )
    return fieldset.key_element(key)


def _key_default(field: Field | None) -> Any:
    """What a missing key field counts as. A Go field that is always written has its zero value for a default."""
    if field is None:
        return None
    if field.default is None and not field.omit_empty and not field.pointer:
        return zero_value(field.schema)
    return field.default


def remove_items(schema: Schema, value: Any, fields: Fields) -> Any:
    """The value without the members of the set; containers that become empty stay, as empty ones."""
    if not fields or not value or is_atomic(schema):
        return value
    if type(value) is dict and schema.form in _CONTAINERS:
        kept: dict[str, Any] = {}
        for name, item in value.items():
            node = fields.get(f"f:{name}")
            if node is None:
                kept[name] = item
            elif not fieldset.is_member(node):
                kept[name] = remove_items(item_type(schema, name), item, node)
        return kept
    if type(value) is list and schema.form == "list":
        items, remaining = schema.items or _DEDUCED, []
        for item in value:
            node = fields.get(list_element(schema, item))
            if node is None:
                remaining.append(item)
            elif not fieldset.is_member(node):
                remaining.append(remove_items(items, item, node))
        return remaining
    return value


def extract_items(schema: Schema, value: Any, fields: Fields) -> Any:
    """Only the members of the set, with the key fields of the list items on the way."""
    if not value or is_atomic(schema):
        return value
    if type(value) is dict and schema.form in _CONTAINERS:
        return {
            name: extract_items(item_type(schema, name), item, node) if node else item
            for name, item in value.items()
            if (node := fields.get(f"f:{name}")) is not None
        }
    if type(value) is list and schema.form == "list":
        items, kept = schema.items or _DEDUCED, []
        for item in value:
            node = fields.get(list_element(schema, item))
            if node is not None:
                found = extract_items(items, item, node) if node else item
                keys = {name: item[name] for name in schema.list_map_keys if name in item}
                kept.append({**keys, **found} if keys else found)
        return kept
    return value


def ensure_named_fields_are_members(schema: Schema, fields: Fields) -> Fields:
    """The set with every named struct field on the way to a member made a member too."""
    result: Fields = {}
    for element, node in fields.items():
        if element == SELF or not node:
            result[element] = node
            continue
        named = element.startswith("f:")
        if named:
            below = ensure_named_fields_are_members(item_type(schema, element[2:]), node)
        elif element.startswith("k:"):
            below = ensure_named_fields_are_members(schema.items or _DEDUCED, node)
        else:
            below = node
        if named and element[2:] in schema.fields:
            below = {SELF: {}, **below}
        result[element] = below
    return result
