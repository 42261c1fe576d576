"""Moments as programs print them; upstream: strftime(3), in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def dated(form: str, seconds: float) -> str:
    """A moment of the cluster's clock, in seconds since 1970, in that form."""
    return datetime.fromtimestamp(seconds, UTC).strftime(form)
