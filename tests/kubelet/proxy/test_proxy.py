"""Pods reach each other by the names and addresses of Services, as long as their node is not cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from minikube_lite import Cluster
from minikube_lite.machinery.resources import PODS, SERVICES
from minikube_lite.programs.program import PodContext

Do = Callable[[PodContext], Awaitable[Any]]


class Visitors:
    """A Service `web` of two pods, and one pod from which things are tried."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.contexts: dict[str, PodContext] = {}

    async def start(self, **spec: Any) -> None:
        self.cluster.programs["web"] = self._serve
        for number, node in ((0, "node-1"), (1, "node-2")):
            await self.pod(f"web-{number}", node, image="web", labels={"app": "web"})
        await self.pod("visitor", "node-1", image="web")
        ports = [{"port": 80, "targetPort": 8080, "nodePort": 30080}]
        spec = {"type": "NodePort", "selector": {"app": "web"}, "ports": ports, **spec}
        await self.cluster.client.create(SERVICES, "default", {"metadata": {"name": "web"}, "spec": spec})
        await self.cluster.settle()

    async def pod(self, name: str, node: str, *, image: str, labels: dict[str, str] | None = None) -> None:
        metadata = {"name": name, "labels": labels or {}}
        spec = {"nodeName": node, "containers": [{"name": "main", "image": image}]}
        await self.cluster.client.create(PODS, "default", {"metadata": metadata, "spec": spec})
        await self.cluster.settle()

    async def _serve(self, context: PodContext) -> None:
        self.contexts[context.pod] = context

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(f"{context.pod} {writer.get_extra_info('peername')[0]}".encode())
            writer.close()

        context.network.listen_streams(8080, answer)
        await asyncio.get_running_loop().create_future()

    async def ask(self, host: str, port: int) -> list[str]:
        reader, writer = await self.contexts["visitor"].network.connect(host, port)
        said = await reader.read()
        writer.close()
        return said.decode().split()


@pytest.fixture
async def cluster():
    async with Cluster(nodes=2, clock="stepped", seed=3, serve_api=False, serve_dns=False) as cluster:
        yield cluster


async def test_a_service_leads_to_all_its_pods_by_name_and_address(cluster):
    visitors = Visitors(cluster)
    await visitors.start()
    found = [await visitors.ask("web", 80) for _ in range(20)]
    assert {name for name, _ in found} == {"web-0", "web-1"}
    assert {address for _, address in found} == {visitors.contexts["visitor"].network.ip}
    for host, port in (("web.default.svc.cluster.local", 80), ("172.18.0.4", 30080), ("172.18.0.3", 30080)):
        assert (await visitors.ask(host, port))[0] in ("web-0", "web-1")
    address = (await cluster.client.get(SERVICES, "default", "web"))["spec"]["clusterIP"]
    assert await visitors.contexts["visitor"].network.resolve("web.default") == [address]
    with pytest.raises(OSError, match="no route to host"):
        await visitors.ask(address, 81)
    with pytest.raises(OSError, match="nobody: Name or service not known"):
        await visitors.ask("nobody", 80)


async def test_a_service_without_endpoints_refuses(cluster):
    visitors = Visitors(cluster)
    await visitors.start(selector={"app": "nobody"})
    with pytest.raises(ConnectionRefusedError, match=r"dial tcp 10\.96\.\d+\.\d+:80: connect: connection refused"):
        await visitors.ask("web", 80)


async def test_a_client_keeps_its_endpoint_with_affinity(cluster):
    visitors = Visitors(cluster)
    config = {"clientIP": {"timeoutSeconds": 60}}
    await visitors.start(sessionAffinity="ClientIP", sessionAffinityConfig=config)
    seen = []
    for _ in range(12):
        seen.append({(await visitors.ask("web", 80))[0] for _ in range(5)})
        await cluster.advance(61)
    assert {len(names) for names in seen} == {1}
    assert set.union(*seen) == {"web-0", "web-1"}


async def test_a_node_that_is_cut_off_resolves_nothing_and_keeps_its_rules(cluster):
    visitors = Visitors(cluster)
    await visitors.start()
    address = (await cluster.client.get(SERVICES, "default", "web"))["spec"]["clusterIP"]
    cluster.kubelets.network.isolate("node-1")
    asking = asyncio.create_task(visitors.ask("web", 80))
    await cluster.advance(11)
    with pytest.raises(OSError, match="web: Temporary failure in name resolution"):
        await asking
    await cluster.client.delete(SERVICES, "default", "web")
    await cluster.settle()
    answers = []
    for _ in range(20):
        try:
            answers.append((await visitors.ask(address, 80))[0])
        except OSError as error:
            answers.append(str(error).split(": ", 1)[1])
    assert set(answers) == {"web-0", "connect: no route to host"}
    cluster.kubelets.network.rejoin("node-1")
    await cluster.settle()
    with pytest.raises(OSError, match="no route to host"):
        await visitors.ask(address, 80)
