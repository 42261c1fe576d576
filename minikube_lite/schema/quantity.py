"""Amounts of resources: parsing, canonical text, arithmetic. Upstream: apimachinery/pkg/api/resource.Quantity."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import total_ordering
from typing import Literal

Format = Literal["DecimalSI", "BinarySI", "DecimalExponent"]

FORMAT_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
SUFFIX_WRONG = "unable to parse quantity's suffix"

NANO = 10**9
BINARY_VALUE_MAX = 2**63 - 1
EXPONENT_MAX = 100
"""The largest decimal exponent that is read, so that no text asks for a number of many gigabytes."""
INT64_DIGITS = 18
"""Upstream's fast path reads that many digits; what it reads it also writes back as it came."""

_DECIMAL_SUFFIXES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_DECIMAL_NAMES = {exponent: suffix for suffix, exponent in _DECIMAL_SUFFIXES.items()}
_BINARY_SUFFIXES = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_BINARY_NAMES = {exponent: suffix for suffix, exponent in _BINARY_SUFFIXES.items()}
_PATTERN = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)")
_PLAIN = re.compile(r"[1-9][0-9]{0,8}m?")
_PLAIN_BINARY = re.compile(r"([1-9][0-9]{0,3})([KMGT]i)")


class QuantityError(ValueError):
    """The text is no quantity; the message is upstream's."""


@total_ordering
class Quantity:
    """An exact amount, in whole billionths, and the way it was written."""

    __slots__ = ("_text", "format", "nano")

    def __init__(self, nano: int = 0, format: Format = "DecimalSI", text: str = "") -> None:
        self.nano = nano
        self.format = format
        self._text = text

    @classmethod
    def parse(cls, text: str) -> Quantity:
        """Reads a quantity; QuantityError where upstream refuses it."""
        sign, number, fraction, suffix = _split(text)
        base, exponent, form = _interpret(suffix)
        digits = number.lstrip("0") or "0"
        kept = _kept_text(text, digits, fraction or "", exponent, form)
        unscaled = int(digits + (fraction or ""))
        amount = Fraction(unscaled, 10 ** len(fraction or "")) * Fraction(base) ** exponent
        scaled = amount * NANO
        nano = -(-scaled.numerator // scaled.denominator)
        if form == "BinarySI":
            nano = min(nano, BINARY_VALUE_MAX * NANO)
            if 0 < nano < NANO:
                form = "DecimalSI"
        return cls(-nano if sign == "-" else nano, form, kept)

    @classmethod
    def of(cls, value: int, format: Format = "DecimalSI") -> Quantity:
        """A whole number as a quantity."""
        return cls(value * NANO, format)

    @classmethod
    def of_milli(cls, value: int, format: Format = "DecimalSI") -> Quantity:
        """Thousandths as a quantity."""
        return cls(value * (NANO // 1000), format)

    @property
    def value(self) -> int:
        """The amount in whole units, rounded up away from zero as upstream's Value()."""
        return _round_away(self.nano, NANO)

    @property
    def milli(self) -> int:
        """The amount in thousandths, rounded up away from zero as upstream's MilliValue()."""
        return _round_away(self.nano, NANO // 1000)

    @property
    def is_zero(self) -> bool:
        """Whether nothing is left."""
        return self.nano == 0

    @property
    def sign(self) -> int:
        """-1, 0 or 1."""
        return (self.nano > 0) - (self.nano < 0)

    def __add__(self, other: Quantity) -> Quantity:
        return Quantity(self.nano + other.nano, self.format if self.nano else other.format)

    def __sub__(self, other: Quantity) -> Quantity:
        return Quantity(self.nano - other.nano, self.format if self.nano else other.format)

    def __neg__(self) -> Quantity:
        return Quantity(-self.nano, self.format)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.nano == other.nano

    def __lt__(self, other: Quantity) -> bool:
        return self.nano < other.nano

    def __hash__(self) -> int:
        return hash(self.nano)

    def __repr__(self) -> str:
        return f"Quantity({str(self)!r})"

    def __str__(self) -> str:
        if self._text:
            return self._text
        if self.nano == 0:
            return "0"
        if self.format == "BinarySI" and self.nano % NANO == 0 and abs(self.nano) >= 1024 * NANO:
            return _binary_text(self.nano // NANO)
        return _decimal_text(self.nano, self.format)


def canonical(text: str) -> str:
    """The text that a server answers with for this quantity."""
    if _PLAIN.fullmatch(text) and not text.endswith(("000", "000m")):
        return text
    found = _PLAIN_BINARY.fullmatch(text)
    if found and int(found.group(1)) & 7:
        return text
    return str(Quantity.parse(text))


def compare(left: str, right: str) -> int:
    """-1, 0 or 1 as the first is less, equal or more."""
    return (Quantity.parse(left) - Quantity.parse(right)).sign


def add(left: str, right: str) -> str:
    """The sum's canonical text, in the first one's format."""
    return str(Quantity.parse(left) + Quantity.parse(right))


def sub(left: str, right: str) -> str:
    """The difference's canonical text, in the first one's format."""
    return str(Quantity.parse(left) - Quantity.parse(right))


def _split(text: str) -> tuple[str, str, str | None, str]:
    if not text:
        raise QuantityError(FORMAT_WRONG)
    found = _PATTERN.fullmatch(text)
    if not found:
        raise QuantityError(FORMAT_WRONG)
    sign, number, fraction, suffix = found.groups()
    return sign, number, fraction, suffix


def _interpret(suffix: str) -> tuple[int, int, Format]:
    if suffix in _DECIMAL_SUFFIXES:
        return 10, _DECIMAL_SUFFIXES[suffix], "DecimalSI"
    if suffix in _BINARY_SUFFIXES:
        return 2, _BINARY_SUFFIXES[suffix], "BinarySI"
    if len(suffix) > 1 and suffix[0] in "eE":
        try:
            exponent = int(suffix[1:])
        except ValueError:
            exponent = EXPONENT_MAX + 1
        if exponent <= EXPONENT_MAX:
            return 10, max(exponent, -EXPONENT_MAX), "DecimalExponent"
    raise QuantityError(SUFFIX_WRONG)


def _kept_text(text: str, digits: str, fraction: str, exponent: int, form: Format) -> str:
    """Upstream keeps a text that its fast path takes for canonical, though `001Mi` or `1.500` are not quite."""
    shifted = digits + fraction
    if text == "0":
        return text
    if form == "BinarySI":
        precise = not fraction and 15 - len(digits) - exponent * 3 // 10 - 1 >= 0
        return text if precise and int(shifted) & 7 and exponent else ""
    scale = exponent - len(fraction)
    if len(shifted) > INT64_DIGITS or scale < -9 or scale % 3 or shifted.endswith("000") or shifted[0] == "0":
        return ""
    return text


def _round_away(nano: int, unit: int) -> int:
    return -(-nano // unit) if nano >= 0 else nano // unit


def _decimal_text(nano: int, form: Format) -> str:
    mantissa, exponent = nano, -9
    while mantissa % 10 == 0 and (form == "DecimalExponent" or exponent < INT64_DIGITS):
        mantissa //= 10
        exponent += 1
    while exponent % 3:
        mantissa *= 10
        exponent -= 1
    if form == "DecimalExponent":
        return f"{mantissa}e{exponent}" if exponent else str(mantissa)
    return f"{mantissa}{_DECIMAL_NAMES[exponent]}"


def _binary_text(value: int) -> str:
    exponent = 0
    while value % 1024 == 0 and exponent < 60:
        value //= 1024
        exponent += 10
    return f"{value}{_BINARY_NAMES[exponent]}" if exponent else str(value)
