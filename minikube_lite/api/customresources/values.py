"""Values at paths of custom resources, and how Go names what stands in the way; upstream: unstructured/helpers.go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def value_at(obj: Mapping[str, Any], steps: Iterable[str]) -> tuple[Any, str]:
    """What stands at a path, None where nothing does; and why it cannot be looked at, in Go's words."""
    value: Any = obj
    done: list[str] = []
    for step in steps:
        if not isinstance(value, dict):
            found = "<nil>" if value is None else str(value)
            return (
                None,
                f".{'.'.join([*done, step])} accessor error: {found} is of the type {go_type(value)}, expected map[string]interface{{}}",
            )
        done.append(step)
        if step not in value:
            return None, ""
        value = value[step]
    return value, ""


def go_type(value: Any) -> str:
    """The Go type of a JSON value."""
    if value is None:
        return "<nil>"
    names = {bool: "bool", int: "int64", float: "float64", str: "string", list: "[]interface {}"}
    return names.get(type(value), "map[string]interface {}")
