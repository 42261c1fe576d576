"""Makes the package data of the protobuf messages: which number a field has. What a field's type is, the schemas say.

The numbers are those of the Go structs' tags; the modules' generated.proto files must tell the same.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from go_sources import Sources
from go_types import BUILTIN_TYPES, GoField, GoType

MESSAGE = re.compile(r"^message (\w+) \{$(.*?)^\}$", re.MULTILINE | re.DOTALL)
MESSAGE_FIELD = re.compile(r"^  (?:optional|repeated|map<\w+, *[\w.]+>) *(?:[\w.]+ )?(\w+) = (\d+);$", re.MULTILINE)
TYPE_META = "TypeMeta"
# How the fields of the types that are one of several types are told apart: by the kind of the JSON value.
ALTERNATIVES = {"Schema": "object", "JSONSchemas": "list", "Property": "list", "Allows": "boolean"}

Numbers = dict[str, Any]
"""Field numbers by JSON name: a number, or the numbers on the way to a field that stands in a message of its own."""


class MessageTable:
    """The numbers of every type that OpenAPI names and that has a message."""

    def __init__(self, sources: Sources, alternatives: set[str]) -> None:
        self._sources = sources
        self._alternatives = alternatives

    def build(self, types: dict[str, GoType]) -> dict[str, Numbers]:
        """The table, by OpenAPI names."""
        answer = {}
        for name, go_type in types.items():
            if f"{go_type.package.path}.{go_type.name}" in self._alternatives:
                numbers = {ALTERNATIVES[fact.go_name]: tag_number(fact) for fact in self._tagged(go_type)}
            else:
                numbers = self._numbers(self._struct(go_type))
            if numbers:
                answer[name] = numbers
        return answer

    def _numbers(self, go_type: GoType) -> Numbers:
        answer: Numbers = {}
        if not go_type.is_struct:
            return answer
        self._check(go_type)
        for fact in go_type.fields:
            if fact.inline:
                inner = self._resolve(fact.type_text.lstrip("*"), go_type)
                if fact.protobuf:
                    outer = tag_number(fact)
                    found = self._numbers(self._struct(inner)).items()
                    answer.update({name: [outer, *as_list(number)] for name, number in found})
                elif inner.name != TYPE_META:
                    raise SystemExit(f"{go_type.package.path}.{go_type.name}: {inner.name} is in no message")
            elif fact.protobuf:
                number = tag_number(fact)
                answer[fact.json_name] = [number, 1] if self._is_list(fact, go_type) else number
        return answer

    def _tagged(self, go_type: GoType) -> list[GoField]:
        self._check(go_type)
        return [fact for fact in go_type.fields if fact.protobuf]

    def _struct(self, go_type: GoType) -> GoType:
        """The struct that a type stands for, or the type that is none."""
        while not go_type.is_struct and re.fullmatch(r"[\w.]+", go_type.underlying):
            if go_type.underlying in BUILTIN_TYPES:
                break
            go_type = self._resolve(go_type.underlying, go_type)
        return go_type

    def _resolve(self, text: str, context: GoType) -> GoType:
        alias, _, name = text.rpartition(".")
        package = self._sources.package(context.imports[alias]) if alias else context.package
        return package.types[name]

    def _is_list(self, fact: GoField, context: GoType) -> bool:
        """Whether the field's type is a list by its name, as `Verbs`: that is a message with the list as field 1."""
        text = fact.type_text
        named = text not in BUILTIN_TYPES and re.fullmatch(r"[\w.]+", text)
        return bool(named) and self._resolve(text, context).underlying.startswith("[]")

    def _check(self, go_type: GoType) -> None:
        """The tags and the generated.proto beside them must agree in names and numbers."""
        path = go_type.package.path
        module = "/".join(path.split("/")[:2])
        file = self._sources.directory(module) / path.removeprefix(module).lstrip("/") / "generated.proto"
        tagged = {tag_number(fact): proto_name(fact) for fact in go_type.fields if fact.protobuf}
        declared = messages(file).get(go_type.name, {}) if file.is_file() else {}
        if tagged != declared:
            raise SystemExit(f"{path}.{go_type.name}: tags and generated.proto differ: {tagged} and {declared}")


@cache
def messages(file: Path) -> dict[str, dict[int, str]]:
    """The messages of a generated.proto: the fields' names by their numbers."""
    return {
        name: {int(number): field.lower() for field, number in MESSAGE_FIELD.findall(body)}
        for name, body in MESSAGE.findall(file.read_text())
    }


def tag_number(fact: GoField) -> int:
    """The field's number."""
    return int(fact.protobuf.split(",")[1])


def proto_name(fact: GoField) -> str:
    """The field's name in its message, in small letters since tags differ in that; none means the JSON name."""
    names = [part.removeprefix("name=") for part in fact.protobuf.split(",") if part.startswith("name=")]
    return (names[0] if names else fact.json_name).lower()


def as_list(number: Any) -> list[int]:
    """A number's way as a list."""
    return number if isinstance(number, list) else [number]


def build_protobuf(
    sources: Sources, types: dict[str, GoType], alternatives: set[str], version: str
) -> dict[str, dict[str, Numbers] | str]:
    """What the package data holds."""
    return {"version": version, "messages": MessageTable(sources, alternatives).build(types)}
