"""The built-in kinds' types, read from package data and built at first use. Upstream: client-go's scheme."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import partial
from importlib.resources import files
from typing import Any

import orjson

from minikube_lite.schema.model import Field, Schema
from minikube_lite.schema.own_types import OwnTypes

DATA_FILE = "builtin-1.36.json.gz"
POINTER, OMIT_EMPTY, REQUIRED, OMIT_ZERO = 1, 2, 4, 8


class BuiltinSchemas:
    """Every type of the built-in groups by its OpenAPI name and by its kind."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._shapes: list[dict[str, Any]] = data["shapes"]
        self._built: list[Schema | None] = [None] * len(self._shapes)
        self._names: dict[str, int] = data["names"]
        self._kinds: dict[tuple[str, str, str], int] = {
            (group, version, kind): number for group, version, kind, number in data["kinds"]
        }
        self._shared: dict[str, int] = dict(data["shared"])
        self.descriptions: dict[str, dict[str, Any]] = {}
        """What there is to read about kinds of our own; that of built-in ones comes from a package."""
        self._kinds_by_type: dict[int, list[tuple[str, str, str]]] = {}
        for kind, number in self._kinds.items():
            self._kinds_by_type.setdefault(number, []).append(kind)

    @classmethod
    def load(cls) -> BuiltinSchemas:
        """Reads the package data; the caller keeps the answer and shares it."""
        packed = files("minikube_lite.schema").joinpath("data", DATA_FILE).read_bytes()
        return cls(orjson.loads(gzip.decompress(packed)))

    def add_kind(self, group: str, version: str, kind: str, types: OwnTypes) -> None:
        """Serve a kind of our own beside the built-in ones."""
        for name, schema in types.schemas.items():
            self._names[name] = len(self._shapes)
            self._shapes.append({"n": name})
            self._built.append(schema)
        number = self._names[types.root]
        self._kinds[(group, version, kind)] = number
        self._kinds_by_type.setdefault(number, []).append((group, version, kind))
        self.descriptions.update(types.descriptions)

    def type_for(self, group: str, version: str, kind: str) -> Schema | None:
        """The type of a kind. DeleteOptions and WatchEvent belong to every group."""
        number = self._kinds.get((group, version, kind), self._shared.get(kind))
        return None if number is None else self._schema(number)

    def type_named(self, name: str) -> Schema:
        """The type of that OpenAPI name (`io.k8s.api.core.v1.PodSpec`); KeyError where there is none."""
        return self._schema(self._names[name])

    def names(self) -> tuple[str, ...]:
        """All OpenAPI names, sorted."""
        return tuple(self._names)

    def kinds(self) -> tuple[tuple[str, str, str], ...]:
        """Every (group, version, kind) that has a type, sorted; those of every group are left out."""
        return tuple(self._kinds)

    def kinds_of(self, name: str) -> tuple[tuple[str, str, str], ...]:
        """The kinds whose type has that OpenAPI name; those of every group are left out."""
        return tuple(self._kinds_by_type.get(self._names[name], ()))

    def shared_kinds(self) -> dict[str, str]:
        """The kinds that every group has (DeleteOptions, WatchEvent), by the OpenAPI name of their type."""
        return {self._shapes[number]["n"]: kind for kind, number in self._shared.items()}

    def _schema(self, number: int) -> Schema:
        built = self._built[number]
        if built is None:
            built = self._build(number, self._shapes[number])
        return built

    def _build(self, number: int, shape: dict[str, Any]) -> Schema:
        schema = Schema(
            form=shape["f"],
            name=shape.get("n", ""),
            go_type=shape["g"],
            format=shape.get("o", ""),
            enum=tuple(shape.get("e", ())),
            list_type=shape.get("l", ""),
            list_map_keys=tuple(shape.get("k", ())),
            map_type=shape.get("m", ""),
            extensions=shape.get("x", {}),
        )
        self._built[number] = schema
        entries = shape.get("p")
        if entries is not None:
            schema.fields = {entry[0]: self._field(entry) for entry in entries}
            schema.required = tuple(entry[0] for entry in entries if entry[2] & REQUIRED)
        if "i" in shape:
            schema.items = self._schema(shape["i"])
        if "a" in shape:
            schema.alternatives = {kind: self._schema(other) for kind, other in shape["a"]}
        return schema

    def _field(self, entry: list[Any]) -> Field:
        name, number, flags = entry[:3]
        extra: dict[str, Any] = entry[3] if len(entry) > 3 else {}
        return Field(
            name=name,
            resolve=partial(self._schema, number),
            go_name=extra.get("g") or name[:1].upper() + name[1:],
            pointer=bool(flags & POINTER),
            omit_empty=bool(flags & OMIT_EMPTY),
            omit_zero=bool(flags & OMIT_ZERO),
            default=extra.get("d"),
            embedded=tuple(extra.get("e", ())),
            map_type=extra.get("m", ""),
            patch_strategy=tuple(extra.get("s", ())),
            patch_merge_key=extra.get("k", ""),
        )
