"""Applets on the pod's network: wget, nc, ping, ip, ifconfig; upstream: busybox's networking."""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp

from minikube_lite.network.link import Unreachable
from minikube_lite.programs.applets.applet import PART_BYTES, Call, UsageError, applet, copy, seconds
from minikube_lite.programs.files import close
from minikube_lite.programs.program import Program
from minikube_lite.programs.resolver.resolver import NameNotKnown
from minikube_lite.programs.streams import Output

WGET_SECONDS = 900.0
PING_BYTES = 56
PING_TTL = 64
PING_SECONDS = 10.0
DISCARD_PORT = 9


class TimedOut(Exception):
    """It took longer than allowed."""


def system_error(error: OSError | aiohttp.ClientError) -> OSError | None:
    """The error of the network that a client's error stands for; None where the server answered badly."""
    cause = error.__cause__
    if isinstance(error, aiohttp.ClientOSError) and isinstance(cause, OSError):
        return cause
    return None if isinstance(error, aiohttp.ClientError) else error


@asynccontextmanager
async def within(call: Call, limit: float) -> AsyncIterator[None]:
    """So many seconds of emulated time. Raises TimedOut."""
    task = asyncio.current_task()
    assert task is not None
    late = False

    def expire() -> None:
        nonlocal late
        late = True
        task.cancel()

    timer = call.context.clock.call_later(limit, expire)
    try:
        yield
    except asyncio.CancelledError:
        if not late:
            raise
        task.uncancel()
        raise TimedOut from None
    finally:
        timer.cancel()


@applet(
    "qO:ST:cP:U:Y:t:",
    long={
        "quiet": "q",
        "spider": "s",
        "header": "H",
        "post-data": "d",
        "timeout": "T",
        "output-document": "O",
        "no-check-certificate": "k",
        "server-response": "S",
        "user-agent": "U",
        "tries": "t",
    },
)
async def wget(call: Call) -> int:
    """wget [-q] [-O FILE] [-S] [-T SECONDS] [--header …] [--post-data …] [--spider] URL"""
    if len(call.operands) != 1:
        raise UsageError("missing URL" if not call.operands else "too many URLs")
    url = call.operands[0] if "://" in call.operands[0] else f"http://{call.operands[0]}"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"not an http or ftp url: {call.operands[0]}")
    shown = f"{parts.hostname}{'' if parts.port is None else f':{parts.port}'}"
    try:
        async with within(call, seconds(call.value("T", str(WGET_SECONDS)))):
            return await _fetch(call, url, shown)
    except TimedOut:
        call.complain("download timed out")
    except BrokenPipeError:
        raise
    except (aiohttp.ClientError, OSError) as error:
        call.complain(_why(error, parts.hostname, shown))
    return 1


def _why(error: OSError | aiohttp.ClientError, host: str, shown: str) -> str:
    """What went wrong, in wget's words."""
    cause = system_error(error)
    if cause is None:
        return f"error getting response: {error}"
    if isinstance(cause, NameNotKnown):
        return f"bad address '{shown}'"
    if isinstance(cause, Unreachable):
        return f"can't connect to remote host ({host}): No route to host"
    if isinstance(cause, ConnectionRefusedError):
        return f"can't connect to remote host ({host}): Connection refused"
    return f"can't connect to remote host ({host}): {cause.strerror or cause}"


async def _fetch(call: Call, url: str, shown: str) -> int:
    headers = dict(text.split(":", 1) for text in call.options.get("H", []) if ":" in text)
    headers = {name.strip(): value.strip() for name, value in headers.items()}
    headers.setdefault("User-Agent", call.value("U", "Wget"))
    body = call.value("d") if call.has("d") else None
    method = "HEAD" if call.has("s") else "POST" if body is not None else "GET"
    async with call.context.network.http() as session:
        address = (await call.context.network.resolve(urlsplit(url).hostname or ""))[0]
        if not call.has("q"):
            call.context.stderr.print(f"Connecting to {shown} ({address}:{urlsplit(url).port or 80})")
        async with session.request(method, url, data=body, headers=headers) as response:
            if call.has("S"):
                call.context.stderr.print(f"  HTTP/1.1 {response.status} {response.reason}")
                for name, value in response.headers.items():
                    call.context.stderr.print(f"  {name}: {value}")
            if response.status >= 400:
                call.complain(f"server returned error: HTTP/1.1 {response.status} {response.reason}")
                return 1
            if call.has("s"):
                call.context.stderr.print("remote file exists")
                return 0
            return await _save(call, url, response)


async def _save(call: Call, url: str, response: aiohttp.ClientResponse) -> int:
    name = call.value("O") or posixpath.basename(urlsplit(url).path) or "index.html"
    if not call.has("O") and call.place(name).exists():
        call.complain(f"can't open '{name}': File exists")
        return 1
    output: Output = call.context.stdout if name == "-" else call.create(name)
    if name != "-" and not call.has("q"):
        call.context.stderr.print(f"saving to '{name}'")
    try:
        async for part in response.content.iter_chunked(PART_BYTES):
            output.write(part)
            await output.drain()
    finally:
        close(output)
    if name != "-" and not call.has("q"):
        call.context.stderr.print(f"'{name}' saved")
    return 0


