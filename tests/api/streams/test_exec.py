"""exec and attach byte by byte: WebSockets in all their protocols, and what is refused."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from minikube_lite.programs.image import Image
from minikube_lite.programs.program import PodContext

POD = "/api/v1/namespaces/default/pods/box"


async def cat(context: PodContext) -> None:
    """Copies its input."""
    while part := await context.stdin.read(1 << 16):
        context.stdout.write(part)
        await context.stdout.drain()


async def both(context: PodContext) -> int:
    """Writes its arguments to stdout and stderr, and ends with the last one."""
    context.stdout.print("out", *context.argv)
    context.stderr.print("err", "tty" if context.tty else "no tty")
    return int(context.argv[-1])


async def head(context: PodContext) -> None:
    """Copies so many bytes, then ends."""
    left = int(context.argv[1])
    while left and (part := await context.stdin.read(left)):
        left -= len(part)
        context.stdout.write(part)
        await context.stdout.drain()


async def sleep(context: PodContext) -> None:
    """Goes on for an hour."""
    context.stdout.print("sleeping")
    await context.clock.sleep(3600)


async def echo(context: PodContext) -> int:
    """A container's own program: says what it hears, until it hears the end."""
    while part := await context.stdin.read(100):
        context.stdout.write(part)
        await context.stdout.drain()
    return 7


COMMANDS = {"cat": cat, "both": both, "head": head, "sleep": sleep}


