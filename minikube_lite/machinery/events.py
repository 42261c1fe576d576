"""Events that tell what controllers and kubelets did; upstream: client-go/tools/record.

- A repeated event raises the count of the one that stands there, as upstream's correlator does.
- Events are written in the order in which they were reported, and never hold up who reports them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal, NamedTuple

from minikube_lite.clock import Clock, format_time
from minikube_lite.ledger import Token
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.resources import EVENTS, GroupVersionResource
from minikube_lite.store import Object

log = logging.getLogger(__name__)

RECENT_EVENTS_MAX = 4096
"""How many events are remembered so that a repetition is counted."""
WAITING_EVENTS_MAX = 65_536
"""How many events may wait to be written; more are dropped, as upstream drops those of a full broadcaster."""


@dataclass(frozen=True, slots=True)
class ObjectReference:
    """What an event is about."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    resource_version: str = ""
    field_path: str = ""

    @classmethod
    def of(cls, obj: Object, resource: GroupVersionResource, kind: str, field_path: str = "") -> ObjectReference:
        """A reference to an object of that resource and kind."""
        metadata = obj["metadata"]
        return cls(
            resource.api_version,
            kind,
            metadata.get("namespace", ""),
            metadata["name"],
            metadata.get("uid", ""),
            metadata.get("resourceVersion", ""),
            field_path,
        )

    def as_object(self) -> Object:
        """The involvedObject of an event."""
        fields = {
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
            "uid": self.uid,
            "apiVersion": self.api_version,
            "resourceVersion": self.resource_version,
            "fieldPath": self.field_path,
        }
        return {key: value for key, value in fields.items() if value}


class Report(NamedTuple):
    """An event that a decision asks for."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


class EventRecorder:
    """Reports events as one component, on one host if it is a kubelet."""

    def __init__(self, events: Events, component: str, host: str) -> None:
        self._events = events
        self._component = component
        self._host = host

    def event(
        self, about: ObjectReference, event_type: Literal["Normal", "Warning"], reason: str, message: str
    ) -> None:
        """Report an event."""
        self._events.report(about, self._component, self._host, event_type, reason, message)


class Events:
    """The one writer of events of a cluster."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._reports: asyncio.Queue[tuple[Token, Object]] = asyncio.Queue(WAITING_EVENTS_MAX)
        self._recent: OrderedDict[tuple[str, ...], tuple[str, int]] = OrderedDict()
        self._last_stamp = 0
        self._task: asyncio.Task[None] | None = None

    def recorder(self, component: str, host: str = "") -> EventRecorder:
        """A recorder for a component, as `statefulset-controller`, or `kubelet` of a host."""
        return EventRecorder(self, component, host)

    def report(
        self, about: ObjectReference, component: str, host: str, event_type: str, reason: str, message: str
    ) -> None:
        """Queue an event to be written."""
        if self._reports.full():
            log.warning("too many events wait to be written: %s of %s dropped", reason, about.name)
            return
        now = self._clock.now()
        self._last_stamp = max(int(now * 1e9), self._last_stamp + 1)
        source = {"component": component, "host": host} if host else {"component": component}
        event: Object = {
            "metadata": {"name": f"{about.name}.{self._last_stamp:x}", "namespace": about.namespace or "default"},
            "involvedObject": about.as_object(),
            "reason": reason,
            "message": message,
            "source": source,
            "firstTimestamp": format_time(now),
            "lastTimestamp": format_time(now),
            "count": 1,
            "type": event_type,
            "eventTime": None,
            "reportingComponent": component,
            "reportingInstance": host,
        }
        self._reports.put_nowait((self._clock.ledger.start("event"), event))

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._run(), name="events")

    async def stop(self) -> None:
        """Stop writing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        while not self._reports.empty():
            self._reports.get_nowait()[0].done()

    async def _run(self) -> None:
        while True:
            token, event = await self._reports.get()
            try:
                await self._write(event)
            except ApiError as error:
                log.debug("event of %s not written: %s", event["involvedObject"].get("name"), error)
            except Exception:
                log.exception("event of %s not written", event["involvedObject"].get("name"))
            finally:
                token.done()

    async def _write(self, event: Object) -> None:
        involved = event["involvedObject"]
        key = (
            *(str(value) for value in event["source"].values()),
            *(involved.get(part, "") for part in ("kind", "namespace", "name", "uid", "apiVersion", "fieldPath")),
            event["type"], event["reason"], event["message"],
        )  # fmt: skip
        namespace = event["metadata"]["namespace"]
        known = self._recent.get(key)
        if known is not None:
            name, count = known
            change = {"count": count + 1, "lastTimestamp": event["lastTimestamp"], "message": event["message"]}
            try:
                await self._client.patch(EVENTS, namespace, name, change)
            except ApiError as error:
                if not is_not_found(error):
                    raise
            else:
                self._recent[key] = (name, count + 1)
                self._recent.move_to_end(key)
                return
        await self._client.create(EVENTS, namespace, event)
        self._recent[key] = (event["metadata"]["name"], 1)
        while len(self._recent) > RECENT_EVENTS_MAX:
            self._recent.popitem(last=False)
