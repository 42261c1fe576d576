"""Answers as zone-file text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]

SOA = ";authority cluster.local. 30 SOA ns.dns.cluster.local. hostmaster.cluster.local. SERIAL 7200 1800 86400 30"
NODATA = f"NOERROR\n{SOA}"
NXDOMAIN = f"NXDOMAIN\n{SOA}"

CLUSTER = """
apiVersion: v1
kind: Namespace
metadata: {name: default}
---
apiVersion: v1
kind: Namespace
metadata: {name: other}
---
apiVersion: v1
kind: Service
metadata: {name: dual, namespace: default}
spec: {clusterIP: 10.96.0.9, clusterIPs: [10.96.0.9, "fd00:96::9"], ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: portless, namespace: default}
spec: {clusterIP: 10.96.0.11, clusterIPs: [10.96.0.11]}
---
apiVersion: v1
kind: Service
metadata: {name: kubia, namespace: default}
spec: {clusterIP: None, clusterIPs: [None], ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kubia-b, namespace: default, labels: {kubernetes.io/service-name: kubia}}
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}]
endpoints:
- {addresses: [10.9.1.3], hostname: kubia-2}
- {addresses: [10.9.1.1], hostname: kubia-0}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kubia-a, namespace: default, labels: {kubernetes.io/service-name: kubia}}
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}]
endpoints:
- {addresses: [10.9.1.1], hostname: kubia-0, conditions: {}}
- {addresses: [10.9.1.2], hostname: kubia-1, conditions: {ready: false, serving: true, terminating: true}}
- {addresses: [10.9.1.4], hostname: kubia-3, conditions: {ready: true, serving: false, terminating: true}}
- {addresses: [10.9.1.5], hostname: kubia-4, conditions: {ready: null}}
---
apiVersion: v1
kind: Service
metadata: {name: nameless, namespace: default}
spec: {clusterIP: None, ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: nameless-1, namespace: default, labels: {kubernetes.io/service-name: nameless}}
addressType: IPv6
ports: [{name: null, port: null, protocol: TCP}, {name: "", port: 80, protocol: TCP}]
endpoints: [{addresses: ["fd00:9::"]}, {addresses: ["fd00:9::1"]}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: orphan, namespace: other, labels: {app: orphan}}
addressType: IPv4
ports: []
endpoints: [{addresses: [10.9.8.1]}]
---
apiVersion: v1
kind: Service
metadata: {name: outside, namespace: default}
spec: {type: ExternalName, externalName: Example.com}
---
apiVersion: v1
kind: Service
metadata: {name: address, namespace: default}
spec: {type: ExternalName, externalName: 192.0.2.1}
---
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: default}
spec: {type: ExternalName, externalName: alias2.other.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: alias2, namespace: other}
spec: {type: ExternalName, externalName: dual.default.svc.Cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: dangling, namespace: default}
spec: {type: ExternalName, externalName: nope.default.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: self, namespace: default}
spec: {type: ExternalName, externalName: self.default.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: ping, namespace: default}
spec: {type: ExternalName, externalName: pong.default.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: pong, namespace: default}
spec: {type: ExternalName, externalName: ping.default.svc.cluster.local}
---
apiVersion: v1
kind: Pod
metadata: {name: there, namespace: default}
status: {phase: Running, podIP: 10.9.7.1}
---
apiVersion: v1
kind: Pod
metadata: {name: done, namespace: default}
status: {phase: Succeeded, podIP: 10.9.7.2}
"""

CASES = {
    "dual.default.svc.cluster.local A": "NOERROR\ndual.default.svc.cluster.local. 30 A 10.96.0.9",
    "dual.default.svc.cluster.local AAAA": "NOERROR\ndual.default.svc.cluster.local. 30 AAAA fd00:96::9",
    # Two addresses make two records of weight 50, which are one SRV line.
    "dual.default.svc.cluster.local SRV": """NOERROR
