"""An API server in process, with a namespace and its account, and nothing that acts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from minikube_lite.api.apiserver import Apiserver, built_in_scheme
from minikube_lite.api.scheme import Scheme
from minikube_lite.clock import Clock
from minikube_lite.config import Options
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.resources import NAMESPACES, PODS, SERVICE_ACCOUNTS, GroupVersionResource
from minikube_lite.store import MemoryStore, Object


class Api:
    """What tests ask of the API."""

    def __init__(self, scheme: Scheme) -> None:
        self.clock = Clock("stepped", seed=7)
        self.store = MemoryStore(self.clock.ledger)
        self._apiserver = Apiserver(self.store, self.clock, scheme, Options(clock="stepped"))
        self.client: Client = self._apiserver.client("admin", "tests")

    def client_as(self, user: User) -> Client:
        """A client that may do what that user may."""
        return self._apiserver.client_as(user, "tests")

    async def create(self, resource: GroupVersionResource, obj: Object, namespace: str = "") -> Object:
        """Create an object."""
        return await self.client.create(resource, namespace, obj)

    async def create_pod(self, metadata: Object | None = None, **spec: Any) -> Object:
        """Create a pod of one container in the default namespace."""
        pod = {"metadata": metadata or {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "nginx"}], **spec}}
        return await self.client.create(PODS, "default", pod)

    async def refusal(self, resource: GroupVersionResource, obj: Object, namespace: str = "") -> Object:
        """The Status with which the creation of an object is refused."""
        with pytest.raises(ApiError) as caught:
            await self.create(resource, obj, namespace)
        return caught.value.status()

    async def pod_refusal(self, metadata: Object | None = None, **spec: Any) -> str:
        """Why a pod is refused."""
        with pytest.raises(ApiError) as caught:
            await self.create_pod(metadata, **spec)
        assert caught.value.code == 403
        assert caught.value.details is not None
        assert caught.value.details["kind"] == "pods"
        return caught.value.message.partition(" is forbidden: ")[2]


@pytest.fixture(scope="session")
def scheme() -> Scheme:
    """The built-in resources."""
    return built_in_scheme()


@pytest.fixture
async def api(scheme: Scheme) -> AsyncIterator[Api]:
    """A fresh API server."""
    api = Api(scheme)
    await api.create(NAMESPACES, {"metadata": {"name": "default"}})
    await api.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}, "default")
    yield api
    api.clock.stop()
