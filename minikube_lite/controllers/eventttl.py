"""EventTTL: events go an hour after they were last written.

Upstream: the leases with which kube-apiserver stores events in etcd.
"""

from __future__ import annotations

from collections import OrderedDict

from minikube_lite.clock import Timer, parse_time
from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.errors import is_not_found
from minikube_lite.machinery.resources import EVENTS
from minikube_lite.store import Object


class EventTTL(Controller):
    """Deletes events. Those that are written last go last, so that one timer, for the first of them, is enough."""

    name = "event-ttl"
    manager = "kube-apiserver"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._ttl = float(context.options.event_ttl)
        self._expiries: OrderedDict[str, float] = OrderedDict()
        self._timer: Timer | None = None
        self.informer(EVENTS, self._event_changed)

    def _event_changed(self, old: Object | None, new: Object | None) -> None:
        if new is None:
            assert old is not None
            self._expiries.pop(object_key(old), None)
            return
        key = object_key(new)
        last = next(reversed(self._expiries.values()), 0.0)
        written = self.clock.now() if old is not None else parse_time(new["metadata"]["creationTimestamp"])
        self._expiries[key] = max(written + self._ttl, last)
        self._expiries.move_to_end(key)
        self._arm()

    def _arm(self) -> None:
        if self._expiries and (self._timer is None or self._timer.cancelled):
            self._timer = self.clock.call_at(next(iter(self._expiries.values())), self._due)

    def _due(self) -> None:
        now = self.clock.now()
        while self._expiries and next(iter(self._expiries.values())) <= now:
            self.queue.add(self._expiries.popitem(last=False)[0])
        self._arm()

    async def stop(self) -> None:
        """Stop working."""
        if self._timer is not None:
            self._timer.cancel()
        await super().stop()

    async def sync(self, key: str) -> None:
        if key in self._expiries:
            return  # written again meanwhile
        try:
            await self.client.delete(EVENTS, *split_key(key))
        except Exception as error:
            if not is_not_found(error):
                raise
