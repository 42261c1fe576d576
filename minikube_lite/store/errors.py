"""What can go wrong in the store."""

from __future__ import annotations


class RevisionMismatch(Exception):
    """The object is not at the revision that the writer expected; `actual` is 0 where there is none."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"expected revision {expected}, found {actual}")
        self.expected = expected
        self.actual = actual


class MutatedObject(AssertionError):
    """Somebody changed an object that is shared by all who read it."""

    def __init__(self, resource: str, namespace: str, name: str, revision: int, committed: bytes, found: bytes) -> None:
        super().__init__(
            f"{resource} {namespace}/{name} was changed after its commit at revision {revision}: "
            f"committed {committed.decode()}, found {found.decode()}"
        )


class Compacted(Exception):
    """The revision asked for is older than what the window of that resource still holds."""

    def __init__(self, revision: int, floor: int) -> None:
        super().__init__(f"too old resource version: {revision} ({floor})")
        self.revision = revision
        self.floor = floor


class Ended(Exception):
    """What was watched is there no more, or is another thing now: who watches has to ask again."""
