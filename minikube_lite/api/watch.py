"""Watches: a cursor's changes as a stream of events, one JSON object a line; upstream: apiserver/pkg/endpoints/handlers/watch.go.

- Selectors look at an object before and after a change: what leaves the selection is told as DELETED, what enters it as ADDED.
- What is pending goes out in one write. A watcher that falls off the window's end gets an ERROR event of code 410.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import orjson

from minikube_lite.api.customresources.converting import Converting
from minikube_lite.api.list_options import ListOptions, parse_revision
from minikube_lite.api.negotiation import ACCEPTED, JSON, PROTOBUF
from minikube_lite.api.reading import Filter, check_field_selector
from minikube_lite.api.render import metadata_bytes, object_bytes
from minikube_lite.api.request import Request
from minikube_lite.api.table import check_include, table
from minikube_lite.clock import Clock
from minikube_lite.machinery import errors
from minikube_lite.store import Compacted, Cursor, Ended, Event, EventType, Record, Store

WATCH_TIMEOUT_SECONDS_MIN = 1800
"""Without timeoutSeconds a watch lasts between this and twice as long, in real time."""
BOOKMARK_SECONDS = 60.0
"""How often a watch that allows it is told the current revision, in real time."""
BOOKMARK_BEFORE_END_SECONDS = 2.0
"""So long before its end it is told once more, so that the next watch can begin there."""
STREAMED = (f"{JSON};stream=watch", f"{PROTOBUF};stream=watch")
"""The forms in which upstream streams events."""
INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class FutureRevision(Exception):
    """What is there now is asked for at a revision that is yet to come."""

    def __init__(self, asked: int, current: int) -> None:
        super().__init__(f"revision {asked} is yet to come: this is {current}")
        self.asked = asked
        self.current = current


class Watch:
    """One watch request. `open` fixes where it begins; `blocks` then yields lines without end."""

    def __init__(
        self, store: Store, clock: Clock, request: Request, options: ListOptions, seconds: float = float("inf")
    ) -> None:
        """`seconds` is how long it lasts, in real time."""
        check_field_selector(request.resource, options.fields)
        self.transport = clock.transport
        self._ends = self.transport.now() + seconds
        self.content_type = request.form.content_type
        self._store = store
        self._clock = clock
        self._resource = request.resource
        self._namespace = request.info.namespace or options.fields.requires_exact_match("metadata.namespace") or ""
        selected = options.fields.requires_exact_match("metadata.name")
        if request.info.name and not options.fields.everything and selected != request.info.name:
            raise errors.bad_request("fieldSelector metadata.name doesn't match requested name")
        self._name = request.info.name or selected or ""
        self._options = options
        self._form = request.form
        self._include = request.query.get("includeObject", "")
        self._filter = Filter(request.resource, options)
        self._header = True
        self._converting = Converting(clock)
        self._first = b""
        self._cursor: Cursor | None = None
        self._after = 0
        """Changes up to this revision, which may be yet to come, are not told."""
        if self._form.convert == "PartialObjectMetadataList":
            raise errors.not_acceptable(ACCEPTED)
        if self._form.yaml:
            raise errors.not_acceptable(STREAMED)
        if self._form.convert == "Table":
            check_include(self._include)

    def open(self) -> None:
        """Take the place to begin at, and what is there now if that is sent first.

        Compacted when the revision is gone, FutureRevision when what is there now is older than asked for.
        """
        start = parse_revision(self._options.resource_version) if self._options.resource_version else 0
        now, initial = self._store.revision, bool(self._options.send_initial_events)
        if start > now and initial:
            raise FutureRevision(start, now)
        self._after = now if initial or start == 0 else start
        self._cursor = self._store.watch(self._resource.key, self._namespace, self._name, after=min(self._after, now))
        if initial:
            try:
                self._first = self._initial_events()
            except BaseException:
                self.close()
                raise

    def hand_out(self) -> None:
        """What was yielded goes to a client outside."""
        if self._cursor is not None:
            self._cursor.hand_out()

    def end(self) -> None:
        """Let the blocks end, soon."""
        if self._cursor is not None:
            self._cursor.end()

    def close(self) -> None:
        """Stop watching."""
        if self._cursor is not None:
            self._cursor.close()

    def _initial_events(self) -> bytes:
        """What is there now as ADDED events, and the bookmark that ends them where it is asked for."""
        records = self._store.scan(self._resource.key, self._namespace)
        chosen = [record for record in records if not self._name or record.name == self._name]
        lines = [
            self._line("ADDED", record)
            for record in chosen
            if self._filter.everything or self._filter.matches(record.object)
        ]
        if self._options.allow_bookmarks:
            lines.append(self.bookmark({INITIAL_EVENTS_END: "true"}))
        return b"".join(lines)

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        """Blocks of lines as changes come, without end; the caller bounds the time."""
        cursor = self._cursor
        assert cursor is not None
        if self._first:
            yield self._first
            self._first = b""
        due = self._next_bookmark()
        while True:
            try:
                async with self.transport.timeout(max(0.0, due - self.transport.now())):
                    events = await cursor.next_batch()
            except TimeoutError:
                if cursor.idle:  # else changes came just now, and go first
                    due = self._next_bookmark()
                    if self._options.allow_bookmarks:
                        yield self.bookmark({})
                continue
            except Compacted as error:
                yield self.error(errors.expired(str(error)))
                return
            except Ended:
                return
            records = [event.record for event in events] + [event.previous for event in events if event.previous]
            await self._converting.prepare(self._resource, records)
            block = b"".join([line for event in events if (line := self._event(event))])
            if block:
                yield block
            if self._options.allow_bookmarks and self.transport.now() >= due:
                due = self._next_bookmark()
                yield self.bookmark({}, events[-1].revision)

    def _next_bookmark(self) -> float:
        """When the next bookmark is due."""
        now, last = self.transport.now(), self._ends - BOOKMARK_BEFORE_END_SECONDS
        return last if now < last < now + BOOKMARK_SECONDS else now + BOOKMARK_SECONDS

    def _event(self, event: Event) -> bytes:
        kind: EventType = event.type
        if event.revision <= self._after:
            return b""
        if not self._filter.everything:
            before = event.previous is not None and self._filter.matches(event.previous.object)
            after = event.type != "DELETED" and self._filter.matches(event.record.object)
            if not before and not after:
                return b""
            kind = "MODIFIED" if before and after else "ADDED" if after else "DELETED"
            if kind == "DELETED" and event.type != "DELETED" and event.previous is not None:
                return self._line(kind, _at_revision(event.previous, event.revision))
        return self._line(kind, event.record)

    def _line(self, kind: str, record: Record) -> bytes:
        return b'{"type":"' + kind.encode() + b'","object":' + self._shown(record) + b"}\n"

    def _shown(self, record: Record) -> bytes:
        if self._form.convert == "Table":
            metadata = {"resourceVersion": str(record.revision)}
            shown = table(
                self._resource,
                [record],
                metadata,
                self._clock.now(),
                self._include,
                self._form.version,
                header=self._header,
            )
            self._header = False
            return orjson.dumps(shown)
        if self._form.convert:
            return metadata_bytes(record, self._form)
        return object_bytes(self._resource, record)

    def bookmark(self, annotations: dict[str, str], revision: int | None = None) -> bytes:
        """The revision up to which everything has been told; without one, that is all."""
        metadata: dict[str, Any] = {"resourceVersion": str(revision or self._store.revision)}
        if annotations:
            metadata["annotations"] = annotations
        kind, api_version = self._resource.info.kind, self._resource.api_version
        shown: dict[str, Any]
        if self._form.convert == "Table":
            shown = table(self._resource, [], metadata, 0.0, self._include, self._form.version, header=self._header)
        elif self._form.convert:
            shown = {"kind": "PartialObjectMetadata", "apiVersion": self._form.api_version, "metadata": metadata}
        else:
            shown = {"kind": kind, "apiVersion": api_version, "metadata": metadata, **self._resource.empty}
        return b'{"type":"BOOKMARK","object":' + orjson.dumps(shown) + b"}\n"

    def error(self, error: errors.ApiError) -> bytes:
        """An error that ends the stream."""
        return b'{"type":"ERROR","object":' + orjson.dumps(error.status()) + b"}\n"


def _at_revision(record: Record, revision: int) -> Record:
    """The record as it was, told at a newer revision: how upstream shows what left a selection."""
    obj = {**record.object, "metadata": {**record.object["metadata"], "resourceVersion": str(revision)}}
    return Record(record.resource, record.namespace, record.name, revision, obj)