dual.default.svc.cluster.local. 30 SRV 0 50 80 dual.default.svc.cluster.local.
;additional dual.default.svc.cluster.local. 30 A 10.96.0.9
;additional dual.default.svc.cluster.local. 30 AAAA fd00:96::9""",
    "_HTTP._tcp.DUAL.default.svc.Cluster.local SRV": """NOERROR
_HTTP._tcp.DUAL.default.svc.Cluster.local. 30 SRV 0 50 80 dual.default.svc.Cluster.local.
;additional dual.default.svc.Cluster.local. 30 A 10.96.0.9
;additional dual.default.svc.Cluster.local. 30 AAAA fd00:96::9""",
    "portless.default.svc.cluster.local A": "NOERROR\nportless.default.svc.cluster.local. 30 A 10.96.0.11",
    "portless.default.svc.cluster.local SRV": NODATA,
    # Slices of one service are one set; ready decides, not serving or terminating; two of one address answer once.
    "kubia.default.svc.cluster.local A": """NOERROR
kubia.default.svc.cluster.local. 30 A 10.9.1.1
kubia.default.svc.cluster.local. 30 A 10.9.1.3
kubia.default.svc.cluster.local. 30 A 10.9.1.4
kubia.default.svc.cluster.local. 30 A 10.9.1.5""",
    # Five places share the weight, four lines are left.
    "kubia.default.svc.cluster.local SRV": """NOERROR
kubia.default.svc.cluster.local. 30 SRV 0 20 8080 kubia-0.kubia.default.svc.cluster.local.
kubia.default.svc.cluster.local. 30 SRV 0 20 8080 kubia-2.kubia.default.svc.cluster.local.
kubia.default.svc.cluster.local. 30 SRV 0 20 8080 kubia-3.kubia.default.svc.cluster.local.
kubia.default.svc.cluster.local. 30 SRV 0 20 8080 kubia-4.kubia.default.svc.cluster.local.
;additional kubia-0.kubia.default.svc.cluster.local. 30 A 10.9.1.1
;additional kubia-2.kubia.default.svc.cluster.local. 30 A 10.9.1.3
;additional kubia-3.kubia.default.svc.cluster.local. 30 A 10.9.1.4
;additional kubia-4.kubia.default.svc.cluster.local. 30 A 10.9.1.5""",
    "kubia-1.kubia.default.svc.cluster.local A": NXDOMAIN,
    "KUBIA-0.kubia.default.svc.cluster.local A": "NOERROR\nKUBIA-0.kubia.default.svc.cluster.local. 30 A 10.9.1.1",
    "fd00-9--0.nameless.default.svc.cluster.local AAAA": """NOERROR
fd00-9--0.nameless.default.svc.cluster.local. 30 AAAA fd00:9::""",
    # A port without a number answers for addresses alone, but has its share of the weight.
    "nameless.default.svc.cluster.local SRV": """NOERROR
nameless.default.svc.cluster.local. 30 SRV 0 25 80 fd00-9--0.nameless.default.svc.cluster.local.
nameless.default.svc.cluster.local. 30 SRV 0 25 80 fd00-9--1.nameless.default.svc.cluster.local.
;additional fd00-9--0.nameless.default.svc.cluster.local. 30 AAAA fd00:9::
;additional fd00-9--1.nameless.default.svc.cluster.local. 30 AAAA fd00:9::1""",
    "_http._tcp.nameless.default.svc.cluster.local SRV": NXDOMAIN,
    # ExternalName
    "outside.default.svc.cluster.local CNAME": "NOERROR\noutside.default.svc.cluster.local. 30 CNAME Example.com.",
    "outside.default.svc.cluster.local A": "NOERROR\noutside.default.svc.cluster.local. 30 CNAME Example.com.",
    "outside.default.svc.cluster.local SRV": NODATA,
    "outside.default.svc.cluster.local TXT": NODATA,
    "_http._tcp.outside.default.svc.cluster.local A": NXDOMAIN,
    "x.outside.default.svc.cluster.local A": NXDOMAIN,
    "address.default.svc.cluster.local A": NXDOMAIN,
    "alias.default.svc.cluster.local A": """NOERROR
