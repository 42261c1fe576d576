"""Schedules in the form of cron; upstream: github.com/robfig/cron/v3 ParseStandard."""

from __future__ import annotations

import re
import zoneinfo
from typing import NamedTuple

from minikube_lite.schema.field import go_value


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
_DESCRIPTORS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_DURATION = re.compile(r"[+-]?(?:0|(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)").fullmatch
_TIME_ZONE_PART = re.compile(r"[A-Za-z._0-9+][A-Za-z._0-9+-]{0,13}").fullmatch


class Schedule(NamedTuple):
    """At which minutes, hours, days, months and weekdays; all empty for `@every`."""

    fields: tuple[frozenset[int], ...]


def parse_schedule(text: str) -> Schedule:
    """Read a schedule; ScheduleError for what is none."""
    if not text:
        raise ScheduleError("empty spec string")
    if text.startswith(("TZ=", "CRON_TZ=")):
        zone, _, text = text.partition(" ")
        name = zone.partition("=")[2]
        if not is_time_zone(name):
            raise ScheduleError(f"provided bad location {name}: unknown time zone {name}")
        text = text.strip()
    if text.startswith("@"):
        return _parse_descriptor(text)
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ScheduleError(f"expected exactly {len(_FIELDS)} fields, found {len(fields)}: [{' '.join(fields)}]")
    return Schedule(tuple(_parse_field(field, bounds) for field, bounds in zip(fields, _FIELDS, strict=True)))


def _parse_descriptor(text: str) -> Schedule:
    if text in _DESCRIPTORS:
        return Schedule(())
    if text.startswith("@every "):
        duration = text.removeprefix("@every ")
        if _DURATION(duration):
            return Schedule(())
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
    """Whether the IANA database knows the name. Where the host has no such database, the form decides."""
    if not all(_TIME_ZONE_PART(part) and part not in (".", "..") for part in name.split("/")):
        return False
    known = zoneinfo.available_timezones()
    return not known or name in known