@applet("lp:zvw:une:k", in_order=False)
async def nc(call: Call) -> int:
    """nc [-l -p PORT | -z] [-v] [-w SECONDS] [HOST PORT]"""
    if call.has("u", "e"):
        raise UsageError("datagrams and programs behind a port are not supported")
    if call.has("l"):
        port = call.value("p") or (call.operands[-1] if call.operands else "")
        return await _listen(call, _port(port), keep=call.has("k"))
    if len(call.operands) != 2:
        raise UsageError("missing host and port")
    host, port = call.operands
    try:
        async with within(call, seconds(call.value("w", "infinity"))):
            reader, writer = await call.context.network.connect(host, _port(port))
            if call.has("v"):
                call.context.stderr.print(f"{host} ({host}:{port}) open")
            if call.has("z"):
                writer.close()
                return 0
            await _exchange(call, reader, writer)
    except TimedOut:
        if call.has("v"):
            call.complain(f"{host} ({host}:{port}): Connection timed out")
        return 1
    except NameNotKnown:
        call.complain(f"bad address '{host}'")
        return 1
    except OSError as error:
        call.complain(f"{host} ({host}:{port}): {error.strerror or 'Connection refused'}")
        return 1
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise UsageError(f"bad port '{text}'")
    return int(text)


async def _exchange(call: Call, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What comes in goes out and the other way round, until the other end closes."""

    async def send() -> None:
        while part := await call.context.stdin.read(PART_BYTES):
            writer.write(part)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    sending = asyncio.ensure_future(send())
    try:
        await copy(reader, call.context.stdout)
    finally:
        sending.cancel()
        writer.close()


async def _listen(call: Call, port: int, *, keep: bool) -> int:
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _exchange(call, reader, writer)
        finally:
            done.set()

    listener = call.context.network.listen_streams(port, serve)
    try:
        while True:
            await done.wait()
            done.clear()
            if not keep:
                return 0
    finally:
        listener.close()


@applet("c:W:w:i:qs:4n")
async def ping(call: Call) -> int:
    """ping [-c COUNT] [-W SECONDS] [-i SECONDS] HOST: whether there is a way to the address"""
    if len(call.operands) != 1:
        raise UsageError("missing host")
    host = call.operands[0]
    try:
        address = (await call.context.network.resolve(host))[0]
    except NameNotKnown:
        call.complain(f"bad address '{host}'")
        return 1
    count, sent, received = call.number("c", 0), 0, 0
    pause, patience = seconds(call.value("i", "1")), seconds(call.value("W", str(PING_SECONDS)))
    await call.write(f"PING {host} ({address}): {PING_BYTES} data bytes\n")
    while True:
        sent += 1
        answered = await _is_there(call, address)
        received += answered
        if answered and not call.has("q"):
            line = f"{PING_BYTES + 8} bytes from {address}: seq={sent - 1} ttl={PING_TTL} time=0.050 ms\n"
            await call.write(line)
        if count and sent >= count:
            if not answered:
                await call.context.clock.sleep(patience)
            break
        await call.context.clock.sleep(pause)
    lost = (sent - received) * 100 // sent
    await call.write(f"\n--- {host} ping statistics ---\n")
    await call.write(f"{sent} packets transmitted, {received} packets received, {lost}% packet loss\n")
    if received:
        await call.write("round-trip min/avg/max = 0.050/0.050/0.050 ms\n")
    return 0 if received else 1


async def _is_there(call: Call, address: str) -> bool:
    """An address that refuses a connection is there; one that nobody has, or that cannot be reached, is not."""
    try:
        _, writer = await call.context.network.connect(address, DISCARD_PORT)
    except Unreachable:
        return False
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    writer.close()
    return True


@applet("46o", in_order=True)
async def ip(call: Call) -> None:
    """ip [addr|route]: of the pod"""
    what = call.operands[0] if call.operands else "addr"
    address = call.context.network.ip
    if "address".startswith(what):
        await call.write(
            "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\n"
            "    inet 127.0.0.1/8 scope host lo\n"
            "2: eth0@if3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue \n"
            f"    inet {address}/24 brd {address.rpartition('.')[0]}.255 scope global eth0\n"
        )
    elif "route".startswith(what):
        network = address.rpartition(".")[0]
        await call.write(f"default via {network}.1 dev eth0 \n{network}.0/24 dev eth0 scope link  src {address} \n")
    else:
        raise UsageError(f"{what}: not supported")


@applet("a")
async def ifconfig(call: Call) -> None:
    """ifconfig: of the pod"""
    if len(call.operands) > 1:
        raise UsageError("SIOCSIFFLAGS: Operation not permitted")
    address = call.context.network.ip
    network = address.rpartition(".")[0]
    await call.write(
        f"eth0      Link encap:Ethernet  \n          inet addr:{address}  Bcast:{network}.255  Mask:255.255.255.0\n"
        "          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n\n"
        "lo        Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0\n"
        "          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n\n"
    )


NETWORK: dict[str, Program] = {"ifconfig": ifconfig, "ip": ip, "nc": nc, "ping": ping, "wget": wget}
