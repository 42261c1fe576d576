"""Static web servers of the images nginx and httpd: pages from the container's files, and a line in the log for each request."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minikube_lite.programs.asgi import Receive, Send, serve_asgi
from minikube_lite.programs.dates import dated
from minikube_lite.programs.files import place_of
from minikube_lite.programs.program import PodContext, Program

PORT = 80
FILE_PART_BYTES = 256 << 10
Scope = Any


@dataclass(frozen=True, slots=True)
class WebServer:
    """What tells one server from another."""

    name: str
    """As the header Server says it."""
    root: str
    log: Callable[[PodContext, Scope, int, int], str]
    """The line of one request: with its status, and the size of the answer in bytes."""
    page: Callable[[int, str], str]
    """The page of an error: by its status and reason."""
    banner: Callable[[PodContext], list[str]]
    """What is said at the start, on stderr."""


REASONS = {200: "OK", 301: "Moved Permanently", 403: "Forbidden", 404: "Not Found", 405: "Not Allowed"}


def static_server(server: WebServer) -> Program:
    """The program of such a server."""

    async def program(context: PodContext) -> int:
        for line in server.banner(context):
            context.stderr.print(line)

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            status, headers, body = _answer(server, context, scope)
            headers = {"Server": server.name, **headers}
            listed = [(name.encode(), value.encode()) for name, value in headers.items()]
            context.stdout.print(server.log(context, scope, status, len(body)))
            await send({"type": "http.response.start", "status": status, "headers": listed})
            await send({"type": "http.response.body", "body": body})

        return await serve_asgi(application, context, PORT)

    return program


def _answer(server: WebServer, context: PodContext, scope: Scope) -> tuple[int, dict[str, str], bytes]:
    """The status, the headers and the body for a request."""
    if scope["method"] not in ("GET", "HEAD"):
        return _error(server, 405, {})
    path = scope["path"]
    try:
        place = place_of(context, server.root + path)
    except OSError:
        return _error(server, 404, {})
    if place.is_dir() and not path.endswith("/"):
        return _error(server, 301, {"Location": f"{path}/"})
    file = place / "index.html" if place.is_dir() else place
    if file.is_file():
        return 200, _file_headers(file), file.read_bytes()
    if not file.exists() and not place.is_dir():
        _complain(context, server, path)
        return _error(server, 404, {})
    return _error(server, 403, {})


def _file_headers(file: Path) -> dict[str, str]:
    status = file.stat()
    kind, _ = mimetypes.guess_type(file.name)
    moment = dated("%a, %d %b %Y %H:%M:%S GMT", status.st_mtime)
    tag = f'"{int(status.st_mtime):x}-{status.st_size:x}"'
    return {
        "Content-Type": kind or "application/octet-stream",
        "Content-Length": str(status.st_size),
        "Last-Modified": moment,
        "ETag": tag,
        "Accept-Ranges": "bytes",
    }


def _error(server: WebServer, status: int, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    body = server.page(status, REASONS[status]).encode()
    return status, {"Content-Type": "text/html", "Content-Length": str(len(body)), **headers}, body


def _complain(context: PodContext, server: WebServer, path: str) -> None:
    if server is NGINX_SERVER:
        context.stderr.print(
            f'{_nginx_time(context)} [error] 29#29: open() "{server.root}{path}" failed (2: No such file or directory)'
        )


def _header(scope: Scope, name: bytes) -> str:
    found: bytes = next((value for key, value in scope["headers"] if key == name), b"-")
    return found.decode("latin-1")


def _common_log(context: PodContext, scope: Scope, status: int, size: int) -> str:
    """A line of the Common Log Format."""
    client = scope["client"][0] if scope["client"] else "-"
    when = dated("%d/%b/%Y:%H:%M:%S +0000", context.clock.now())
    target = scope["raw_path"].decode("latin-1") + (
        f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
    )
    return f'{client} - - [{when}] "{scope["method"]} {target} HTTP/{scope["http_version"]}" {status} {size}'


def _nginx_log(context: PodContext, scope: Scope, status: int, size: int) -> str:
    line = _common_log(context, scope, status, size)
    return f'{line} "{_header(scope, b"referer")}" "{_header(scope, b"user-agent")}" "{_header(scope, b"x-forwarded-for")}"'


def _nginx_time(context: PodContext) -> str:
    return dated("%Y/%m/%d %H:%M:%S", context.clock.now())


def _nginx_banner(context: PodContext) -> list[str]:
    context.stdout.print("/docker-entrypoint.sh: Configuration complete; ready for start up")
    now = _nginx_time(context)
    return [f"{now} [notice] 1#1: nginx/{NGINX_VERSION}", f"{now} [notice] 1#1: start worker processes"]


def _httpd_banner(context: PodContext) -> list[str]:
    when = dated("%a %b %d %H:%M:%S %Y", context.clock.now())
    return [
        f"[{when}] [mpm_event:notice] [pid 1:tid 1] AH00489: Apache/{HTTPD_VERSION} (Unix) configured -- resuming normal operations"
    ]


NGINX_VERSION, HTTPD_VERSION = "1.27.4", "2.4.63"
NGINX_SERVER = WebServer(
    f"nginx/{NGINX_VERSION}",
    "/usr/share/nginx/html",
    _nginx_log,
    lambda status, reason: (
        f"<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>\r\n"
        f"<hr><center>nginx/{NGINX_VERSION}</center>\r\n</body>\r\n</html>\r\n"
    ),
    _nginx_banner,
)
HTTPD_SERVER = WebServer(
    f"Apache/{HTTPD_VERSION} (Unix)",
    "/usr/local/apache2/htdocs",
    _common_log,
    lambda status, reason: (
        f"<!DOCTYPE html>\n<html><head>\n<title>{status} {reason}</title>\n</head><body>\n<h1>{reason}</h1>\n</body></html>\n"
    ),
    _httpd_banner,
)
NGINX_PAGE = b"""<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>This page is served by a program that stands for the image nginx.</p>
</body>
</html>
"""
HTTPD_PAGE = b"<html><body><h1>It works!</h1></body></html>\n"
