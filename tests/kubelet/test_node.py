"""Nodes register, stay alive, and do it cheaply."""

from __future__ import annotations

from minikube_lite.clock import parse_time
from minikube_lite.machinery.resources import LEASES, NODES


def conditions(node):
    return {one["type"]: one for one in node["status"]["conditions"]}


async def test_nodes_are_ready_at_once(start_nodes):
    async with start_nodes(nodes=3) as nodes:
        found = (await nodes.client.list_objects(NODES)).items
        assert [node["metadata"]["name"] for node in found] == ["node-1", "node-2", "node-3"]
        assert [node["spec"]["podCIDR"] for node in found] == ["10.244.0.0/24", "10.244.1.0/24", "10.244.2.0/24"]
        node = found[0]
        assert conditions(node)["Ready"]["status"] == "True"
        assert node["metadata"]["labels"]["kubernetes.io/hostname"] == "node-1"
        assert node["status"]["allocatable"]["pods"] == "110"
        assert node["status"]["addresses"][0] == {"type": "InternalIP", "address": "172.18.0.3"}
        lease = await nodes.find_lease("node-1")
        assert lease["spec"]["leaseDurationSeconds"] == 40
        assert lease["metadata"]["ownerReferences"][0]["uid"] == node["metadata"]["uid"]


async def test_leases_are_renewed_every_ten_seconds_at_different_moments(start_nodes):
    async with start_nodes(nodes=3) as nodes:
        start = nodes.clock.now()
        cursor = nodes.client.watch(LEASES, after=nodes.store.revision)
        cursor.hand_out()
        await nodes.clock.advance(30)
        renewed: dict[str, list[float]] = {}
        for event in cursor.drain():
            moment = parse_time(event.record.object["spec"]["renewTime"]) - start
            renewed.setdefault(event.record.name, []).append(round(moment, 1))
        assert renewed == {"node-1": [3.3, 13.3, 23.3], "node-2": [6.7, 16.7, 26.7], "node-3": [10.0, 20.0, 30.0]}
        cursor.close()


async def test_the_status_is_written_every_five_minutes_only(start_nodes):
    async with start_nodes() as nodes:
        before = await nodes.find(NODES, "node-1", "")
        await nodes.clock.advance(290)
        assert await nodes.find(NODES, "node-1", "") is before
        await nodes.clock.advance(20)
        after = await nodes.find(NODES, "node-1", "")
        assert conditions(after)["Ready"]["lastHeartbeatTime"] > conditions(before)["Ready"]["lastHeartbeatTime"]
        assert conditions(after)["Ready"]["lastTransitionTime"] == conditions(before)["Ready"]["lastTransitionTime"]


async def test_a_node_that_others_called_lost_says_that_it_is_ready(start_nodes):
    async with start_nodes() as nodes:
        nodes.kubelets.network.isolate("node-1")
        await nodes.clock.advance(40)
        unknown = {"status": {"conditions": [{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}]}}
        strategic = "application/strategic-merge-patch+json"
        await nodes.client.patch(NODES, "", "node-1", unknown, patch_type=strategic, subresource="status")
        await nodes.clock.advance(40)
        assert conditions(await nodes.find(NODES, "node-1", ""))["Ready"]["status"] == "Unknown"
        nodes.kubelets.network.rejoin("node-1")
        await nodes.clock.settle()
        ready = conditions(await nodes.find(NODES, "node-1", ""))["Ready"]
        assert (ready["status"], ready["lastTransitionTime"]) == ("True", "2026-01-01T00:01:20Z")
        assert ("NodeReady", "Node node-1 status is now: NodeReady") in await nodes.told("node-1")


async def test_images_show_up(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("kubia", containers=[{"name": "kubia", "image": "luksa/kubia-pet"}])
        await nodes.clock.advance(10)
        [image] = (await nodes.find(NODES, "node-1", ""))["status"]["images"]
        assert image["names"][1] == "luksa/kubia-pet"
        assert image["names"][0].startswith("docker.io/luksa/kubia-pet@sha256:")


async def test_a_lease_that_was_taken_away_is_made_again(start_nodes):
    async with start_nodes() as nodes:
        await nodes.client.delete(LEASES, "kube-node-lease", "node-1")
        await nodes.clock.advance(10)
        assert await nodes.find_lease("node-1") is not None


async def test_a_deleted_node_is_not_registered_again(start_nodes):
    async with start_nodes() as nodes:
        await nodes.client.delete(NODES, "", "node-1")
        await nodes.clock.advance(600)
        assert await nodes.find(NODES, "node-1", "") is None
