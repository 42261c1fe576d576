"""How long a fake node takes for what takes a real one its time."""

from __future__ import annotations

from dataclasses import dataclass

REAL_START_SECONDS = 0.3
REAL_STOP_SECONDS = 0.3
"""In flowing time a pod takes a moment to stop, so that a client sees it go before another takes its place."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of emulated time. With 0 a pod starts, or stops, within the same settling."""

    pull: float = 0.0
    start: float = 0.0
    stop: float = 0.0

    def slowed(self, seconds: float) -> Pace:
        """The same, each step so many seconds longer."""
        return Pace(self.pull + seconds, self.start + seconds, self.stop + seconds)

    @classmethod
    def chosen(cls, flowing: bool, pull: float, start: float | None, stop: float | None) -> Pace:
        """As options say; where they do not, like a quick real node in flowing time, and at once in stepped time."""
        return cls(
            pull,
            start if start is not None else REAL_START_SECONDS if flowing else 0.0,
            stop if stop is not None else REAL_STOP_SECONDS if flowing else 0.0,
        )
