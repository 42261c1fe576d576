"""Requests to answers: who asks, what for, in which form; upstream: apiserver/pkg/endpoints/installer.go and handlers."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from minikube_lite.api.access import Access
from minikube_lite.api.discovery import Discovery
from minikube_lite.api.health import health_answer, version_answer
from minikube_lite.api.issuer_discovery import CONFIGURATION_PATH, KEY_SET_PATH, issuer_answer
from minikube_lite.api.negotiation import PLAIN
from minikube_lite.api.openapi import OpenAPI
from minikube_lite.api.render import Answer, answer
from minikube_lite.api.request import Request, RequestInfo, parse_path
from minikube_lite.api.request_faults import RequestFaults, call_facts
from minikube_lite.api.resource_handlers import ResourceHandlers
from minikube_lite.api.streaming import Stream, WatchStream
from minikube_lite.api.streams.connections import Connections
from minikube_lite.api.verbs import Verbs
from minikube_lite.machinery import errors
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.kind import User

REQUEST_BODY_BYTES_MAX = 3 << 20
"""As upstream's MaxRequestBodyBytes."""
MANAGER_LENGTH_MAX = 128

NOT_FOUND = Answer(404, b"404 page not found\n", "text/plain; charset=utf-8")

ROOT_PATHS = (
    CONFIGURATION_PATH,
    "/api",
    "/apis",
    "/healthz",
    "/livez",
    "/openapi/v2",
    "/openapi/v3",
    KEY_SET_PATH,
    "/readyz",
    "/version",
)


class Handlers:
    """Answers every request of the API."""

    def __init__(
        self,
        verbs: Verbs,
        discovery: Discovery,
        openapi: OpenAPI,
        access: Access,
        connections: Connections,
        breaking: RequestFaults,
        ready: Callable[[], bool],
    ) -> None:
        self._verbs = verbs
        self._discovery = discovery
        self._openapi = openapi
        self._access = access
        self._connections = connections
        self._breaking = breaking
        self._resources = ResourceHandlers(verbs)
        self._ready = ready

    async def handle(self, request: web.BaseRequest, warnings: list[str]) -> Answer | Stream:
        """The answer, or the stream that is to be run. Raises ApiError."""
        path = request.path
        parts = [part for part in path.split("/") if part]
        query = {key: request.query.getone(key) for key in request.query}
        info = parse_path(path) if parts and parts[0] in ("api", "apis") else None
        user = self._access.user(request.method, path, info, query, request.headers)
        if info is not None:
            return await self._breakable(request, info, query, user, warnings)
        found = self._other(request, parts, query)
        return NOT_FOUND if found is None else found

    def _other(self, request: web.BaseRequest, parts: list[str], query: dict[str, str]) -> Answer | None:
        """Everything outside of resources."""
        head = parts[0] if parts else ""
        accept, none_match = request.headers.get("Accept", ""), request.headers.get("If-None-Match", "")
        if head == "version" and len(parts) == 1:
            return version_answer(request.method)
        if head in ("healthz", "readyz", "livez"):
            return health_answer(parts, query, self._ready)
        if head == "openapi":
            return self._openapi.answer(parts, query, accept, none_match)
        if head in ("api", "apis"):
            if request.method != "GET":
                raise errors.method_not_allowed()
            return self._discovery.answer(parts, accept, none_match)
        if not parts:
            return answer({"paths": ROOT_PATHS}, PLAIN, 200)
        return issuer_answer(request.method, request.path, request.headers.get("Host", ""), self._access.tokens)

    async def _breakable(
        self, request: web.BaseRequest, info: RequestInfo, query: dict[str, str], user: User, warnings: list[str]
    ) -> Answer | Stream:
        """A request to a resource, which a fault may strike."""

        async def handle() -> Answer | Stream:
            return await self._resource(request, info, query, user, warnings)

        if not self._breaking:
            return await handle()
        watches = request.method == "GET" and (info.watch or _is_true(query.get("watch", "")))
        facts = call_facts(request, info, user, watches=watches)
        fault = self._breaking.find(facts, info)
        if fault is None:
            return await handle()
        struck: Answer | Stream = await self._breaking.strike(fault, request, facts, handle)
        return struck

    async def _resource(
        self, request: web.BaseRequest, info: RequestInfo, query: dict[str, str], user: User, warnings: list[str]
    ) -> Answer | Stream:
        resource = self._verbs.scheme.find(info.resource)
        if resource is None:
            if info.resource.group not in self._verbs.scheme.groups or self._verbs.scheme.is_custom(
                info.resource.group
            ):
                return NOT_FOUND
            raise errors.page_not_found()
        if resource.custom is not None:
            if resource.info.namespaced is not bool(info.namespace) and not (
                resource.info.namespaced and not info.name and request.method == "GET"
            ):
                return NOT_FOUND
            if resource.custom.warning:
                warnings.append(resource.custom.warning)
        if (
            resource.info.namespaced
            and info.name
            and not info.namespace
            or not resource.info.namespaced
            and info.namespace
        ):
            raise errors.page_not_found()
        connected = self._connections.find(request, resource, info)
        if connected is not None:
            return connected
        manager = (
            query.get("fieldManager", "") or request.headers.get("User-Agent", "").split("/")[0][:MANAGER_LENGTH_MAX]
        )
        asked = Request(
            request.method,
            info,
            resource,
            query,
            user,
            manager,
            request.headers.get("Content-Type", ""),
            request.headers.get("Accept", ""),
            b"" if request.method == "GET" else await read_body(request),
            warnings,
        )
        if (
            request.method == "GET"
            and info.name == ""
            and not info.subresource
            and (info.watch or _is_true(query.get("watch", "")))
        ):
            return await self._watch(request, asked)
        if request.method == "GET" and info.watch:
            return await self._watch(request, asked)
        with self._verbs.working(f"{request.method} {info.resource.resource}"):
            return await self._resources.handle(asked)

    async def _watch(self, request: web.BaseRequest, asked: Request) -> WatchStream:
        await self._verbs.prepare(asked.resource, asked.info.namespace)
        stream = self._resources.watch(asked)
        stream.open_for(self._breaking, call_facts(request, asked.info, asked.user, watches=True))
        return stream

    def error_answer(self, error: ApiError) -> Answer:
        """An error as a Status."""
        return answer(error.status(), PLAIN, error.code, error.headers)


def _is_true(text: str) -> bool:
    return text.lower() not in ("", "false", "0")


async def read_body(request: web.BaseRequest) -> bytes:
    """The request's body; 413 when it is larger than allowed."""
    length = request.content_length
    if length is not None and length > REQUEST_BODY_BYTES_MAX:
        raise errors.request_entity_too_large(REQUEST_BODY_BYTES_MAX)
    if not request.can_read_body:
        return b""
    chunks: list[bytes] = []
    size = 0
    while chunk := await request.content.readany():
        size += len(chunk)
        if size > REQUEST_BODY_BYTES_MAX:
            raise errors.request_entity_too_large(REQUEST_BODY_BYTES_MAX)
        chunks.append(chunk)
    return b"".join(chunks)
