"""JSON patch (RFC 6902) and JSON merge patch (RFC 7386) with the habits of the library that API servers use.

Upstream: gopkg.in/evanphx/json-patch.v4. Replacing or copying a missing key of a map is no fault, negative positions
count from the end, and numbers are compared as they are written. Neither the document nor the patch is changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

JSON_PATCH_OPERATIONS_MAX = 10_000
JSON_PATCH_COPY_BYTES_MAX = 3 * 1024 * 1024

_INDEX = re.compile(r"[+-]?[0-9]+").fullmatch
_OPERATION_FIELDS = ("op", "path", "from", "value")
_MISSING: Any = object()


class PatchFormatError(ValueError):
    """The patch is not of the form of a patch: 400. The text is Go's."""


class PatchTooLargeError(ValueError):
    """The patch has too many operations: 413."""


class PatchError(ValueError):
    """The patch does not apply: 422. Upstream does not show the text to clients."""


def apply_merge_patch(document: Any, patch: Any) -> Any:
    """The document with the merge patch applied; parts that do not change are shared with the arguments."""
    if patch is None:
        raise PatchFormatError("Invalid JSON Patch")
    if not isinstance(patch, dict) or not isinstance(document, dict):
        return _prune_nulls(patch)
    return _merge(document, patch)


def _merge(document: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(document)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
            continue
        current = result.get(key)
        if not isinstance(current, dict):
            result[key] = _prune_nulls(value)
        else:
            result[key] = _merge(current, value) if isinstance(value, dict) else value
    return result


def _prune_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _prune_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_prune_nulls(item) for item in value]
    return value


def check_json_patch(patch: Any) -> list[str]:
    """Checks the form of a JSON patch; returns the strict faults (unknown fields), raises for the others."""
    if patch is None:
        return []
    if not isinstance(patch, list):
        raise PatchFormatError(
            f"json: cannot unmarshal {_json_kind(patch)} into Go value of type []handlers.jsonPatchOp"
        )
    unknown = []
    for position, operation in enumerate(patch):
        if operation is None:
            continue
        if not isinstance(operation, dict):
            kind = _json_kind(operation)
            raise PatchFormatError(f"json: cannot unmarshal {kind} into Go value of type handlers.jsonPatchOp")
        for name, value in operation.items():
            if name not in _OPERATION_FIELDS:
                unknown.append(f'unknown field "[{position}].{name}"')
            elif name != "value" and value is not None and not isinstance(value, str):
                kind = _json_kind(value)
                raise PatchFormatError(
                    f"json: cannot unmarshal {kind} into Go struct field jsonPatchOp.{name} of type string"
                )
    return unknown


def _json_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    kinds: Mapping[type, str] = {dict: "object", list: "array", str: "string", int: "number", float: "number"}
    return kinds.get(type(value), "null")


def apply_json_patch(document: dict[str, Any], patch: list[dict[str, Any]] | None) -> Any:
    """The document with the operations applied one after the other."""
    operations = patch or []
    if len(operations) > JSON_PATCH_OPERATIONS_MAX:
        raise PatchTooLargeError(
            f"The allowed maximum operations in a JSON patch is {JSON_PATCH_OPERATIONS_MAX}, got {len(operations)}"
        )
    state = _State(_copy(document))
    for operation in operations:
        kind = (operation or {}).get("op")
        apply = _OPERATIONS.get(kind) if isinstance(kind, str) else None
        if apply is None:
            raise PatchError(f"Unexpected kind: {kind if isinstance(kind, str) else 'unknown'}")
        apply(state, operation)
    return state.document


