"""DNS beside the objects it is made of, while a StatefulSet changes."""

from __future__ import annotations

import re
from typing import Any

from minikube_lite import Cluster
from minikube_lite.dns import names
from minikube_lite.machinery.resources import ENDPOINT_SLICES, PODS, SERVICES, STATEFUL_SETS

NAME = "kubia.default.svc.cluster.local"
LABELS = {"app": "kubia"}


async def ready_addresses(cluster: Cluster) -> list[str]:
    """What the EndpointSlices say."""
    listed = await cluster.client.list_objects(ENDPOINT_SLICES, "default")
    return sorted(
        address
        for one in listed.items
        if one["metadata"]["name"].startswith("kubia-")
        for endpoint in one.get("endpoints") or ()
        if (endpoint.get("conditions") or {}).get("ready") is not False
        for address in endpoint["addresses"]
    )


def known_addresses(cluster: Cluster) -> list[str]:
    """What DNS says."""
    return sorted(str(record.data) for record in cluster.dns.resolve(NAME, names.A).answer)


async def test_a_change_is_in_dns_in_the_same_settle() -> None:
    ready: dict[str, Any] = {"exec": {"command": ["cat", "/tmp/ready"]}, "periodSeconds": 1}
    container = {"name": "main", "image": "busybox", "command": ["sleep", "infinity"], "readinessProbe": ready}
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 1}}
    spec = {"serviceName": "kubia", "replicas": 3, "selector": {"matchLabels": LABELS}, "template": template}
    async with Cluster(nodes=2, clock="stepped", seed=3) as cluster:
        service = {"clusterIP": "None", "selector": LABELS, "ports": [{"name": "http", "port": 80}]}
        await cluster.client.create(SERVICES, "default", {"metadata": {"name": "kubia"}, "spec": service})
        spec["podManagementPolicy"] = "Parallel"
        await cluster.client.create(STATEFUL_SETS, "default", {"metadata": {"name": "kubia"}, "spec": spec})
        await cluster.settle()
        assert known_addresses(cluster) == await ready_addresses(cluster) == []
        for ordinal in range(3):
            [place] = cluster.directory.glob(f"pods/{await uid(cluster, f'kubia-{ordinal}')}/containers/main")
            (place / "tmp" / "ready").touch()
            await cluster.advance("2s")
            assert known_addresses(cluster) == await ready_addresses(cluster)
            assert len(known_addresses(cluster)) == ordinal + 1
        await cluster.client.delete(PODS, "default", "kubia-1")
        await cluster.settle()
        assert known_addresses(cluster) == await ready_addresses(cluster)
        assert len(known_addresses(cluster)) == 2
        assert cluster.dns.resolve(f"kubia-1.{NAME}", names.A).rcode == names.NXDOMAIN


async def uid(cluster: Cluster, name: str) -> str:
    """A pod's uid, as its directory is named."""
    found: str = (await cluster.client.get(PODS, "default", name))["metadata"]["uid"]
    assert re.fullmatch(r"[0-9a-f-]{36}", found)
    return found
