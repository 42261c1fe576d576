"""Schedules in the form of cron, and when they are due: pure; upstream: github.com/robfig/cron/v3 ParseStandard, Schedule.Next.

Where a clock is put forward, times that are skipped are not due; where it is put back, those that come twice are due twice.
"""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from minikube_lite.schema.field import go_value

YEARS_AHEAD_MAX = 5
"""A schedule that is not due for longer never is: one of the 31st of February."""


class ScheduleError(ValueError):
    """The text is no schedule; the message is upstream's."""


class _Bounds(NamedTuple):
    low: int
    high: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Bounds(0, 59),
    _Bounds(0, 23),
    _Bounds(1, 31),
    _Bounds(1, 12, ("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    _Bounds(0, 6, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_DURATION = re.compile(r"[+-]?(?:0|(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)").fullmatch
_DURATION_PART = re.compile(r"([0-9.]+)(ns|us|µs|μs|ms|s|m|h)")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_TIME_ZONE_PART = re.compile(r"[A-Za-z._0-9+][A-Za-z._0-9+-]{0,13}").fullmatch


@dataclass(frozen=True, slots=True)
class Schedule:
    """At which minutes, hours, days, months and weekdays of a time zone; or, if `every` is given, each so many seconds."""

    fields: tuple[frozenset[int], ...] = ()
    any_day: bool = False
    """Whether days or weekdays are `*`: then both have to fit, else one of them is enough."""
    every: int = 0
    zone: tzinfo = field(default=UTC)

    def next(self, after: float) -> float | None:
        """When it is due next, in unix seconds; None for never."""
        if self.every:
            return int(after) + self.every
        minutes, hours, _, months, _ = self.fields
        moment = (int(after) // 60 + 1) * 60
        local = datetime.fromtimestamp(moment, self.zone)
        year_max = local.year + YEARS_AHEAD_MAX
        while local.year <= year_max:
            if local.month not in months:
                first = datetime(local.year + local.month // 12, local.month % 12 + 1, 1, tzinfo=self.zone)
                moment = int(first.timestamp())
            elif not self._is_day(local):
                tomorrow = local.replace(hour=0, minute=0, second=0, fold=0) + timedelta(days=1)
                moment = int(tomorrow.timestamp())
            elif local.hour not in hours:
                moment += 3600 - local.minute * 60
            elif local.minute not in minutes:
                moment += 60
            else:
                return float(moment)
            local = datetime.fromtimestamp(moment, self.zone)
        return None

    def _is_day(self, local: datetime) -> bool:
        day, weekday = local.day in self.fields[2], local.isoweekday() % 7 in self.fields[4]
        return (day and weekday) if self.any_day else (day or weekday)


def parse_schedule(text: str, time_zone: str = "") -> Schedule:
    """Read a schedule, of a time zone that is known; ScheduleError for what is none."""
    if not text:
        raise ScheduleError("empty spec string")
    if text.startswith(("TZ=", "CRON_TZ=")):
        zone, _, text = text.partition(" ")
        time_zone = zone.partition("=")[2]
        if not is_time_zone(time_zone):
            raise ScheduleError(f"provided bad location {time_zone}: unknown time zone {time_zone}")
        text = text.strip()
    schedule = _parse_descriptor(text) if text.startswith("@") else _parse_fields(text)
    return replace(schedule, zone=zoneinfo.ZoneInfo(time_zone)) if time_zone else schedule


def _parse_fields(text: str) -> Schedule:
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ScheduleError(f"expected exactly {len(_FIELDS)} fields, found {len(fields)}: [{' '.join(fields)}]")
    values = tuple(_parse_field(field, bounds) for field, bounds in zip(fields, _FIELDS, strict=True))
    return Schedule(values, any(_is_star(fields[place]) for place in (2, 4)))


def _is_star(text: str) -> bool:
    """Whether a part of a field stands for all, without steps."""
    spans = (part.partition("/") for part in text.split(","))
    return any(span[0].partition("-")[0] in ("*", "?") and span[2] in ("", "1") for span in spans)


def _parse_descriptor(text: str) -> Schedule:
    if text in _DESCRIPTORS:
        return _parse_fields(_DESCRIPTORS[text])
    if text.startswith("@every "):
        duration = text.removeprefix("@every ")
        if _DURATION(duration):
            seconds = sum(float(number) * _UNITS[unit] for number, unit in _DURATION_PART.findall(duration))
            return Schedule(every=1 if duration.startswith("-") else max(1, int(seconds)))
        raise ScheduleError(f"failed to parse duration {text}: time: invalid duration {go_value(duration)}")
    raise ScheduleError(f"unrecognized descriptor: {text}")


def _parse_field(text: str, bounds: _Bounds) -> frozenset[int]:
    values: set[int] = set()
    for part in filter(None, text.split(",")):
        values.update(_parse_range(part, bounds))
    return frozenset(values)


def _parse_range(text: str, bounds: _Bounds) -> range:
    span, *steps = text.split("/")
    ends = span.split("-")
    if ends[0] in ("*", "?"):
        start, end = bounds.low, bounds.high
    else:
        start = end = _parse_number(ends[0], bounds)
        if len(ends) == 2:
            end = _parse_number(ends[1], bounds)
        elif len(ends) > 2:
            raise ScheduleError(f"too many hyphens: {text}")
    step = 1
    if len(steps) == 1:
        step = _parse_int(steps[0])
        if len(ends) == 1:
            end = bounds.high
    elif len(steps) > 1:
        raise ScheduleError(f"too many slashes: {text}")
    if start < bounds.low:
        raise ScheduleError(f"beginning of range ({start}) below minimum ({bounds.low}): {text}")
    if end > bounds.high:
        raise ScheduleError(f"end of range ({end}) above maximum ({bounds.high}): {text}")
    if start > end:
        raise ScheduleError(f"beginning of range ({start}) beyond end of range ({end}): {text}")
    if not step:
        raise ScheduleError(f"step of range should be a positive number: {text}")
    return range(start, end + 1, step)


def _parse_number(text: str, bounds: _Bounds) -> int:
    name = text.lower()
    return bounds.names.index(name) if name and name in bounds.names else _parse_int(text)


def _parse_int(text: str) -> int:
    if not re.fullmatch("[+-]?[0-9]+", text):
        raise ScheduleError(f"failed to parse int from {text}: strconv.Atoi: parsing {go_value(text)}: invalid syntax")
    if int(text) < 0:
        raise ScheduleError(f"negative number ({int(text)}) not allowed: {text}")
    return int(text)


def is_time_zone(name: str) -> bool:
    """Whether the IANA database knows the name."""
    if not all(_TIME_ZONE_PART(part) and part not in (".", "..") for part in name.split("/")):
        return False
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError):
        return False
    return True
