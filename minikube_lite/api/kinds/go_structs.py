"""Go's view of values for error texts: structs by their Go field names, and diffs of them; upstream: util/diff."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class GoField(NamedTuple):
    """A struct's field: Go's name, the name in JSON, the zero value and, where it holds structs, their fields."""

    name: str
    json_name: str
    zero: Any = None
    fields: tuple[GoField, ...] = ()


def go_struct(value: Mapping[str, Any] | None, fields: Sequence[GoField]) -> dict[str, Any]:
    """The value as encoding/json writes the internal type, which has no json tags."""
    value = value or {}
    return {field.name: _go_field(value.get(field.json_name), field) for field in fields}


def _go_field(value: Any, field: GoField) -> Any:
    if value is None:
        # An empty dict stands for a struct that is no pointer: it shows its own zero values.
        return go_struct({}, field.fields) if field.zero == {} and field.fields else field.zero
    if not field.fields:
        return value
    if isinstance(value, list):
        return [go_struct(item, field.fields) for item in value]
    return go_struct(value, field.fields)


def go_map(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A map as Go writes it: keys in order, null where there is none."""
    return {key: value[key] for key in sorted(value)} if value else None


def go_diff(old: Any, new: Any) -> str:
    """The difference of two values as upstream's immutability errors end with."""
    before, after = (json.dumps(value, indent=1, ensure_ascii=False).splitlines() for value in (old, new))
    lines = list(difflib.unified_diff(before, after, lineterm=""))[2:]
    return "\n".join(lines) + "\n"
