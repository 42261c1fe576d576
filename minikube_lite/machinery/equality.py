"""When two values mean the same; upstream: apimachinery/pkg/api/equality."""

from __future__ import annotations

from typing import Any


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal where absent and empty lists and maps are the same (Go's semantic equality)."""
    if left == right:
        return True
    if isinstance(left, dict | None) and isinstance(right, dict | None):
        left, right = left or {}, right or {}
        return all(same(left.get(key), right.get(key)) for key in {**left, **right})
    if isinstance(left, list | None) and isinstance(right, list | None):
        left, right = left or (), right or ()
        return len(left) == len(right) and all(map(same, left, right))
    return False
