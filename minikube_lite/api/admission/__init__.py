"""Admission: what the cluster adds to, and refuses in, writes before they are validated and stored; upstream: plugin/pkg/admission.

The plugins run in one written order, first all that change, then all that check.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from minikube_lite.machinery.kind import RequestContext
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.store import Object

Operation = Literal["CREATE", "UPDATE", "DELETE", "CONNECT"]


@dataclass(frozen=True, slots=True)
class Attributes:
    """One write, as admission sees it. `new` may be changed by `admit`; `old` never."""

    operation: Operation
    resource: GroupVersionResource
    kind: str
    context: RequestContext
    new: Object | None
    old: Object | None

    @property
    def subresource(self) -> str:
        """The subresource written to, "" for the object itself."""
        return self.context.subresource


class Reservation(NamedTuple):
    """A status that a plugin has changed because of a write: it is stored if, and in the same step as, the write is."""

    resource: GroupVersionResource
    old: Object
    new: Object


class Plugin:
    """One admission plugin; refuses by raising ApiError."""

    async def admit(self, attributes: Attributes) -> None:
        """Change the new object."""

    async def validate(self, attributes: Attributes) -> None:
        """Refuse it, changing nothing."""

    def reserve(self, attributes: Attributes) -> Sequence[Reservation]:
        """Take what the write uses of something limited; refuses too, as others may have taken it since `validate`."""
        return ()


class Chain:
    """The plugins of a cluster, in order."""

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        self._mutating = [plugin for plugin in plugins if type(plugin).admit is not Plugin.admit]
        self._validating = [plugin for plugin in plugins if type(plugin).validate is not Plugin.validate]
        self._reserving = [plugin for plugin in plugins if type(plugin).reserve is not Plugin.reserve]

    async def admit(self, attributes: Attributes) -> None:
        """Let every plugin change the object."""
        for plugin in self._mutating:
            await plugin.admit(attributes)

    async def validate(self, attributes: Attributes) -> None:
        """Let every plugin refuse it."""
        for plugin in self._validating:
            await plugin.validate(attributes)

    def reserve(self, attributes: Attributes) -> list[Reservation]:
        """What the plugins take for the write, in the step in which it is stored."""
        return [taken for plugin in self._reserving for taken in plugin.reserve(attributes)]
