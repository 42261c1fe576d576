"""When a pod has to leave its node: pure; upstream: processPodOnNode, getMinTolerationTime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from minikube_lite.controllers.scheduler.terms import tolerates
from minikube_lite.store import Object


@dataclass(frozen=True, slots=True)
class Eviction:
    """A pod is to leave at `due`; its tolerations run since `since`. Seconds of emulated time."""

    since: float
    due: float


def no_execute_taints(node: Object | None) -> list[Object]:
    """The node's taints that pods have to tolerate if they are to stay."""
    return [taint for taint in (node["spec"].get("taints") or ()) if taint["effect"] == "NoExecute"] if node else []


def toleration_seconds(taints: Sequence[Object], tolerations: Sequence[Object]) -> float | None:
    """How long a pod may stay: 0 where a taint is not tolerated, None for ever.

    Of several tolerations of one taint the first counts, as upstream has it.
    """
    shortest: float | None = None
    for taint in taints:
        found = next((toleration for toleration in tolerations if tolerates((toleration,), taint)), None)
        if found is None:
            return 0
        seconds = found.get("tolerationSeconds")
        if seconds is not None:
            shortest = max(0, seconds) if shortest is None else min(shortest, max(0, seconds))
    return shortest


def decide(taints: Sequence[Object], pod: Object, planned: Eviction | None, now: float) -> Eviction | None:
    """The eviction that stands from now on; None for none.

    A plan is kept while its taints are tolerated for some time: neither another taint nor another look puts it off.
    """
    seconds = toleration_seconds(taints, pod["spec"].get("tolerations") or ())
    if seconds is None:
        return None
    if planned is not None and (planned.due <= now or (seconds > 0 and planned.since < now)):
        return planned
    return Eviction(now, now + seconds)
