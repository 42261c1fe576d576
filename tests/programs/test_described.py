"""Programs that a file describes, as somebody without Python meets them: by HTTP, in the log, and in the pod's status."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.machinery.resources import PODS
from minikube_lite.programs.described import ProgramFileError, load_programs

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

FILE = """
images:
  my/app:
    log: ["listening as $POD in $NAMESPACE", "$UNKNOWN costs $$5"]
    answers:
      - {path: /healthz, body: ok}
      - {path: /items/*, method: post, status: 201, headers: {Content-Type: application/json, X-Node: $NODE},
         body: '{"by": "$GREETING", "at": "$REQUEST", "sent": "$BODY", "nth": $COUNT}'}
      - {path: /slow, status: 503, delay: 2s, body: late}
    files: {/etc/motd: "hello\\n"}
  my/job: {log: [working], exitAfter: 10s, exitCode: 3}
  my/fragile: {crashEvery: 3, port: 80, answers: [{body: fine}]}
  my/chatty: {startAfter: 5s, repeat: {every: 1m, lines: [tick]}, log: [begin]}
  "*": {answers: [{status: 418}]}
"""
Start = Callable[..., "RunningCluster"]


@pytest.fixture
def cluster(make_cluster: Start, tmp_path: Path) -> RunningCluster:
    file = tmp_path / "programs.yaml"
    file.write_text(FILE)
    return make_cluster(nodes=1, clock="stepped", seed=1, programs=(file,))


def run(cluster: RunningCluster, image: str, **container: Any) -> None:
    spec = {"containers": [{"name": "main", "image": image, **container}]}
    cluster.create(PODS, "default", {"metadata": {"name": "pod"}, "spec": spec})
    cluster.settle()


def ask(cluster: RunningCluster, path: str, data: bytes | None = None, port: int = 8080) -> tuple[int, str, Any]:
    url = f"{cluster.server}/api/v1/namespaces/default/pods/pod:{port}/proxy{path}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data), timeout=20) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


def log(cluster: RunningCluster) -> list[str]:
    url = f"{cluster.server}/api/v1/namespaces/default/pods/pod/log"
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read().decode().splitlines()


def container(cluster: RunningCluster) -> Any:
    return cluster.get(PODS, "default", "pod")["status"]["containerStatuses"][0]


def test_answers_by_path(cluster: RunningCluster) -> None:
    run(cluster, "my/app:1.0", env=[{"name": "GREETING", "value": "hi"}], command=["/server"])
    assert log(cluster) == ["listening as pod in default", "$UNKNOWN costs $5"]
    assert ask(cluster, "/healthz")[:2] == (200, "ok")
    status, body, headers = ask(cluster, "/items/7", b"seven")
    assert (status, body) == (201, '{"by": "hi", "at": "/items/7", "sent": "seven", "nth": 2}')
    assert (headers["Content-Type"], headers["X-Node"]) == ("application/json", "node-1")
    assert ask(cluster, "/items/7")[:2] == (404, "not found\n")


def test_an_end_after_a_while(cluster: RunningCluster) -> None:
    run(cluster, "my/job")
    cluster.advance(9)
    assert "running" in container(cluster)["state"]
    cluster.advance(1)
    assert container(cluster)["lastState"]["terminated"]["exitCode"] == 3
    assert log(cluster) == ["working"]


def test_a_crash_after_so_many_requests(cluster: RunningCluster) -> None:
    run(cluster, "my/fragile")
    for _ in range(2):
        assert ask(cluster, "/", port=80)[:2] == (200, "fine")
    assert ask(cluster, "/", port=80)[0] == 503
    cluster.settle()
    status = container(cluster)
    assert (status["restartCount"], status["lastState"]["terminated"]["exitCode"]) == (1, 1)
    assert ask(cluster, "/", port=80)[:2] == (200, "fine"), "it counts anew"


def test_lines_again_and_again_after_a_late_start(cluster: RunningCluster) -> None:
    run(cluster, "my/chatty")
    cluster.advance("4s")
    assert log(cluster) == []
    cluster.advance("2m2s")
    assert log(cluster) == ["begin", "tick", "tick"]


def test_what_is_not_known_otherwise(cluster: RunningCluster) -> None:
    run(cluster, "quay.io/somebody/something:v3")
    assert ask(cluster, "/")[0] == 418


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("images: [", "it is not YAML:"),
        (
            "images: {a: {answers: [{status: 99}]}}",
            "images.a.answers[0].status: Input should be greater than or equal to 200",
        ),
        ("images: {a: {answer: []}}", "images.a.answer: Extra inputs are not permitted"),
        ("images: {a: {exitAfter: soon}}", "images.a.exitAfter:"),
        ("- a", "the whole: "),
    ],
)
def test_a_file_that_cannot_be_used_ends_the_start(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "programs.yaml"
    file.write_text(text)
    with pytest.raises(ProgramFileError) as refused:
        load_programs(file)
    assert str(refused.value).startswith(f"{file}: {said}")


def test_the_command_names_the_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "minikube_lite", "start", "--programs", str(tmp_path / "none.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"minikube-lite: {tmp_path}/none.yaml: No such file or directory\n"


def test_the_example(make_cluster: Start, root: Path, kubectl_path: str) -> None:
    example = root / "examples" / "programs"
    cluster = make_cluster(nodes=2, clock="stepped", seed=1, programs=(example / "programs.yaml",))
    command = [kubectl_path, "--kubeconfig", str(cluster.kubeconfig), "apply", "-f", str(example / "shop.yaml")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    cluster.advance("5m30s")
    url = f"{cluster.server}/api/v1/namespaces/default/services/front/proxy/orders"
    with urllib.request.urlopen(urllib.request.Request(url, b"{}"), timeout=20) as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (201, "application/json")
    phases = sorted((pod["metadata"]["name"][:5], pod["status"]["phase"]) for pod in cluster.list(PODS, "default"))
    assert phases == [("front", "Running"), ("front", "Running"), ("repor", "Succeeded")]
