"""The columns that a definition names; upstream: registry/customresource/tableconvertor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from minikube_lite.api.columns import NAME
from minikube_lite.api.patching import go_map
from minikube_lite.clock import parse_time
from minikube_lite.machinery.ages import human_duration
from minikube_lite.machinery.kind import Column
from minikube_lite.schema.custom.json_path import JSONPath, JSONPathError
from minikube_lite.store import Object

AGE_COLUMN: Mapping[str, Any] = {
    "name": "Age",
    "type": "date",
    "jsonPath": ".metadata.creationTimestamp",
    "description": "How long ago the object was created.",
}
"""What is shown where a definition names no columns."""


def custom_columns(columns: Sequence[Mapping[str, Any]] | None) -> list[Column]:
    """The columns of a version, of objects as it shows them."""
    answer = [NAME]
    for column in columns or [AGE_COLUMN]:
        try:
            path = JSONPath(column["jsonPath"])
        except JSONPathError:
            return answer
        description = column.get("description") or (
            f"Custom resource definition column (in JSONPath format): {column['jsonPath']}"
        )
        cell = _cell(path, column["type"])
        answer.append(
            Column(
                column["name"],
                cell,
                column["type"],
                column.get("format") or "",
                column.get("priority") or 0,
                description,
            )
        )
    return answer


def _cell(path: JSONPath, kind: str) -> Callable[[Object, float], Any]:
    def cell(obj: Object, now: float) -> Any:
        found = path.find(obj)
        if not found:
            return None
        return _text(found[0]) if kind == "string" else _typed(kind, found[0], now)

    return cell


def _text(value: Any) -> str:
    return value if isinstance(value, str) else go_map(value)


def _typed(kind: str, value: Any, now: float) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "integer":
        return int(value) if number else None
    if kind == "number":
        return value if number else None
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if kind == "date" and isinstance(value, str):
        try:
            return human_duration(now - parse_time(value))
        except ValueError:
            return "<invalid>"
    return None