class _State:
    """The document as it is being changed; it shares nothing with what was given."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.copied_bytes = 0


def _add(state: _State, operation: Mapping[str, Any]) -> None:
    path = _pointer(operation, "path", "add")
    container, key = _find(state.document, path)
    if container is None:
        raise PatchError(f'add operation does not apply: doc is missing path: "{path}": missing value')
    _insert(container, key, _copy(operation.get("value")))


def _remove(state: _State, operation: Mapping[str, Any]) -> None:
    path = _pointer(operation, "path", "remove")
    container, key = _find(state.document, path)
    if container is None:
        raise PatchError(f'remove operation does not apply: doc is missing path: "{path}": missing value')
    _delete(container, key)


def _replace(state: _State, operation: Mapping[str, Any]) -> None:
    path = _pointer(operation, "path", "replace")
    value = _copy(operation.get("value"))
    if not path:
        if not isinstance(value, dict | list):
            raise PatchError("replace operation value must be object or array")
        state.document = value
        return
    container, key = _find(state.document, path)
    if container is None:
        raise PatchError(f"replace operation does not apply: doc is missing path: {path}: missing value")
    if isinstance(container, dict):
        container[key] = value
    else:
        container[_position(key, len(container))] = value


def _move(state: _State, operation: Mapping[str, Any]) -> None:
    source = _pointer(operation, "from", "move")
    container, key = _find(state.document, source)
    if container is None:
        raise PatchError(f"move operation does not apply: doc is missing from path: {source}: missing value")
    value = _get(container, key)
    _delete(container, key)
    path = _pointer(operation, "path", "move")
    container, key = _find(state.document, path)
    if container is None:
        raise PatchError(f"move operation does not apply: doc is missing destination path: {path}: missing value")
    _insert(container, key, value)


def _copy_value(state: _State, operation: Mapping[str, Any]) -> None:
    source = _pointer(operation, "from", "copy")
    container, key = _find(state.document, source)
    if container is None:
        raise PatchError(f"copy operation does not apply: doc is missing from path: {source}: missing value")
    value = _get(container, key)
    path = _pointer(operation, "path", "copy")
    container, key = _find(state.document, path)
    if container is None:
        raise PatchError(f"copy operation does not apply: doc is missing destination path: {path}: missing value")
    state.copied_bytes += len(orjson.dumps(value))
    if state.copied_bytes > JSON_PATCH_COPY_BYTES_MAX:
        raise PatchError(
            f"Unable to complete the copy, the accumulated size increase of copy is {state.copied_bytes},"
            f" exceeding the limit {JSON_PATCH_COPY_BYTES_MAX}"
        )
    _insert(container, key, _copy(value))


def _test(state: _State, operation: Mapping[str, Any]) -> None:
    path = _pointer(operation, "path", "test")
    if not path:
        found = state.document
    else:
        container, key = _find(state.document, path)
        if container is None:
            raise PatchError(f"test operation does not apply: is missing path: {path}: missing value")
        found = _get(container, key)
    if not _equal(found, operation.get("value")):
        raise PatchError(f"testing value {path} failed: test failed")


_OPERATIONS: Mapping[str, Callable[[_State, Mapping[str, Any]], None]] = {
    "add": _add, "remove": _remove, "replace": _replace, "move": _move, "copy": _copy_value, "test": _test,
}  # fmt: skip


def _pointer(operation: Mapping[str, Any], name: str, kind: str) -> str:
    path = operation.get(name)
    if not isinstance(path, str):
        raise PatchError(f"{kind} operation failed to decode {name}: missing value")
    return path


def _find(document: Any, path: str) -> tuple[dict[str, Any] | list[Any] | None, str]:
    """The map or list that holds what the path points to, and the key there; None where there is none."""
    _, *parts = path.split("/")
    if not parts:
        return None, ""
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in parts]
    current = document
    for part in way:
        try:
            current = _get(current, part)
        except PatchError:
            return None, ""
        if not isinstance(current, dict | list):
            return None, ""
    return current, last


def _get(container: dict[str, Any] | list[Any], key: str) -> Any:
    if isinstance(container, dict):
        return container.get(key)
    return container[_position(key, len(container))]


def _insert(container: dict[str, Any] | list[Any], key: str, value: Any) -> None:
    if isinstance(container, dict):
        container[key] = value
    elif key == "-":
        container.append(value)
    else:
        container.insert(_position(key, len(container) + 1), value)


def _delete(container: dict[str, Any] | list[Any], key: str) -> None:
    if isinstance(container, dict):
        if container.pop(key, _MISSING) is _MISSING:
            raise PatchError(f"Unable to remove nonexistent key: {key}: missing value")
    else:
        del container[_position(key, len(container))]


def _position(key: str, length: int) -> int:
    if not _INDEX(key):
        raise PatchError(f"value was not a proper array index: '{key}'")
    position = int(key)
    if not -length <= position < length:
        raise PatchError(f"Unable to access invalid index: {position}: invalid index referenced")
    return position % length


def _equal(left: Any, right: Any) -> bool:
    """Equality of JSON texts: 1 and 1.0 and true are three things."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(item, right[key]) for key, item in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    return type(left) is type(right) and bool(left == right)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value
