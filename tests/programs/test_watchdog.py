"""A program that keeps the event loop to itself is named and interrupted, and everything else goes on."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.machinery.resources import PODS

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

pytestmark = pytest.mark.minikube_lite(nodes=1, clock="stepped", seed=1)


async def spinning(context: Any) -> None:
    while True:
        try:
            sum(range(100_000))
        except Exception:
            continue


async def brief(context: Any) -> None:
    for _ in range(40):
        sum(range(40_000))


async def asking_application(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/spin":
        while True:
            sum(range(100_000))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})


def run(cluster: RunningCluster, image: str) -> None:
    spec = {"restartPolicy": "Never", "containers": [{"name": "main", "image": image}]}
    cluster.create(PODS, "default", {"metadata": {"name": image}, "spec": spec})
    cluster.settle()


def get(cluster: RunningCluster, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"{cluster.server}/api/v1/namespaces/default/pods/{path}", timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_program_that_spins_is_killed(cluster: RunningCluster, caplog: pytest.LogCaptureFixture) -> None:
    cluster.programs["spinning"] = spinning
    with caplog.at_level(logging.WARNING):
        run(cluster, "spinning")
    [status] = cluster.get(PODS, "default", "spinning")["status"]["containerStatuses"]
    assert status["state"]["terminated"]["exitCode"] == 137
    assert b"killed: it kept the event loop to itself" in get(cluster, "spinning/log")[1]
    [record] = [one for one in caplog.records if "keeps everybody waiting" in one.message]
    assert "container main of pod default/spinning on node-1 (image spinning)" in record.message
    assert f"{__file__}:" in record.message


def test_a_request_that_spins_gets_an_error(cluster: RunningCluster) -> None:
    cluster.programs["web"] = asking_application
    run(cluster, "web")
    assert get(cluster, "web:8080/proxy/spin") == (500, b"Internal Server Error")
    assert get(cluster, "web:8080/proxy/") == (200, b"fine"), "the program goes on"


def test_a_sleep_that_blocks_the_main_thread_is_interrupted(tmp_path: Path) -> None:
    """As in the command: what waits in the system is reached too."""
    script = tmp_path / "serve.py"
    script.write_text(
        textwrap.dedent("""
            import argparse, asyncio, sys, time
            from minikube_lite.cluster import Cluster
            from minikube_lite.machinery.resources import PODS

            async def sleeper(context):
                time.sleep(600)

            async def main():
                async with Cluster(nodes=1, clock="stepped", serve_api=False, serve_dns=False) as cluster:
                    cluster.programs["sleeper"] = sleeper
                    spec = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "sleeper"}]}
                    await cluster.client.create(PODS, "default", {"metadata": {"name": "a"}, "spec": spec})
                    await cluster.settle()
                    [one] = (await cluster.client.get(PODS, "default", "a"))["status"]["containerStatuses"]
                    print(one["state"]["terminated"]["exitCode"])

            asyncio.run(main())
        """)
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "137\n"), done.stderr
    assert "keeps everybody waiting" in done.stderr


def test_many_that_are_quick_are_nobodys_fault(cluster: RunningCluster, caplog: pytest.LogCaptureFixture) -> None:
    """The loop answers nobody for more than a second, since each of forty programs takes a little of it."""
    cluster.programs["brief"] = brief
    spec = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "brief"}]}

    async def create() -> None:
        for number in range(40):
            await cluster.cluster.client.create(PODS, "default", {"metadata": {"name": f"pod-{number}"}, "spec": spec})

    cluster.call(create())
    cluster.settle()
    assert {pod["status"]["phase"] for pod in cluster.list(PODS, "default")} == {"Succeeded"}
    assert "keeps everybody waiting" not in caplog.text
