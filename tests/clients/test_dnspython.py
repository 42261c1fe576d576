"""dnspython asks for the pods of a headless Service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.message
import dns.query
import dns.rcode
import dns.resolver
import pytest

from minikube_lite.machinery.resources import PODS, SERVICES

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

ZONE = "svc.cluster.local"
SECONDS_MAX = 10


@pytest.fixture
def addresses(cluster: RunningCluster) -> dict[str, str]:
    """Three named pods behind a headless Service; where each is."""
    spec = {"clusterIP": "None", "selector": {"app": "db"}, "ports": [{"name": "sql", "port": 5432}]}
    cluster.create(SERVICES, "default", {"metadata": {"name": "db"}, "spec": spec})
    for number in range(3):
        name = f"db-{number}"
        container = {"name": "main", "image": "example/db"}
        pod_spec = {"hostname": name, "subdomain": "db", "containers": [container]}
        cluster.create(PODS, "default", {"metadata": {"name": name, "labels": {"app": "db"}}, "spec": pod_spec})
    cluster.settle()
    return {pod["metadata"]["name"]: pod["status"]["podIP"] for pod in cluster.list(PODS, "default")}


@pytest.fixture
def resolver(cluster: RunningCluster) -> dns.resolver.Resolver:
    """A resolver that knows no other server."""
    host, _, port = cluster.dns.rpartition(":")
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [host]
    resolver.port = int(port)
    resolver.lifetime = SECONDS_MAX
    return resolver


@pytest.mark.parametrize("tcp", [False, True])
def test_srv(resolver: dns.resolver.Resolver, addresses: dict[str, str], tcp: bool) -> None:
    answer = resolver.resolve(f"_sql._tcp.db.default.{ZONE}", "SRV", tcp=tcp)
    assert {str(record.target): record.port for record in answer} == {
        f"{name}.db.default.{ZONE}.": 5432 for name in addresses
    }
    additional = {str(rrset.name): str(rrset[0]) for rrset in answer.response.additional}
    assert additional == {f"{name}.db.default.{ZONE}.": ip for name, ip in addresses.items()}


def test_addresses_and_names(resolver: dns.resolver.Resolver, addresses: dict[str, str]) -> None:
    assert sorted(map(str, resolver.resolve(f"db.default.{ZONE}", "A"))) == sorted(addresses.values())
    for name, ip in addresses.items():
        assert [str(record) for record in resolver.resolve(f"{name}.db.default.{ZONE}", "A")] == [ip]
        assert [str(record) for record in resolver.resolve_address(ip)] == [f"{name}.db.default.{ZONE}."]


def test_a_pod_that_goes_takes_its_name_with_it(
    cluster: RunningCluster, resolver: dns.resolver.Resolver, addresses: dict[str, str]
) -> None:
    cluster.delete(PODS, "default", "db-1")
    cluster.settle()
    with pytest.raises(dns.resolver.NXDOMAIN):
        resolver.resolve(f"db-1.db.default.{ZONE}", "A")
    assert len(list(resolver.resolve(f"db.default.{ZONE}", "SRV"))) == 2
