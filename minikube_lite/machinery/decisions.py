"""Why things are as they are: what each component decided last about an object, and for what reason. No counterpart upstream.

A component notes a reason where it decides; nobody reads it until somebody asks.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from minikube_lite.machinery.resources import GroupVersionResource

OBJECTS_MAX = 20_000
"""Of so many objects reasons are kept; those that were noted longest ago go first."""

Key = tuple[str, str, str]
"""A resource as the store calls it, a namespace and a name."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a component decided. `text` is a clause; `since`, in emulated unix seconds, when it first decided so."""

    component: str
    code: str
    text: str
    since: float


@dataclass(slots=True)
class Decisions:
    """The last decision of each component about each object of one cluster."""

    _noted: OrderedDict[Key, dict[str, Decision]] = field(default_factory=OrderedDict)

    def note(
        self,
        component: str,
        resource: GroupVersionResource,
        namespace: str,
        name: str,
        code: str,
        text: str,
        now: float,
    ) -> None:
        """A component has decided something about an object."""
        key = (resource.key, namespace, name)
        noted = self._noted.setdefault(key, {})
        before = noted.get(component)
        if before is None or (before.code, before.text) != (code, text):
            noted[component] = Decision(component, code, text, now)
        self._noted.move_to_end(key)
        while len(self._noted) > OBJECTS_MAX:
            self._noted.popitem(last=False)

    def forget(self, component: str, resource: GroupVersionResource, namespace: str, name: str) -> None:
        """A component has nothing more to say about an object."""
        key = (resource.key, namespace, name)
        noted = self._noted.get(key, {})
        noted.pop(component, None)
        if not noted:
            self._noted.pop(key, None)

    def about(self, resource: GroupVersionResource, namespace: str, name: str) -> list[Decision]:
        """What was decided about an object, the newest first."""
        noted = self._noted.get((resource.key, namespace, name), {})
        return sorted(noted.values(), key=lambda one: -one.since)
