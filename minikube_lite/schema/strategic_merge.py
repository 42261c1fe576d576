"""Strategic merge patch: lists are merged by key, directives say what else to do.

Upstream: apimachinery/pkg/util/strategicpatch and mergepatch. Neither the original nor the patch is changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minikube_lite.schema.model import Field, Schema

DIRECTIVE = "$patch"
RETAIN_KEYS = "$retainKeys"
DELETE_FROM_PRIMITIVE_LIST = "$deleteFromPrimitiveList"
SET_ELEMENT_ORDER = "$setElementOrder"

_ANYTHING = Schema("any", go_type="interface {}")
_BAD_PRIMITIVE_LIST = "invalid patch format of primitive list"
_BAD_RETAIN_KEYS = "invalid patch format of retainKeys"
_BAD_ELEMENT_ORDER = "invalid patch format of setElementOrder list"


class StrategicMergeError(ValueError):
    """The patch cannot be merged; `code` is the HTTP status upstream answers with."""

    code = 500


class StrategicPatchFormatError(StrategicMergeError):
    """A directive has the wrong form."""

    code = 400


class UnmergeableListError(StrategicMergeError):
    """Lists of lists."""

    code = 422


def strategic_merge_patch(schema: Schema, original: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """The original with the patch merged into it. Parts that do not change are shared with the arguments."""
    return _merge_map(original, patch, schema)


def _merge_map(original: Mapping[str, Any], patch: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    if DIRECTIVE in patch:
        return _whole_map(patch)
    result = _retain_keys(original, patch)
    rest = {key: value for key, value in patch.items() if key != RETAIN_KEYS}
    _merge_ordered_lists(result, rest, schema)
    for key, value in rest.items():
        deletes = key.startswith(DELETE_FROM_PRIMITIVE_LIST)
        name = _target(key, DELETE_FROM_PRIMITIVE_LIST, _BAD_PRIMITIVE_LIST) if deletes else key
        if value is None:
            result.pop(name, None)
        elif name not in result or _go_kind(result[name]) != _go_kind(value):
            if not deletes:
                _put_new(result, name, value)
        elif isinstance(value, dict):
            field = _field(schema, name)
            replaces = _strategy(field) == "replace"
            result[name] = value if replaces else _merge_map(result[name], value, field.schema)
        elif isinstance(value, list):
            field, items = _list_field(schema, name)
            result[name] = _merge_list_field(result[name], value, field, items, deletes)
        else:
            result[name] = value
    return result


def _whole_map(patch: Mapping[str, Any]) -> dict[str, Any]:
    """What a map becomes whose patch says so itself."""
    directive = patch[DIRECTIVE]
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != DIRECTIVE}
    if directive == "delete":
        return {}
    raise _unknown_directive(patch)


def _unknown_directive(patch: Mapping[str, Any]) -> StrategicMergeError:
    return StrategicMergeError(f"unknown patch type: {go_format(patch[DIRECTIVE])} in map: {go_format(patch)}")


def _put_new(result: dict[str, Any], name: str, value: Any) -> None:
    """Takes over what the original does not have."""
    kept, keep = _without_directives(_without_nulls(value))
    if keep:
        result[name] = kept
    else:
        result.pop(name, None)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _without_directives(value: Any) -> tuple[Any, bool]:
    """The value without maps that hold a directive, and whether it may stay itself."""
    if isinstance(value, dict):
        if DIRECTIVE in value:
            return None, False
        pairs = ((key, *_without_directives(item)) for key, item in value.items())
        return {key: item for key, item, keep in pairs if keep}, True
    if isinstance(value, list):
        return [item for item, keep in map(_without_directives, value) if keep], True
    return value, True


def _retain_keys(original: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    if RETAIN_KEYS not in patch:
        return dict(original)
    retained = patch[RETAIN_KEYS]
    if not isinstance(retained, list):
        raise StrategicPatchFormatError(_BAD_RETAIN_KEYS)
    for key, value in patch.items():
        directive = key == RETAIN_KEYS or key.startswith((DELETE_FROM_PRIMITIVE_LIST, SET_ELEMENT_ORDER))
        if value is not None and not directive and key not in retained:
            raise StrategicPatchFormatError(_BAD_RETAIN_KEYS)
    return {key: value for key, value in original.items() if key in retained}


def _merge_ordered_lists(result: dict[str, Any], rest: dict[str, Any], schema: Schema) -> None:
    """Merges the lists for which the patch gives an order, and takes them and the orders out of the patch."""
    for key in [key for key in rest if key.startswith(SET_ELEMENT_ORDER)]:
        order = _as_list(rest.pop(key))
        name = _target(key, SET_ELEMENT_ORDER, _BAD_ELEMENT_ORDER)
        in_original, in_patch = name in result, name in rest
        before = _as_list(result[name]) if in_original else []
        changes = _as_list(rest[name]) if in_patch else []
        field, items = _list_field(schema, name)
        merge_key = field.patch_merge_key
        _check_order(changes, order, merge_key)
        if in_original and in_patch:
            merged = _merge_list_field(before, changes, field, items, deletes=False)
        elif in_patch:
            merged = _without_directives(changes)[0]
        elif in_original:
            merged = before
        else:
            continue
        in_order, others = _partition(merged, order, merge_key)
        kind = _element_kind(before, changes)
        result[name] = _in_order(in_order, others, order, before, merge_key, kind)
        rest.pop(name, None)


def _check_order(changes: list[Any], order: list[Any], merge_key: str) -> None:
    """The items of the patch must stand in the order given, and all be in it."""
    if not changes or not order:
        return
    remaining = [item for item in changes if not (merge_key and _is_directive(item))]
    position = 0
    for item in order:
        if position == len(remaining):
            return
        if _same_key(remaining[position], item, merge_key):
            position += 1
    if position < len(remaining):
        raise StrategicMergeError(
            f"The order in patch list:\n{go_format(changes)}\n"
            f" doesn't match {SET_ELEMENT_ORDER} list:\n{go_format(order)}\n"
        )


def _is_directive(item: Any) -> bool:
    if not isinstance(item, dict):
        raise _bad_type(dict, item)
    return DIRECTIVE in item


def _same_key(left: Any, right: Any, merge_key: str) -> bool:
    if not merge_key:
        return _equal(left, right)
    return _equal(_key_of(left, merge_key), _key_of(right, merge_key))


def _key_of(item: Any, merge_key: str) -> Any:
    if not isinstance(item, dict):
        raise _bad_type(dict, item)
    if merge_key not in item:
        raise StrategicMergeError(f"map: {go_format(item)} does not contain declared merge key: {merge_key}")
    return item[merge_key]


def _merge_list_field(original: list[Any], patch: list[Any], field: Field, items: Schema, deletes: bool) -> list[Any]:
    if _strategy(field) != "merge" and not deletes:
        return patch
    if not original and not patch:
        return original
    kind = _element_kind(original, patch)
    merge_key = field.patch_merge_key
    if kind != "map":
        if deletes:
            return [item for item in original if not _contains(patch, item)]
        merged: list[Any] = []
        for item in (*original, *patch):
            if not _contains(merged, item):
                merged.append(item)
    else:
        if not merge_key:
            raise StrategicMergeError(f"cannot merge lists without merge key for {items.go_type}")
        original, patch = _apply_directives(original, patch, merge_key)
        merged = _merge_maps(original, patch, merge_key, items)
    in_patch, others = _partition(merged, patch, merge_key)
    return _in_order(in_patch, others, patch, original, merge_key, kind)


def _apply_directives(original: list[Any], patch: list[Any], merge_key: str) -> tuple[list[Any], list[Any]]:
    """Both lists after the directives among the patch's items; those are gone from it."""
    plain, replaces = [], False
    for item in patch:
        if DIRECTIVE not in item:
            plain.append(item)
            continue
        directive = item[DIRECTIVE]
        if directive == "delete":
            key = _key_of(item, merge_key)
            original = [other for other in original if not _equal(other.get(merge_key), key)]
        elif directive == "replace":
            replaces = True
        elif directive == "merge":
            raise StrategicMergeError("merging lists cannot yet be specified in the patch")
        else:
            raise _unknown_directive(item)
    return (plain, []) if replaces else (original, plain)


