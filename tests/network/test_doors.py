"""Doors: the host connects to pods' own addresses, and only while there is somebody behind them."""

from __future__ import annotations

import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.machinery.resources import EVENTS, PODS
from minikube_lite.network.doors import BLOCKS, Lease

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes all of 127.0.0.0/8 for its own"),
    pytest.mark.minikube_lite(nodes=2, clock="stepped", seed=1, pod_doors=True),
]
POD = {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "main", "image": "luksa/kubia-pet"}]}}


def run(cluster: RunningCluster) -> Any:
    cluster.create(PODS, "default", POD)
    cluster.settle()
    return cluster.get(PODS, "default", "web")


def get(address: str, data: bytes | None = None) -> bytes:
    with urllib.request.urlopen(f"http://{address}:8080/", data, timeout=10) as answer:
        return bytes(answer.read())


def test_what_a_pod_answers_inside_it_answers_outside(cluster: RunningCluster) -> None:
    address = run(cluster)["status"]["podIP"]
    block = cluster.cluster.options.pod_loopback_block
    assert block in BLOCKS
    assert address.startswith(str(block.network_address)[: -len("0.0")])
    assert get(address) == b"You've hit web\nData stored on this pod: No data posted yet\n"
    large = b"x" * 500_000
    assert get(address, large) == b"Data stored on pod web\n"
    assert get(address).endswith(large + b"\n")
    cluster.delete(PODS, "default", "web")
    cluster.settle()
    with pytest.raises(urllib.error.URLError, match="refused"):
        get(address)


def test_nothing_gets_to_a_node_that_is_cut(cluster: RunningCluster) -> None:
    pod = run(cluster)
    cluster.cut(pod["spec"]["nodeName"])
    with pytest.raises(OSError):
        get(pod["status"]["podIP"])
    cluster.heal(pod["spec"]["nodeName"])
    assert get(pod["status"]["podIP"]).startswith(b"You've hit web")


def test_a_port_that_the_host_does_not_give_is_told(cluster: RunningCluster) -> None:
    block = cluster.cluster.options.pod_loopback_block
    assert block is not None
    taken = [socket.create_server((str(node[2]), 8080)) for node in list(block.subnets(new_prefix=24))[:2]]
    address = run(cluster)["status"]["podIP"]
    told = [one["message"] for one in cluster.list(EVENTS, "default") if one["reason"] == "DoorRefused"]
    assert told == [
        f"{address}:8080 cannot be opened on this machine (Address already in use); it answers inside the cluster, and through "
        "the API's proxies"
    ]
    url = f"{cluster.server}/api/v1/namespaces/default/pods/web:8080/proxy/"
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read().startswith(b"You've hit web")
    for one in taken:
        one.close()


def test_each_cluster_has_a_block_of_its_own(make_cluster: Callable[..., RunningCluster]) -> None:
    first, second = (make_cluster(nodes=1, clock="stepped", pod_doors=True) for _ in range(2))
    addresses = [run(one)["status"]["podIP"] for one in (first, second)]
    assert len(set(addresses)) == 2
    assert [get(address).startswith(b"You've hit web") for address in addresses] == [True, True]


def test_a_lease_lasts_until_it_ends() -> None:
    lease = Lease.take()
    with pytest.raises(OSError):
        socket.create_server((str(lease.block[-2]), 10248))
    lease.end()
    socket.create_server((str(lease.block[-2]), 10248)).close()


def test_where_no_block_is_free_pods_have_others(make_cluster: Callable[..., RunningCluster], caplog: Any) -> None:
    leases = []
    while True:
        try:
            leases.append(Lease.take())
        except OSError:
            break
    try:
        cluster = make_cluster(nodes=1, clock="stepped", pod_doors=True)
        assert run(cluster)["status"]["podIP"].startswith("10.244.")
        assert "pods have addresses that this machine cannot connect to" in caplog.text
    finally:
        for lease in leases:
            lease.end()
