"""The timekeeper: makes the cluster's clock do what the Clock object asks for, and says when it is done.

It is no controller with a queue, since it waits for the cluster to settle, and a key in hand would be work that keeps it from that.
"""

from __future__ import annotations

import asyncio
import logging

from minikube_lite.clock import Clock, Unsettled
from minikube_lite.lab.clock import CLOCK_NAME, SETTLED, ClockSpec
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.informer import Informers
from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.resources import CLOCKS
from minikube_lite.store import Object

log = logging.getLogger(__name__)


class Timekeeper:
    """Follows the one Clock."""

    def __init__(self, client: Client, informers: Informers, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._wanted: Object | None = None
        self._asked = asyncio.Event()
        self._advanced = 0.0
        """By how much of spec.advanceSeconds time has been moved."""
        self._target: float | None = None
        """Where time is being moved to, until it is there."""
        self._task: asyncio.Task[None] | None = None
        informers.informer(CLOCKS).add_handler(self._changed)

    async def start(self) -> None:
        """Make the Clock, and begin to follow it."""
        # The label is all that its maker owns; without any owner, an apply would conflict with who wrote before.
        metadata = {"name": CLOCK_NAME, "labels": {"app.kubernetes.io/managed-by": "minikube-lite"}}
        created = await self._client.create(CLOCKS, "", {"metadata": metadata})
        await self._tell(created, None)
        self._task = asyncio.create_task(self._run(), name="timekeeper")

    async def stop(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def _changed(self, _old: Object | None, new: Object | None) -> None:
        if new is not None and _observed(new) < new["metadata"]["generation"]:
            self._wanted = new
            self._asked.set()

    async def _run(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            wanted = self._wanted
            assert wanted is not None
            try:
                await self._follow(wanted)
            except Exception:
                log.exception("the clock does not follow")
                await self._clock.transport.sleep(1)
                self._asked.set()

    async def _follow(self, wanted: Object) -> None:
        """Do what one state of the Clock asks for. Time that could not be moved yet, since the cluster is busy, is tried again."""
        spec = ClockSpec.model_validate(wanted["spec"])
        if (spec.mode, spec.rate) != (self._clock.mode, self._clock.rate):
            self._clock.set_mode(spec.mode, spec.rate)
        if spec.advance_seconds > self._advanced:
            start = self._clock.now() if self._target is None else self._target
            self._target = start + spec.advance_seconds - self._advanced
            self._advanced = spec.advance_seconds
        fault: Unsettled | None = None
        try:
            if self._target is not None:
                await self._clock.advance(max(0.0, self._target - self._clock.now()))
                self._target = None
            await self._clock.settle()
        except Unsettled as error:
            fault = error
            if self._target is not None:
                self._asked.set()
        await self._tell(wanted, fault)

    async def _tell(self, wanted: Object, fault: Unsettled | None) -> None:
        clock, ledger = self._clock, self._clock.ledger
        moved = self._advanced - max(0.0, (self._target or 0.0) - clock.now())
        generation = wanted["metadata"]["generation"]
        status: Object = {
            "observedGeneration": generation if self._target is None else _observed(wanted),
            "mode": clock.mode,
            "rate": clock.rate if clock.flowing else 0,
            "advancedSeconds": moved,
            "pending": [{"name": name, "count": count} for name, count in ledger.outstanding().items()]
            if fault
            else [],
            "conditions": [self._condition(wanted, fault, generation)],
        }
        await self._client.patch(CLOCKS, "", CLOCK_NAME, {"status": status}, subresource="status")

    def _condition(self, wanted: Object, fault: Unsettled | None, generation: int) -> Object:
        state = "False" if fault else "True"
        before = find_condition(wanted, SETTLED)
        since = before["lastTransitionTime"] if before and before["status"] == state else self._clock.timestamp()
        return {
            "type": SETTLED,
            "status": state,
            "observedGeneration": generation,
            "reason": "Busy" if fault else "Quiet",
            "message": str(fault) if fault else "no work is left",
            "lastTransitionTime": since,
        }


def _observed(obj: Object) -> int:
    generation: int = obj.get("status", {}).get("observedGeneration", 0)
    return generation
