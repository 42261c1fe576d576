"""What really runs where, as the nodes know it and whatever the API says. No counterpart upstream: nobody can know it there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Instance:
    """A container that really runs."""

    node: str
    namespace: str
    pod: str
    uid: str
    container: str
    id: str
    ip: str
    started_at: float
    owner: str = ""
    """The kind and name of the pod's controller, as `StatefulSet/web`."""
    owner_uid: str = ""


@dataclass(slots=True)
class Instances:
    """The containers that run, in the order in which they began."""

    _running: dict[str, Instance] = field(default_factory=dict)
    _by_pod: dict[str, dict[str, Instance]] = field(default_factory=dict)
    _followers: list[Callable[[Instance], None]] = field(default_factory=list)

    def begin(self, instance: Instance) -> None:
        """A container runs."""
        self._running[instance.id] = instance
        self._by_pod.setdefault(instance.uid, {})[instance.id] = instance
        self._tell(instance)

    def end(self, container_id: str) -> None:
        """It does no longer; one that never ran is ignored."""
        instance = self._running.pop(container_id, None)
        if instance is not None:
            found = self._by_pod[instance.uid]
            del found[container_id]
            if not found:
                del self._by_pod[instance.uid]
            self._tell(instance)

    def owned_by(self, uid: str, owner: str, owner_uid: str) -> None:
        """A pod has that controller now."""
        for instance in self.of_pod(uid):
            if (instance.owner, instance.owner_uid) != (owner, owner_uid):
                self.begin(replace(instance, owner=owner, owner_uid=owner_uid))

    def all(self) -> list[Instance]:
        """All that run."""
        return list(self._running.values())

    def of_pod(self, uid: str) -> list[Instance]:
        """What runs of one pod."""
        return list(self._by_pod.get(uid, {}).values())

    def follow(self, follower: Callable[[Instance], None]) -> None:
        """Call for each container that begins or ends."""
        self._followers.append(follower)

    def _tell(self, instance: Instance) -> None:
        for follower in self._followers:
            follower(instance)