alias.default.svc.cluster.local. 30 CNAME alias2.other.svc.cluster.local.
alias2.other.svc.cluster.local. 30 CNAME dual.default.svc.Cluster.local.
dual.default.svc.Cluster.local. 30 A 10.96.0.9""",
    "alias.default.svc.cluster.local AAAA": """NOERROR
alias.default.svc.cluster.local. 30 CNAME alias2.other.svc.cluster.local.
alias2.other.svc.cluster.local. 30 CNAME dual.default.svc.Cluster.local.
dual.default.svc.Cluster.local. 30 AAAA fd00:96::9""",
    "alias.default.svc.cluster.local CNAME": """NOERROR
alias.default.svc.cluster.local. 30 CNAME alias2.other.svc.cluster.local.""",
    "dangling.default.svc.cluster.local A": NODATA,
    "self.default.svc.cluster.local A": NODATA,
    "ping.default.svc.cluster.local A": NODATA,
    # Names that exist without records, and names that do not
    "cluster.local AAAA": NODATA,
    "svc.cluster.local SRV": NODATA,
    "svc.cluster.local TXT": NXDOMAIN,
    "default.svc.cluster.local TXT": NXDOMAIN,
    "default.svc.cluster.local 15": NODATA,
    "nope.svc.cluster.local 15": NXDOMAIN,
    "nope.default.svc.cluster.local SOA": NODATA,
    "dual.default.svc.cluster.local PTR": NODATA,
    "nope.default.svc.cluster.local PTR": NXDOMAIN,
    "dual.default.svc.cluster.local 255": NODATA,
    "dual.default.svc.cluster.local 65400": NODATA,
    "Cluster.Local SOA": """NOERROR
Cluster.Local. 30 SOA ns.dns.Cluster.Local. hostmaster.Cluster.Local. SERIAL 7200 1800 86400 30""",
    "dns-version.cluster.local TXT": 'NOERROR\ndns-version.cluster.local. 28800 TXT "1.1.0"',
    "dual.default.svc.cluster.local AXFR": "REFUSED",
    "cluster.local IXFR": "REFUSED",
    "example.com A": "REFUSED",
    "local A": "REFUSED",
    "mycluster.local A": "REFUSED",
    ". 2": "REFUSED",
    # Reverse
    "9.0.96.10.in-addr.arpa PTR": "NOERROR\n9.0.96.10.in-addr.arpa. 30 PTR dual.default.svc.cluster.local.",
    "9.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.0.D.F.ip6.arpa PTR": """NOERROR
9.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.0.D.F.ip6.arpa. 30 PTR dual.default.svc.cluster.local.""",
    "1.1.9.10.In-Addr.Arpa PTR": """NOERROR
1.1.9.10.In-Addr.Arpa. 30 PTR kubia-0.kubia.default.svc.cluster.local.""",
    "in-addr.arpa PTR": """NOERROR
;authority in-addr.arpa. 30 SOA ns.dns.in-addr.arpa. hostmaster.in-addr.arpa. SERIAL 7200 1800 86400 30""",
    "1.in-addr.arpa PTR": """NXDOMAIN
;authority in-addr.arpa. 30 SOA ns.dns.in-addr.arpa. hostmaster.in-addr.arpa. SERIAL 7200 1800 86400 30""",
    "1.8.9.10.in-addr.arpa PTR": """NXDOMAIN
;authority in-addr.arpa. 30 SOA ns.dns.in-addr.arpa. hostmaster.in-addr.arpa. SERIAL 7200 1800 86400 30""",
    "dual.default.svc.in-addr.arpa A": """NXDOMAIN
;authority in-addr.arpa. 30 SOA ns.dns.in-addr.arpa. hostmaster.in-addr.arpa. SERIAL 7200 1800 86400 30""",
    # Pods
    "10-9-7-1.default.pod.cluster.local A": "NOERROR\n10-9-7-1.default.pod.cluster.local. 30 A 10.9.7.1",
    "5678-abcd--1.default.pod.cluster.local AAAA": """NOERROR
