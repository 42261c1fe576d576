"""The least that Python could do: a bare aiohttp server and a bare UDP echo. `python -m benchmarks.baseline BYTES`."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiohttp import web

KEEP_MEMORY = {"MALLOC_TOP_PAD_": str(16 << 20), "MALLOC_TRIM_THRESHOLD_": str(64 << 20)}
"""Without it, glibc gives asyncio's 256 KiB receive buffer back to the kernel at every datagram of so small a process,
which then looks three times as slow as it is."""


class Echo(asyncio.DatagramProtocol):
    """Sends back what comes."""

    def connection_made(self, transport: Any) -> None:
        """Keep the way back."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Answer."""
        self._transport.sendto(data, addr)


async def serve(size: int) -> None:
    """Answer every request with that many bytes, and every datagram with itself, until killed."""
    body = b"x" * size

    async def handle(request: web.BaseRequest) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    print(runner.addresses[0][1], transport.get_extra_info("sockname")[1], flush=True)
    await asyncio.get_running_loop().create_future()


class Baseline(NamedTuple):
    """Where it answers, and its process."""

    url: str
    udp: str
    pid: int


@asynccontextmanager
async def baseline(size: int, *, uvloop: bool = False) -> AsyncIterator[Baseline]:
    """Run it in a process of its own, on uvloop if that is wanted."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.baseline", str(size), *(["uvloop"] if uvloop else [])),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **KEEP_MEMORY},
    )
    assert process.stdout is not None
    try:
        http, udp = (await process.stdout.readline()).split()
        yield Baseline(f"http://127.0.0.1:{http.decode()}", f"127.0.0.1:{udp.decode()}", process.pid)
    finally:
        process.kill()
        await process.wait()


def make_loop() -> asyncio.AbstractEventLoop:
    """The event loop that the command asks for."""
    if "uvloop" not in sys.argv:
        return asyncio.new_event_loop()
    import uvloop

    made: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return made


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
