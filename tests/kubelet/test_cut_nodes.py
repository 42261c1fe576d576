"""Nodes whose link to the API is cut."""

from __future__ import annotations

from minikube_lite.machinery.resources import PODS


async def test_a_cut_node_goes_on_and_reports_when_it_is_back(start_nodes):
    async with start_nodes() as nodes:

        async def crash_later(context):
            await context.clock.sleep(60)
            return 1

        nodes.programs["frail"] = crash_later
        await nodes.run("frail", containers=[{"name": "main", "image": "frail"}])
        lease = await nodes.find_lease("node-1")
        nodes.kubelets.network.isolate("node-1")
        await nodes.client.delete(PODS, "default", "frail")
        await nodes.clock.advance(65)
        assert await nodes.find_lease("node-1") == lease
        pod = await nodes.pod("frail")
        assert pod["status"]["containerStatuses"][0]["restartCount"] == 0
        [instance] = nodes.kubelets.instances()
        assert nodes.kubelets["node-1"].pods[instance.uid].containers["main"].restart_count == 1
        nodes.kubelets.network.rejoin("node-1")
        await nodes.clock.settle()
        assert await nodes.find(PODS, "frail") is None
        assert nodes.kubelets.instances() == []
        assert await nodes.find_lease("node-1") != lease


async def test_a_force_delete_during_a_cut_leaves_an_orphan_until_the_node_is_back(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("quiet")
        nodes.kubelets.network.isolate("node-1")
        await nodes.client.delete(PODS, "default", "quiet", {"gracePeriodSeconds": 0})
        await nodes.run("quiet", node="node-2")
        assert [one.node for one in nodes.kubelets.instances()] == ["node-1", "node-2"]
        nodes.kubelets.network.rejoin("node-1")
        await nodes.clock.settle()
        assert [one.node for one in nodes.kubelets.instances()] == ["node-2"]
