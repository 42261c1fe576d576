"""A program that runs a story in a stepped cluster and writes every change of it, for tests that compare two runs.

python scenario.py story SEED FILE            the lesson, a lost node, and many clients at once
python scenario.py living SEED FILE           programs that are probed, ask DNS, run every minute, and faults that strike by chance
python scenario.py time SEED FILE STEP TIMES  the lesson, then time passes, under a raw watch of a quiet kind
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp

from minikube_lite import Cluster
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import (
    CONFIG_MAPS,
    CRON_JOBS,
    DEPLOYMENTS,
    JOBS,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    SERVICES,
    STATEFUL_SETS,
)
from minikube_lite.store import Compacted, Event

Lines = list[str]
LOOK_UP = "dig +short SRV kubia.default.svc.cluster.local"
CLIENTS = 20
POD_SPEC = {"containers": [{"name": "main", "image": "example/app"}]}
CLAIM_SPEC = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
CONTAINER: dict[str, Any] = {
    "name": "kubia",
    "image": "luksa/kubia-pet",
    "volumeMounts": [{"name": "data", "mountPath": "/var/data"}],
}


def statefulset() -> dict[str, Any]:
    labels = {"app": "kubia"}
    return {
        "metadata": {"name": "kubia"},
        "spec": {
            "serviceName": "kubia",
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [CONTAINER]}},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": CLAIM_SPEC}],
        },
    }


async def lesson(cluster: Cluster) -> None:
    """The StatefulSet, with volumes that are made for it."""
    spec = {"clusterIP": "None", "selector": {"app": "kubia"}, "ports": [{"name": "http", "port": 80}]}
    service = {"metadata": {"name": "kubia"}, "spec": spec}
    await cluster.client.create(SERVICES, "default", service)
    await cluster.client.create(STATEFUL_SETS, "default", statefulset())
    await cluster.settle()


async def scale(cluster: Cluster, replicas: int) -> None:
    await cluster.client.patch(STATEFUL_SETS, "default", "kubia", {"spec": {"replicas": replicas}})
    await cluster.settle()


async def add_one(cluster: Cluster, number: int) -> None:
    """Count in an object that all others count in too, by read, modify and write."""
    client = cluster.client_as(f"user-{number}")
    while True:
        found = copy_object(await client.get(CONFIG_MAPS, "default", "counter"))
        found["data"]["count"] = str(int(found["data"]["count"]) + 1)
        await asyncio.sleep(0)
        try:
            await client.update(CONFIG_MAPS, "default", found)
        except ApiError as error:
            assert error.reason == "Conflict"
        else:
            break
    await client.create(PODS, "default", {"metadata": {"generateName": "client-"}, "spec": dict(POD_SPEC)})


async def story(cluster: Cluster) -> None:
    """Something of everything."""
    await lesson(cluster)
    await scale(cluster, 3)
    await cluster.client.delete(PODS, "default", "kubia-0")
    await cluster.settle()
    await cluster.client.create(CONFIG_MAPS, "default", {"metadata": {"name": "counter"}, "data": {"count": "0"}})
    await asyncio.gather(*(add_one(cluster, number) for number in range(CLIENTS)))
    counter = await cluster.client.get(CONFIG_MAPS, "default", "counter")
    assert counter["data"] == {"count": str(CLIENTS)}
    await cluster.settle()
    network = cluster.kubelets.network
    network.isolate("node-1")
    await cluster.advance("2m")
    network.rejoin("node-1")
    await cluster.advance("1m")
    await cluster.client.delete_collection(PODS, "default")
    await cluster.settle()
    await scale(cluster, 0)
    await cluster.client.delete_collection(PERSISTENT_VOLUME_CLAIMS, "default")
    await cluster.settle()


def living_template() -> dict[str, Any]:
    """A program that is probed in two ways, and another beside it that asks DNS all the time."""
    probe: dict[str, Any] = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 5, "failureThreshold": 2}
    asking = f"while true; do {LOOK_UP} > /tmp/found; sleep 7; done"
    asker = {
        "name": "asker",
        "image": "dnsutils",
        "command": ["sh", "-c", asking],
        "livenessProbe": {"exec": {"command": ["cat", "/tmp/found"]}, "periodSeconds": 3},
    }
    server = {**CONTAINER, "readinessProbe": probe, "livenessProbe": {**probe, "initialDelaySeconds": 10}}
    del server["volumeMounts"]
    return {"metadata": {"labels": {"app": "living"}}, "spec": {"containers": [server, asker]}}


def asking_job() -> dict[str, Any]:
    """A job that says what DNS says, and fails when DNS does."""
    command = f"{LOOK_UP} > /dev/termination-log; test -s /dev/termination-log || exit 3"
    container = {"name": "main", "image": "dnsutils", "command": ["sh", "-c", command]}
    template = {"spec": {"restartPolicy": "OnFailure", "containers": [container]}}
    return {"backoffLimit": 4, "template": template}


async def living(cluster: Cluster) -> None:
    """Programs do what they do, and everything may fail."""
    client = cluster.client
    await lesson(cluster)
    spec = {"replicas": 3, "selector": {"matchLabels": {"app": "living"}}, "template": living_template()}
    await client.create(DEPLOYMENTS, "default", {"metadata": {"name": "living"}, "spec": spec})
    await client.create(JOBS, "default", {"metadata": {"name": "once"}, "spec": asking_job()})
    minutely = {"schedule": "* * * * *", "jobTemplate": {"spec": asking_job()}}
    await client.create(CRON_JOBS, "default", {"metadata": {"name": "minutely"}, "spec": minutely})
    await cluster.advance("2m")
    async with (
        cluster.fault(container={"type": "Crash", "pods": ["living-*"]}, probability=0.5, may_miss=True),
        cluster.fault(container={"type": "FailProbe", "containers": ["kubia"]}, probability=0.2),
        cluster.fault(dns={"type": "ServFail"}, probability=0.4),
        cluster.fault(node={"name": "node-2", "type": "Slow", "delaySeconds": 4}, probability=0.5, may_miss=True),
        cluster.fault(node={"name": "node-1", "type": "Reboot"}),
    ):
        await cluster.advance("6m")
    await client.patch(DEPLOYMENTS, "default", "living", {"spec": {"replicas": 5}})
    await cluster.advance("3m")


async def pass_time(cluster: Cluster, step: str, times: int, lines: Lines) -> None:
    """Let time pass while a raw watch of a kind is open in which nothing happens; then something does."""
    await lesson(cluster)
    url = f"{cluster.addresses.server}/api/v1/namespaces/default/secrets"
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as response:
            start = (await response.json())["metadata"]["resourceVersion"]
        query = {"watch": "true", "resourceVersion": start}
        async with session.get(url, params=query) as early:
            for _ in range(times):
                await cluster.advance(step)
            async with session.get(url, params=query) as late:  # from a revision of long ago
                await session.post(url, json={"metadata": {"name": "found"}})
                for response in (early, late):
                    change = json.loads(await response.content.readline())
                    lines.append(f"watch {change['type']} {change['object']['metadata'].get('name')}")


def history(cluster: Cluster) -> Lines:
    """Every change that is retained, of every resource, in the order of revisions, byte for byte."""
    found: list[Event] = []
    for resource in dict.fromkeys(served.key for served in cluster.apiserver.registry.scheme):
        cursor = None
        after = 0
        while cursor is None:
            try:
                cursor = cluster.store.watch(resource, after=after)
            except Compacted as error:
                after = error.floor
        while batch := cursor.drain():
            found += batch
        cursor.close()
    found.sort(key=lambda event: event.revision)
    return [f"{event.revision} {event.type} {event.record.resource} {event.record.body.decode()}" for event in found]


async def main(what: str, seed: int, file: Path, step: str, times: int) -> None:
    doors = what == "time"
    nodes = 1 if doors else 3
    lines: Lines = []
    async with Cluster(nodes=nodes, clock="stepped", seed=seed, serve_api=doors, serve_dns=False) as cluster:
        if doors:
            await pass_time(cluster, step, times, lines)
        else:
            await {"story": story, "living": living}[what](cluster)
        await cluster.settle()
        lines += [*history(cluster), f"now {cluster.clock.now()}", f"drawn {cluster.clock.random.random()}"]
    await asyncio.to_thread(file.write_text, "\n".join(lines) + "\n")


if __name__ == "__main__":
    what, seed, file, *passing = sys.argv[1:]
    step, times = passing or ("0s", "0")
    asyncio.run(main(what, int(seed), Path(file), step, int(times)))
