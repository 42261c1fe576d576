"""Continue tokens: where the next page of a list begins, and at which revision; upstream: apiserver/pkg/storage/continue.go."""

from __future__ import annotations

import base64
import posixpath
from typing import Any, NamedTuple

import orjson

from minikube_lite.machinery import errors
from minikube_lite.schema.json_syntax import JSONSyntaxError, check_syntax

VERSION = "meta.k8s.io/v1"
LATEST = -1
"""The revision in a token that goes on at what is there now, whatever was there before."""
_ALPHABET = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_TYPES = {"v": ("string", str), "rv": ("int64", int), "start": ("string", str)}


class ContinueToken(NamedTuple):
    """`start` is the first key of the page, `namespace/name` in a list over namespaces; `revision` is None for now."""

    revision: int | None
    start: str


def after(key: str, revision: int) -> str:
    """The token of a page that begins behind a key."""
    return encode(key + "\0", revision)


def encode(start: str, revision: int) -> str:
    """The token of a page that begins at a key."""
    data = orjson.dumps({"v": VERSION, "rv": revision, "start": start})
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(token: str) -> ContinueToken:
    """What a token says; 400 in upstream's words where it says nothing."""
    try:
        return _decode(token.encode(errors="replace"))
    except ValueError as error:
        raise errors.bad_request(f"invalid continue token: continue key is not valid{error}") from None


def _decode(token: bytes) -> ContinueToken:
    token = token.translate(None, b"\r\n")
    wrong = next((place for place, character in enumerate(token) if character not in _ALPHABET), None)
    if wrong is None and len(token) % 4 == 1:
        wrong = len(token) - 1
    if wrong is not None:
        raise ValueError(f": illegal base64 data at input byte {wrong}")
    data = base64.urlsafe_b64decode(token + b"=" * (-len(token) % 4))
    fields = _fields(data)
    if fields["v"] != VERSION:
        raise ValueError(f": server does not recognize this encoded version {fields['v']}")
    if not fields["rv"]:
        raise ValueError(f": incorrect encoded start resourceVersion (version {VERSION})")
    start: str = fields["start"]
    if not start:
        raise ValueError(f": encoded start key empty (version {VERSION})")
    key = start if start.startswith("/") else f"/{start}"
    if posixpath.normpath(key) != key or key.startswith("//"):
        raise ValueError(f": {start}")
    return ContinueToken(fields["rv"] if fields["rv"] > 0 else None, key[1:])


def _fields(data: bytes) -> dict[str, Any]:
    """The token's fields, of which what is not there is empty; ValueError as Go's JSON reader tells it."""
    try:
        check_syntax(data)
        value = orjson.loads(data.decode(errors="replace"))
    except (JSONSyntaxError, orjson.JSONDecodeError, RecursionError) as error:
        raise ValueError(f": {error}") from None
    if value is not None and not isinstance(value, dict):
        raise ValueError(f": json: cannot unmarshal {_go_kind(value)} into Go value of type storage.continueToken")
    found: dict[str, Any] = {"v": "", "rv": 0, "start": ""}
    for name, (go_type, wanted) in _TYPES.items():
        given = (value or {}).get(name)
        if given is None:
            continue
        if type(given) is not wanted:
            where = f"Go struct field continueToken.{name} of type {go_type}"
            raise ValueError(f": json: cannot unmarshal {_go_kind(given)} into {where}")
        found[name] = given
    return found


def _go_kind(value: Any) -> str:
    kinds = {bool: "bool", str: "string", list: "array", dict: "object", int: "number", float: "number"}
    return kinds[type(value)]
