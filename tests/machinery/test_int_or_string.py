"""Numbers and percentages of a total."""

from __future__ import annotations

import pytest

from minikube_lite.machinery.int_or_string import scaled_value


@pytest.mark.parametrize(
    ("value", "total", "down", "up"),
    [
        (3, 10, 3, 3),
        (30, 10, 30, 30),
        ("25%", 10, 2, 3),
        ("25%", 8, 2, 2),
        ("1%", 1, 0, 1),
        ("0%", 10, 0, 0),
        ("100%", 7, 7, 7),
        ("150%", 3, 4, 5),
        (None, 10, 0, 0),
        ("3", 10, 0, 0),
        ("x%", 10, 0, 0),
    ],
)
def test_scaled_value(value: int | str | None, total: int, down: int, up: int) -> None:
    assert scaled_value(value, total, round_up=False) == down
    assert scaled_value(value, total, round_up=True) == up
