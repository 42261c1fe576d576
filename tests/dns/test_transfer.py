"""Zone transfers: what they tell, and to whom."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from dnslib import QTYPE, RCODE, DNSRecord

from minikube_lite.dns.transfer import RECORDS_A_MESSAGE
from minikube_lite.testing import RunningCluster

if TYPE_CHECKING:
    from collections.abc import Callable

    from minikube_lite.testing import LoopThread

SERVICES = """\
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: web, namespace: default}, spec: {clusterIP: 10.96.0.20, ports: [{name: http, port: 80}]}}
- {apiVersion: v1, kind: Service, metadata: {name: plain, namespace: default}, spec: {clusterIP: 10.96.0.21, ports: [{port: 81}]}}
- {apiVersion: v1, kind: Service, metadata: {name: out, namespace: default}, spec: {type: ExternalName, externalName: example.com}}
- {apiVersion: v1, kind: Service, metadata: {name: kubia, namespace: default}, spec: {clusterIP: None, ports: [{name: http, port: 80}]}}
- apiVersion: discovery.k8s.io/v1
  kind: EndpointSlice
  metadata: {name: kubia-a, namespace: default, labels: {kubernetes.io/service-name: kubia}}
  addressType: IPv4
  ports: [{name: http, port: 80, protocol: TCP}]
  endpoints:
  - {addresses: [10.244.0.7], hostname: kubia-0, conditions: {ready: true}}
  - {addresses: [10.244.0.8], hostname: kubia-1, conditions: {ready: true}}
  - {addresses: [10.244.0.9], hostname: kubia-2, conditions: {ready: false}}
"""
ZONE = """\
_http._tcp.kubia.default.svc.cluster.local. 30 IN SRV 0 50 80 kubia-0.kubia.default.svc.cluster.local.
_http._tcp.kubia.default.svc.cluster.local. 30 IN SRV 0 50 80 kubia-1.kubia.default.svc.cluster.local.
_http._tcp.web.default.svc.cluster.local. 30 IN SRV 0 100 80 web.default.svc.cluster.local.
_https._tcp.kubernetes.default.svc.cluster.local. 30 IN SRV 0 100 443 kubernetes.default.svc.cluster.local.
kubernetes.default.svc.cluster.local. 30 IN A 10.96.0.1
kubernetes.default.svc.cluster.local. 30 IN SRV 0 100 443 kubernetes.default.svc.cluster.local.
kubia-0.kubia.default.svc.cluster.local. 30 IN A 10.244.0.7
kubia-1.kubia.default.svc.cluster.local. 30 IN A 10.244.0.8
kubia.default.svc.cluster.local. 30 IN A 10.244.0.7
kubia.default.svc.cluster.local. 30 IN A 10.244.0.8
out.default.svc.cluster.local. 30 IN CNAME example.com.
plain.default.svc.cluster.local. 30 IN A 10.96.0.21
plain.default.svc.cluster.local. 30 IN SRV 0 100 81 plain.default.svc.cluster.local.
web.default.svc.cluster.local. 30 IN A 10.96.0.20
web.default.svc.cluster.local. 30 IN SRV 0 100 80 web.default.svc.cluster.local.
"""


def own(lines: list[str]) -> list[str]:
    """What tests made, and the Service of the API; sorted, with blanks in place of tabs."""
    records = [" ".join(line.split()) for line in lines if line and not line.startswith(";")]
    return sorted(line for line in records if ".default.svc." in line.split(" ")[0])


@pytest.fixture
def dig(dig_path: str) -> Callable[..., list[str]]:
    """The real dig; the lines it prints."""

    def run(where: str, *words: str) -> list[str]:
        host, _, port = where.rpartition(":")
        done = subprocess.run(
            [dig_path, f"@{host}", "-p", port, *words], capture_output=True, text=True, timeout=60, check=False
        )
        return done.stdout.splitlines()

    return run


@pytest.fixture
def filled(minikube_lite_loop: LoopThread, kubectl_path: str, request: pytest.FixtureRequest) -> Any:
    """A cluster that hands out its zone, with some Services."""
    with RunningCluster(minikube_lite_loop, nodes=0, dns_transfer=request.param) as cluster:
        words = [kubectl_path, "--kubeconfig", str(cluster.kubeconfig), "apply", "-f", "-"]
        subprocess.run(words, input=SERVICES, text=True, check=True, capture_output=True, timeout=60)
        cluster.settle()
        yield cluster


@pytest.mark.parametrize("filled", [True], indirect=True)
def test_the_whole_zone(filled: RunningCluster, dig: Callable[..., list[str]]) -> None:
    lines = dig(filled.dns, "AXFR", "cluster.local")
    assert own(lines) == ZONE.splitlines()
    records = [line.split() for line in lines if line and not line.startswith(";")]
    assert records[0] == records[-1]
    assert records[0][3] == "SOA"
    [serial] = {record[6] for record in records if record[3] == "SOA"}
    same = [line for line in dig(filled.dns, f"IXFR={serial}", "+noall", "+answer", "cluster.local") if line]
    assert [line.split()[3] for line in same] == ["SOA"]
    assert own(dig(filled.dns, "IXFR=1", "cluster.local")) == ZONE.splitlines()


@pytest.mark.parametrize("filled", [True], indirect=True)
def test_nothing_but_the_zone_and_only_by_tcp(filled: RunningCluster, dig: Callable[..., list[str]]) -> None:
    assert "; Transfer failed." in dig(filled.dns, "AXFR", "example.com")
    host, _, port = filled.dns.rpartition(":")
    by_datagram = DNSRecord.parse(DNSRecord.question("cluster.local", "AXFR").send(host, int(port), timeout=60))
    assert (by_datagram.header.get_rcode(), by_datagram.rr) == (RCODE.REFUSED, [])


@pytest.mark.parametrize("filled", [False], indirect=True)
def test_nobody_has_it_unless_it_is_allowed(filled: RunningCluster, dig: Callable[..., list[str]]) -> None:
    assert "; Transfer failed." in dig(filled.dns, "AXFR", "cluster.local")


async def test_large_zones_take_several_messages(make_feed: Any) -> None:
    feed = make_feed(transfer=True)
    feed.put({"kind": "Namespace", "metadata": {"name": "default"}})
    for number in range(RECORDS_A_MESSAGE):
        spec = {"clusterIP": f"10.96.{number // 250}.{number % 250 + 1}", "ports": []}
        feed.put({"kind": "Service", "metadata": {"name": f"svc-{number}", "namespace": "default"}, "spec": spec})
    replies = await feed.server.replies(bytes(DNSRecord.question("cluster.local", "AXFR").pack()))
    messages = [DNSRecord.parse(one) for one in replies]
    assert len(messages) == 2
    assert sum(record.rtype == QTYPE.A for message in messages for record in message.rr) == RECORDS_A_MESSAGE
