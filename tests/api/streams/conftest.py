"""A cluster of two nodes with stepped time, and what pods are made of; its API is asked over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from minikube_lite import Cluster
from minikube_lite.machinery.resources import PODS
from minikube_lite.programs.asgi import serve_asgi
from minikube_lite.programs.program import PodContext

REPLY_SECONDS_MAX = 20.0
POD_PATH = "/api/v1/namespaces/default/pods"


class Streamed:
    """The cluster, a client of its API, and pods."""

    def __init__(self, cluster: Cluster, http: httpx.AsyncClient) -> None:
        self.cluster = cluster
        self.http = http

    async def run(self, name: str, image: str = "", node: str = "node-1", **spec: Any) -> None:
        """A pod of one container, which runs."""
        containers = spec.pop("containers", [{"name": "main", "image": image or name}])
        pod = {
            "metadata": {"name": name, "labels": {"app": name}},
            "spec": {"nodeName": node, "containers": containers, **spec},
        }
        await self.cluster.client.create(PODS, "default", pod)
        await self.cluster.settle()

    async def run_asgi(self, name: str, application: Any, port: int = 8080) -> None:
        """A pod that serves an ASGI application."""

        async def program(context: PodContext) -> int:
            return await serve_asgi(application, context, port)

        self.cluster.programs[name] = program
        await self.run(name, containers=[{"name": "main", "image": name, "ports": [{"containerPort": port}]}])

    async def log(self, name: str, **options: Any) -> httpx.Response:
        """A pod's log."""
        return await self.http.get(f"{POD_PATH}/{name}/log", params=options)


@pytest.fixture
async def streamed() -> AsyncIterator[Streamed]:
    """A cluster, whose namespace default is ready for pods."""
    async with Cluster(nodes=2, clock="stepped", seed=7, serve_dns=False) as cluster:
        server = cluster.addresses.server
        async with httpx.AsyncClient(base_url=server, trust_env=False, timeout=REPLY_SECONDS_MAX) as http:
            yield Streamed(cluster, http)
