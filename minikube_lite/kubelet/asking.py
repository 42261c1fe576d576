"""How a kubelet asks a container: by HTTP, by a connection, by a command, by gRPC; upstream: pkg/probe, pkg/kubelet/lifecycle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import NamedTuple, TypeVar
from urllib.parse import urljoin, urlsplit

import aiohttp

from minikube_lite.clock import Clock
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.run import Run
from minikube_lite.network.http import http_session
from minikube_lite.network.switch import Origin
from minikube_lite.programs.image import CommandNotFound
from minikube_lite.store import Object

OUTPUT_BYTES_MAX = 10 << 10
"""What is read of an answer, and kept of a command's output."""
REDIRECTS_MAX = 10
START_FAILED = (
    "rpc error: code = Unknown desc = failed to exec in container: failed to start exec: "
    "OCI runtime exec failed: exec failed: unable to start container process"
)

T = TypeVar("T")


class AskingFailed(Exception):
    """The question could not be put; nothing follows from that about the container."""


class Response(NamedTuple):
    """The answer to an HTTP request, after the redirects that stay on its host."""

    status: int
    body: bytes


class Asker:
    """Asks the containers of one node, from the node's address. Timeouts are emulated seconds; 0 is none."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Ask no more."""
        if self._session is not None:
            await self._session.close()

    async def http(self, run: Run, action: Object, agent: str, timeout: float) -> Response:
        """GET what an httpGet action names. Raises OSError with Go's text when there is no answer, AskingFailed."""
        url = http_url(run, action)
        headers = {header["name"]: header.get("value", "") for header in action.get("httpHeaders") or ()}
        given = {name.lower() for name in headers}
        headers |= {
            name: value for name, value in (("User-Agent", agent), ("Accept", "*/*")) if name.lower() not in given
        }
        try:
            return await within(self._host.clock, timeout, self._get(url, headers))
        except TimeoutError:
            exceeded = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
            raise OSError(f'Get "{url}": {exceeded}') from None
        except (aiohttp.ClientError, OSError) as error:
            raise OSError(f'Get "{url}": {error}') from error

    def connect(self, run: Run, action: Object) -> None:
        """Open what a tcpSocket action names. Raises OSError, AskingFailed."""
        host = self._host
        target = action.get("host") or run.state.ip
        _, writer = host.network.switch.connect(Origin(host.name, host.ip), target, port_number(run, action["port"]))
        writer.close()

    async def command(self, run: Run, argv: list[str], timeout: float) -> tuple[int, bytes]:
        """Exit code and output of a command in the container. Raises TimeoutError, AskingFailed."""
        try:
            return await within(self._host.clock, timeout, run.output_of(argv, OUTPUT_BYTES_MAX))
        except CommandNotFound as error:
            raise AskingFailed(f"{START_FAILED}: {error}: unknown") from error

    async def _get(self, url: str, headers: dict[str, str]) -> Response:
        if self._session is None:
            self._session = http_session(self._host.network.switch, Origin(self._host.name, self._host.ip))
        for _ in range(REDIRECTS_MAX):
            # Pods speak plain HTTP whatever the scheme says: nothing between them needs a certificate.
            plain = f"http://{url.partition('://')[2]}"
            async with self._session.get(plain, headers=headers, allow_redirects=False) as response:
                body = await response.content.read(OUTPUT_BYTES_MAX)
                location = response.headers.get("Location", "") if 300 <= response.status < 400 else ""
            target = urljoin(url, location)
            if not location or urlsplit(target).hostname != urlsplit(url).hostname:
                return Response(response.status, body)
            url = target
        raise OSError(f"stopped after {REDIRECTS_MAX} redirects")


async def within(clock: Clock, timeout: float, asking: Awaitable[T]) -> T:
    """The result. Raises TimeoutError when that many emulated seconds are over first; 0 is for ever."""
    task = asyncio.ensure_future(asking)
    timer = clock.call_later(timeout, task.cancel) if timeout else None
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if task.cancelled():
            raise TimeoutError from None
        task.cancel()
        raise
    finally:
        if timer is not None:
            timer.cancel()


def http_url(run: Run, action: Object) -> str:
    """What an httpGet action asks for. Raises AskingFailed."""
    address = action.get("host") or run.state.ip
    path = action.get("path") or "/"
    slash = "" if path.startswith("/") else "/"
    scheme = action.get("scheme", "HTTP").lower()
    return f"{scheme}://{address}:{port_number(run, action['port'])}{slash}{path}"


def port_number(run: Run, port: object) -> int:
    """The number of a port that is given by number or by the name that the container's spec gives it. Raises AskingFailed."""
    if isinstance(port, int) or str(port).isdigit():
        number = int(str(port))
    else:
        named = {one["name"]: one["containerPort"] for one in run.spec.get("ports") or () if one.get("name")}
        if port not in named:
            raise AskingFailed(f'strconv.Atoi: parsing "{port}": invalid syntax')
        number = named[port]
    if not 0 < number < 1 << 16:
        raise AskingFailed(f"invalid port number: {number}")
    return number
