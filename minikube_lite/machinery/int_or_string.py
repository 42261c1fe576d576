"""Amounts that are a number or a percentage; upstream: apimachinery/pkg/util/intstr."""

from __future__ import annotations


def scaled_value(value: int | str | None, total: int, *, round_up: bool) -> int:
    """The number itself, or that part of the total; 0 where nothing is given or it cannot be read."""
    if isinstance(value, str):
        number = value.removesuffix("%")
        if number == value or not (number.isascii() and number.isdigit()):
            return 0
        hundredths = int(number) * total
        return -(-hundredths // 100) if round_up else hundredths // 100
    return value or 0
