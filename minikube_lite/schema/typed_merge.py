"""Merging an applied object into a live one by its type, and whether it fits the type at all.

Upstream: structured-merge-diff/typed (merge.go, validate.go). Neither object is changed; the result shares their parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from minikube_lite.schema.fieldset import element_text
from minikube_lite.schema.model import Schema
from minikube_lite.schema.strategic_merge import go_format
from minikube_lite.schema.typed import TypedError, is_atomic, item_type, list_element

_ANYTHING = Schema("any")
_GO_TYPES: Mapping[type, str] = {
    str: "string", bool: "bool", int: "int64", float: "float64",
    dict: "map[string]interface {}", list: "[]interface {}",
}  # fmt: skip
_STRINGS = frozenset({"string", "bytes"})
_NUMBERS = frozenset({"integer", "number"})


def merge(schema: Schema, live: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """The live object with what the applied one says. Nothing is removed; items of lists keep the order of whoever
    says more about it, the applied object first."""
    result: dict[str, Any] = dict(live)
    for name, value in config.items():
        result[name] = _merge_value(item_type(schema, name), live[name], value) if name in live else value
    return result


def _merge_value(schema: Schema, live: Any, config: Any) -> Any:
    if is_atomic(schema):
        return config
    if schema.form == "list":
        if not live or not config:
            return live or config
        return _merge_list(schema, live, config)
    if schema.form in ("object", "map", "any"):
        if isinstance(live, dict) and isinstance(config, dict):
            return merge(schema, live, config) if live or config else config
        if isinstance(live, dict) and live and config is None:
            return live
    return config


def _merge_list(schema: Schema, live: list[Any], config: list[Any]) -> list[Any]:
    items = schema.items or _ANYTHING
    applied: dict[str, Any] = {}
    for item in config:
        element = list_element(schema, item)
        if element in applied:
            raise TypedError(f"duplicate entries for key {element_text(element)}")
        applied[element] = item
    lives = [list_element(schema, item) for item in live]
    present: dict[str, Any] = {}
    for element, item in zip(lives, live, strict=True):
        # What is there twice is not merged with, but replaced.
        present[element] = None if element in present else item

    def merged(element: str) -> Any:
        if present.get(element) is None:
            return applied[element]
        return _merge_value(items, present[element], applied[element])

    shared = iter([element for element in applied if element in present])
    next_shared = next(shared, None)
    orders = list(applied)
    done: set[str] = set()
    result: list[Any] = []
    left = right = 0
    while left < len(lives) or right < len(orders):
        take_applied = right < len(orders)
        if left < len(lives):
            element = lives[left]
            if element not in applied:
                result.append(live[left])
                left += 1
                continue
            if take_applied and element == orders[right]:
                left += 1
            elif take_applied and next_shared not in (None, element):
                # Its turn comes later, in the order of the applied list.
                left += 1
                continue
            elif element in done:
                left += 1
        if take_applied:
            element = orders[right]
            done.add(element)
            result.append(merged(element))
            right += 1
            if element == next_shared:
                next_shared = next(shared, None)
    return result


def validate_typed(schema: Schema, value: Any) -> str:
    """What is wrong with an applied object, in upstream's words; empty if it fits."""
    faults = [f"{path}: {text}" if path else text for path, text in _validate(schema, value, "")]
    if len(faults) > 1:
        return "\n".join(["errors:", *(f"  {fault}" for fault in faults)])
    return faults[0] if faults else ""


def _validate(schema: Schema, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    form = schema.form
    if form in ("object", "map"):
        if isinstance(value, dict):
            yield from _validate_items(schema, value, path)
        else:
            yield path, f"expected map, got &{{{go_format(value)}}}"
    elif form == "list":
        if isinstance(value, list):
            yield from _validate_list(schema, value, path)
        else:
            yield path, f"expected list, got &{{{go_format(value)}}}"
    elif form != "any":
        yield from _validate_scalar(form, value, path)


def _validate_scalar(form: str, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if form in _STRINGS:
        if not isinstance(value, str):
            yield path, f"expected string, got &value.valueUnstructured{{Value:{_go_syntax(value)}}}"
    elif form in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield path, f"expected numeric (int or float), got {_GO_TYPES.get(type(value), '<nil>')}"
    elif form == "boolean":
        if not isinstance(value, bool):
            yield path, f"expected boolean, got &{{{go_format(value)}}}"
    elif isinstance(value, dict | list):
        yield path, f"expected any scalar, got &{{{go_format(value)}}}"


def _validate_items(schema: Schema, value: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    # Objects without fields take any, as an OpenAPI object without properties does.
    closed = schema.form == "object" and bool(schema.fields) and not schema.preserve_unknown and schema.items is None
    for name, item in value.items():
        if closed and name not in schema.fields:
            yield f"{path}.{name}", "field not declared in schema"
            return
        yield from _validate(item_type(schema, name), item, f"{path}.{name}")


def _validate_list(schema: Schema, value: list[Any], path: str) -> Iterator[tuple[str, str]]:
    items = schema.items or _ANYTHING
    seen: set[str] = set()
    for position, item in enumerate(value):
        text = f"[{position}]"
        if not is_atomic(schema):
            try:
                element = list_element(schema, item)
            except TypedError as error:
                yield path, f"element {position}: {error}"
                return
            text = element_text(element)
            if element in seen:
                yield path, f"duplicate entries for key {text}"
            seen.add(element)
        yield from _validate(items, item, path + text)


def _go_syntax(value: Any) -> str:
    """A JSON value as Go's %#v writes it."""
    if isinstance(value, dict):
        inner = ", ".join(f'"{name}":{_go_syntax(value[name])}' for name in sorted(value))
        return f"map[string]interface {{}}{{{inner}}}"
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(map(_go_syntax, value))}}}"
    if isinstance(value, str):
        return f'"{value}"'
    return "interface {}(nil)" if value is None else go_format(value)
