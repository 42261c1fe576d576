"""exec, attach, run and port-forward, by WebSocket and by SPDY, as far as each kubectl speaks them."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import socket
import struct
import subprocess
import termios
import urllib.request
from typing import TYPE_CHECKING

import pytest

from minikube_lite.programs.image import Image

if TYPE_CHECKING:
    from minikube_lite.programs.program import PodContext
    from tests.clients.kubectl.conftest import Kube

SECONDS_MAX = 60
SPDY_ONLY = {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false", "KUBECTL_PORT_FORWARD_WEBSOCKETS": "false"}
BOTH = pytest.mark.parametrize("variables", [{}, SPDY_ONLY], ids=["default", "SPDY"])


async def cat(context: PodContext) -> None:
    """Copies its input."""
    while part := await context.stdin.read(1 << 16):
        context.stdout.write(part)
        await context.stdout.drain()


async def say(context: PodContext) -> int:
    """Its arguments on stdout, the last of which is its exit code; a line on stderr."""
    context.stdout.print("out", *context.argv[1:])
    context.stderr.print("err")
    return int(context.argv[-1])


async def tick(context: PodContext) -> None:
    """Goes on for ever."""
    while True:
        context.stdout.print("tick")
        await context.clock.sleep(0.05)


@pytest.fixture
def box(kubectl: Kube) -> Kube:
    """A pod in which commands can be run, of an image that ends when its input does where it is given some."""
    programs = kubectl.cluster.cluster.programs
    programs.register("box", Image(tick, {"cat": cat, "say": say}))
    programs.register("copy", Image(cat, {"cat": cat, "say": say}))
    kubectl("run", "box", "--image=box")
    kubectl("wait", "pod/box", "--for=condition=Ready", "--timeout=60s")
    return kubectl


def run(kube: Kube, variables: dict[str, str], *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run kubectl, with its streams apart and in bytes."""
    environment = {**kube.environment, **variables}
    command = [kube.program.path, *words]
    return subprocess.run(command, input=stdin, capture_output=True, env=environment, timeout=SECONDS_MAX, check=False)


@BOTH
def test_a_command_with_streams_and_exit_code(box: Kube, variables: dict[str, str]) -> None:
    done = run(box, variables, "exec", "box", "--", "say", "a b", "3")
    assert (done.returncode, done.stdout) == (3, b"out a b 3\n")
    assert done.stderr.splitlines() == [b"err", b"command terminated with exit code 3"]
    done = run(box, variables, "exec", "-i", "box", "--", "cat", stdin=b"one\ntwo")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"one\ntwo", b"")
    done = run(box, variables, "exec", "box", "--", "nosuch")
    assert done.returncode == 1
    assert b'exec: "nosuch": executable file not found in $PATH' in done.stderr


@BOTH
def test_fifty_megabytes_come_back_whole(box: Kube, variables: dict[str, str]) -> None:
    sent = os.urandom(1 << 20) * 50
    done = run(box, variables, "exec", "-i", "box", "--", "cat", stdin=sent)
    assert done.returncode == 0, done.stderr
    assert done.stdout == sent


@BOTH
def test_attach(box: Kube, variables: dict[str, str]) -> None:
    with box.follow([box.program.path, "attach", "box"], {**box.environment, **variables}) as lines:
        assert [next(lines) for _ in range(3)] == ["tick"] * 3


@BOTH
def test_run_with_input_and_removal(box: Kube, variables: dict[str, str]) -> None:
    done = run(box, variables, "run", "once", "-i", "--rm", "--restart=Never", "--image=copy", stdin=b"heard\n")
    assert done.returncode == 0, done.stderr
    assert b"heard\n" in done.stdout
    assert b'pod "once" deleted' in done.stdout
    assert "once" not in box("get", "pods", "-o", "name")


def test_run_of_a_command_that_fails(box: Kube) -> None:
    done = run(box, {}, "run", "bad", "-i", "--rm", "--restart=Never", "--image=copy", "--command", "--", "say", "4")
    assert done.returncode == 4, done.stderr
    assert b"out 4" in done.stdout


@BOTH
def test_port_forward(kubia: Kube, variables: dict[str, str]) -> None:
    kubia("create", "service", "clusterip", "public", "--tcp=80:8080")
    kubia("patch", "service", "public", "-p", '{"spec":{"selector":{"app":"kubia"}}}')
    kubia.cluster.settle()
    environment = {**kubia.environment, **variables}
    for what, port in (("pod/kubia-0", "8080"), ("service/public", "80"), ("statefulset/kubia", "http")):
        with kubia.follow([kubia.program.path, "port-forward", what, f":{port}"], environment) as lines:
            found = re.search(r"127.0.0.1:(\d+) -> 8080", next(lines))
            assert found
            url = f"http://127.0.0.1:{found[1]}/"
            for _ in range(3):  # one connection after the other
                with urllib.request.urlopen(url, timeout=SECONDS_MAX) as answer:
                    assert answer.read().startswith(b"You've hit kubia-")
            with urllib.request.urlopen(url, data=b"x" * (1 << 20), timeout=SECONDS_MAX) as answer:
                assert answer.status == 200


