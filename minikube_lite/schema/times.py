"""Times and durations as Go reads and writes them, with Go's error texts. Upstream: metav1.Time and MicroTime."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

RFC3339 = "2006-01-02T15:04:05Z07:00"
RFC3339_MICRO = "2006-01-02T15:04:05.000000Z07:00"
DURATION_NANOSECONDS_MAX = 2**63 - 1

_SECONDS = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z", re.ASCII)
_MICROSECONDS = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.\d{6}Z", re.ASCII)
_DIGITS = "0123456789"
_UNITS = {
    "ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6,
    "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9,
}  # fmt: skip


class TimeError(ValueError):
    """The text is no time or duration; the message is Go's."""


def canonical_time(text: str) -> str:
    """RFC 3339 in UTC with whole seconds."""
    found = _SECONDS.fullmatch(text)
    if found and _exists(found):
        return text
    moment, _ = _Parser(text, RFC3339, 0).parse()
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def canonical_micro_time(text: str) -> str:
    """RFC 3339 in UTC with six digits of a second."""
    found = _MICROSECONDS.fullmatch(text)
    if found and _exists(found):
        return text
    moment, fraction = _Parser(text, RFC3339_MICRO, 6).parse()
    return f"{moment.strftime('%Y-%m-%dT%H:%M:%S').rjust(19, '0')}.{fraction[:6]:0<6}Z"


def _exists(found: re.Match[str]) -> bool:
    try:
        year, month, day, hour, minute, second = (int(part) for part in found.groups())
        datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return False
    return True


class _Parser:
    """Go's time.Parse for the two layouts above: fixed fields one after the other."""

    def __init__(self, text: str, layout: str, fraction_digits: int) -> None:
        self._text = text
        self._layout = layout
        self._fraction_digits = fraction_digits
        self._rest = text

    def parse(self) -> tuple[datetime, str]:
        year = self._number("2006", 4, 4)
        self._literal("-")
        month = self._number("01", 2, 2)
        if not 1 <= month <= 12:
            raise self._out_of_range("month")
        self._literal("-")
        day = self._number("02", 2, 2)
        self._literal("T")
        hour = self._number("15", 1, 2)
        if hour > 23:
            raise self._out_of_range("hour")
        self._literal(":")
        minute = self._number("04", 2, 2)
        if minute > 59:
            raise self._out_of_range("minute")
        self._literal(":")
        second = self._number("05", 2, 2)
        if second > 59:
            raise self._out_of_range("second")
        fraction = self._fraction()
        offset = self._zone()
        if self._rest:
            raise TimeError(f"parsing time {_quote(self._text)}: extra text: {_quote(self._rest)}")
        try:
            moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC) - offset
        except (ValueError, OverflowError):
            raise self._out_of_range("day") from None
        return moment, fraction

    def _number(self, name: str, least: int, most: int) -> int:
        width = 0
        while width < most and width < len(self._rest) and self._rest[width] in _DIGITS:
            width += 1
        if width < least:
            raise self._cannot_parse(name)
        number, self._rest = int(self._rest[:width]), self._rest[width:]
        return number

    def _literal(self, text: str) -> None:
        if not self._rest.startswith(text):
            raise self._cannot_parse(text)
        self._rest = self._rest[len(text) :]

    def _fraction(self) -> str:
        width = 1
        while width < len(self._rest) and self._rest[width] in _DIGITS:
            width += 1
        present = self._rest[:1] in (".", ",") and width > 1
        if self._fraction_digits:
            if not present or width <= self._fraction_digits:
                raise self._cannot_parse("." + "0" * self._fraction_digits)
            width = 1 + self._fraction_digits
        elif not present:
            return ""
        fraction, self._rest = self._rest[1:width], self._rest[width:]
        return fraction

    def _zone(self) -> timedelta:
        if self._rest.startswith("Z"):
            self._rest = self._rest[1:]
            return timedelta()
        found = re.match(r"([+-])(\d\d):(\d\d)", self._rest, re.ASCII)
        if not found:
            raise self._cannot_parse("Z07:00")
        hours, minutes = int(found.group(2)), int(found.group(3))
        if hours > 24:
            raise self._out_of_range("time zone offset hour")
        if minutes > 60:
            raise self._out_of_range("time zone offset minute")
        self._rest = self._rest[6:]
        offset = timedelta(hours=hours, minutes=minutes)
        return -offset if found.group(1) == "-" else offset

    def _cannot_parse(self, name: str) -> TimeError:
        place = f"parsing time {_quote(self._text)} as {_quote(self._layout)}"
        return TimeError(f"{place}: cannot parse {_quote(self._rest)} as {_quote(name)}")

    def _out_of_range(self, what: str) -> TimeError:
        return TimeError(f"parsing time {_quote(self._text)}: {what} out of range")


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_duration(text: str) -> int:
    """A Go duration (`1h15m30.5s`) in nanoseconds."""
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0
    if not rest:
        raise TimeError(f"time: invalid duration {_quote(text)}")
    total = 0
    while rest:
        found = re.match(r"(\d*)(\.\d*)?", rest, re.ASCII)
        number = found.group(0) if found else ""
        if number in ("", "."):
            raise TimeError(f"time: invalid duration {_quote(text)}")
        rest = rest[len(number) :]
        unit = re.split(r"[.\d]", rest, maxsplit=1)[0]
        if not unit:
            raise TimeError(f"time: missing unit in duration {_quote(text)}")
        if unit not in _UNITS:
            raise TimeError(f"time: unknown unit {_quote(unit)} in duration {_quote(text)}")
        rest = rest[len(unit) :]
        total += int(Fraction(number if number[-1] != "." else number + "0") * _UNITS[unit])
        if total > DURATION_NANOSECONDS_MAX:
            raise TimeError(f"time: invalid duration {_quote(text)}")
    return -total if text.startswith("-") else total


def duration_text(nanoseconds: int) -> str:
    """Nanoseconds as Go prints a duration (`1h15m30.5s`)."""
    if nanoseconds == 0:
        return "0s"
    sign, rest = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    for unit, size in (("ns", 1), ("µs", 10**3), ("ms", 10**6)):
        if rest < size * 1000 and rest < 10**9:
            return f"{sign}{_decimal(rest, size)}{unit}"
    minutes, seconds = divmod(rest, 60 * 10**9)
    hours, minutes = divmod(minutes, 60)
    answer = f"{_decimal(seconds, 10**9)}s"
    if hours or minutes:
        answer = f"{minutes}m{answer}"
    return f"{sign}{hours}h{answer}" if hours else f"{sign}{answer}"


def _decimal(value: int, unit: int) -> str:
    whole, part = divmod(value, unit)
    if not part:
        return str(whole)
    return f"{whole}.{str(part).rjust(len(str(unit)) - 1, '0').rstrip('0')}"
