"""Logs and proxies as people ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from minikube_lite.programs.program import PodContext
    from tests.clients.kubectl.conftest import Kube


@pytest.fixture
def talkers(kubectl: Kube) -> Kube:
    """Two pods of two containers each, which say who they are and go on."""

    async def talk(context: PodContext) -> int:
        for number in range(1, 4):
            context.stdout.print(f"{context.container} {number}")
        if context.container == "brief":
            return 3
        await context.clock.sleep(3600)
        return 0

    kubectl.cluster.cluster.programs["talk"] = talk
    for name in ("one", "two"):
        containers = [{"name": part, "image": "talk"} for part in (f"{name}-a", f"{name}-b")]
        metadata = {"name": name, "labels": {"app": "talk"}}
        kubectl.write(
            f"{name}.yaml",
            {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers}},
        )
    kubectl("create", "-f", ".")
    kubectl("wait", "pod", "--all", "--for=condition=Ready", "--timeout=60s")
    return kubectl


def test_which_lines(talkers: Kube) -> None:
    assert talkers("logs", "one", "-c", "one-a") == "one-a 1\none-a 2\none-a 3\n"
    assert talkers("logs", "one", "-c", "one-b", "--tail=1") == "one-b 3\n"
    assert talkers("logs", "one", "-c", "one-a", "--limit-bytes=5") == "one-a"
    assert talkers("logs", "one", "-c", "one-a", "--since=1h") == "one-a 1\none-a 2\none-a 3\n"
    assert talkers("logs", "one", "-c", "one-a", "--since-time=2999-01-01T00:00:00Z") == ""
    stamped = talkers("logs", "one", "-c", "one-a", "--timestamps", "--tail=1")
    stamp, _, rest = stamped.partition(" ")
    assert (len(stamp), stamp[-1], rest) == (30, "Z", "one-a 3\n")


def test_which_containers(talkers: Kube) -> None:
    assert "one-a 1\n" in talkers("logs", "one")  # kubectl takes the first one, and says so
    everything = talkers("logs", "one", "--all-containers").splitlines()  # kubectl's containers are in no order
    assert sorted(everything) == [f"one-{part} {number}" for part in "ab" for number in (1, 2, 3)]
    prefixed = talkers("logs", "-l", "app=talk", "--all-containers", "--prefix", "--tail=1")
    assert sorted(prefixed.splitlines()) == [
        f"[pod/{name}/{name}-{part}] {name}-{part} 3" for name in ("one", "two") for part in "ab"
    ]
    refused = talkers("logs", "one", "-c", "nosuch", code=1)
    assert "container nosuch is not valid for pod one" in refused


def test_following_and_the_run_before(talkers: Kube) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "brief"},
        "spec": {"containers": [{"name": "brief", "image": "talk"}]},
    }
    talkers("create", "-f", talkers.write("brief.yaml", pod))
    talkers.cluster.settle()
    talkers("wait", "pod/brief", "--for=jsonpath={.status.containerStatuses[0].restartCount}=1", "--timeout=60s")
    assert talkers("logs", "brief", "--previous", "--tail=1") == "brief 3\n"
    assert talkers("logs", "-f", "brief", "--tail=2") == "brief 2\nbrief 3\n"  # ends, for the run has ended
    assert 'previous terminated container "one-a" in pod "one" not found' in talkers(
        "logs", "one", "-c", "one-a", "-p", code=1
    )
    with talkers.running("logs", "-f", "one", "-c", "one-b") as lines:
        assert [next(lines) for _ in range(3)] == ["one-b 1", "one-b 2", "one-b 3"]


def test_a_node_that_is_cut_off(talkers: Kube) -> None:
    node = talkers("get", "pod", "one", "-o", "jsonpath={.spec.nodeName}")
    network = talkers.cluster.cluster.network

    async def cut(isolated: bool) -> None:
        (network.isolate if isolated else network.rejoin)(node)

    talkers.cluster.call(cut(True))
    try:
        said = talkers("logs", "one", "-c", "one-a", code=1)
    finally:
        talkers.cluster.call(cut(False))
    assert said.startswith('Error from server: Get "https://172.18.0.')
    assert said.rstrip().endswith("connect: no route to host")
    assert talkers("logs", "one", "-c", "one-a", "--tail=1") == "one-a 3\n"


def test_the_proxy_of_kubectl(kubia: Kube) -> None:
    """Step 6 and step 8 of the lesson, by what kubectl itself can ask."""
    pod = f"/api/v1/namespaces/{kubia.namespace}/pods/kubia-0/proxy"
    assert kubia("get", "--raw", f"{pod}/") == "You've hit kubia-0\nData stored on this pod: No data posted yet\n"
    assert kubia("create", "--raw", f"{pod}/", "-f", "-", stdin="kept") == "Data stored on pod kubia-0\n"
    assert kubia("get", "--raw", pod).splitlines()[1] == "Data stored on this pod: kept"
    kubia("create", "service", "clusterip", "public", "--tcp=80:8080")
    kubia("patch", "service", "public", "-p", '{"spec":{"selector":{"app":"kubia"}}}')
    kubia.cluster.settle()
    service = f"/api/v1/namespaces/{kubia.namespace}/services/public:80/proxy/"
    hit = {kubia("get", "--raw", service).splitlines()[0] for _ in range(12)}
    assert hit == {"You've hit kubia-0", "You've hit kubia-1"}
    refused = kubia("get", "--raw", pod.replace("kubia-0", "kubia-0:99"), code=1)
    assert "error trying to reach service: dial tcp" in refused
    assert refused.startswith("Error from server (ServiceUnavailable)")
