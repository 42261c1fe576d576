"""The zone's own records: its name servers and its SOA record, as zone-file text."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

Make = Callable[..., Any]


def soa(zone: str) -> str:
    return f"{zone} 30 SOA ns.dns.{zone} hostmaster.{zone} SERIAL 7200 1800 86400 30"


NODATA = f"NOERROR\n;authority {soa('cluster.local.')}"
NXDOMAIN = f"NXDOMAIN\n;authority {soa('cluster.local.')}"

KUBE_DNS = """
apiVersion: v1
kind: Namespace
metadata: {name: kube-system}
---
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec: {clusterIP: 10.96.0.10, ports: [{name: dns, port: 53, protocol: UDP}]}
---
apiVersion: v1
kind: Service
metadata: {name: names, namespace: kube-system}
spec: {clusterIP: None, ports: [{name: dns, port: 53, protocol: UDP}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: names-1, namespace: kube-system, labels: {kubernetes.io/service-name: names}}
addressType: IPv4
ports: [{name: dns, port: 53, protocol: UDP}]
endpoints: [{addresses: [10.9.5.3], hostname: one}]
"""

CASES = {
    "cluster.local NS": """NOERROR
cluster.local. 30 NS kube-dns.kube-system.svc.cluster.local.
;additional kube-dns.kube-system.svc.cluster.local. 30 A 10.96.0.10""",
    "ip6.arpa NS": """NOERROR
ip6.arpa. 30 NS kube-dns.kube-system.svc.ip6.arpa.
;additional kube-dns.kube-system.svc.ip6.arpa. 30 A 10.96.0.10""",
    "svc.cluster.local NS": NODATA,
    "nope.cluster.local NS": NXDOMAIN,
    "ns.dns.cluster.local A": "NOERROR\nns.dns.cluster.local. 30 A 10.96.0.10",
    "NS.Dns.cluster.local A": "NOERROR\nNS.Dns.cluster.local. 30 A 10.96.0.10",
    "ns.dns.cluster.local AAAA": NODATA,
    "ns.dns.cluster.local SRV": NODATA,
    "ns.dns.cluster.local CNAME": NODATA,
    "ns.dns.cluster.local TXT": NXDOMAIN,
    "ns.dns.cluster.local PTR": NXDOMAIN,
    "x.ns.dns.cluster.local A": NXDOMAIN,
    # CoreDNS searches the lower-case name for the zone as it was asked, and does not care what comes behind it.
    "Cluster.local NS": f"NOERROR\n;authority {soa('Cluster.local.')}",
    "ns.dns.Cluster.local A": f"NXDOMAIN\n;authority {soa('Cluster.local.')}",
    "ns.dns.cluster.local.cluster.local A": "NOERROR\nns.dns.cluster.local.cluster.local. 30 A 10.96.0.10",
    "ns.dns.x.cluster.local A": NXDOMAIN,
    "Cluster.local SOA": f"NOERROR\n{soa('Cluster.local.')}",
    "ip6.arpa SOA": f"NOERROR\n{soa('ip6.arpa.')}",
    "nope.cluster.local SOA": NODATA,
}


@pytest.mark.parametrize("question", CASES)
def test_as_coredns(question: str, make_feed: Make) -> None:
    assert make_feed(KUBE_DNS).lookup(question) == CASES[question]


def test_the_service_before_our_own_address_is_the_name_server(make_feed: Make) -> None:
    feed = make_feed(KUBE_DNS, local_addresses=(ip_address("10.9.5.3"),))
    assert feed.lookup("cluster.local NS") == (
        "NOERROR\ncluster.local. 30 NS one.names.kube-system.svc.cluster.local.\n"
        ";additional one.names.kube-system.svc.cluster.local. 30 A 10.9.5.3"
    )


def test_without_a_service_we_are_the_name_server(make_feed: Make) -> None:
    feed = make_feed(local_addresses=(ip_address("192.0.2.7"), ip_address("2001:db8::7")))
    assert feed.lookup("cluster.local NS") == (
        "NOERROR\ncluster.local. 30 NS ns.dns.cluster.local.\n"
        ";additional ns.dns.cluster.local. 30 A 192.0.2.7\n;additional ns.dns.cluster.local. 30 AAAA 2001:db8::7"
    )
    assert make_feed().lookup("cluster.local NS") == NODATA
