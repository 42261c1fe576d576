"""curl: requests from a pod; upstream: curl's options, messages and exit codes."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import urlsplit

import aiohttp

from minikube_lite.network.link import Unreachable
from minikube_lite.programs.applets.applet import PART_BYTES, Call, UsageError, applet, seconds
from minikube_lite.programs.applets.network import TimedOut, system_error, within
from minikube_lite.programs.files import close
from minikube_lite.programs.resolver.resolver import NameNotKnown
from minikube_lite.programs.streams import Output

USAGE, BAD_URL, NO_HOST, NOT_CONNECTED, HTTP_ERROR, WRITE_ERROR, TIMED_OUT, EMPTY_REPLY = 2, 3, 6, 7, 22, 23, 28, 52
REDIRECTS_MAX = 50
TOO_MANY_REDIRECTS = 47
RETRY_SECONDS = 1.0
VERSION = "8.11.0"
LONG = {
    "silent": "s", "show-error": "S", "fail": "f", "include": "i", "head": "I", "verbose": "v", "request": "X", "data": "d",
    "data-raw": "d", "data-binary": "B", "header": "H", "output": "o", "remote-name": "O", "location": "L", "insecure": "k",
    "max-time": "m", "connect-timeout": "C", "retry": "R", "write-out": "w", "user-agent": "A", "get": "G", "json": "J",
    "user": "u", "retry-connrefused": "9", "retry-delay": "D", "compressed": "8", "no-buffer": "N", "url": "U", "version": "V",
    "http1.1": "1", "globoff": "g", "no-progress-meter": "s", "max-redirs": "M", "fail-with-body": "F",
}  # fmt: skip


@applet("sSfFiIvX:d:B:H:o:OLkm:C:R:w:A:GJ:u:9D:8NU:V1gM:", long=LONG, usage_status=USAGE)
async def curl(call: Call) -> int:
    """curl [OPTION]… URL…"""
    if call.has("V"):
        await call.write(f"curl {VERSION} (x86_64-pc-linux-gnu)\nProtocols: http https\n")
        return 0
    urls = [*call.operands, *call.options.get("U", [])]
    if not urls:
        raise UsageError("(2) no URL specified")
    status = 0
    for url in urls:
        status = await _retrying(call, url if "://" in url else f"http://{url}")
    return status


async def _retrying(call: Call, url: str) -> int:
    left = call.number("R", 0)
    while True:
        status = await _get(call, url)
        again = status in (TIMED_OUT, NO_HOST) or (status == NOT_CONNECTED and call.has("9"))
        if not again or left <= 0:
            return status
        left -= 1
        await call.context.clock.sleep(seconds(call.value("D", str(RETRY_SECONDS))))


def _fail(call: Call, status: int, message: str) -> int:
    if not call.has("s") or call.has("S"):
        call.context.stderr.print(f"curl: ({status}) {message}")
    return status


async def _get(call: Call, url: str) -> int:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if parts.scheme not in ("http", "https"):
        return _fail(call, 1, f'Protocol "{parts.scheme}" not supported')
    if not host:
        return _fail(call, BAD_URL, "URL using bad/illegal format or missing URL")
    limit = call.value("m") or call.value("C") or "infinity"
    try:
        async with within(call, seconds(limit)):
            return await _transfer(call, url)
    except TimedOut:
        return _fail(
            call,
            TIMED_OUT,
            f"Operation timed out after {int(seconds(limit) * 1000)} milliseconds with 0 bytes received",
        )
    except aiohttp.TooManyRedirects:
        return _fail(call, TOO_MANY_REDIRECTS, f"Maximum ({_redirects(call)}) redirects followed")
    except BrokenPipeError:
        raise
    except (aiohttp.ClientError, OSError) as error:
        return _fail(call, *_why(error, host, port))


def _why(error: OSError | aiohttp.ClientError, host: str, port: int) -> tuple[int, str]:
    """The exit code and the message for what went wrong."""
    cause = system_error(error)
    if cause is None:
        return EMPTY_REPLY, "Empty reply from server"
    if isinstance(cause, NameNotKnown):
        return NO_HOST, f"Could not resolve host: {host}"
    if isinstance(cause, Unreachable):
        return NOT_CONNECTED, f"Failed to connect to {host} port {port} after 3000 ms: No route to host"
    return NOT_CONNECTED, f"Failed to connect to {host} port {port} after 0 ms: Could not connect to server"


def _redirects(call: Call) -> int:
    return call.number("M", REDIRECTS_MAX)


def _body(call: Call) -> bytes | None:
    pieces = [*call.options.get("d", []), *call.options.get("B", []), *call.options.get("J", [])]
    if not pieces:
        return None
    return b"&".join(_piece(call, piece) for piece in pieces)


def _piece(call: Call, text: str) -> bytes:
    if not text.startswith("@"):
        return text.encode(errors="surrogateescape")
    data = call.place(text[1:]).read_bytes()
    return data if call.has("B") else data.replace(b"\n", b"").replace(b"\r", b"")


def _headers(call: Call, body: bytes | None) -> dict[str, str]:
    headers = {"User-Agent": call.value("A", f"curl/{VERSION}"), "Accept": "*/*"}
    if body is not None:
        headers["Content-Type"] = "application/json" if call.has("J") else "application/x-www-form-urlencoded"
    for text in call.options.get("H", []):
        name, _, value = text.partition(":")
        headers = {key: old for key, old in headers.items() if key.lower() != name.strip().lower()}
        if value.strip():
            headers[name.strip()] = value.strip()
    return headers


async def _transfer(call: Call, url: str) -> int:
    body = _body(call)
    if call.has("G") and body is not None:
        url, body = f"{url}{'&' if '?' in url else '?'}{body.decode()}", None
    method = call.value("X") or ("HEAD" if call.has("I") else "POST" if body is not None else "GET")
    auth = aiohttp.BasicAuth(*call.value("u").split(":", 1)) if ":" in call.value("u") else None
    async with (
        call.context.network.http() as session,
        session.request(
            method,
            url,
            data=body,
            headers=_headers(call, body),
            allow_redirects=call.has("L"),
            max_redirects=_redirects(call),
            auth=auth,
        ) as response,
    ):
        _talk(call, method, response)
        failed = response.status >= 400 and call.has("f")
        size = 0 if failed else await _write(call, url, response)
        await _write_out(call, response, size)
        if response.status >= 400 and call.has("f", "F"):
            return _fail(call, HTTP_ERROR, f"The requested URL returned error: {response.status}")
    return 0


def _talk(call: Call, method: str, response: aiohttp.ClientResponse) -> None:
    if not call.has("v"):
        return
    url = response.url
    lines = [f"> {method} {url.raw_path_qs} HTTP/1.1", f"> Host: {url.authority}"]
    lines += [f"> {name}: {value}" for name, value in response.request_info.headers.items() if name != "Host"]
    lines += ["> ", f"< HTTP/1.1 {response.status} {response.reason}"]
    lines += [f"< {name}: {value}" for name, value in response.headers.items()]
    for line in [*lines, "< "]:
        call.context.stderr.print(line)


async def _write(call: Call, url: str, response: aiohttp.ClientResponse) -> int:
    name = call.value("o") or (posixpath.basename(urlsplit(url).path) if call.has("O") else "-")
    output: Output = call.context.stdout if name == "-" else call.create(name)
    size = 0
    try:
        if call.has("i", "I"):
            head = [
                f"HTTP/1.1 {response.status} {response.reason}",
                *(f"{key}: {text}" for key, text in response.headers.items()),
            ]
            output.write("".join(f"{line}\r\n" for line in [*head, ""]))
        async for part in response.content.iter_chunked(PART_BYTES):
            size += len(part)
            output.write(part)
            await output.drain()
    finally:
        close(output)
    return size


async def _write_out(call: Call, response: aiohttp.ClientResponse, size: int) -> None:
    values = {
        "http_code": f"{response.status:03}", "response_code": f"{response.status:03}", "size_download": str(size),
        "url_effective": str(response.url), "content_type": response.headers.get("Content-Type", ""), "time_total": "0.000100",
        "num_redirects": str(len(response.history)), "http_version": "1.1", "exitcode": "0", "method": response.method,
    }  # fmt: skip
    text = call.value("w").replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r")
    await call.write(re.sub(r"%\{(\w+)\}", lambda found: values.get(found.group(1), ""), text))
