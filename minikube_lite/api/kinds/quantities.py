"""Checks of amounts of resources beyond those of containers; upstream: pkg/apis/core/{validation,helper}."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from minikube_lite.schema.field import FieldError, Path, invalid
from minikube_lite.schema.quantity import Quantity

MUST_BE_POSITIVE = "must be greater than zero"
MUST_NOT_BE_NEGATIVE = "must be greater than or equal to 0"


def non_negative_errors(text: str, path: Path) -> Iterator[FieldError]:
    """An amount that may be zero."""
    if Quantity.parse(text).sign < 0:
        yield invalid(path, text, MUST_NOT_BE_NEGATIVE)


def positive_errors(text: str, path: Path) -> Iterator[FieldError]:
    """An amount that may not be zero."""
    if Quantity.parse(text).sign <= 0:
        yield invalid(path, text, MUST_BE_POSITIVE)


def basic_errors(text: str, path: Path) -> Iterator[FieldError]:
    """An amount as volumes have it."""
    value = Quantity.parse(text).value
    if value < 0:
        yield invalid(path, value, "must be a valid resource quantity")


def sorted_items(amounts: Mapping[str, str] | None) -> list[tuple[str, str]]:
    """The amounts in the order of their names, where upstream's order is random."""
    return sorted((amounts or {}).items())
