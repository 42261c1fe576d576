"""When the change happened that endpoints now show; upstream: k8s.io/endpointslice/util/trigger_time_tracker.go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from minikube_lite.machinery.meta import find_condition
from minikube_lite.store import Object


@dataclass(slots=True)
class _State:
    """The moments that the last sync of a Service saw."""

    service: str = ""
    pods: dict[str, str] = field(default_factory=dict)


class TriggerTimes:
    """Remembers per Service what was seen, so that only news count. Moments are texts that sort as times do."""

    def __init__(self) -> None:
        self._states: dict[str, _State] = {}

    def compute(self, key: str, service: Object, pods: Iterable[Object]) -> str:
        """The earliest change since the last call for the Service; "" when there is none that is dated."""
        state, known = self._states.get(key, _State()), key in self._states
        changed: list[str] = []
        seen: dict[str, str] = {}
        for pod in pods:
            name, moment = pod["metadata"]["name"], _ready_since(pod)
            if moment:
                seen[name] = moment
                if moment > state.pods.get(name, ""):
                    changed.append(moment)
        created = service["metadata"]["creationTimestamp"]
        if created > state.service:
            changed.append(created)
        self._states[key] = _State(created, seen)
        if not known:
            return str(created)
        return min(changed, default="")

    def forget(self, key: str) -> None:
        """The Service is gone."""
        self._states.pop(key, None)


def _ready_since(pod: Object) -> str:
    condition = find_condition(pod, "Ready")
    return (condition or {}).get("lastTransitionTime") or ""
