"""How many pods a rolling update may add, and how many may be missing; upstream: ResolveFenceposts and its callers.

Worked example: of 10 wanted with 25% and 25%, up to 3 more may be there (rounded up), and 2 may be missing (rounded down).
"""

from __future__ import annotations

from minikube_lite.machinery.int_or_string import scaled_value
from minikube_lite.store import Object


def wanted_replicas(deployment: Object) -> int:
    """How many pods the Deployment is to have."""
    return deployment["spec"]["replicas"]  # type: ignore[no-any-return]


def is_rolling(deployment: Object) -> bool:
    """Whether old pods are replaced bit by bit."""
    strategy: Object = deployment["spec"].get("strategy") or {}
    return bool(strategy.get("type", "RollingUpdate") == "RollingUpdate")


def max_surge(deployment: Object) -> int:
    """How many pods more than wanted there may be."""
    return _fenceposts(deployment)[0] if is_rolling(deployment) else 0


def max_unavailable(deployment: Object) -> int:
    """How many of the wanted pods may be missing."""
    wanted = wanted_replicas(deployment)
    return min(_fenceposts(deployment)[1], wanted) if is_rolling(deployment) else 0


def min_available(deployment: Object) -> int:
    """How many pods have to be available."""
    return wanted_replicas(deployment) - max_unavailable(deployment)


def _fenceposts(deployment: Object) -> tuple[int, int]:
    """Where percentages leave room for neither, one pod may be missing, or nothing could ever move."""
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    wanted = wanted_replicas(deployment)
    surge = scaled_value(rolling.get("maxSurge"), wanted, round_up=True)
    unavailable = scaled_value(rolling.get("maxUnavailable"), wanted, round_up=False)
    return surge, unavailable or (0 if surge else 1)
