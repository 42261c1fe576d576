"""While a node is cut off: what runs there goes on, nothing gets in or out, and the truth comes out when it heals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from minikube_lite.cluster import Cluster
from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.resources import LEASES, NODES, PODS, SERVICES, STATEFUL_SETS
from minikube_lite.network.switch import Origin
from minikube_lite.programs.program import PodContext

REPORT_SECONDS_MAX = 5


@dataclass
class Diary:
    """What the programs of the pods noted: every second a number, and whether their names were answered."""

    counts: dict[str, int] = field(default_factory=dict)
    answered: dict[str, bool] = field(default_factory=dict)

    async def program(self, context: PodContext) -> int:
        while True:
            await context.clock.sleep(1)
            self.counts[context.uid] = self.counts.get(context.uid, 0) + 1
            try:
                await context.network.resolve("web.default.svc.cluster.local")
            except OSError:
                self.answered[context.uid] = False
            else:
                self.answered[context.uid] = True


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
async def cluster(diary: Diary) -> AsyncIterator[Cluster]:
    async with Cluster(clock="stepped", seed=2, serve_api=False, serve_dns=False) as cluster:
        cluster.programs["diary"] = diary.program
        labels = {"app": "web"}
        service = {"clusterIP": "None", "selector": labels, "ports": [{"port": 80}]}
        await cluster.client.create(SERVICES, "default", {"metadata": {"name": "web"}, "spec": service})
        template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "diary"}]}}
        spec = {"replicas": 2, "serviceName": "web", "selector": {"matchLabels": labels}, "template": template}
        await cluster.client.create(STATEFUL_SETS, "default", {"metadata": {"name": "web"}, "spec": spec})
        await cluster.advance(5)
        yield cluster


async def web_0(cluster: Cluster) -> Any:
    return await cluster.client.get(PODS, "default", "web-0")


async def renewed(cluster: Cluster, node: str) -> str:
    lease = await cluster.client.get(LEASES, "kube-node-lease", node)
    return str(lease["spec"]["renewTime"])


async def test_what_runs_goes_on_and_nothing_gets_out(cluster: Cluster, diary: Diary) -> None:
    pod = await web_0(cluster)
    uid, node, address = pod["metadata"]["uid"], pod["spec"]["nodeName"], pod["status"]["podIP"]
    assert diary.answered[uid]
    await cluster.cut(node)
    await cluster.advance(1)
    count, lease = diary.counts[uid], await renewed(cluster, node)
    await cluster.advance(300)
    assert diary.counts[uid] >= count + 20, "each look at a name that is not answered takes its time"
    assert not diary.answered[uid]
    assert await renewed(cluster, node) == lease
    with pytest.raises(OSError, match="no route to host"):
        cluster.kubelets.network.switch.connect(Origin("api", "172.18.0.2"), address, 80)
    others = [one for name, one in diary.answered.items() if name != uid]
    assert others == [True], "the other node is well"

    await cluster.heal(node)
    await cluster.advance(REPORT_SECONDS_MAX)
    back = await web_0(cluster)
    ready, node_ready = (find_condition(obj, "Ready") for obj in (back, await cluster.client.get(NODES, "", node)))
    assert ready is not None
    assert node_ready is not None
    assert (back["metadata"]["uid"], ready["status"], node_ready["status"]) == (uid, "True", "True")
    assert back["status"]["containerStatuses"][0]["restartCount"] == 0
    await cluster.advance(20)
    assert diary.answered[uid]
    assert await renewed(cluster, node) > lease


async def test_after_a_force_delete_the_orphan_runs_until_its_node_is_back(cluster: Cluster, diary: Diary) -> None:
    pod = await web_0(cluster)
    uid, node = pod["metadata"]["uid"], pod["spec"]["nodeName"]
    await cluster.cut(node)
    await cluster.advance(60)
    await cluster.client.delete(PODS, "default", "web-0", {"gracePeriodSeconds": 0})
    await cluster.advance(60)
    new = await web_0(cluster)
    assert (new["metadata"]["uid"] != uid, new["spec"]["nodeName"] != node) == (True, True)
    before = dict(diary.counts)
    await cluster.advance(60)
    assert diary.counts[uid] > before[uid], "the orphan"
    assert diary.counts[new["metadata"]["uid"]] > before[new["metadata"]["uid"]]
    await cluster.heal(node)
    await cluster.advance(REPORT_SECONDS_MAX)
    stopped = diary.counts[uid]
    await cluster.advance(60)
    assert diary.counts[uid] == stopped
    assert [one.uid for one in cluster.kubelets.instances() if one.pod == "web-0"] == [new["metadata"]["uid"]]
