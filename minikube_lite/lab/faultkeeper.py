"""The faultkeeper: lets faults begin and end as the Fault objects say, and tells in their status what they hit."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from minikube_lite.clock import Clock, Timer
from minikube_lite.lab.faults import ACTIVE, OVER, PENDING, FaultSpec, fault_spec
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.events import EventRecorder, ObjectReference
from minikube_lite.machinery.faults import Fault, Faults
from minikube_lite.machinery.informer import Informers
from minikube_lite.machinery.queue import WorkQueue
from minikube_lite.machinery.resources import FAULTS
from minikube_lite.store import Object

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Kept:
    """One Fault object, and what came of it."""

    generation: int
    fault: Fault
    phase: str = PENDING
    last_hit_at: str = ""
    timers: list[Timer] = field(default_factory=list)


class FaultKeeper:
    """Follows the Fault objects. A fault begins and ends as soon as its object is seen; the status comes after."""

    def __init__(
        self, client: Client, informers: Informers, clock: Clock, faults: Faults, events: EventRecorder
    ) -> None:
        self._client = client
        self._clock = clock
        self._faults = faults
        self._events = events
        self._kept: dict[str, Kept] = {}
        self._queue: WorkQueue[str] = WorkQueue(clock, "faults")
        self._waiters: list[asyncio.Future[None]] = []
        self._task: asyncio.Task[None] | None = None
        self._objects = informers.informer(FAULTS)
        self._objects.add_handler(self._changed)

    async def start(self) -> None:
        """Begin to tell."""
        self._task = asyncio.create_task(self._run(), name="faultkeeper")

    async def stop(self) -> None:
        """Stop telling."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._queue.close()

    async def seen(self, name: str, generation: int | None) -> None:
        """Return when the Fault of that name has been seen in that generation; None: when it is seen to be gone."""
        while True:
            kept = self._kept.get(name)
            if (kept is None) if generation is None else (kept is not None and kept.generation >= generation):
                return
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def hits(self, name: str) -> int:
        """How often the fault of that name has struck."""
        return self._kept[name].fault.hits if name in self._kept else 0

    # Beginning and ending

    def _changed(self, old: Object | None, new: Object | None) -> None:
        name = (new or old or {})["metadata"]["name"]
        kept = self._kept.get(name)
        if kept is not None and (new is None or new["metadata"]["generation"] != kept.generation):
            del self._kept[name]
            self._end(kept)
            if new is None:
                self._tell_of_the_end(old or {}, kept)
        if new is not None and name not in self._kept:
            self._keep(name, new)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _keep(self, name: str, obj: Object) -> None:
        spec = fault_spec(obj)
        fault = Fault(
            name,
            spec.target,
            self._clock.random_stream(f"fault {name}"),
            self._struck,
            spec.skip,
            spec.times,
            spec.probability,
            spec.every,
        )
        kept = self._kept[name] = Kept(obj["metadata"]["generation"], fault)
        if spec.start_seconds > 0:
            kept.timers.append(self._clock.call_later(spec.start_seconds, self._begin, kept, spec))
        else:
            self._begin(kept, spec)
        self._queue.add(name)

    def _begin(self, kept: Kept, spec: FaultSpec) -> None:
        kept.phase = ACTIVE
        if spec.duration_seconds is not None:
            kept.timers.append(self._clock.call_later(spec.duration_seconds, self._over, kept))
        self._queue.add(kept.fault.name)
        self._faults.begin(kept.fault)

    def _over(self, kept: Kept) -> None:
        self._end(kept)
        kept.phase = OVER
        self._queue.add(kept.fault.name)

    def _end(self, kept: Kept) -> None:
        for timer in kept.timers:
            timer.cancel()
        if kept.phase == ACTIVE:
            self._faults.end(kept.fault)

    def _tell_of_the_end(self, obj: Object, kept: Kept) -> None:
        if not kept.fault.hits:
            text = f"Fault {kept.fault.name} was deleted without ever having struck ({kept.fault.matches} matches)"
            self._events.event(ObjectReference.of(obj, FAULTS, "Fault"), "Warning", "NeverHit", text)

    # Telling

    def _struck(self, fault: Fault) -> None:
        kept = self._kept.get(fault.name)
        if kept is not None and kept.fault is fault:
            kept.last_hit_at = self._clock.micro_timestamp()
            self._queue.add(fault.name)

    async def _run(self) -> None:
        while True:
            name = await self._queue.get(1)
            try:
                await self._tell(name)
            except ApiError as error:
                if not is_not_found(error):
                    log.warning("the status of fault %s: %s", name, error)
                    self._queue.retry(name)
            except Exception:
                log.exception("the status of fault %s is not written", name)
            else:
                self._queue.forget(name)
            finally:
                self._queue.done(name)

    async def _tell(self, name: str) -> None:
        kept, obj = self._kept.get(name), self._objects.get("", name)
        if kept is None or obj is None:
            return
        fault = kept.fault
        status: Object = {
            "observedGeneration": kept.generation,
            "phase": kept.phase,
            "matches": fault.matches,
            "hits": fault.hits,
        }
        if fault.hits:
            status |= {"lastHit": fault.last_hit, "lastHitTime": kept.last_hit_at}
        if status != obj.get("status"):
            await self._client.patch(FAULTS, "", name, {"status": status}, subresource="status")
