"""Which headers a proxy passes on; upstream: net/http/httputil's ReverseProxy."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web
from multidict import CIMultiDict

from minikube_lite.api.authentication.websocket import PROTOCOLS, without_token

HOP_BY_HOP = (
    "connection",
    "proxy-connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
)
NEVER_PASSED_ON = ("authorization", "expect")
"""Credentials are for the API server; it itself says that it wants the body."""
IMPERSONATION = "impersonate-"
"""Whom a request acts as is for the API server, too."""


def is_upgrade(request: web.BaseRequest) -> bool:
    """Whether a client asks for another protocol."""
    return any("upgrade" in value.lower() for value in request.headers.getall("Connection", ()))


def forwarded(request: web.BaseRequest, *, upgrade: bool = False) -> CIMultiDict[str]:
    """The headers of a request that go on, and whom it comes from. Those that ask for an upgrade stay where it is asked for."""
    dropped = NEVER_PASSED_ON if upgrade else (*NEVER_PASSED_ON, *_hop_by_hop(request.headers.getall("Connection", ())))
    headers = CIMultiDict(
        (name, value)
        for name, value in request.headers.items()
        if name.lower() not in dropped and not name.lower().startswith(IMPERSONATION)
    )
    if PROTOCOLS in headers:
        headers[PROTOCOLS] = without_token(headers.popall(PROTOCOLS))
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    if peer:
        headers["X-Forwarded-For"] = ", ".join([*request.headers.getall("X-Forwarded-For", ()), str(peer[0])])
    return headers


def answered(headers: Iterable[tuple[str, str]]) -> CIMultiDict[str]:
    """The headers of an answer that go back."""
    given = CIMultiDict(headers)
    dropped = _hop_by_hop(given.getall("Connection", ()))
    return CIMultiDict((name, value) for name, value in given.items() if name.lower() not in dropped)


def _hop_by_hop(connection: Iterable[str]) -> set[str]:
    named = {word.strip().lower() for value in connection for word in value.split(",")}
    return {*HOP_BY_HOP, *named}