@BOTH
def test_port_forward_keeps_half_closed_connections(box: Kube, variables: dict[str, str]) -> None:
    """A client that has said all it has to say still gets the answer, and another connection goes on beside it."""

    async def total(context: PodContext) -> None:
        async def handler(reader, writer) -> None:
            data = await reader.read(-1)
            writer.write(str(len(data)).encode())
            writer.close()

        context.network.listen_streams(9000, handler)
        await context.clock.sleep(3600)

    box.cluster.cluster.programs["total"] = total
    box("run", "total", "--image=total")
    box("wait", "pod/total", "--for=condition=Ready", "--timeout=60s")
    command = [box.program.path, "port-forward", "total", ":9000"]
    with box.follow(command, {**box.environment, **variables}) as lines:
        found = re.search(r"127.0.0.1:(\d+) -> 9000", next(lines))
        assert found
        address = ("127.0.0.1", int(found[1]))
        with socket.create_connection(address, SECONDS_MAX) as one, socket.create_connection(address) as two:
            for connection, size in ((one, 3 << 20), (two, 5)):
                connection.settimeout(SECONDS_MAX)
                connection.sendall(b"x" * size)
            for connection, size in ((two, 5), (one, 3 << 20)):
                connection.shutdown(socket.SHUT_WR)
                assert connection.recv(100) == str(size).encode()
                assert connection.recv(100) == b""


@BOTH
def test_a_port_that_nobody_listens_on(box: Kube, variables: dict[str, str]) -> None:
    command = [box.program.path, "port-forward", "box", ":81"]
    environment = {**box.environment, **variables}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        found = re.search(r"127.0.0.1:(\d+) -> 81", process.stdout.readline())
        assert found
        with socket.create_connection(("127.0.0.1", int(found[1])), SECONDS_MAX) as connection:
            connection.settimeout(SECONDS_MAX)
            assert connection.recv(1) == b""
    finally:
        process.terminate()
        _, said = process.communicate(timeout=SECONDS_MAX)
    assert "connect: connection refused" in said


def test_containers_are_chosen(box: Kube) -> None:
    containers = [{"name": name, "image": "box"} for name in ("a", "b")]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "two"}, "spec": {"containers": containers}}
    box("create", "-f", box.write("two.yaml", pod))
    box("wait", "pod/two", "--for=condition=Ready", "--timeout=60s")
    assert "out 0" in box("exec", "two", "-c", "b", "--", "say", "0")
    assert "Defaulted container" in box("exec", "two", "--", "say", "0")
    assert "container nosuch is not valid for pod two" in box("exec", "two", "-c", "nosuch", "--", "say", "0", code=1)


class Typist:
    """Somebody at a real terminal of 100 columns and 30 rows, in which kubectl runs."""

    def __init__(self, kube: Kube, variables: dict[str, str], *words: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        command = [kube.program.path, *words]
        environment = {**kube.environment, **variables, "TERM": "xterm"}
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        os.close(slave)
        self.screen = b""

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def see(self, text: bytes) -> None:
        """Wait until the screen shows it."""
        while text not in self.screen:
            assert select.select([self._master], [], [], SECONDS_MAX)[0], self.screen
            self.screen += self._read()

    def end(self) -> int:
        """Wait for the end; the exit code."""
        while part := self._read():
            self.screen += part
        os.close(self._master)
        return self.process.wait(SECONDS_MAX)

    def _read(self) -> bytes:
        try:
            return os.read(self._master, 1 << 16)
        except OSError:  # the other end is closed
            return b""


async def ask(context: PodContext) -> int:
    """Asks for a name and greets, telling what it knows of the terminal."""
    terminal = context.terminal
    assert terminal is not None
    context.stdout.write("name? ")
    name = (await context.stdin.read(100)).decode().strip()
    while (
        terminal.columns != 100
    ):  # the client's size is on its way; kubectl first tells one more, to have all drawn anew
        await context.clock.sleep(0.01)
    context.stdout.print(f"hello {name} at {terminal.columns}x{terminal.rows}")
    return 5 if await context.stdin.read(100) == b"" else 6


@BOTH
def test_a_terminal(box: Kube, variables: dict[str, str]) -> None:
    box.cluster.cluster.programs.register("asker", Image(ask, {"ask": ask, "cat": cat}))
    typist = Typist(box, variables, "exec", "-it", "box", "--", "cat")
    typist.type(b"helo\x7flo\r")
    typist.see(b"helo\b \blo\r\n" + b"hello\r\n")
    typist.type(b"\x03")
    assert typist.end() == 130
    assert b"^C\r\n" in typist.screen
    typist = Typist(
        box, variables, "run", "-it", "--rm", "--restart=Never", "--image=asker", "greet", "--pod-running-timeout=30s"
    )
    typist.type(b"you\r")
    typist.see(b"hello you at 100x30\r\n")
    typist.type(b"\x04")
    assert typist.end() == 5
    assert b'pod "greet" deleted' in typist.screen
