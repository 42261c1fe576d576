"""Reading a container's log: which run's, which of its lines, and following it; upstream: kubelet_pods.go, kuberuntime/logs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from minikube_lite.clock import parse_time
from minikube_lite.programs.log import ContainerLog, LogLine
from minikube_lite.store import Object

BLOCK_LINES_MAX = 500
"""So many lines go out in one write."""
IMAGE_PULL_REASONS = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}
STATUS_LISTS = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")


class NoLog(Exception):
    """There is no log to show, and why."""


def logged_run(pod_name: str, status: Object, container: str, previous: bool) -> str:
    """The id of the run whose log is meant; upstream: validateContainerLogStatus. Raises NoLog."""
    found = [one for part in STATUS_LISTS for one in status.get(part) or () if one["name"] == container]
    where = f'container "{container}" in pod "{pod_name}"'
    if not found:
        raise NoLog(f"{where} is not available")
    state = found[0].get("state") or {}
    last = str((found[0].get("lastState") or {}).get("terminated", {}).get("containerID", ""))
    has_last = "terminated" in (found[0].get("lastState") or {})
    if previous:
        if not last:
            raise NoLog(f"previous terminated {where} not found")
        return last
    if "running" in state:
        return str(found[0].get("containerID", ""))
    if "terminated" in state or has_last:
        own = str(state.get("terminated", {}).get("containerID", ""))
        if not (own or last):
            raise NoLog(f"{where} is terminated")
        return own or last
    if "waiting" in state:
        reason = state["waiting"].get("reason", "")
        raise NoLog(f"{where} is waiting to start: {IMAGE_PULL_REASONS.get(reason, reason)}")
    raise NoLog(f"{where} is waiting to start - no logs yet")


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which lines, and in which form."""

    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    since: float | None = None
    tail_lines: int | None = None
    limit_bytes: int | None = None
    stream: str = "All"

    @classmethod
    def of(cls, query: Mapping[str, str], now: float) -> LogQuery:
        """From a request's query, which the API server has checked. Raises ValueError."""
        since: float | None = None
        if query.get("sinceSeconds"):
            since = now - int(query["sinceSeconds"])
        elif query.get("sinceTime"):
            since = parse_time(query["sinceTime"])
        return cls(
            follow=query.get("follow") == "true",
            previous=query.get("previous") == "true",
            timestamps=query.get("timestamps") == "true",
            since=since,
            tail_lines=int(query["tailLines"]) if query.get("tailLines") else None,
            limit_bytes=int(query["limitBytes"]) if query.get("limitBytes") else None,
            stream=query.get("stream") or "All",
        )

    def wants(self, line: LogLine) -> bool:
        """Whether a line is of the stream and the time that are asked for."""
        return self.stream in ("All", line.stream.capitalize()) and (self.since is None or line.time >= self.since)


async def read_log(log: ContainerLog, query: LogQuery) -> AsyncIterator[bytes]:
    """Blocks of the log, to its end as it is now or, when it is followed, to the end of its run."""
    reader = _Reader(log, query)
    changed = asyncio.Event()
    unwatch = log.watch(changed.set)
    try:
        while True:
            changed.clear()
            ended = log.closed or not query.follow
            while block := reader.block():
                yield block
            if reader.full or ended:
                return
            await changed.wait()
    finally:
        unwatch()


class _Reader:
    """A place in a log. Lines that are pushed out before they were read are missed."""

    def __init__(self, log: ContainerLog, query: LogQuery) -> None:
        self._log = log
        self._query = query
        self._next = log.dropped
        if query.tail_lines is not None:
            self._next += max(len(log.lines) - query.tail_lines, 0)
        self._left = query.limit_bytes
        self._within_line = False

    @property
    def full(self) -> bool:
        """Whether as many bytes were read as are asked for."""
        return self._left == 0

    def block(self) -> bytes:
        """The next lines; b"" where there are none now."""
        log, parts = self._log, bytearray()
        self._next = max(self._next, log.dropped)
        read = 0
        while not self.full and read < BLOCK_LINES_MAX and self._next < log.dropped + len(log.lines):
            line = log.lines[self._next - log.dropped]
            self._next += 1
            if not self._query.wants(line):
                continue
            read += 1
            text = self._shown(line)
            if self._left is not None:
                text = text[: self._left]
                self._left -= len(text)
            parts += text
        return bytes(parts)

    def _shown(self, line: LogLine) -> bytes:
        stamp = b"" if self._within_line or not self._query.timestamps else f"{_timestamp(line.time)} ".encode()
        self._within_line = line.partial
        return stamp + line.text + (b"" if line.partial else b"\n")


def _timestamp(seconds: float) -> str:
    """With nanoseconds, all nine digits, as kubelets write it."""
    whole = int(seconds)
    moment = datetime.fromtimestamp(whole, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{round((seconds - whole) * 1e6):06d}000Z"
