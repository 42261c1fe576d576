"""When schedules are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.machinery.schedule import Schedule, parse_schedule


def unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def following(text: str, after: str, count: int = 1, zone: str = "") -> list[str]:
    """The next moments, in UTC."""
    schedule, moment = parse_schedule(text, zone), unix(after)
    found = []
    for _ in range(count):
        due = schedule.next(moment)
        assert due is not None
        moment = due
        found.append(datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M"))
    return found


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01 00:01"),
        ("* * * * *", "2026-01-01T00:00:59.9Z", "2026-01-01 00:01"),
        ("*/15 * * * *", "2026-01-01T00:50:00Z", "2026-01-01 01:00"),
        ("@hourly", "2026-01-01T00:00:01Z", "2026-01-01 01:00"),
        ("@daily", "2026-01-31T12:00:00Z", "2026-02-01 00:00"),
        ("@weekly", "2026-01-01T00:00:00Z", "2026-01-04 00:00"),
        ("@monthly", "2026-12-02T00:00:00Z", "2027-01-01 00:00"),
        ("@yearly", "2026-01-01T00:00:00Z", "2027-01-01 00:00"),
        ("30 6-16/4 * * 1-5", "2026-01-02T14:30:00Z", "2026-01-05 06:30"),
        ("0 0 29 feb *", "2026-01-01T00:00:00Z", "2028-02-29 00:00"),
        ("0 12 * * MON", "2026-01-01T00:00:00Z", "2026-01-05 12:00"),
        # A day of the month or of the week is enough, unless one of them is a star.
        ("0 0 13 * fri", "2026-01-01T00:00:00Z", "2026-01-02 00:00"),
        ("0 0 */2 * fri", "2026-01-01T00:00:00Z", "2026-01-02 00:00"),
        ("0 0 13 * *", "2026-01-01T00:00:00Z", "2026-01-13 00:00"),
        ("0 0 * * fri", "2026-01-03T00:00:00Z", "2026-01-09 00:00"),
    ],
)
def test_the_next_moment(text: str, after: str, expected: str):
    assert following(text, after) == [expected]


def test_a_day_that_never_comes():
    assert parse_schedule("59 23 31 2 *").next(unix("2026-01-01T00:00:00Z")) is None


@pytest.mark.parametrize(("text", "seconds"), [("@every 1h30m", 5400), ("@every 1.5s", 1), ("@every -3s", 1)])
def test_intervals(text: str, seconds: int):
    assert parse_schedule(text).next(1000.7) == 1000 + seconds


def test_times_are_those_of_the_zone():
    assert following("0 9 * * *", "2026-07-01T00:00:00Z", zone="Europe/Berlin") == ["2026-07-01 07:00"]
    assert following("TZ=America/New_York 0 9 * * *", "2026-07-01T00:00:00Z") == ["2026-07-01 13:00"]


def test_an_hour_that_is_skipped_is_not_due():
    found = following("30 2 * * *", "2026-03-28T12:00:00Z", 1, "Europe/Berlin")
    assert found == ["2026-03-30 00:30"]


def test_an_hour_that_comes_twice_is_due_twice():
    found = following("30 2 * * *", "2026-10-24T12:00:00Z", 3, "Europe/Berlin")
    assert found == ["2026-10-25 00:30", "2026-10-25 01:30", "2026-10-26 01:30"]


def test_a_midnight_that_does_not_exist():
    """In Santiago clocks go from 24:00 to 1:00."""
    found = following("0 3 * * *", "2026-09-05T12:00:00Z", 1, "America/Santiago")
    assert found == ["2026-09-06 06:00"]


@given(
    st.tuples(*(st.sampled_from(choices) for choices in (
        ("*", "0", "*/7", "5,50"), ("*", "3", "1-5/2"), ("*", "31", "*/10"), ("*", "2", "4-6"), ("*", "0", "1-5"),
    ))),
    st.integers(1_767_225_600, 1_767_225_600 + 366 * 86400),
)  # fmt: skip
def test_nothing_between_is_left_out(fields: tuple[str, ...], after: int):
    """Against all minutes one after the other, for ten days."""
    schedule = parse_schedule(" ".join(fields))
    due = schedule.next(after)
    minute = datetime.fromtimestamp((after // 60 + 1) * 60, UTC)
    for _ in range(10 * 1440):
        if fits(schedule, fields, minute):
            assert due == minute.timestamp()
            return
        minute += timedelta(minutes=1)
    assert due is None or due >= minute.timestamp()


def fits(schedule: Schedule, fields: tuple[str, ...], minute: datetime) -> bool:
    minutes, hours, days, months, weekdays = schedule.fields
    day, weekday = minute.day in days, (minute.weekday() + 1) % 7 in weekdays
    both = "*" in (fields[2], fields[4])
    on_day = (day and weekday) if both else (day or weekday)
    return minute.minute in minutes and minute.hour in hours and minute.month in months and on_day
