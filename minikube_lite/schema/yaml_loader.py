"""YAML as Kubernetes reads it: YAML 1.1 scalars by go-yaml's rules, string keys. Upstream: go-yaml v2."""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

ALIAS_NODES_MAX = 200_000
"""How many values a document may unfold to through aliases."""

_TRUE = frozenset(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"))
_FALSE = frozenset(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"))
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<binary>[01]+)|0[oO]?(?P<octal>[0-7]+)|(?P<decimal>0|[1-9][0-9]*))"
)
_INFINITY = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_NOT_A_NUMBER = frozenset((".nan", ".NaN", ".NAN"))
_TAG = "tag:yaml.org,2002:"
_STRING = f"{_TAG}str"
_PLAIN = ""
"""The tag of a scalar without quotes and tag, which its text decides."""
_RESOLVED = tuple(f"{_TAG}{name}" for name in ("bool", "int", "float", "null", "timestamp"))


class YAMLSyntaxError(ValueError):
    """The text is no YAML that JSON can express; the message is Go's."""


def load_yaml(data: bytes) -> tuple[Any, list[str]]:
    """The first document's value with sorted keys, and one text for every key that stands twice."""
    try:
        node = _compose(data)
    except yaml.MarkedYAMLError as error:
        raise YAMLSyntaxError(_go_text(error)) from None
    except yaml.YAMLError as error:
        raise YAMLSyntaxError(f"yaml: {error}") from None
    converter = _Converter()
    value = None if node is None else converter.value(node)
    return value, converter.duplicates


class _Loader(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """Composes nodes and leaves open what a plain scalar means."""

    def resolve(self, kind: type[yaml.Node], _value: Any, implicit: Any) -> str:
        """The tag of a node that has none."""
        return _PLAIN if kind is yaml.ScalarNode and implicit[0] else _STRING


def _compose(data: bytes) -> yaml.Node | None:
    loader: Any = _Loader(data)
    try:
        if not loader.check_node():
            return None
        node: yaml.Node | None = loader.get_node()
        return node
    finally:
        loader.dispose()


def _go_text(error: yaml.MarkedYAMLError) -> str:
    """Go's port of libyaml says the same words, but counts lines its own way."""
    line = 0
    for mark in (error.context_mark, error.problem_mark):
        if mark is not None and mark.line:
            line = mark.line + (1 if isinstance(error, yaml.scanner.ScannerError) else 0)
            break
    where = f"line {line}: " if line else ""
    return f"yaml: {where}{error.problem or 'unknown problem parsing YAML content'}"


class _Converter:
    """Turns nodes into values; counts them, since aliases can unfold a small text into a huge one."""

    def __init__(self) -> None:
        self.duplicates: list[str] = []
        self._count = 0
        self._open: list[yaml.Node] = []

    def value(self, node: yaml.Node) -> Any:
        self._count += 1
        if self._count > ALIAS_NODES_MAX:
            raise YAMLSyntaxError("yaml: document contains excessive aliasing")
        if isinstance(node, yaml.ScalarNode):
            return _json_number(scalar(node.value, node.tag))
        if any(node is other for other in self._open):
            raise YAMLSyntaxError("yaml: anchor contains itself")
        self._open.append(node)
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.value(item) for item in node.value]
            return self._mapping(node)
        finally:
            self._open.pop()

    def _mapping(self, node: yaml.Node) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if isinstance(key_node, yaml.ScalarNode) and key_node.value == "<<" and not key_node.style:
                merged = {**self._merge(value_node), **merged}
                continue
            key, shown = self._key(key_node)
            value = self.value(value_node)
            if key in answer:
                self.duplicates.append(f"line {value_node.start_mark.line + 1}: key {shown} already set in map")
            answer[key] = value
        return dict(sorted({**merged, **answer}.items()))

    def _merge(self, node: yaml.Node) -> dict[str, Any]:
        sources = list(reversed(node.value)) if isinstance(node, yaml.SequenceNode) else [node]
        answer: dict[str, Any] = {}
        for source in sources:
            if not isinstance(source, yaml.MappingNode):
                raise YAMLSyntaxError("yaml: map merge requires map or sequence of maps as the value")
            answer.update(self.value(source))
        return answer

    def _key(self, node: yaml.Node) -> tuple[str, str]:
        """The key as a string, and as Go's %#v shows it."""
        if not isinstance(node, yaml.ScalarNode):
            raise YAMLSyntaxError(f"yaml: invalid map key: {self.value(node)!r}")
        key = scalar(node.value, node.tag)
        if isinstance(key, str):
            return key, '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if isinstance(key, bool):
            return ("true", "true") if key else ("false", "false")
        if key is None:
            raise YAMLSyntaxError("unsupported map key of type: %!s(<nil>), key: <nil>")
        text = repr(key) if isinstance(key, int) else f"{key:g}"
        return text, text


def scalar(text: str, tag: str) -> Any:
    """A scalar's value by go-yaml's rules; times stay strings."""
    return _resolve(text) if tag == _PLAIN or tag in _RESOLVED else text


def _resolve(text: str) -> Any:
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if text in _NOT_A_NUMBER:
        return math.nan
    found = _INFINITY.fullmatch(text)
    if found:
        return -math.inf if found.group(1) == "-" else math.inf
    if text[0] not in "+-.0123456789":
        return text
    bare = text.replace("_", "") if text[0] != "." else text
    integer = _INTEGER.fullmatch(bare)
    if integer:
        number = _integer(integer)
        if -(2**63) <= number < 2**64:
            return number
    return float(bare) if _FLOAT.fullmatch(bare) else text


def _integer(found: re.Match[str]) -> int:
    for name, base in (("hex", 16), ("binary", 2), ("octal", 8), ("decimal", 10)):
        if found.group(name) is not None:
            number = int(found.group(name), base)
            return -number if found.group("sign") == "-" else number
    raise ValueError(found.group(0))


def _json_number(value: Any) -> Any:
    """JSON has no infinities; whole floats are written without a point, as Go's encoder does."""
    if not isinstance(value, float):
        return value
    if math.isnan(value) or math.isinf(value):
        text = "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")
        raise YAMLSyntaxError(f"json: unsupported value: {text}")
    return int(value) if value.is_integer() and abs(value) < 1e21 else value
