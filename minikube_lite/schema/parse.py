"""Bytes become plain values, as Go's JSON and YAML libraries read them. Upstream: sigs.k8s.io/{json,yaml}."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson

from minikube_lite.schema.json_syntax import JSONSyntaxError, check_syntax
from minikube_lite.schema.yaml_loader import YAMLSyntaxError, load_yaml

SUMMARY_BYTES = 30
"""How much of a body an error message shows."""
STRICT_ERRORS_MAX = 100
"""As many repeated or unknown fields as upstream lists for one object."""
NO_KIND = "couldn't get version/kind; json parse error"
TOO_DEEP = "exceeded max depth"


class DecodeError(ValueError):
    """What was sent cannot be read as what it should be; the message is Go's."""


class _Repeated(dict[str, Any]):
    """An object in which keys stand more than once; the last value wins, all of them are kept aside."""

    __slots__ = ("pairs",)

    pairs: list[tuple[str, Any]]


def parse_json(data: bytes, *, find_duplicates: bool = False) -> tuple[Any, list[str]]:
    """The value, and `duplicate field "spec.replicas"` for every repeated key when these are looked for."""
    try:
        value = orjson.loads(data)
        if find_duplicates:
            return _with_duplicates(value, data)
        return value, []
    except (ValueError, RecursionError):
        return _parse_carefully(data, find_duplicates=find_duplicates)


def parse_yaml(data: bytes, *, find_duplicates: bool = False) -> tuple[Any, list[str]]:
    """As parse_json, for YAML: keys become strings and are sorted, repeated ones are told as Go's YAML does."""
    try:
        value, duplicates = load_yaml(data)
    except (YAMLSyntaxError, RecursionError) as error:
        raise DecodeError(str(error) if isinstance(error, YAMLSyntaxError) else TOO_DEEP) from None
    if not find_duplicates or not duplicates:
        return value, []
    return value, ["\n  ".join(("yaml: unmarshal errors:", *duplicates))]


def strict_errors(duplicates: list[str], unknown: list[str]) -> list[str]:
    """Both lists as strict decoding tells them: what is in an unknown field is not looked at."""
    ignored = tuple(text.removeprefix("unknown field ").rstrip('"') for text in unknown)
    return [text for text in duplicates if not _stands_in(text.removeprefix("duplicate field "), ignored)] + unknown


def _stands_in(quoted: str, places: tuple[str, ...]) -> bool:
    return any(quoted.startswith((place + '"', place + ".", place + "[")) for place in places)


def summarize(data: bytes) -> str:
    """The beginning of a body as error messages show it: JSON objects as text, all else in hex."""
    if not data:
        return "<empty>"
    kept = data[:SUMMARY_BYTES]
    text = kept.decode(errors="replace") if data.startswith(b"{") else kept.hex()
    return f"{text} ..." if len(data) > SUMMARY_BYTES else text


def find_kind(value: Any) -> tuple[str, str]:
    """apiVersion and kind of a parsed body, "" where missing. DecodeError as upstream's kind finder."""
    struct = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
    kinds = {list: "array", str: "string", bool: "bool", int: "number", float: "number"}
    if value is None:
        return "", ""
    if not isinstance(value, dict):
        found = kinds[type(value)]
        raise DecodeError(f"{NO_KIND}: json: cannot unmarshal {found} into Go value of type {struct}")
    for name in ("apiVersion", "kind"):
        given = value.get(name)
        if given is not None and not isinstance(given, str):
            found = kinds.get(type(given), "object")
            into = f"Go struct field .{name} of type string"
            raise DecodeError(f"{NO_KIND}: json: cannot unmarshal {found} into {into}")
    return value.get("apiVersion") or "", value.get("kind") or ""


def _parse_carefully(data: bytes, *, find_duplicates: bool) -> tuple[Any, list[str]]:
    """What the fast reader refused: either no JSON, or bytes that Go replaces (invalid UTF-8, lone surrogates)."""
    try:
        check_syntax(data)
        text = data.decode("utf-8", "replace")
        value = json.loads(text)
        plain, duplicates = _with_duplicates(value, text) if find_duplicates else (value, [])
        return _as_go_reads(plain), duplicates
    except (JSONSyntaxError, RecursionError) as error:
        raise DecodeError(str(error) if isinstance(error, JSONSyntaxError) else TOO_DEEP) from None


def _as_go_reads(value: Any) -> Any:
    """Lone surrogates are replaced; numbers beyond 64 bits become floats, and beyond floats they are refused."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_as_go_reads(key): _as_go_reads(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_go_reads(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**64:
        value = float(value) if abs(value) < 1 << 1023 else math.inf
    if isinstance(value, float) and math.isinf(value):
        raise DecodeError("json: cannot unmarshal number into Go value of type float64")
    return value


def _with_duplicates(parsed: Any, data: bytes | str) -> tuple[Any, list[str]]:
    """`parsed` again, unless keys are repeated: then a second reading says which."""
    found: list[_Repeated] = []

    def make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        repeated = _Repeated(made)
        repeated.pairs = pairs
        found.append(repeated)
        return repeated

    value = json.loads(data, object_pairs_hook=make_object)
    if not found:
        return parsed, []
    duplicates: list[str] = []
    plain = _collect_duplicates(value, "", duplicates)
    return plain, duplicates


def _collect_duplicates(value: Any, path: str, duplicates: list[str]) -> Any:
    """Ordinary dicts again; repeated keys are told in the order in which a reader from left to right meets them."""
    if isinstance(value, list):
        return [_collect_duplicates(item, f"{path}[{index}]", duplicates) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    plain: dict[str, Any] = {}
    for key, item in value.pairs if isinstance(value, _Repeated) else value.items():
        place = f"{path}.{key}" if path else key
        if key in plain:
            _note(f'duplicate field "{place}"', duplicates)
        plain[key] = _collect_duplicates(item, place, duplicates)
    return plain


def _note(text: str, duplicates: list[str]) -> None:
    if text not in duplicates and len(duplicates) < STRICT_ERRORS_MAX:
        duplicates.append(text)
