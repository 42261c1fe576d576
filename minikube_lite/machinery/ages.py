"""How long ago something was, as tables show it; upstream: apimachinery/pkg/util/duration."""

from __future__ import annotations

from minikube_lite.clock import parse_time
from minikube_lite.store import Object

UNKNOWN = "<unknown>"
"""Stands for a time that is not known."""

_MINUTE = 60
_HOUR = 60 * _MINUTE


def human_duration(seconds: float) -> str:
    """A duration in two or three figures, as `5m12s` or `3d4h`."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 0:
        return "0s"
    if whole < 2 * _MINUTE:
        return f"{whole}s"
    minutes, hours = whole // _MINUTE, whole // _HOUR
    if minutes < 10:
        return _two(minutes, "m", whole % _MINUTE, "s")
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 365 * 2:
        return f"{days}d"
    years = days // 365
    return _two(years, "y", days % 365, "d") if years < 8 else f"{years}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def since(timestamp: str | None, now: float) -> str:
    """How long ago that time was."""
    return human_duration(now - parse_time(timestamp)) if timestamp else UNKNOWN


def age(obj: Object, now: float) -> str:
    """How long ago the object was created."""
    return since(obj["metadata"].get("creationTimestamp"), now)
