"""What runs in a fake container: an async function, given all that it may see; upstream: an image's entry point.

- A program that returns ends its container, with the number it returns as exit code, or 0.
- A program that raises ends its container with exit code 1 and a line in its log. It never hurts another.
- A program that is to stop is cancelled. A `graceful` one is first asked, by `context.terminating`, as SIGTERM does.
"""

from __future__ import annotations

import asyncio
import os
import posixpath
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from minikube_lite.clock import Clock
from minikube_lite.programs.pod_network import PodNetwork
from minikube_lite.programs.streams import Input, NoInput, Output
from minikube_lite.programs.terminal import Terminal
from minikube_lite.programs.volumes import inside, make

EXIT_CODE_ERROR = 1
EXIT_CODE_KILLED = 137
"""128 and SIGKILL."""
EXIT_CODE_INTERRUPTED = 130
"""128 and SIGINT."""
EXIT_CODE_TERMINATED = 143
"""128 and SIGTERM."""
EXIT_CODE_BROKEN_PIPE = 141
"""128 and SIGPIPE."""
START_TURNS_MAX = 50
"""So many turns of the event loop a starting program counts as work that `settle()` waits for."""
ROOT_DIRECTORIES = ("bin", "dev", "etc", "home", "proc", "root", "sys", "tmp", "usr", "var")
"""What stands at the root of every container."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A directory that a container sees at a path of its own."""

    path: str
    directory: Path
    read_only: bool = False


@dataclass(slots=True)
class PodContext:
    """What a program is given."""

    namespace: str
    pod: str
    uid: str
    container: str
    node: str
    image: str
    hostname: str
    env: Mapping[str, str]
    command: Sequence[str]
    args: Sequence[str]
    working_directory: str
    mounts: Sequence[Mount]
    files: Path
    """The container's own directory, for paths that no volume is mounted at."""
    ports: Sequence[int]
    """The ports that the container's spec names."""
    stdout: Output
    stderr: Output
    network: PodNetwork
    clock: Clock
    argv: Sequence[str] = ()
    """What this process was called with, its own name first."""
    stdin: Input = field(default_factory=NoInput)
    tty: bool = False
    """Whether the streams are a terminal's: there is no stderr of its own, and input is what somebody types."""
    terminal: Terminal | None = None
    """That terminal, which knows its size and calls back at ^C."""
    base_files: Mapping[str, bytes] = field(default_factory=dict)
    """What stands in the container's own directory from the start, by path."""
    usage: dict[str, str] = field(default_factory=dict)
    """What it uses of `cpu` and `memory`, as it says itself, for `kubectl top`; may be changed at any time."""
    terminating: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the container's program, and no other process in it, is to end."""

    def __post_init__(self) -> None:
        self.network.bind(self.read_text, self.clock, f"{self.namespace}/{self.pod}/{self.container}")

    def process(
        self,
        argv: Sequence[str],
        *,
        stdin: Input | None = None,
        stdout: Output | None = None,
        stderr: Output | None = None,
        tty: bool = False,
        **changed: Any,
    ) -> PodContext:
        """The context of another process in this container, for `run_program`: streams that are not given are this one's."""
        return replace(
            self,
            argv=list(argv),
            stdin=stdin or self.stdin,
            stdout=stdout or self.stdout,
            stderr=stderr or self.stderr,
            tty=tty,
            network=self.network.for_process(),
            terminating=asyncio.Event(),
            **changed,
        )

    def path(self, path: str) -> Path:
        """Where a path of the container is kept; its directory is made. Raises OutsideOfVolume, PermissionError."""
        place = self.place(path)
        mount = self._mount_at(self._absolute(path))
        base = mount.directory if mount is not None else self.files
        make(base if place == base else place.parent)
        return place

    def place(self, path: str) -> Path:
        """The same, but nothing of it is made, apart from the files that stand in every container."""
        absolute = self._absolute(path)
        best = self._mount_at(absolute)
        if best is not None:
            return inside(best.directory, absolute[len(best.path.rstrip("/")) :])
        if not self.files.exists():
            self._make_files()
        return inside(self.files, absolute)

    def read_text(self, path: str) -> str:
        """What a file says; "" where there is none. It makes no files."""
        absolute = self._absolute(path)
        if self._mount_at(absolute) is None and not self.files.exists():
            return self.base_files.get(absolute, b"").decode(errors="replace")
        place = self.place(absolute)
        return place.read_text(errors="replace") if place.is_file() else ""

    def read_end(self, path: str, bytes_max: int) -> bytes:
        """The last bytes of a file; none where there is none. It makes no files. Raises OSError, OutsideOfVolume."""
        absolute = self._absolute(path)
        if self._mount_at(absolute) is None and not self.files.exists():
            return self.base_files.get(absolute, b"")[-bytes_max:]
        place = self.place(absolute)
        if not place.is_file():
            return b""
        with place.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - bytes_max))
            return file.read(bytes_max)

    def _make_files(self) -> None:
        """Make the container's own directory, with what its image and the kubelet put there, and places for the mounts."""
        for directory in (*ROOT_DIRECTORIES, *(mount.path for mount in self.mounts)):
            make(inside(self.files, directory))
        for path, content in self.base_files.items():
            place = inside(self.files, path)
            make(place.parent)
            place.write_bytes(content)

    def is_writable(self, path: str) -> bool:
        """Whether the container may write there. It is for the program to ask: nothing else holds it to that."""
        mount = self._mount_at(self._absolute(path))
        return mount is None or not mount.read_only

    def _absolute(self, path: str) -> str:
        """The path from the root, without dots."""
        return posixpath.normpath(posixpath.join("/", self.working_directory, path)).replace("//", "/")

    def _mount_at(self, absolute: str) -> Mount | None:
        """The innermost mount that holds the path."""
        holding = [mount for mount in self.mounts if f"{absolute}/".startswith(f"{mount.path.rstrip('/')}/")]
        return max(holding, key=lambda mount: len(mount.path.rstrip("/")), default=None)


IDLE_USAGE = {"cpu": "1m", "memory": "8Mi"}
"""What a program uses that says nothing else."""
BLOCKED_TEXT = "killed: it kept the event loop to itself, so that nothing else could go on"
Program = Callable[[PodContext], Awaitable[int | None]]


class Blocked(BaseException):
    """A program kept the event loop to itself for too long. Not an Exception, so that a program that catches those ends, too."""


async def run_program(program: Program, context: PodContext) -> int:
    """Run a program to its end; returns the exit code whatever it does. Cancelling it is SIGTERM, or SIGKILL."""
    try:
        return await run_nested(program, context)
    except asyncio.CancelledError:
        return EXIT_CODE_TERMINATED


async def run_nested(program: Program, context: PodContext) -> int:
    """Run a program that another one waits for, which is then cancelled with it."""
    try:
        code = await program(context)
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else EXIT_CODE_ERROR if error.code else 0
    except BrokenPipeError:
        return EXIT_CODE_BROKEN_PIPE
    except Blocked:
        context.stderr.print(BLOCKED_TEXT)
        return EXIT_CODE_KILLED
    except Exception as error:
        context.stderr.write("".join(traceback.format_exception(error, limit=-8)))
        return EXIT_CODE_ERROR
    finally:
        context.network.close()
    return code if isinstance(code, int) else 0
