"""Probes against programs, over the emulated network."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from minikube_lite.kubelet.probes import Tally


@dataclass
class Service:
    """An ASGI application whose health the test holds in its hand."""

    status: int = 200
    hang: bool = False
    asked: list[str] = field(default_factory=list)

    async def __call__(self, scope, receive, send):
        self.asked.append(scope["path"])
        if self.hang:
            await asyncio.get_running_loop().create_future()
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b"so"})


def container(**probes):
    return {"name": "main", "image": "service", "ports": [{"name": "web", "containerPort": 8080}], **probes}


READY = {"httpGet": {"path": "/ready", "port": "web"}, "periodSeconds": 5}


async def is_ready(nodes):
    return (await nodes.pod("web"))["status"]["containerStatuses"][0]["ready"]


async def test_a_pod_is_held_not_ready_by_its_program(start_nodes):
    async with start_nodes() as nodes:
        service = Service(status=503)
        nodes.programs["service"] = service
        await nodes.run("web", containers=[container(readinessProbe=READY)])
        await nodes.clock.advance(30)
        pod = await nodes.pod("web")
        assert pod["status"]["phase"] == "Running"
        assert not await is_ready(nodes)
        told = await nodes.told("web")
        assert ("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503") in told
        service.status = 200
        await nodes.clock.advance(5)
        assert await is_ready(nodes)
        service.status = 500
        await nodes.clock.advance(10)
        assert await is_ready(nodes)
        await nodes.clock.advance(5)
        assert not await is_ready(nodes)


async def test_a_good_program_is_ready_at_once(start_nodes):
    async with start_nodes() as nodes:
        nodes.programs["service"] = Service()
        await nodes.run("web", containers=[container(readinessProbe=READY)])
        assert await is_ready(nodes)


async def test_a_program_that_hangs_times_out_in_emulated_time(start_nodes):
    async with start_nodes() as nodes:
        nodes.programs["service"] = Service(hang=True)
        await nodes.run("web", containers=[container(readinessProbe=READY)])
        await nodes.clock.advance(1)
        assert (
            "Unhealthy",
            'Readiness probe failed: Get "http://10.244.0.2:8080/ready": '
            "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
        ) in await nodes.told("web")


async def test_nobody_listens(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run(
            "web", containers=[{"name": "main", "image": "quiet", "readinessProbe": {"tcpSocket": {"port": 80}}}]
        )
        await nodes.clock.advance(1)
        message = "Readiness probe failed: dial tcp 10.244.0.2:80: connect: connection refused"
        assert ("Unhealthy", message) in await nodes.told("web")


async def test_a_failed_liveness_probe_restarts(start_nodes):
    async with start_nodes() as nodes:
        service = Service()
        nodes.programs["service"] = service
        alive = {"httpGet": {"path": "/alive", "port": 8080}, "periodSeconds": 10, "failureThreshold": 2}
        await nodes.run("web", containers=[container(livenessProbe=alive)])
        await nodes.clock.advance(100)
        status = (await nodes.pod("web"))["status"]["containerStatuses"][0]
        assert status["restartCount"] == 0
        service.status = 500
        await nodes.clock.advance(20)
        service.status = 200
        await nodes.clock.advance(1)
        status = (await nodes.pod("web"))["status"]["containerStatuses"][0]
        assert status["restartCount"] == 1
        assert "running" in status["state"]
        assert ("Killing", "Container main failed liveness probe, will be restarted") in await nodes.told("web")


async def test_other_probes_wait_for_the_startup_probe(start_nodes):
    async with start_nodes() as nodes:
        service = Service(status=500)
        nodes.programs["service"] = service
        started = {"httpGet": {"path": "/started", "port": 8080}, "periodSeconds": 3, "failureThreshold": 30}
        await nodes.run("web", containers=[container(readinessProbe=READY, startupProbe=started)])
        await nodes.clock.advance(20)
        assert set(service.asked) == {"/started"}
        assert (await nodes.pod("web"))["status"]["containerStatuses"][0]["started"] is False
        service.status = 200
        await nodes.clock.advance(3)
        assert await is_ready(nodes)


async def test_what_is_not_emulated_says_so(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run(
            "web", containers=[{"name": "main", "image": "quiet", "readinessProbe": {"exec": {"command": ["true"]}}}]
        )
        assert await is_ready(nodes)
        message = "Readiness probe warning: exec probes are not emulated, this one counts as success"
        assert ("ProbeWarning", message) in await nodes.told("web")


@pytest.mark.parametrize(
    ("results", "verdicts"),
    [
        ("fff", [None, None, False]),
        ("ffsfff", [None, None, True, None, None, False]),
        ("s", [True]),
    ],
)
def test_thresholds(results, verdicts):
    tally = Tally()
    assert [tally.count(result == "s", {"failureThreshold": 3}) for result in results] == verdicts
