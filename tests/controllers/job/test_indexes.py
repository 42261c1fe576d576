"""Intervals of indexes, against plain sets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.controllers.job.indexes import Indexes, Interval

SETS = st.frozensets(st.integers(0, 30))


def members(indexes: Indexes) -> list[int]:
    return [index for first, last in indexes for index in range(first, last + 1)]


@pytest.mark.parametrize(
    ("text", "completions", "expected"),
    [
        ("", 5, ""),
        ("0", 5, "0"),
        ("0,1", 5, "0,1"),
        ("0-2,4", 9, "0-2,4"),
        ("0-2,3,4", 9, "0-4"),
        ("1-9", 5, "1-4"),
        ("1,7", 5, "1"),
        ("1,x,3", 5, "1,3"),
        ("1,2-x,3", 5, "1,3"),
    ],
)
def test_what_a_status_says(text: str, completions: int, expected: str):
    assert str(Indexes.parse(text, completions)) == expected


@given(SETS)
def test_written_and_read_again(indexes: frozenset[int]):
    found = Indexes.of(indexes)
    assert members(found) == sorted(indexes)
    assert Indexes.parse(str(found), 31) == found
    assert found.total == len(indexes)
    assert [index for index in range(31) if found.has(index)] == sorted(indexes)
    assert list(found.missing(31)) == [index for index in range(31) if index not in indexes]


@given(SETS, SETS)
def test_two_of_them(one: frozenset[int], other: frozenset[int]):
    first, second = Indexes.of(one), Indexes.of(other)
    assert members(first.merged(second)) == sorted(one | other)
    assert first.common(second) == len(one & other)


def test_neighbours_become_one_interval():
    assert Indexes.of([3, 1, 2, 5]) == Indexes((Interval(1, 3), Interval(5, 5)))