5678-abcd--1.default.pod.cluster.local. 30 AAAA 5678:abcd::1""",
    "10-9-7-1.default.pod.cluster.local SRV": """NOERROR
10-9-7-1.default.pod.cluster.local. 30 SRV 0 100 0 10-9-7-1.default.pod.cluster.local.
;additional 10-9-7-1.default.pod.cluster.local. 30 A 10.9.7.1""",
    "10-9-7-1.nope.pod.cluster.local A": NXDOMAIN,
    "there.default.pod.cluster.local A": NXDOMAIN,
}


@pytest.mark.parametrize("question", CASES)
def test_answers(question: str, make_feed: Make) -> None:
    assert make_feed(CLUSTER).lookup(question) == CASES[question]


def test_aliases_come_before_what_they_lead_to(make_feed: Make) -> None:
    records = make_feed(CLUSTER).server.resolve("alias.default.svc.cluster.local", 1).answer
    assert [record.type for record in records] == [5, 5, 1]


@pytest.mark.parametrize(("length", "found"), [(11, True), (12, False)])
def test_a_chain_of_aliases_has_an_end(length: int, found: bool, make_feed: Make) -> None:
    feed = make_feed(CLUSTER)
    for number in range(1, length + 1):
        target = "dual" if number == 1 else f"link{number - 1}"
        spec = {"type": "ExternalName", "externalName": f"{target}.default.svc.cluster.local"}
        feed.put({"kind": "Service", "metadata": {"namespace": "default", "name": f"link{number}"}, "spec": spec})
    answer = feed.server.resolve(f"link{length}.default.svc.cluster.local", 1)
    assert len(answer.answer) == (length + 1 if found else 0)


@pytest.mark.parametrize(
    ("mode", "known", "unknown", "finished"),
    [
        ("insecure", "NOERROR", "NOERROR", "NOERROR"),
        ("verified", "NOERROR", "NXDOMAIN", "NXDOMAIN"),
        ("disabled", "NXDOMAIN", "NXDOMAIN", "NXDOMAIN"),
    ],
)
def test_pods_modes(mode: str, known: str, unknown: str, finished: str, make_feed: Make) -> None:
    feed = make_feed(CLUSTER, pods=mode)
    for address, rcode in (("10-9-7-1", known), ("10-9-7-9", unknown), ("10-9-7-2", finished)):
        assert feed.lookup(f"{address}.default.pod.cluster.local A").splitlines()[0] == rcode
    assert feed.lookup("10-9-7-1.other.pod.cluster.local A").startswith("NOERROR" if mode == "insecure" else "NXDOMAIN")
    assert feed.lookup("default.pod.cluster.local A") == (NXDOMAIN if mode == "disabled" else NODATA)


def test_ttl(make_feed: Make) -> None:
    feed = make_feed(CLUSTER, ttl=600)
    assert feed.lookup("dual.default.svc.cluster.local A").endswith("600 A 10.96.0.9")
    authority = "ns.dns.cluster.local. hostmaster.cluster.local. SERIAL 7200 1800 86400 600"
    assert feed.lookup("cluster.local A") == f"NOERROR\n;authority cluster.local. 300 SOA {authority}"


def test_zone(make_feed: Make) -> None:
    feed = make_feed(CLUSTER, zone="Kube.Example.")
    name = "dual.default.svc.kube.example"
    assert feed.lookup(f"{name} A") == f"NOERROR\n{name}. 30 A 10.96.0.9"
    assert feed.lookup("dual.default.svc.cluster.local A") == "REFUSED"
    assert feed.lookup("9.0.96.10.in-addr.arpa PTR").endswith("PTR dual.default.svc.Kube.Example.")


@pytest.mark.parametrize("wrong", [{"ttl": -1}, {"ttl": 3601}, {"pods": "all"}, {"zone": ""}, {"zone": "a..b"}])
def test_wrong_options(wrong: dict[str, Any], make_feed: Make) -> None:
    with pytest.raises(ValueError, match="the DNS "):
        make_feed(**wrong)
