"""What the store holds: one record per object and revision, shared by all who read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import orjson

Object = dict[str, Any]
"""An API object as plain JSON values, without kind and apiVersion."""

EventType = Literal["ADDED", "MODIFIED", "DELETED"]


class Record:
    """One object at one revision. The decoded object is shared: nobody changes it."""

    __slots__ = ("_body", "_forms", "name", "namespace", "object", "resource", "revision")

    def __init__(self, resource: str, namespace: str, name: str, revision: int, obj: Object) -> None:
        self.resource = resource
        self.namespace = namespace
        self.name = name
        self.revision = revision
        self.object = obj
        self._body: bytes | None = None
        self._forms: dict[str, Record] | None = None

    @property
    def body(self) -> bytes:
        """The object's JSON, made once and shared by every answer that shows this revision."""
        if self._body is None:
            self._body = orjson.dumps(self.object)
        return self._body

    def has_form(self, name: str) -> bool:
        """Whether the form of that name is made already."""
        return self._forms is not None and name in self._forms

    def form(self, name: str, convert: Callable[[Object], Object]) -> Record:
        """The same revision in the form of another version, made once and shared as the bytes are."""
        if self._forms is None:
            self._forms = {}
        form = self._forms.get(name)
        if form is None:
            converted = convert(self.object)
            form = self._forms[name] = Record(self.resource, self.namespace, self.name, self.revision, converted)
        return form


@dataclass(frozen=True, slots=True)
class Event:
    """A change: what happened, the object after it (before it, with the new revision, when deleted) and the record before."""

    type: EventType
    record: Record
    previous: Record | None

    @property
    def revision(self) -> int:
        """The revision that the change made."""
        return self.record.revision
