"""The official Python client: logs, exec and port-forward, over its WebSockets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.machinery.resources import PODS
from minikube_lite.programs.image import Image

if TYPE_CHECKING:
    from minikube_lite.programs.program import PodContext
    from minikube_lite.testing import RunningCluster


# The client leaves the sockets of its WebSockets to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


async def say(context: PodContext) -> int:
    """Its arguments, what it hears, and its exit code."""
    context.stdout.print("args", *context.argv[1:])
    context.stderr.print("heard", (await context.stdin.read(100)).decode().strip())
    return int(context.argv[-1])


@pytest.fixture
def pod(cluster: RunningCluster) -> str:
    """A pod of which a web server runs, and a command can."""
    kubia = cluster.cluster.programs.find("luksa/kubia-pet")
    image = Image(kubia.program, {"say": say}, entrypoint=kubia.entrypoint)
    cluster.cluster.programs.register("web", image)
    spec = {"containers": [{"name": "web", "image": "web"}]}
    cluster.create(PODS, "default", {"metadata": {"name": "web"}, "spec": spec})
    cluster.settle()
    return "web"


def test_exec(api_client: Any, pod: str) -> None:
    from kubernetes import client
    from kubernetes.stream import stream

    api = client.CoreV1Api(api_client)
    assert "Listening on port 8080" in api.read_namespaced_pod_log(pod, "default")
    answer = stream(
        api.connect_get_namespaced_pod_exec,
        pod,
        "default",
        command=["say", "a b", "3"],
        stdin=True,
        stdout=True,
        stderr=True,
        _preload_content=False,
    )
    answer.write_stdin("hello\n")
    answer.run_forever(timeout=30)
    assert answer.read_stdout() == "args a b 3\n"
    assert answer.read_stderr() == "heard hello\n"
    assert answer.returncode == 3
    answer.close()
    whole = stream(api.connect_get_namespaced_pod_exec, pod, "default", command=["say", "0"], stdout=True)
    assert whole == "args 0\n"


def test_port_forward(api_client: Any, pod: str) -> None:
    from kubernetes import client
    from kubernetes.stream import portforward

    api = client.CoreV1Api(api_client)
    forward = portforward(api.connect_get_namespaced_pod_portforward, pod, "default", ports="8080")
    socket = forward.socket(8080)
    socket.setblocking(True)
    socket.sendall(b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
    answer = b""
    while part := socket.recv(1000):
        answer += part
    socket.close()
    assert b"You've hit web" in answer
    assert forward.error(8080) is None


def test_proxy(api_client: Any, pod: str) -> None:
    from kubernetes import client

    api = client.CoreV1Api(api_client)
    answer = api.connect_get_namespaced_pod_proxy_with_path(f"{pod}:8080", "default", "")
    assert str(answer).startswith("You've hit web")
