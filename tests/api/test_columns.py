"""The cells that several kinds show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.api.columns import format_labels, format_selector, list_with_more
from minikube_lite.machinery.ages import age, human_duration

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (119.9, "119s"),
        (120, "2m"),
        (9 * MINUTE + 59, "9m59s"),
        (10 * MINUTE + 5, "10m"),
        (179 * MINUTE, "179m"),
        (3 * HOUR, "3h"),
        (7 * HOUR + 59 * MINUTE, "7h59m"),
        (47 * HOUR, "47h"),
        (48 * HOUR, "2d"),
        (7 * DAY + 5 * HOUR, "7d5h"),
        (8 * DAY + 5 * HOUR, "8d"),
        (729 * DAY, "729d"),
        (730 * DAY, "2y"),
        (731 * DAY, "2y1d"),
        (3000 * DAY, "8y"),
    ],
)
def test_durations_in_two_or_three_figures(seconds, text):
    assert human_duration(seconds) == text


@given(st.integers(0, 10_000 * DAY))
def test_a_duration_is_short(seconds):
    assert len(human_duration(seconds)) <= 6


def test_times():
    assert age({"metadata": {"creationTimestamp": "2027-01-15T07:59:00Z"}}, 1_800_000_000.0) == "60s"
    assert age({"metadata": {}}, 0.0) == "<unknown>"


def test_maps_and_lists():
    assert format_labels({"b": "2", "a": "1"}) == "a=1,b=2"
    assert format_labels(None) == "<none>"
    assert format_selector({"matchLabels": {"a": "b"}}) == "a=b"
    assert format_selector(None) == "<none>"
    assert list_with_more(["1", "2", "3", "4", "5"]) == "1,2,3 + 2 more..."
    assert list_with_more([]) == "<unset>"
