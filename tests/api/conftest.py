"""An API server over a store in memory and a stepped clock: in process, and over HTTP on a free port."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest

from minikube_lite.api.apiserver import Apiserver, built_in_scheme
from minikube_lite.api.local_client import LocalClient
from minikube_lite.api.scheme import Scheme
from minikube_lite.clock import Clock
from minikube_lite.config import Options
from minikube_lite.machinery.resources import NAMESPACES, SERVICE_ACCOUNTS
from minikube_lite.store import MemoryStore, Object

WINDOW_EVENTS_MAX = 64
REPLY_SECONDS_MAX = 20.0

Watching = Callable[..., AbstractAsyncContextManager["Events"]]


class Events:
    """The events of a watch, as they come."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> Object:
        """The next event."""
        event: Object = json.loads(await anext(self._lines))
        return event

    async def take(self, count: int) -> list[Object]:
        """The next events."""
        return [await self.next() for _ in range(count)]

    async def rest(self) -> list[Object]:
        """All events until the watch ends."""
        return [json.loads(line) async for line in self._lines]


@pytest.fixture(scope="session")
def scheme() -> Scheme:
    """The built-in kinds, which never change."""
    return built_in_scheme()


@pytest.fixture
def clock() -> Clock:
    return Clock("stepped", seed=7)


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    return MemoryStore(clock.ledger, WINDOW_EVENTS_MAX, detect_mutation=True)


@pytest.fixture
def options() -> Options:
    """The cluster's options; tests that need others override this."""
    return Options()


@pytest.fixture
async def api(store: MemoryStore, clock: Clock, scheme: Scheme, options: Options) -> AsyncIterator[Apiserver]:
    """An API server with the namespace default. In the end no shared object was changed and no work is left."""
    api = Apiserver(store, clock, scheme, options)
    admin = api.client("admin", "tests")
    await admin.create(NAMESPACES, "", {"metadata": {"name": "default"}})
    await admin.create(SERVICE_ACCOUNTS, "default", {"metadata": {"name": "default"}})
    yield api
    store.check_mutations()
    assert clock.ledger.outstanding() == {}


@pytest.fixture
def client(api: Apiserver) -> LocalClient:
    """The in-process client."""
    return api.client("admin", "tests")


@pytest.fixture
async def url(api: Apiserver) -> AsyncIterator[str]:
    """The API over HTTP, on a free port."""
    host, port = await api.start(lambda: True)
    yield f"http://{host}:{port}"
    await api.stop()
    assert api.registry.store.watchers == 0  # type: ignore[attr-defined]


@pytest.fixture
async def http(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API over HTTP."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=url, verify=False, trust_env=False, timeout=REPLY_SECONDS_MAX, limits=limits
    ) as client:
        yield client


@pytest.fixture
def watching(http: httpx.AsyncClient) -> Watching:
    """`async with watching(path, resourceVersion="5") as events:` is a watch."""

    @asynccontextmanager
    async def watching(path: str, headers: dict[str, str] | None = None, **query: str) -> AsyncIterator[Events]:
        params = {"watch": "true", **query}
        async with http.stream("GET", path, params=params, headers=headers) as response:
            yield Events(response)

    return watching


@pytest.fixture
def config_map() -> Callable[..., Object]:
    """Makes ConfigMaps."""

    def make(name: str, data: dict[str, str] | None = None, **metadata: Any) -> Object:
        obj: Object = {"metadata": {"name": name, **metadata}}
        if data is not None:
            obj["data"] = data
        return obj

    return make


@pytest.fixture
def pod() -> Callable[..., Object]:
    """Makes pods of one container."""

    def make(name: str, node: str = "", **metadata: Any) -> Object:
        spec: Object = {"containers": [{"name": "c", "image": "i"}]}
        if node:
            spec["nodeName"] = node
        return {"metadata": {"name": name, **metadata}, "spec": spec}

    return make