def _merge_maps(original: list[Any], patch: list[Any], merge_key: str, items: Schema) -> list[Any]:
    merged = list(original)
    for item in patch:
        key = _key_of(item, merge_key)
        for position, other in enumerate(merged):
            if _equal(other.get(merge_key), key):
                merged[position] = _merge_map(other, item, items)
                break
        else:
            merged.append(item)
    return merged


def _partition(merged: list[Any], chosen: list[Any], merge_key: str) -> tuple[list[Any], list[Any]]:
    """The items that are among the chosen, and the others."""
    if merge_key:
        for item in merged:
            _key_of(item, merge_key)
    inside: list[Any] = []
    outside: list[Any] = []
    for item in merged:
        (inside if _index(chosen, item, merge_key) >= 0 else outside).append(item)
    return inside, outside


def _in_order(
    in_patch: list[Any], others: list[Any], patch_order: list[Any], server_order: list[Any], merge_key: str, kind: str
) -> list[Any]:
    """The patch's items in its order, with the others put where they stood in the original as far as that goes."""
    if kind == "map":
        for item in (*in_patch, *patch_order, *others, *server_order):
            _key_of(item, merge_key)
    right = sorted(in_patch, key=lambda item: _index(patch_order, item, merge_key))
    left = sorted(others, key=lambda item: _index(server_order, item, merge_key))
    result: list[Any] = []
    while left and right:
        ours, theirs = _index(server_order, left[0], merge_key), _index(server_order, right[0], merge_key)
        result.append((left if 0 <= ours < theirs else right).pop(0))
    return result + left + right


