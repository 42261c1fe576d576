"""What a container wrote: lines and when they came, the oldest dropped first; upstream: the CRI's log files."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from minikube_lite.clock import Clock
from minikube_lite.programs.streams import Output

LOG_BYTES_MAX = 1 << 20
"""What is kept of one container's output."""
LOG_LINE_BYTES_MAX = 16 << 10
"""A longer line is split, as container runtimes do."""

StreamName = Literal["stdout", "stderr"]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line, without its end, or a part of a long one: `partial` is not its last part."""

    time: float
    stream: StreamName
    text: bytes
    partial: bool = False


class ContainerLog:
    """The output of one run of a container."""

    def __init__(self, clock: Clock) -> None:
        self.lines: deque[LogLine] = deque()
        self.dropped = 0
        """How many lines were pushed out; a reader's place is an index into all lines ever."""
        self.closed = False
        """Whether the run is over, and no more output comes."""
        self._clock = clock
        self._bytes = 0
        self._partial: dict[StreamName, bytes] = {}
        self._watchers: dict[Callable[[], None], None] = {}
        self._attached: dict[tuple[StreamName, Output], None] = {}

    def write(self, stream: StreamName, data: bytes) -> None:
        """Add output; it becomes visible by whole lines, and at once to whoever is attached."""
        for attached in [key for key in self._attached if key[0] == stream]:
            try:
                attached[1].write(data)
            except BrokenPipeError:
                self._attached.pop(attached, None)
        *lines, rest = (self._partial.pop(stream, b"") + data).split(b"\n")
        for line in lines:
            *parts, last = [line[at : at + LOG_LINE_BYTES_MAX] for at in range(0, len(line), LOG_LINE_BYTES_MAX)] or [
                b""
            ]
            for part in parts:
                self._append(stream, part, partial=True)
            self._append(stream, last)
        while len(rest) >= LOG_LINE_BYTES_MAX:
            self._append(stream, rest[:LOG_LINE_BYTES_MAX], partial=True)
            rest = rest[LOG_LINE_BYTES_MAX:]
        if rest:
            self._partial[stream] = rest

    def since_start(self, stream: StreamName) -> bytes:
        """What the stream was given, as far as it is kept, a line without its end included."""
        lines = [line.text + (b"" if line.partial else b"\n") for line in self.lines if line.stream == stream]
        return b"".join(lines) + self._partial.get(stream, b"")

    def attach(self, stream: StreamName, output: Output) -> Callable[[], None]:
        """Write to `output` too, from now on. Returns what ends it."""
        self._attached[stream, output] = None
        return lambda: self._attached.pop((stream, output), None) and None

    async def drain(self) -> None:
        """Wait until whoever is attached has kept up."""
        for attached in list(self._attached):
            try:
                await attached[1].drain()
            except BrokenPipeError:
                self._attached.pop(attached, None)

    def close(self) -> None:
        """No more output comes: what stands without a line's end is a line."""
        partial, self._partial = self._partial, {}
        for stream, rest in partial.items():
            self._append(stream, rest)
        self.closed = True
        self._tell()

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call whenever there are new lines, and at the end. Returns what ends it."""
        self._watchers[watcher] = None
        return lambda: self._watchers.pop(watcher, None)

    @property
    def watchers(self) -> int:
        """How many watch."""
        return len(self._watchers)

    def text(self) -> str:
        """All lines that are kept."""
        return b"".join(line.text + (b"" if line.partial else b"\n") for line in self.lines).decode(errors="replace")

    def _append(self, stream: StreamName, line: bytes, *, partial: bool = False) -> None:
        self.lines.append(LogLine(self._clock.now(), stream, line, partial))
        self._bytes += len(line) + 1
        while self._bytes > LOG_BYTES_MAX and len(self.lines) > 1:
            self._bytes -= len(self.lines.popleft().text) + 1
            self.dropped += 1
        self._tell()

    def _tell(self) -> None:
        for watcher in list(self._watchers):
            watcher()


class LogOutput(Output):
    """A container's stdout or stderr, as its program writes to it."""

    def __init__(self, log: ContainerLog, stream: StreamName) -> None:
        self.log = log
        self._stream: StreamName = stream

    def write(self, data: str | bytes, /) -> None:
        """Add output."""
        self.log.write(self._stream, data.encode() if isinstance(data, str) else data)

    async def drain(self) -> None:
        """Wait for attached clients; the log itself has always kept up."""
        await self.log.drain()
