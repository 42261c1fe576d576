"""The real kubectl with what runs to an end, at certain times, or on every node."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from minikube_lite.programs.program import PodContext

if TYPE_CHECKING:
    from tests.clients.kubectl.conftest import Kube

DAEMON_SET = """\
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
spec:
  selector:
    matchLabels: {app: agent}
  template:
    metadata:
      labels: {app: agent}
    spec:
      containers:
      - name: main
        image: example/agent:v1
"""


async def succeed(context: PodContext) -> int:
    return 0


async def fail(context: PodContext) -> int:
    return 3


def test_jobs_that_complete_and_fail(kubectl: Kube) -> None:
    kubectl.cluster.cluster.programs["example/work"] = succeed
    kubectl.cluster.cluster.programs["example/broken"] = fail
    assert kubectl("create", "job", "work", "--image=example/work") == "job.batch/work created\n"
    waited = kubectl("wait", "--for=condition=complete", "job/work", "--timeout=30s")
    assert waited == "job.batch/work condition met\n"
    name, status, completions, *_ = kubectl("get", "job", "work", "--no-headers").split()
    assert (name, status, completions) == ("work", "Complete", "1/1")
    described = kubectl("describe", "job", "work")
    assert "/ 1 Succeeded / 0 Failed" in described
    assert "Job completed" in described
    kubectl("create", "job", "broken", "--image=example/broken")
    kubectl("patch", "job", "broken", "-p", '{"spec":{"backoffLimit":0}}')
    kubectl("wait", "--for=condition=failed", "job/broken", "--timeout=30s")
    assert "BackoffLimitExceeded" in kubectl("describe", "job", "broken")
    kubectl("delete", "job", "work")
    kubectl.cluster.settle()
    assert "work" not in kubectl("get", "pods", "--selector=job-name=work", "-o", "name")


def test_cron_jobs(kubectl: Kube) -> None:
    kubectl.cluster.cluster.programs["example/work"] = succeed
    kubectl("create", "cronjob", "tick", "--image=example/work", "--schedule=*/5 * * * *")
    made = kubectl("create", "job", "--from=cronjob/tick", "now")
    assert made == "job.batch/now created\n"
    kubectl("wait", "--for=condition=complete", "job/now", "--timeout=30s")
    kubectl.cluster.advance("11m")
    kubectl.cluster.settle()
    jobs = json.loads(kubectl("get", "jobs", "-o", "json"))["items"]
    scheduled = [job for job in jobs if job["metadata"]["name"].startswith("tick-")]
    assert len(scheduled) in (2, 3)
    assert all(job["status"]["succeeded"] == 1 for job in scheduled)
    described = kubectl("describe", "cronjob", "tick")
    assert "Created job tick-" in described
    assert "Saw completed job: tick-" in described
    kubectl("delete", "cronjob", "tick")
    kubectl.cluster.settle()
    assert "tick-" not in kubectl("get", "jobs", "-o", "name")


def test_the_rollout_of_a_daemon_set(kubectl: Kube) -> None:
    kubectl("apply", "-f", kubectl.write("agent.yaml", DAEMON_SET))
    done = 'daemon set "agent" successfully rolled out\n'
    assert kubectl("rollout", "status", "daemonset/agent", "--timeout=60s").endswith(done)
    assert kubectl("get", "daemonset", "agent", "--no-headers").split()[1:6] == ["3"] * 5
    kubectl("set", "image", "daemonset/agent", "main=example/agent:v2")
    assert kubectl("rollout", "status", "daemonset/agent", "--timeout=60s").endswith(done)
    history = kubectl("rollout", "history", "daemonset/agent").split()
    assert [word for word in history if word.isdigit()] == ["1", "2"]
    kubectl("rollout", "undo", "daemonset/agent")
    kubectl("rollout", "status", "daemonset/agent", "--timeout=60s")
    pods = json.loads(kubectl("get", "pods", "-l", "app=agent", "-o", "json"))["items"]
    assert {pod["spec"]["containers"][0]["image"] for pod in pods} == {"example/agent:v1"}
    assert len({pod["spec"]["nodeName"] for pod in pods}) == 3
    history = kubectl("rollout", "history", "daemonset/agent").split()
    assert [word for word in history if word.isdigit()] == ["2", "3"]
    kubectl("rollout", "restart", "daemonset/agent")
    assert kubectl("rollout", "status", "daemonset/agent", "--timeout=60s").endswith(done)
    kubectl("delete", "daemonset", "agent")
    kubectl.cluster.settle()
    assert kubectl("get", "pods", "-o", "name") == ""
