"""Probes against programs, over the emulated network."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from grpclib.const import Cardinality, Handler, Status
from grpclib.encoding.base import CodecBase
from grpclib.exceptions import GRPCError
from grpclib.server import Server

from minikube_lite.kubelet.asking import AskingFailed, port_number
from minikube_lite.kubelet.probes import Tally
from minikube_lite.kubelet.run import Run
from minikube_lite.programs.image import Image
from minikube_lite.programs.pause import pause


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
        unknown = "what the image quiet holds is not known, exec probes of it count as success"
        message = f"Readiness probe warning: {unknown}"
        assert ("ProbeWarning", message) in await nodes.told("web")


def probing(image="tool", **probe):
    return {"name": "main", "image": image, "readinessProbe": {"periodSeconds": 5, **probe}}


async def test_a_command_says_whether_a_container_is_ready(start_nodes):
    codes, seconds = [1], [0.0]

    async def check(context):
        assert context.argv == ["check", "web", "$(UNSET)"]
        context.stderr.print("not yet")
        await context.clock.sleep(seconds[0])
        return codes[0]

    async with start_nodes() as nodes:
        nodes.programs["tool"] = Image(pause, {"check": check}, takes="all")
        spec = probing(exec={"command": ["/bin/check", "$(NAME)", "$(UNSET)"]}) | {
            "env": [{"name": "NAME", "value": "web"}]
        }
        spec["readinessProbe"]["exec"]["command"][0] = "check"
        await nodes.run("web", containers=[spec])
        assert not await is_ready(nodes)
        assert ("Unhealthy", "Readiness probe failed: not yet\n") in await nodes.told("web")
        codes[0] = 0
        await nodes.clock.advance(5)
        assert await is_ready(nodes)
        seconds[0] = 2.0
        await nodes.clock.advance(20)
        assert not await is_ready(nodes)
        text = 'Readiness probe failed: command timed out: "check web $(UNSET)" timed out after 1s'
        assert ("Unhealthy", text) in await nodes.told("web")


async def test_a_command_that_is_missing_says_nothing_about_the_container(start_nodes):
    async with start_nodes() as nodes:
        nodes.programs["tool"] = Image(pause, takes="all")
        await nodes.run("web", containers=[probing(exec={"command": ["chek"]}, failureThreshold=1)])
        assert not await is_ready(nodes)
        [message] = [text for reason, text in await nodes.told("web") if reason == "Unhealthy"]
        assert message.startswith("Readiness probe errored and resulted in unknown state: rpc error: code = Unknown")
        assert message.endswith('exec: "chek": executable file not found in $PATH: unknown')


@pytest.mark.parametrize(
    ("port", "fault"),
    [("nope", 'strconv.Atoi: parsing "nope": invalid syntax'), (70000, "invalid port number: 70000")],
)
def test_a_port_that_is_none(port, fault):
    run = Run(None, None, {"ports": [{"name": "web", "containerPort": 80}]}, None, None, None)  # type: ignore[arg-type]
    assert port_number(run, "web") == 80
    with pytest.raises(AskingFailed) as caught:
        port_number(run, port)
    assert str(caught.value) == fault


async def test_redirects_are_followed_on_the_same_host_only(start_nodes):
    async def application(scope, receive, send):
        target = {"/here": b"/there", "/away": b"http://example.com/", "/there": b""}[scope["path"]]
        headers = [(b"location", target)] if target else []
        await send({"type": "http.response.start", "status": 302 if target else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"moved"})

    async with start_nodes() as nodes:
        nodes.programs["tool"] = application
        for name, warned in (("here", False), ("away", True)):
            await nodes.run(name, containers=[probing(httpGet={"path": f"/{name}", "port": 8080})])
            text = "Readiness probe warning: Probe terminated redirects, Response body: moved"
            assert (("ProbeWarning", text) in await nodes.told(name)) == warned
            assert (await nodes.pod(name))["status"]["containerStatuses"][0]["ready"]


class Health:
    """A gRPC server's answers to health checks, by grpclib."""

    def __init__(self, answer):
        self.answer = answer
        self.asked: list[bytes] = []

    async def check(self, stream):
        self.asked.append(await stream.recv_message())
        if self.answer == "hang":
            await asyncio.get_running_loop().create_future()
        if isinstance(self.answer, GRPCError):
            raise self.answer
        await stream.send_message(self.answer)

    def __mapping__(self):
        handler = Handler(self.check, Cardinality.UNARY_UNARY, None, None)
        return {} if self.answer == "nothing" else {"/grpc.health.v1.Health/Check": handler}

    async def __call__(self, context):
        server = Server([self], codec=Raw())
        context.network.listen(9000, server._protocol_factory)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            for handler in server._handlers:
                handler.close()
            await asyncio.gather(*(handler.wait_closed() for handler in server._handlers))


class Raw(CodecBase):
    __content_subtype__ = "proto"

    def encode(self, message, message_type):
        return message

    def decode(self, data, message_type):
        return data


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (b"\x08\x01", None),
        (b"\x08\x02", 'service unhealthy (responded with "NOT_SERVING")'),
        (b"", 'service unhealthy (responded with "UNKNOWN")'),
        (
            GRPCError(Status.NOT_FOUND, "unknown service"),
            "error: health rpc probe failed: rpc error: code = NotFound desc = unknown service",
        ),
        (
            "nothing",
            "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): Method not found",
        ),
        ("hang", "timeout: health rpc did not complete within 1s"),
    ],
)
async def test_grpc(start_nodes, answer, fault):
    async with start_nodes() as nodes:
        nodes.programs["tool"] = health = Health(answer)
        await nodes.run("web", containers=[probing(grpc={"port": 9000, "service": "liveness"})])
        await nodes.clock.advance(2)
        assert await is_ready(nodes) == (fault is None)
        texts = [text for reason, text in await nodes.told("web") if reason == "Unhealthy"]
        assert texts == ([f"Readiness probe failed: {fault}"] if fault else [])
        assert set(health.asked) <= {b"\x0a\x08liveness"}


async def test_grpc_where_nobody_listens(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("web", containers=[probing(image="quiet", grpc={"port": 9000})])
        text = (
            'Readiness probe failed: timeout: failed to connect service "10.244.0.2:9000" within 1s: '
            "context deadline exceeded"
        )
        assert ("Unhealthy", text) in await nodes.told("web")


async def test_a_probe_has_a_grace_period_of_its_own(start_nodes):
    async with start_nodes() as nodes:
        stubborn = Image(endless, graceful=True, takes="all")
        nodes.programs["tool"] = stubborn
        alive = {"tcpSocket": {"port": 80}, "failureThreshold": 1, "terminationGracePeriodSeconds": 3}
        spec = {"name": "main", "image": "tool", "livenessProbe": alive}
        await nodes.run("web", containers=[spec], terminationGracePeriodSeconds=600)
        await nodes.clock.advance(6)
        [status] = (await nodes.pod("web"))["status"]["containerStatuses"]
        assert status["restartCount"] == 1
        assert status["lastState"]["terminated"]["exitCode"] == 137


async def endless(context):
    await asyncio.get_running_loop().create_future()


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
