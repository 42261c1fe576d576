"""Times and durations are read and refused in Go's words."""

from __future__ import annotations

import pytest

from minikube_lite.schema.times import TimeError, canonical_micro_time, canonical_time, duration_text, parse_duration

AS = 'as "2006-01-02T15:04:05Z07:00": cannot parse'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05.999Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05+02:00", "2024-01-02T01:04:05Z"),
        ("2024-01-01T00:30:00+01:00", "2023-12-31T23:30:00Z"),
    ],
)
def test_times_are_written_in_utc(text: str, expected: str) -> None:
    assert canonical_time(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yesterday", f'parsing time "yesterday" {AS} "yesterday" as "2006"'),
        ("2024/01/02", f'parsing time "2024/01/02" {AS} "/01/02" as "-"'),
        ("2024-1-02T03:04:05Z", f'parsing time "2024-1-02T03:04:05Z" {AS} "1-02T03:04:05Z" as "01"'),
        ("2024-13-02T03:04:05Z", 'parsing time "2024-13-02T03:04:05Z": month out of range'),
        ("2024-02-30T03:04:05Z", 'parsing time "2024-02-30T03:04:05Z": day out of range'),
        ("2024-01-02T24:04:05Z", 'parsing time "2024-01-02T24:04:05Z": hour out of range'),
        ("2024-01-02T03:04:05", f'parsing time "2024-01-02T03:04:05" {AS} "" as "Z07:00"'),
        ("2024-01-02T03:04:05Zx", 'parsing time "2024-01-02T03:04:05Zx": extra text: "x"'),
        ("", f'parsing time "" {AS} "" as "2006"'),
    ],
)
def test_what_is_no_time(text: str, message: str) -> None:
    with pytest.raises(TimeError) as caught:
        canonical_time(text)
    assert str(caught.value) == message


def test_micro_times_have_six_digits() -> None:
    assert canonical_micro_time("2024-01-02T03:04:05.123456Z") == "2024-01-02T03:04:05.123456Z"
    assert canonical_micro_time("2024-01-02T03:04:05.123456+01:00") == "2024-01-02T02:04:05.123456Z"
    with pytest.raises(TimeError, match=r'cannot parse "Z" as "\.000000"'):
        canonical_micro_time("2024-01-02T03:04:05Z")


@pytest.mark.parametrize(
    ("text", "nanoseconds", "written"),
    [
        ("0", 0, "0s"),
        ("1h15m30.5s", 4_530_500_000_000, "1h15m30.5s"),
        ("90s", 90 * 10**9, "1m30s"),
        ("1.5ms", 1_500_000, "1.5ms"),
        ("-2us", -2000, "-2µs"),
        ("60m", 3600 * 10**9, "1h0m0s"),
        (".5s", 5 * 10**8, "500ms"),
    ],
)
def test_durations(text: str, nanoseconds: int, written: str) -> None:
    assert parse_duration(text) == nanoseconds
    assert duration_text(nanoseconds) == written


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'time: invalid duration ""'),
        ("x", 'time: invalid duration "x"'),
        ("5", 'time: missing unit in duration "5"'),
        ("5d", 'time: unknown unit "d" in duration "5d"'),
    ],
)
def test_what_is_no_duration(text: str, message: str) -> None:
    with pytest.raises(TimeError) as caught:
        parse_duration(text)
    assert str(caught.value) == message
