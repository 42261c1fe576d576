"""Paths into objects and the faults found there; upstream: apimachinery/pkg/util/validation/field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

OMITTED: Any = object()
"""Stands where an error shows no value at all (Required, Forbidden)."""


class Path:
    """A place in an object, as `spec.containers[0].name`; immutable."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def child(self, *names: str) -> Path:
        """The field of that name below this one."""
        return Path(".".join((self._text, *names)) if self._text else ".".join(names))

    def index(self, position: int) -> Path:
        """The item at that position of this list."""
        return Path(f"{self._text}[{position}]")

    def key(self, key: str) -> Path:
        """The entry of that key of this map."""
        return Path(f"{self._text}[{key}]")

    def __str__(self) -> str:
        return self._text or "<nil>"

    def __repr__(self) -> str:
        return f"Path({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Path) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault of one field. `reason` and the texts are upstream's ErrorType and its String()."""

    reason: str
    path: Path
    value: Any
    detail: str

    @property
    def body(self) -> str:
        """The message without the field's name, as in a Status cause."""
        text = _TEXTS[self.reason]
        if self.value is not OMITTED and self.reason not in _WITHOUT_VALUE:
            text = f"{text}: {go_value(self.value)}"
        return f"{text}: {self.detail}" if self.detail else text

    def __str__(self) -> str:
        return f"{self.path}: {self.body}"


_TEXTS = {
    "FieldValueNotFound": "Not found",
    "FieldValueRequired": "Required value",
    "FieldValueDuplicate": "Duplicate value",
    "FieldValueInvalid": "Invalid value",
    "FieldValueNotSupported": "Unsupported value",
    "FieldValueForbidden": "Forbidden",
    "FieldValueTooLong": "Too long",
    "FieldValueTooMany": "Too many",
    "InternalError": "Internal error",
    "FieldValueTypeInvalid": "Invalid value",
}
_WITHOUT_VALUE = frozenset({"FieldValueRequired", "FieldValueForbidden", "FieldValueTooLong", "InternalError"})


def go_value(value: Any) -> str:
    """A value as Go's error texts show it: strings quoted, structs as JSON."""
    if isinstance(value, str):
        return go_quote(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    import orjson

    return orjson.dumps(value).decode()


def go_quote(text: str) -> str:
    """A text as Go's %q shows it."""
    escaped = (
        text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    )
    return f'"{escaped}"'


def required(path: Path, detail: str = "") -> FieldError:
    """A value must be given."""
    return FieldError("FieldValueRequired", path, OMITTED, detail)


def invalid(path: Path, value: Any, detail: str) -> FieldError:
    """The value is not of the required form."""
    return FieldError("FieldValueInvalid", path, value, detail)


def not_supported(path: Path, value: Any, supported: Iterable[str]) -> FieldError:
    """The value is none of those that are known; `supported` is shown in the order given."""
    names = ", ".join(go_quote(name) for name in supported)
    return FieldError("FieldValueNotSupported", path, value, f"supported values: {names}" if names else "")


def duplicate(path: Path, value: Any) -> FieldError:
    """The value stands there already."""
    return FieldError("FieldValueDuplicate", path, value, "")


def forbidden(path: Path, detail: str) -> FieldError:
    """The field may not be set here."""
    return FieldError("FieldValueForbidden", path, OMITTED, detail)


def not_found(path: Path, value: Any) -> FieldError:
    """The value names something that does not exist."""
    return FieldError("FieldValueNotFound", path, value, "")


def too_long(path: Path, maximum: int) -> FieldError:
    """The value has more bytes than allowed."""
    return FieldError("FieldValueTooLong", path, OMITTED, f"may not be more than {maximum} bytes")


def too_many(path: Path, actual: int, maximum: int) -> FieldError:
    """The list has more items than allowed."""
    return FieldError("FieldValueTooMany", path, actual, f"must have at most {maximum} items")


def internal(path: Path, detail: str) -> FieldError:
    """The check itself failed."""
    return FieldError("InternalError", path, OMITTED, detail)
