"""What can go wrong in the store."""

from __future__ import annotations


class RevisionMismatch(Exception):
    """The object is not at the revision that the writer expected; `actual` is 0 where there is none."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"expected revision {expected}, found {actual}")
        self.expected = expected
        self.actual = actual


class Compacted(Exception):
    """The revision asked for is older than what the window of that resource still holds."""

    def __init__(self, revision: int, floor: int) -> None:
        super().__init__(f"too old resource version: {revision} ({floor})")
        self.revision = revision
        self.floor = floor
