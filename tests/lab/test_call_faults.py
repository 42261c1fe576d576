"""Requests, watches and DNS questions that are broken on purpose, as clients outside see it."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from dnslib import RCODE, DNSRecord

from minikube_lite.machinery.resources import CONFIG_MAPS, FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from minikube_lite.testing import RunningCluster

pytestmark = pytest.mark.minikube_lite(nodes=0, seed=7)

SECONDS_MAX = 60
MAPS = "/api/v1/namespaces/default/configmaps"
BODY = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}}


def client(cluster: RunningCluster, agent: str = "tester/1") -> httpx.Client:
    return httpx.Client(base_url=cluster.server, headers={"User-Agent": agent}, timeout=SECONDS_MAX)


def status(cluster: RunningCluster, name: str) -> Any:
    cluster.settle()
    return cluster.get(FAULTS, "", name)["status"]


@pytest.mark.parametrize(
    ("code", "reason", "message"),
    [
        (
            409,
            "Conflict",
            'Operation cannot be fulfilled on configmaps "one": the object has been modified; please apply',
        ),
        (429, "TooManyRequests", "the server has received too many requests and has asked us to try again later"),
        (500, "InternalError", "Internal error occurred: a fault"),
        (503, "ServiceUnavailable", "the server is currently unable to handle the request"),
        (504, "Timeout", "Timeout: request did not complete within requested timeout - context deadline exceeded"),
        (418, "", "unknown"),
    ],
)
def test_an_error_is_answered_as_kubernetes_would(
    cluster: RunningCluster, code: int, reason: str, message: str
) -> None:
    spec = {"type": "Error", "code": code, "retryAfterSeconds": 3, "verbs": ["get"], "resources": ["configmaps"]}
    with client(cluster) as api, cluster.fault("error", request=spec):
        answer = api.get(f"{MAPS}/one")
        told = answer.json()
        assert (answer.status_code, answer.headers["Retry-After"]) == (code, "3")
        assert (told["kind"], told["code"], told.get("reason", "")) == ("Status", code, reason)
        assert told["message"].startswith(message)
        assert told["details"]["retryAfterSeconds"] == 3
        assert api.get(MAPS).status_code == 200
        assert status(cluster, "error")["lastHit"] == "get configmaps default/one by tester/1"


@pytest.mark.parametrize(
    ("selector", "struck"),
    [
        ({"verbs": ["create"]}, True),
        ({"verbs": ["get", "list"]}, False),
        ({"resources": ["config*"], "apiGroups": [""]}, True),
        ({"apiGroups": ["apps"]}, False),
        ({"namespaces": ["default"]}, True),
        ({"namespaces": ["kube-*"]}, False),
        ({"userAgents": ["tester/*"]}, True),
        ({"userAgents": ["kubectl/*"]}, False),
        ({"users": ["jane"]}, False),
        ({"names": ["one"]}, False),
    ],
)
def test_which_requests_are_meant(cluster: RunningCluster, selector: Any, struck: bool) -> None:
    with client(cluster) as api, cluster.fault(request={"type": "Error", **selector}, may_miss=True):
        assert api.post(MAPS, json=BODY).status_code == (503 if struck else 201)


def test_which_of_them_are_struck(cluster: RunningCluster) -> None:
    spec: Any = {"request": {"type": "Error", "verbs": ["list"]}, "skip": 2, "every": 3, "times": 2}
    with client(cluster) as api, cluster.fault("some", **spec):
        codes = [api.get(MAPS).status_code for _ in range(14)]
    assert [place for place, code in enumerate(codes, 1) if code == 503] == [5, 8]


def test_chance_follows_the_seed(cluster: RunningCluster, minikube_lite_loop: Any) -> None:
    from minikube_lite.testing import RunningCluster

    def run(one: RunningCluster) -> list[int]:
        with client(one) as api, one.fault("maybe", request={"type": "Error", "verbs": ["list"]}, probability=0.5):
            return [api.get(MAPS).status_code for _ in range(40)]

    first = run(cluster)
    with RunningCluster(minikube_lite_loop, nodes=0, seed=7) as again:
        assert run(again) == first
    assert set(first) == {200, 503}


@pytest.mark.minikube_lite(nodes=0, clock="stepped")
def test_a_window_of_time(cluster: RunningCluster) -> None:
    with client(cluster) as api:
        cluster.create(
            FAULTS,
            "",
            {
                "metadata": {"name": "storm"},
                "spec": {"request": {"type": "Error"}, "startSeconds": 60, "durationSeconds": 60},
            },
        )
        codes = [api.get(MAPS).status_code]
        for _ in range(3):
            cluster.advance(50)
            codes.append(api.get(MAPS).status_code)
    assert codes == [200, 200, 503, 200]


def test_the_answer_is_lost_after_the_write(cluster: RunningCluster) -> None:
    spec = {"type": "Disconnect", "verbs": ["create"], "afterTheRequest": True}
    with client(cluster) as api, cluster.fault(request=spec):
        with pytest.raises(httpx.RemoteProtocolError):
            api.post(MAPS, json=BODY)
        assert api.get(f"{MAPS}/one").status_code == 200
    with client(cluster) as api, cluster.fault(request={"type": "Disconnect", "verbs": ["delete"]}):
        with pytest.raises(httpx.RemoteProtocolError):
            api.delete(f"{MAPS}/one")
        assert api.get(f"{MAPS}/one").status_code == 200


def test_one_that_hangs_ends_when_the_client_leaves(cluster: RunningCluster) -> None:
    with client(cluster) as api, cluster.fault(request={"type": "Hang", "verbs": ["list"]}):
        with pytest.raises(httpx.ReadTimeout):
            api.get(MAPS, timeout=0.2)
        cluster.settle()


@pytest.mark.minikube_lite(nodes=0, clock="stepped")
def test_one_that_takes_longer(cluster: RunningCluster) -> None:
    codes: list[int] = []
    spec = {"type": "Delay", "delaySeconds": 30, "verbs": ["list"]}
    with cluster.fault("slow", request=spec), client(cluster) as api:
        asking = threading.Thread(target=lambda: codes.append(api.get(MAPS).status_code))
        asking.start()
        deadline = time.monotonic() + SECONDS_MAX
        while not cluster.get(FAULTS, "", "slow").get("status", {}).get("hits"):
            assert time.monotonic() < deadline
        assert codes == []
        cluster.advance(31)
        asking.join(SECONDS_MAX)
    assert codes == [200]


def test_faults_themselves_can_always_be_reached(cluster: RunningCluster) -> None:
    faults = "/apis/lab.minikube-lite.io/v1alpha1/faults"
    with client(cluster) as api:
        cluster.create(FAULTS, "", {"metadata": {"name": "all"}, "spec": {"request": {"type": "Error"}}})
        cluster.settle()
        assert api.get(MAPS).status_code == 503
        assert api.get("/api/v1").status_code == 200
        assert api.delete(f"{faults}/all").status_code == 200
        cluster.settle()
        assert api.get(MAPS).status_code == 200


# Watches


class Watcher:
    """A watch of config maps from now on, by a plain socket."""

    def __init__(self, cluster: RunningCluster) -> None:
        with client(cluster) as api:
            version = api.get(MAPS).json()["metadata"]["resourceVersion"]
        host, _, port = cluster.server.removeprefix("http://").rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=SECONDS_MAX)
        query = f"watch=true&resourceVersion={version}"
        self._socket.sendall(f"GET {MAPS}?{query} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        self.file = self._socket.makefile("rb")
        while self.file.readline() != b"\r\n":
            pass

    def event(self) -> Any:
        """The next event; None at the end. Raises ConnectionError, ValueError where the stream breaks off."""
        size = int(self.file.readline(), 16)
        block = self.file.read(size + 2)
        return json.loads(block) if size else None

    def close(self) -> None:
        """Leave."""
        self.file.close()
        self._socket.close()


@pytest.fixture
def watcher(cluster: RunningCluster) -> Iterator[Watcher]:
    """A watch that is open."""
    watcher = Watcher(cluster)
    yield watcher
    watcher.close()


def test_a_watch_that_ends(cluster: RunningCluster, watcher: Watcher) -> None:
    with cluster.fault(watch={"type": "End"}):
        assert watcher.event() is None


def test_a_watch_that_is_cut(cluster: RunningCluster, watcher: Watcher) -> None:
    with (
        cluster.fault(watch={"type": "Cut", "resources": ["configmaps"]}),
        pytest.raises((ConnectionError, ValueError)),
    ):
        watcher.event()


def test_a_watch_whose_revision_is_lost(cluster: RunningCluster, watcher: Watcher) -> None:
    with cluster.fault(watch={"type": "Expire"}, times=1):
        event = watcher.event()
        assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")
        assert watcher.event() is None


def test_a_watch_that_is_stale_until_healed(cluster: RunningCluster, watcher: Watcher) -> None:
    with cluster.fault("stale", watch={"type": "Stale"}):
        cluster.create(CONFIG_MAPS, "default", {"metadata": {"name": "late"}})
        deadline = time.monotonic() + SECONDS_MAX
        while not cluster.get(FAULTS, "", "stale").get("status", {}).get("hits"):
            assert time.monotonic() < deadline
    assert watcher.event()["object"]["metadata"]["name"] == "late"


@pytest.mark.minikube_lite(nodes=0, clock="stepped")
def test_a_watch_that_is_told_late(cluster: RunningCluster, watcher: Watcher) -> None:
    with cluster.fault("late", watch={"type": "Late", "delaySeconds": 60}):
        cluster.create(CONFIG_MAPS, "default", {"metadata": {"name": "late"}})
        deadline = time.monotonic() + SECONDS_MAX
        while not cluster.get(FAULTS, "", "late").get("status", {}).get("hits"):
            assert time.monotonic() < deadline
        cluster.advance(61)
        assert watcher.event()["object"]["metadata"]["name"] == "late"


# DNS


def asked(cluster: RunningCluster, name: str, kind: str = "A", *, tcp: bool = False) -> DNSRecord:
    host, _, port = cluster.dns.rpartition(":")
    reply = DNSRecord.question(name, kind).send(host, int(port), tcp=tcp, timeout=SECONDS_MAX)
    return DNSRecord.parse(reply)


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize(
    ("kind", "rcode"), [("ServFail", RCODE.SERVFAIL), ("NxDomain", RCODE.NXDOMAIN), ("Refused", RCODE.REFUSED)]
)
def test_dns_that_fails(cluster: RunningCluster, kind: str, rcode: int, tcp: bool) -> None:
    name = "kubernetes.default.svc.cluster.local"
    spec = {"type": kind, "names": ["*.default.svc.*"], "queryTypes": ["A"]}
    with cluster.fault("dns", dns=spec) as fault:
        assert asked(cluster, name, tcp=tcp).header.get_rcode() == rcode
        assert asked(cluster, name, "SRV", tcp=tcp).header.get_rcode() == RCODE.NOERROR
        assert fault.hits == 1
    assert asked(cluster, name, tcp=tcp).header.get_rcode() == RCODE.NOERROR


def test_dns_that_says_nothing(cluster: RunningCluster) -> None:
    host, _, port = cluster.dns.rpartition(":")
    question = DNSRecord.question("kubernetes.default.svc.cluster.local")
    with cluster.fault(dns={"type": "Silent"}), pytest.raises(TimeoutError):
        question.send(host, int(port), timeout=0.2)


def test_dns_that_is_slow(cluster: RunningCluster) -> None:
    with cluster.fault(dns={"type": "Delay", "delaySeconds": 0.1}):
        for tcp in (False, True):
            begun = time.monotonic()
            assert asked(cluster, "kubernetes.default.svc.cluster.local", tcp=tcp).rr
            assert time.monotonic() - begun >= 0.1


# kubectl


def test_kubectl_tries_again_after_429(cluster: RunningCluster, kubectl_path: str) -> None:
    spec = {
        "type": "Error",
        "code": 429,
        "retryAfterSeconds": 1,
        "resources": ["configmaps"],
        "userAgents": ["kubectl/*"],
    }
    command = [kubectl_path, "--kubeconfig", str(cluster.kubeconfig), "get", "configmaps", "-n", "default"]
    with cluster.fault("busy", request=spec, times=2) as fault:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, check=True)
        assert "kube-root-ca.crt" in done.stdout
        assert fault.hits == 2


def test_kubectl_says_what_it_was_told(cluster: RunningCluster, kubectl_path: str) -> None:
    command = [kubectl_path, "--kubeconfig", str(cluster.kubeconfig), "get", "configmaps"]
    with cluster.fault(request={"type": "Error", "code": 403, "resources": ["configmaps"], "message": "not today"}):
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    assert (done.returncode, done.stderr) == (1, "Error from server (Forbidden): not today\n")
