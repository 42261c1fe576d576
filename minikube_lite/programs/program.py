"""What runs in a fake container: an async function, given all that it may see; upstream: an image's entry point.

- A program that returns ends its container, with the number it returns as exit code, or 0.
- A program that raises ends its container with exit code 1 and a line in its log. It never hurts another.
- A program that is to stop is cancelled. A `graceful` one is first asked, by `context.terminating`, as SIGTERM does.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from minikube_lite.clock import Clock, Ledger
from minikube_lite.network.http import http_session
from minikube_lite.network.streams import Address
from minikube_lite.network.switch import Listener, Origin, ProtocolFactory, StreamHandler, Switch
from minikube_lite.programs.log import Output
from minikube_lite.programs.volumes import inside, make

EXIT_CODE_ERROR = 1
EXIT_CODE_KILLED = 137
"""128 and SIGKILL."""
EXIT_CODE_TERMINATED = 143
"""128 and SIGTERM."""
START_TURNS_MAX = 50
"""So many turns of the event loop a starting program counts as work that `settle()` waits for."""

LOCALHOST = ("localhost", "127.0.0.1", "0.0.0.0", "")


@dataclass(frozen=True, slots=True)
class Mount:
    """A directory that a container sees at a path of its own."""

    path: str
    directory: Path
    read_only: bool = False


class PodNetwork:
    """The emulated network as one pod sees it. It connects to addresses; names are not resolved yet."""

    def __init__(self, switch: Switch, node: str, ip: str) -> None:
        self.ip = ip
        self._switch = switch
        self._origin = Origin(node, ip)
        self._listeners: list[Listener] = []

    def listen(self, port: int, factory: ProtocolFactory) -> Listener:
        """Open a port of the pod; a protocol is made for each connection. Raises OSError when it is taken."""
        listener = self._switch.listen(self.ip, port, factory)
        self._listeners.append(listener)
        return listener

    def listen_streams(self, port: int, handler: StreamHandler) -> Listener:
        """Open a port of the pod; the handler gets a reader and a writer for each connection."""
        listener = self._switch.listen_streams(self.ip, port, handler)
        self._listeners.append(listener)
        return listener

    def connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to an address. Raises ConnectionRefusedError or Unreachable."""
        return self._switch.connect(self._origin, *self._target(host, port))

    def http(self) -> aiohttp.ClientSession:
        """An HTTP client whose requests come from the pod."""
        return http_session(self._switch, self._origin)

    def close(self) -> None:
        """Close the ports that were opened through this."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()

    def _target(self, host: str, port: int) -> Address:
        return (self.ip if host in LOCALHOST else host), port


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
    terminating: asyncio.Event = field(default_factory=asyncio.Event)

    def path(self, path: str) -> Path:
        """Where a path of the container is kept; its directory is made. Raises OutsideOfVolume, PermissionError."""
        absolute = self._absolute(path)
        best = self._mount_at(absolute)
        base = best.directory if best is not None else self.files
        place = inside(base, absolute[len(best.path.rstrip("/")) :] if best is not None else absolute)
        make(base if place == base else place.parent)
        return place

    def is_writable(self, path: str) -> bool:
        """Whether the container may write there. It is for the program to ask: nothing else holds it to that."""
        mount = self._mount_at(self._absolute(path))
        return mount is None or not mount.read_only

    def _absolute(self, path: str) -> str:
        return path if path.startswith("/") else f"{self.working_directory.rstrip('/')}/{path}"

    def _mount_at(self, absolute: str) -> Mount | None:
        """The innermost mount that holds the path."""
        holding = [mount for mount in self.mounts if f"{absolute}/".startswith(f"{mount.path.rstrip('/')}/")]
        return max(holding, key=lambda mount: len(mount.path.rstrip("/")), default=None)


Program = Callable[[PodContext], Awaitable[int | None]]


async def run_program(program: Program, context: PodContext) -> int:
    """Run a program to its end; returns the exit code whatever it does. Cancelling it is SIGTERM, or SIGKILL."""
    try:
        code = await program(context)
    except asyncio.CancelledError:
        return EXIT_CODE_TERMINATED
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else EXIT_CODE_ERROR if error.code else 0
    except Exception as error:
        context.stderr.write("".join(traceback.format_exception(error, limit=-8)))
        return EXIT_CODE_ERROR
    finally:
        context.network.close()
    return code if isinstance(code, int) else 0


def hold_for_turns(ledger: Ledger, name: str, turns: int) -> Callable[[], None]:
    """Note a piece of work that ends after that many turns of the event loop, or when what is returned is called.

    What outside code does cannot be waited for without a limit: it may wait for time to pass, which waits for it.
    """
    loop = asyncio.get_running_loop()
    token = ledger.start(name)
    ended = False

    def end() -> None:
        nonlocal ended
        ended = True
        token.done()

    def turn(left: int) -> None:
        if left and not ended:
            loop.call_soon(turn, left - 1)
        else:
            end()

    turn(turns)
    return end
