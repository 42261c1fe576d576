"""Old and new values of an update side by side, as far as they are known to be the same.

Upstream: apiserver/pkg/cel/common/equality.go.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from minikube_lite.schema.custom.structural import LIST_MAP_KEYS, LIST_TYPE, JSONSchema, items_of, schema_for_field


def list_map_key(schema: JSONSchema, item: Any) -> str | None:
    """What an item of a list of type map is known by; None where it is no object."""
    if not isinstance(item, dict):
        return None
    properties = (items_of(schema) or {}).get("properties") or {}
    names: Sequence[str] = schema.get(LIST_MAP_KEYS) or ()
    return json.dumps([item.get(name, (properties.get(name) or {}).get("default")) for name in names])


class Correlated:
    """A value and what it was before."""

    __slots__ = ("_by_key", "_children", "_same", "new", "old", "schema")

    def __init__(self, new: Any, old: Any, schema: JSONSchema) -> None:
        self.new = new
        self.old = old
        self.schema = schema
        self._children: dict[str | int, Correlated | None] = {}
        self._by_key: dict[str, Any] | None = None
        self._same: bool | None = None

    def key(self, name: str) -> Correlated | None:
        """The field of that name; None where it was not there, or is not now."""
        if name not in self._children:
            self._children[name] = self._key(name)
        return self._children[name]

    def _key(self, name: str) -> Correlated | None:
        if not isinstance(self.old, dict) or not isinstance(self.new, dict):
            return None
        if name not in self.old or name not in self.new:
            return None
        below = schema_for_field(self.schema, name)
        return Correlated(self.new[name], self.old[name], below) if below is not None else None

    def index(self, position: int) -> Correlated | None:
        """The item at that position, which only lists of type map let know again."""
        if position not in self._children:
            self._children[position] = self._index(position)
        return self._children[position]

    def _index(self, position: int) -> Correlated | None:
        below = items_of(self.schema)
        if below is None or self.schema.get(LIST_TYPE) != "map":
            return None
        if not isinstance(self.old, list) or not isinstance(self.new, list):
            return None
        if self._by_key is None:
            self._by_key = {}
            for item in self.old:
                key = list_map_key(self.schema, item)
                if key is not None:
                    self._by_key.setdefault(key, item)
        key = list_map_key(self.schema, self.new[position])
        old = self._by_key.get(key) if key is not None else None
        return Correlated(self.new[position], old, below) if old is not None else None

    @property
    def same(self) -> bool:
        """Whether the value is what it was."""
        if self._same is None:
            self._same = self._compare()
        return self._same

    def _compare(self) -> bool:
        if self.schema.get(LIST_TYPE) == "map" and isinstance(self.old, list) and isinstance(self.new, list):
            found = [self.index(position) for position in range(len(self.new))]
            return len(self.old) == len(self.new) and all(child is not None and child.same for child in found)
        if isinstance(self.old, dict) and isinstance(self.new, dict):
            if len(self.old) != len(self.new):
                return False
            children = [self.key(name) for name in self.new]
            return all(child is not None and child.same for child in children)
        return type(self.old) is type(self.new) and bool(self.old == self.new)