def _index(items: list[Any], item: Any, merge_key: str) -> int:
    wanted = item.get(merge_key) if merge_key and isinstance(item, dict) else item
    for position, other in enumerate(items):
        found = other.get(merge_key) if merge_key and isinstance(other, dict) else other
        if _equal(found, wanted):
            return position
    return -1


def _contains(items: Sequence[Any], item: Any) -> bool:
    return any(_equal(other, item) for other in items)


def _equal(left: Any, right: Any) -> bool:
    # Python takes true and 1 for the same.
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _as_list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _bad_type(list, value)
    return value


def _target(key: str, prefix: str, message: str) -> str:
    """The field that a directive such as `$setElementOrder/containers` is about."""
    found, slash, name = key.partition("/")
    if found != prefix or not slash:
        raise StrategicPatchFormatError(message)
    return name


def _field(schema: Schema, name: str) -> Field:
    if schema.form == "object":
        field = schema.fields.get(name)
        if field is None:
            field = next((field for other, field in schema.fields.items() if other.lower() == name.lower()), None)
        if field is not None:
            return field
    elif schema.form in ("map", "list"):
        kind = "slice" if schema.form == "list" else "map"
        raise StrategicMergeError(f"merging an object in json but data type is not struct, instead is: {kind}")
    go_name = schema.go_type.rpartition(".")[2]
    raise StrategicMergeError(f'unable to find api field in struct {go_name} for the json field "{name}"')


def _list_field(schema: Schema, name: str) -> tuple[Field, Schema]:
    """The field, and the type of its items."""
    field = _field(schema, name)
    if field.schema.form != "list":
        raise StrategicMergeError("expected slice or array type, but got: struct")
    items = field.schema.items or _ANYTHING
    if items.form == "list":
        raise StrategicMergeError("unexpected slice of slice")
    return field, items


def _strategy(field: Field) -> str:
    strategies = [strategy for strategy in field.patch_strategy if strategy != "retainKeys"]
    if len(strategies) > 1:
        raise StrategicMergeError(f"unexpected patch strategy: {go_format(list(field.patch_strategy))}")
    return strategies[0] if strategies else ""


def _element_kind(*lists: list[Any]) -> str:
    kinds = {_go_kind(item): None for items in lists for item in items}
    if not kinds:
        raise StrategicMergeError("no elements in any of the given slices")
    if next(iter(kinds)) == "slice":
        raise UnmergeableListError("lists of lists are not supported")
    if len(kinds) > 1:
        raise StrategicMergeError(f"list element types are not identical: {go_format(list(lists))}")
    return next(iter(kinds))


def _go_kind(value: Any) -> str:
    return _GO_KINDS.get(type(value), "nil")


_GO_KINDS: Mapping[type, str] = {
    dict: "map", list: "slice", str: "string", bool: "bool", int: "int64", float: "float64",
}  # fmt: skip
_GO_TYPES: Mapping[str, str] = {"map": "map[string]interface {}", "slice": "[]interface {}", "nil": "%!s(<nil>)"}


def _bad_type(expected: type, actual: Any) -> StrategicMergeError:
    wanted, found = _GO_KINDS[expected], _go_kind(actual)
    return StrategicMergeError(
        f"expected a {_GO_TYPES.get(wanted, wanted)}, but received a {_GO_TYPES.get(found, found)}"
    )


def go_format(value: Any) -> str:
    """A JSON value as Go's %v writes it: `map[a:1 b:[x y]]`."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_format(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(go_format, value)) + "]"
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
