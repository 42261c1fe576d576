"""The server that is measured: ours in a process of its own, or one that runs somewhere."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

START_SECONDS_MAX = 60
CONNECTIONS_MAX = 1000
POLL_SECONDS = 0.002
PORT_MIN, PORT_MAX = 20_000, 32_000


@dataclass
class Target:
    """Where the API is, and how it is asked. `pid` and `dns` are known of our own process only."""

    server: str
    headers: dict[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | bool = True
    pid: int = 0
    dns: str = ""
    first_answer_seconds: float = 0.0
    ready_seconds: float = 0.0

    @asynccontextmanager
    async def session(self) -> AsyncIterator[aiohttp.ClientSession]:
        """A client of it."""
        connector = aiohttp.TCPConnector(limit=CONNECTIONS_MAX, ssl=self.tls)
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(
            self.server, connector=connector, timeout=timeout, headers=self.headers
        ) as session:
            yield session


def of_kubeconfig(path: Path) -> Target:
    """The cluster and the user of a kubeconfig's current context: a token or a client certificate."""
    config = yaml.safe_load(path.read_text())
    context = _named(config, "contexts", config["current-context"])["context"]
    cluster = _named(config, "clusters", context["cluster"])["cluster"]
    user = _named(config, "users", context["user"])["user"] or {}
    target = Target(cluster["server"])
    if "token" in user:
        target.headers["Authorization"] = f"Bearer {user['token']}"
    if target.server.startswith("https"):
        tls = ssl.create_default_context(cadata=_text(cluster, "certificate-authority"))
        if certificate := _text(user, "client-certificate"):
            with tempfile.TemporaryDirectory() as directory:
                pem = Path(directory) / "client.pem"
                pem.touch(mode=0o600)
                pem.write_text(f"{certificate}\n{_text(user, 'client-key')}")
                tls.load_cert_chain(pem)
        target.tls = tls
    return target


def _named(config: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    return next(item for item in config[kind] if item["name"] == name)


def _text(place: dict[str, Any], key: str) -> str | None:
    """What stands in the kubeconfig itself, or in the file it names."""
    if f"{key}-data" in place:
        return base64.b64decode(place[f"{key}-data"]).decode()
    return Path(place[key]).read_text() if key in place else None


@asynccontextmanager
async def launched(*options: str) -> AsyncIterator[Target]:
    """Our own server in a process of its own, with how long it took to start."""
    port = _free_port()
    command = [sys.executable, "-m", "minikube_lite", "start", "--output", "json", "--dns-port", "0"]
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *command, "--api-port", str(port), *options, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS_MAX):
            await _first_answer(f"http://127.0.0.1:{port}/version", process)
            first_answer = time.perf_counter() - begun
            said = json.loads(await process.stdout.readline())
        ready = time.perf_counter() - begun
        yield Target(
            said["server"],
            pid=said["pid"],
            dns=said["dns"],
            first_answer_seconds=first_answer,
            ready_seconds=ready,
        )
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _first_answer(url: str, process: asyncio.subprocess.Process) -> None:
    async with aiohttp.ClientSession() as session:
        while process.returncode is None:
            try:
                async with session.get(url) as response:
                    await response.read()
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(POLL_SECONDS)
        raise OSError(f"the server did not start: exit code {process.returncode}")


def _free_port() -> int:
    """Outside of the ports that clients are given: a client that tries one of those early could meet itself there."""
    start = PORT_MIN + os.getpid() % ((PORT_MAX - PORT_MIN) // 2)
    for port in range(start, PORT_MAX):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port")