class Socket:
    """A WebSocket with channels, as a client sees it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.is_base64 = "base64" in (socket.protocol or "")

    async def send(self, channel: int, data: bytes) -> None:
        if self.is_base64:
            await self.socket.send_str(f"{channel}{base64.b64encode(data).decode()}")
        else:
            await self.socket.send_bytes(bytes((channel,)) + data)

    async def receive(self) -> tuple[int, bytes] | None:
        message = await self.socket.receive()
        if message.type == aiohttp.WSMsgType.TEXT:
            return int(message.data[0]), base64.b64decode(message.data[1:])
        if message.type == aiohttp.WSMsgType.BINARY:
            return message.data[0], message.data[1:]
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        return None

    async def rest(self) -> dict[int, bytes]:
        """What comes until the end, by channel."""
        seen: dict[int, list[bytes]] = {}
        while (message := await self.receive()) is not None:
            seen.setdefault(message[0], []).append(message[1])
        return {channel: b"".join(parts) for channel, parts in seen.items()}


@pytest.fixture
async def connect(streamed) -> AsyncIterator[Any]:
    """`await connect("v4.channel.k8s.io", command=["both", "3"], stdout=True)` is a client of exec in the pod box."""
    streamed.cluster.programs.register("box", Image(sleep, COMMANDS))
    streamed.cluster.programs.register("echo", Image(echo, COMMANDS))
    await streamed.run("box")
    async with aiohttp.ClientSession() as session:

        async def connect(protocol: str, subresource: str = "exec", path: str = POD, **query: Any) -> Socket:
            pairs = [(key, str(one).lower()) for key, value in query.items() if key != "command" for one in [value]]
            pairs += [("command", word) for word in query.get("command", ())]
            socket = await session.ws_connect(
                f"{streamed.cluster.addresses.server}{path}/{subresource}",
                params=pairs,
                protocols=[protocol] if protocol else [],
            )
            assert socket.protocol == (protocol or None)
            return Socket(socket)

        yield connect


JSON_PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io", "v4.base64.channel.k8s.io"]
OLD_PROTOCOLS = ["channel.k8s.io", "base64.channel.k8s.io", ""]


@pytest.mark.parametrize("protocol", JSON_PROTOCOLS)
async def test_a_command_and_its_exit_code(connect, protocol) -> None:
    socket = await connect(protocol, command=["both", "3"], stdout=True, stderr=True)
    assert await socket.receive() == (1, b"")
    seen = await socket.rest()
    assert (seen[1], seen[2]) == (b"out both 3\n", b"err no tty\n")
    assert json.loads(seen[3]) == {
        "metadata": {},
        "status": "Failure",
        "message": "command terminated with non-zero exit code: error executing command [both 3], exit code 3",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": "3"}]},
    }
    assert socket.socket.close_code == 1000


@pytest.mark.parametrize("protocol", JSON_PROTOCOLS)
async def test_success(connect, protocol) -> None:
    socket = await connect(protocol, command=["both", "0"], stdout=True)
    assert await socket.rest() == {1: b"out both 0\n", 3: b'{"metadata":{},"status":"Success"}'}


@pytest.mark.parametrize("protocol", OLD_PROTOCOLS)
async def test_old_protocols_tell_failures_as_text(connect, protocol) -> None:
    good = await connect(protocol, command=["both", "0"], stdout=True)
    assert await good.rest() == {1: b"out both 0\n"}
    bad = await connect(protocol, command=["both", "2"], stderr=True)
    seen = await bad.rest()
    assert seen[3] == b"command terminated with non-zero exit code: error executing command [both 2], exit code 2"


async def test_a_terminal_has_one_stream(connect) -> None:
    socket = await connect("v5.channel.k8s.io", command=["both", "0"], stdout=True, stderr=True, tty=True)
    seen = await socket.rest()
    assert set(seen) == {1, 3}
    assert b"out both 0" in seen[1]
    assert b"err tty" in seen[1]


async def test_the_end_of_stdin_in_v5(connect) -> None:
    socket = await connect("v5.channel.k8s.io", command=["cat"], stdin=True, stdout=True)
    assert await socket.receive() == (1, b"")
    await socket.send(0, b"one ")
    assert await socket.receive() == (1, b"one ")
    await socket.send(0, b"two")
    await socket.send(255, b"\x00")
    assert await socket.rest() == {1: b"two", 3: b'{"metadata":{},"status":"Success"}'}


@pytest.mark.parametrize("protocol", JSON_PROTOCOLS)
async def test_fifty_megabytes_come_back_whole(connect, protocol) -> None:
    size = 50 << 20
    block = bytes(range(256)) * 128
    socket = await connect(protocol, command=["head", str(size)], stdin=True, stdout=True)

    async def send() -> None:
        for _ in range(size // len(block)):
            await socket.send(0, block)

    sending = asyncio.create_task(send())
    seen = await socket.rest()
    await sending
    assert len(seen[1]) == size
    assert seen[1] == block * (size // len(block))
    assert seen[3] == b'{"metadata":{},"status":"Success"}'


async def test_no_such_command(connect) -> None:
    socket = await connect("v4.channel.k8s.io", command=["/bin/nosuch", "-x"], stdout=True)
    status = json.loads((await socket.rest())[3])
    assert (status["status"], status["reason"], status["code"]) == ("Failure", "InternalError", 500)
    assert status["message"].startswith(
        'Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "'
    )
    assert status["message"].endswith(
        "OCI runtime exec failed: exec failed: unable to start container process: "
        'exec: "/bin/nosuch": executable file not found in $PATH: unknown'
    )


async def test_a_client_that_leaves_ends_its_command(streamed, connect) -> None:
    [run] = [run for runs in streamed.cluster.kubelets["node-1"].runtime.runs.values() for run in runs.values()]
    socket = await connect("v5.channel.k8s.io", command=["sleep"], stdout=True)
    assert await socket.receive() == (1, b"")
    assert await socket.receive() == (1, b"sleeping\n")
    assert len(run.processes) == 1
    await socket.socket.close()
    while run.processes:
        await streamed.cluster.settle()
    assert run.container.exit is None


async def test_commands_end_with_their_container(streamed, connect) -> None:
    socket = await connect("v4.channel.k8s.io", command=["sleep"], stdout=True)
    assert await socket.receive() == (1, b"")
    assert await socket.receive() == (1, b"sleeping\n")
    await streamed.cluster.advance("2h")
    status = json.loads((await socket.rest())[3])
    assert status["details"]["causes"][0]["message"] == "137"


async def test_attach(streamed, connect) -> None:
    spec = {"name": "main", "image": "echo", "stdin": True, "stdinOnce": True}
    await streamed.run("heard", containers=[spec], restartPolicy="Never")
    path = POD.replace("box", "heard")
    socket = await connect("v5.channel.k8s.io", "attach", path, stdin=True, stdout=True, stderr=True)
    assert await socket.receive() == (1, b"")
    other = await connect("v4.channel.k8s.io", "attach", path, stdout=True)
    assert await other.receive() == (1, b"")
    await socket.send(0, b"hello")
    assert await socket.receive() == (1, b"hello")
    assert await other.receive() == (1, b"hello")
    await socket.send(255, b"\x00")
    assert await socket.rest() == {3: b'{"metadata":{},"status":"Success"}'}
    await other.rest()
    await streamed.cluster.settle()
    assert (await streamed.log("heard")).text == "hello\n"
    refused = await streamed.http.get(f"{path}/attach", params={"stdout": "1"}, headers=UPGRADE)
    assert (refused.status_code, refused.text) == (500, "container main not found in pod heard_default")


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.mark.parametrize(
    ("path", "headers", "code", "text"),
    [
        ("exec?command=cat&stdout=1", {}, 400, "Upgrade request required"),
        ("exec?command=cat&stdout=1&container=no", UPGRADE, 400, "container no is not valid for pod box"),
        ("exec?command=cat", UPGRADE, 400, "you must specify at least 1 of stdin, stdout, stderr"),
        ("exec?stdout=1", UPGRADE, 400, "you must specify at least 1 command"),
        (
            "exec?command=cat&stdout=1",
            {**UPGRADE, "Sec-WebSocket-Protocol": "v9.channel.k8s.io"},
            400,
            "unable to upgrade: none of the protocols [v9.channel.k8s.io] is supported",
        ),
        (
            "exec?command=cat&stdout=1",
            {"Connection": "Upgrade", "Upgrade": "SPDY/3.1", "X-Stream-Protocol-Version": "v9"},
            403,
            "unable to upgrade: unable to negotiate protocol: client supports [v9], server accepts "
            "[v4.channel.k8s.io v3.channel.k8s.io v2.channel.k8s.io channel.k8s.io]",
        ),
        (
            "exec?command=cat&stdout=1",
            {"Connection": "Upgrade", "Upgrade": "h2c"},
            400,
            "unable to upgrade: missing upgrade headers in request",
        ),
        ("portforward", UPGRADE, 400, 'query parameter "port" is required'),
    ],
)
async def test_what_is_refused(streamed, connect, path, headers, code, text) -> None:
    answer = await streamed.http.get(f"{POD}/{path}", headers=headers)
    told = answer.json()["message"] if "json" in answer.headers["content-type"] else answer.text
    assert (answer.status_code, told) == (code, text)


async def test_pods_that_do_not_run(streamed, connect) -> None:
    waiting = [{"name": "main", "image": "quiet", "imagePullPolicy": "Never"}]
    await streamed.run("waiting", containers=waiting)
    path = POD.replace("box", "waiting")
    answer = await streamed.http.get(f"{path}/exec?command=a&stdout=1", headers=UPGRADE)
    assert (answer.status_code, answer.text) == (500, 'container not found ("main")')
    await streamed.run("homeless", "quiet", node="", schedulerName="none")
    answer = await streamed.http.get(f"{POD.replace('box', 'homeless')}/exec?command=a&stdout=1", headers=UPGRADE)
    assert (answer.status_code, answer.json()["message"]) == (400, "pod homeless does not have a host assigned")
    streamed.cluster.network.isolate("node-1")
    answer = await streamed.http.get(f"{POD}/exec?command=a&stdout=1", headers=UPGRADE)
    message = "error dialing backend: dial tcp 172.18.0.3:10250: connect: no route to host"
    assert (answer.status_code, answer.json()["message"]) == (500, message)


async def test_who_may_only_get_may_not_exec_by_a_websocket(tmp_path) -> None:
    from minikube_lite import Cluster
    from minikube_lite.machinery.resources import GroupVersionResource

    tokens = tmp_path / "tokens.csv"
    tokens.write_text('secret,reader,1,""\n')
    roles = [GroupVersionResource("rbac.authorization.k8s.io", "v1", name) for name in ("roles", "rolebindings")]
    async with Cluster(nodes=1, clock="stepped", token_auth_file=tokens, serve_dns=False) as cluster:
        rules = [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["get"]}]
        await cluster.client.create(roles[0], "default", {"metadata": {"name": "get"}, "rules": rules})
        binding = {
            "metadata": {"name": "get"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "get"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "reader"}],
        }
        await cluster.client.create(roles[1], "default", binding)
        headers = {**UPGRADE, "Authorization": "Bearer secret"}
        url = f"{cluster.addresses.server}{POD}/exec?command=a"
        async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
            told = await answer.json()
        assert (answer.status, told["reason"]) == (403, "Forbidden")
        assert told["message"].startswith('pods "box" is forbidden')
