"""Reads the struct types of Go packages: fields, tags, named types and constants, as API packages have them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

IMPORT = re.compile(r'^\s*(?:(\w+)\s+)?"([\w./-]+)"\s*$')
TYPE_LINE = re.compile(r"^type (\w+) (=\s*)?(.+)$")
CONST_ALIAS_LINE = re.compile(r"^\s*(\w+)\s*=\s*(\w+)\((\w+)\.(\w+)\)\s*$")
CONST_LINE = re.compile(r'^\s*(\w+)(?:\s+(\w+))?\s*=\s*(?:(\w+)\()?"([^"]*)"\)?\s*$')
FIELD_LINE = re.compile(r"^\t(\w+)\s+([^`\s][^`]*?)\s+`([^`]*)`\s*$")
EMBEDDED_LINE = re.compile(r"^\t(\*?[\w.]+)\s+`([^`]*)`\s*$")
MAP_TYPE = re.compile(r"^map\[([\w.]+)\](.+)$")
PACKAGE_NAME = re.compile(r"^package (\w+)", re.MULTILINE)
BUILTIN_TYPES = frozenset(
    ("string", "bool", "byte", "any", "error", "float32", "float64", "int", "int32", "int64", "uint32", "uint64")
)


@dataclass
class GoField:
    """One field of a struct; `type_text` is resolved against the package it stands in."""

    go_name: str
    type_text: str
    json_name: str
    omit_empty: bool
    omit_zero: bool
    inline: bool
    protobuf: str = ""
    """The protobuf tag, as `bytes,1,opt,name=metadata`; "" where the field is in no message."""


@dataclass
class GoType:
    """A named type: a struct with fields, or another type's name in `underlying`."""

    name: str
    package: GoPackage
    imports: dict[str, str]
    underlying: str = ""
    fields: list[GoField] = field(default_factory=list)
    is_struct: bool = False
    is_enum: bool = False


@dataclass
class GoPackage:
    """One directory of Go files."""

    path: str
    name: str = ""
    types: dict[str, GoType] = field(default_factory=dict)
    constants: dict[str, list[str]] = field(default_factory=dict)
    """The values of string constants by their type."""
    constant_values: dict[str, str] = field(default_factory=dict)
    constant_aliases: list[tuple[str, str, str]] = field(default_factory=list)
    """(type, import path, constant) of constants that repeat another package's."""


def read_package(import_path: str, directory: Path) -> GoPackage:
    """Reads every file of the package that is no test and not generated."""
    package = GoPackage(import_path)
    for file in sorted(directory.glob("*.go")):
        if file.name.endswith("_test.go") or file.name.startswith("zz_generated") or ".pb." in file.name:
            continue
        _read_file(package, file.read_text())
    return package


def _read_file(package: GoPackage, text: str) -> None:
    match = PACKAGE_NAME.search(text)
    package.name = match.group(1) if match else package.name
    imports: dict[str, str] = {}
    lines = _without_block_comments(text).split("\n")
    comments: list[str] = []
    position = 0
    in_import = in_const = False
    while position < len(lines):
        raw = lines[position]
        stripped = raw.strip()
        if stripped.startswith("//"):
            comments.append(stripped)
            position += 1
            continue
        line = _without_line_comment(raw).rstrip()
        if raw.startswith("import ("):
            in_import = True
        elif raw.startswith("const ("):
            in_const = True
        elif raw.startswith(")"):
            in_import = in_const = False
        elif in_import or raw.startswith("import "):
            found = IMPORT.match(line.removeprefix("import "))
            if found:
                imports[found.group(1) or found.group(2).rsplit("/", 1)[-1]] = found.group(2)
        elif in_const or raw.startswith("const "):
            _read_constant(package, imports, line.removeprefix("const "))
        elif raw.startswith("type "):
            position = _read_type(package, imports, lines, position, comments)
        if stripped:
            comments = []
        position += 1


def _without_block_comments(text: str) -> str:
    return re.sub(r"^/\*.*?\*/", lambda match: "\n" * match.group(0).count("\n"), text, flags=re.DOTALL | re.MULTILINE)


def _without_line_comment(line: str) -> str:
    """A `//` inside a tag or a string is no comment."""
    position = 0
    quote = ""
    while position < len(line):
        character = line[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in '`"':
            quote = character
        elif line.startswith("//", position):
            return line[:position]
        position += 1
    return line


def _read_constant(package: GoPackage, imports: dict[str, str], line: str) -> None:
    alias = CONST_ALIAS_LINE.match(line)
    if alias:
        package.constant_aliases.append((alias.group(2), imports[alias.group(3)], alias.group(4)))
    found = CONST_LINE.match(line)
    if found:
        package.constant_values[found.group(1)] = found.group(4)
        type_name = found.group(2) or found.group(3)
        if type_name:
            package.constants.setdefault(type_name, []).append(found.group(4))


def _read_type(
    package: GoPackage, imports: dict[str, str], lines: list[str], position: int, comments: list[str]
) -> int:
    found = TYPE_LINE.match(_without_line_comment(lines[position]).rstrip())
    if not found:
        return position
    go_type = GoType(found.group(1), package, imports)
    go_type.is_enum = any(comment.strip("/ ") == "+enum" for comment in comments)
    package.types[go_type.name] = go_type
    body = found.group(3).strip()
    if body == "struct {":
        go_type.is_struct = True
        position += 1
        while not lines[position].startswith("}"):
            _read_field(go_type, _without_line_comment(lines[position]).rstrip())
            position += 1
    else:
        go_type.is_struct = body == "struct{}"
        go_type.underlying = body
    return position


def _read_field(go_type: GoType, line: str) -> None:
    found = FIELD_LINE.match(line)
    if found:
        go_name, type_text, tags = found.group(1), found.group(2).strip(), found.group(3)
    else:
        embedded = EMBEDDED_LINE.match(line)
        if not embedded:
            return
        type_text, tags = embedded.group(1), embedded.group(2)
        go_name = type_text.lstrip("*").rsplit(".", 1)[-1]
    json_tag = re.search(r'json:"([^"]*)"', tags)
    name, *options = json_tag.group(1).split(",") if json_tag else [""]
    protobuf_tag = re.search(r'protobuf:"([^"]*)"', tags)
    if name == "-":
        return
    inline = "inline" in options or (not name and not found)
    protobuf = protobuf_tag.group(1) if protobuf_tag else ""
    go_type.fields.append(
        GoField(go_name, type_text, name or go_name, "omitempty" in options, "omitzero" in options, inline, protobuf)
    )
