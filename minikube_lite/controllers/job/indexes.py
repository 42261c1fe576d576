"""Sets of completion indexes as intervals, which is how a status writes them: pure; upstream: indexed_job_utils.go.

Worked example: `1,3-5,7` holds 1, 3, 4, 5 and 7; two neighbours are written `3,4`, more `3-5`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Interval(NamedTuple):
    """The indexes from first to last."""

    first: int
    last: int


class Indexes(tuple[Interval, ...]):
    """Intervals in order, with a gap between any two."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str, completions: int) -> Indexes:
        """What a status says, below `completions`; what cannot be read is left out."""
        found: list[Interval] = []
        for part in filter(None, text.split(",")):
            ends = part.split("-")
            if not all(end.isascii() and end.isdigit() for end in ends[:2]):
                continue
            first, last = int(ends[0]), int(ends[1] if len(ends) > 1 else ends[0])
            if first >= completions:
                break
            found.append(Interval(first, min(last, completions - 1)))
        return cls().merged(found)

    @classmethod
    def of(cls, indexes: Iterable[int]) -> Indexes:
        """Of single indexes."""
        return cls().merged(Interval(index, index) for index in indexes)

    def merged(self, others: Iterable[Interval]) -> Indexes:
        """With the indexes of the others."""
        found: list[Interval] = []
        for interval in sorted((*self, *others)):
            if found and interval.first <= found[-1].last + 1:
                found[-1] = Interval(found[-1].first, max(found[-1].last, interval.last))
            else:
                found.append(interval)
        return Indexes(found)

    @property
    def total(self) -> int:
        """How many indexes there are."""
        return sum(interval.last - interval.first + 1 for interval in self)

    def has(self, index: int) -> bool:
        """Whether the index is among them."""
        place = bisect_left(self, index, key=lambda interval: interval.last)
        return place < len(self) and self[place].first <= index

    def missing(self, completions: int) -> Iterator[int]:
        """The indexes below `completions` that are not among them, in order."""
        candidate = 0
        for interval in self:
            yield from range(candidate, min(interval.first, completions))
            candidate = interval.last + 1
        yield from range(candidate, completions)

    def common(self, other: Indexes) -> int:
        """How many indexes both have."""
        count = place = 0
        for interval in self:
            while place < len(other) and other[place].last < interval.first:
                place += 1
            for second in other[place:]:
                if second.first > interval.last:
                    break
                count += min(interval.last, second.last) - max(interval.first, second.first) + 1
        return count

    def __str__(self) -> str:
        return ",".join(_text(interval) for interval in self)


def _text(interval: Interval) -> str:
    if interval.first == interval.last:
        return str(interval.first)
    return f"{interval.first}{',' if interval.last == interval.first + 1 else '-'}{interval.last}"
