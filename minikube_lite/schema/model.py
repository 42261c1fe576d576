"""What a type looks like: the one form in which built-in kinds, custom resources and our own are described.

Upstream: kube-openapi's structural schemas together with what only Go's struct tags say (pointers, omitempty).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Form = Literal[
    "object", "map", "list", "string", "integer", "number", "boolean", "bytes",
    "quantity", "int-or-string", "time", "micro-time", "duration", "any",
]  # fmt: skip


@dataclass(slots=True)
class Schema:
    """One type. `fields` is filled for objects, `items` for lists and maps (the value's type).

    `name` is the OpenAPI name (`io.k8s.api.core.v1.PodSpec`), `go_type` Go's (`v1.PodSpec`, `int32`); "" for none.
    """

    form: Form
    name: str = ""
    go_type: str = ""
    fields: Mapping[str, Field] = field(default_factory=dict)
    items: Schema | None = None
    required: tuple[str, ...] = ()
    enum: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    format: str = ""
    """OpenAPI's format where Go's type does not say it (`int32`, `double`)."""
    list_type: Literal["", "atomic", "set", "map"] = ""
    list_map_keys: tuple[str, ...] = ()
    map_type: Literal["", "atomic", "granular"] = ""
    preserve_unknown: bool = False
    embedded: bool = False
    """Whether a whole object with apiVersion, kind and metadata stands here (custom resources)."""
    alternatives: Mapping[str, Schema] = field(default_factory=dict)
    """Form `any` that is one of several types by the kind of the JSON value: object, list, boolean."""
    extensions: Mapping[str, Any] = field(default_factory=dict)
    decoder: Any = field(default=None, repr=False, compare=False)
    """Kept by decode: what it compiled for this type."""


@dataclass(slots=True)
class Field:
    """One field of an object. The type is resolved at first use, since types may contain themselves."""

    name: str
    resolve: Callable[[], Schema] = field(repr=False)
    go_name: str = ""
    pointer: bool = False
    """Whether Go tells an absent value from an empty one."""
    omit_empty: bool = True
    omit_zero: bool = False
    """Whether a zero struct (a time) is left out too."""
    default: Any = None
    embedded: tuple[str, ...] = ()
    """The Go names of the embedded structs this field is promoted from; they show in decoding errors."""
    map_type: Literal["", "atomic", "granular"] = ""
    """How this field's struct is merged where that differs from the struct's own way."""
    patch_strategy: tuple[str, ...] = ()
    patch_merge_key: str = ""
    _schema: Schema | None = field(default=None, repr=False)

    @property
    def schema(self) -> Schema:
        """The field's type."""
        if self._schema is None:
            resolved = self.resolve()
            self._schema = replace(resolved, map_type=self.map_type, decoder=None) if self.map_type else resolved
        return self._schema
