"""Breaking something from Python: a Fault object that is there for a block of code."""

from __future__ import annotations

from typing import Any, Self

from minikube_lite.lab.faultkeeper import FaultKeeper
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.resources import FAULTS


class NeverHit(AssertionError):
    """A fault ended without ever having struck: what ran meanwhile was not tested against it."""


class Breakage:
    """One fault. `begin` returns when it breaks something, `heal` when it does no more."""

    def __init__(
        self, client: Client, keeper: FaultKeeper, name: str, spec: dict[str, Any], *, may_miss: bool = False
    ) -> None:
        self.name = name
        self.hits = 0
        """How often it has struck, as of `heal`; `count` asks for it."""
        self._client = client
        self._keeper = keeper
        self._spec = spec
        self._may_miss = may_miss

    async def begin(self) -> None:
        """Break it. Raises ApiError where the spec makes no sense."""
        metadata = {"name": self.name} if self.name else {"generateName": "fault-"}
        created = await self._client.create(FAULTS, "", {"metadata": metadata, "spec": self._spec})
        self.name = created["metadata"]["name"]
        await self._keeper.seen(self.name, created["metadata"]["generation"])

    async def heal(self) -> None:
        """Heal it. Raises ApiError where it is not there."""
        self.hits = self.count()
        await self._client.delete(FAULTS, "", self.name)
        await self._keeper.seen(self.name, None)

    def count(self) -> int:
        """How often it has struck until now."""
        return self._keeper.hits(self.name)

    async def __aenter__(self) -> Self:
        await self.begin()
        return self

    async def __aexit__(self, failure: object, *_: object) -> None:
        await self.heal()
        if failure is None and not self._may_miss:
            self.check()

    def check(self) -> None:
        """Raise NeverHit if it has not struck until it was healed."""
        if not self.hits:
            raise NeverHit(f"the fault {self.name} never struck: {self._spec}")
