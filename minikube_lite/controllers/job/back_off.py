"""How long a Job waits before it replaces failed pods: pure; upstream: backoff_utils.go.

Ten seconds after the first failure, twice as long after each further one, until one succeeds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from minikube_lite.controllers.job.pods import failure_counts, finished_at
from minikube_lite.store import Object

BACK_OFF_SECONDS_MIN = 10.0
BACK_OFF_SECONDS_MAX = 600.0


class BackOff(NamedTuple):
    """How many pods failed since the last that succeeded, and when the last failed."""

    failures: int = 0
    last_failure: float = 0.0

    def after(self, succeeded: Iterable[Object], failed: Iterable[Object]) -> BackOff:
        """With pods that ended since."""
        successes, failures = sorted(map(finished_at, succeeded)), sorted(map(finished_at, failed))
        if successes:
            failures = [moment for moment in failures if moment > successes[-1]]
            return BackOff(len(failures), failures[-1]) if failures else BackOff()
        return BackOff(self.failures + len(failures), failures[-1]) if failures else self

    def remaining(self, now: float) -> float:
        """For how many seconds no pod is made."""
        if not self.failures:
            return 0.0
        delay = min(BACK_OFF_SECONDS_MIN * 2.0 ** min(self.failures - 1, 30), BACK_OFF_SECONDS_MAX)
        return max(0.0, self.last_failure + delay - now)


def index_back_off(failed: Object | None) -> BackOff:
    """The back-off of an index whose last pod failed."""
    return BackOff(sum(failure_counts(failed)) + 1, finished_at(failed)) if failed is not None else BackOff()
