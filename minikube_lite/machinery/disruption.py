"""The condition DisruptionAllowed of a budget, which evictions and the disruption controller both write.

Upstream: component-helpers/apps/poddisruptionbudget.
"""

from __future__ import annotations

from minikube_lite.machinery.conditions import set_condition
from minikube_lite.store import Object

DISRUPTION_ALLOWED = "DisruptionAllowed"
SYNC_FAILED = "SyncFailed"


def set_disruption_allowed(status: Object, now: str) -> None:
    """Make the condition say what the number of allowed disruptions says."""
    allowed = status.get("disruptionsAllowed", 0) > 0
    reason = "SufficientPods" if allowed else "InsufficientPods"
    _set(status, allowed, reason, "", now)


def set_sync_failed(status: Object, message: str, now: str) -> None:
    """Nothing may go, because it could not be counted."""
    status["disruptionsAllowed"] = 0
    _set(status, False, SYNC_FAILED, message, now)


def _set(status: Object, allowed: bool, reason: str, message: str, now: str) -> None:
    condition = {
        "type": DISRUPTION_ALLOWED,
        "status": "True" if allowed else "False",
        "reason": reason,
        "message": message,
        "observedGeneration": status.get("observedGeneration", 0),
    }
    set_condition(status, condition, now)
