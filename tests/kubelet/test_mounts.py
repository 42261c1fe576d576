"""Claims: data follows them, and pods wait for them."""

from __future__ import annotations

import pytest

from minikube_lite.machinery.resources import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS
from minikube_lite.network.http import http_session
from minikube_lite.network.switch import Origin

KUBIA = {"name": "kubia", "image": "luksa/kubia-pet", "ports": [{"containerPort": 8080}]}


async def test_data_follows_the_claim_to_another_node(start_nodes):
    async with start_nodes() as nodes:
        volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
        container = {**KUBIA, "volumeMounts": [{"name": "data", "mountPath": "/var/data"}]}
        await bound_claim(nodes)
        await nodes.run("kubia", containers=[container], volumes=volumes)
        first = await nodes.pod("kubia")
        async with http_session(nodes.kubelets.network.switch, Origin("api", "172.18.0.2")) as session:
            url = f"http://{first['status']['podIP']}:8080/"
            async with session.get(url) as response:
                assert await response.text() == "You've hit kubia\nData stored on this pod: No data posted yet\n"
            async with session.post(url, data="Hey there!") as response:
                assert await response.text() == "Data stored on pod kubia\n"
            await nodes.client.delete(PODS, "default", "kubia")
            await nodes.clock.settle()
            with pytest.raises(OSError):
                await session.get(url)
            await nodes.run("kubia", node="node-2", containers=[container], volumes=volumes)
            second = await nodes.pod("kubia")
            assert second["status"]["podIP"] != first["status"]["podIP"]
            async with session.get(f"http://{second['status']['podIP']}:8080/") as response:
                assert await response.text() == "You've hit kubia\nData stored on this pod: Hey there!\n"
        assert (nodes.directory / "volumes" / "pv-a" / "kubia.txt").read_text() == "Hey there!"


async def bound_claim(nodes):
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}, "volumeName": "pv-a"}
    made = await nodes.client.create(PERSISTENT_VOLUME_CLAIMS, "default", {"metadata": {"name": "data"}, "spec": claim})
    volume = {
        "capacity": {"storage": "1Mi"},
        "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": "/tmp/pv-a"},
        "claimRef": {"namespace": "default", "name": "data", "uid": made["metadata"]["uid"]},
    }
    await nodes.client.create(PERSISTENT_VOLUMES, "", {"metadata": {"name": "pv-a"}, "spec": volume})
    await nodes.client.patch(
        PERSISTENT_VOLUME_CLAIMS, "default", "data", {"status": {"phase": "Bound"}}, subresource="status"
    )


async def test_a_pod_waits_for_its_claim(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("waits", volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}])
        await nodes.clock.advance(30)
        pod = await nodes.pod("waits")
        assert pod["status"]["containerStatuses"][0]["state"] == {"waiting": {"reason": "ContainerCreating"}}
        reason, message = (await nodes.told("waits"))[0]
        assert reason == "FailedMount"
        assert message.endswith('error processing PVC default/data: persistentvolumeclaim "data" not found')
        assert nodes.kubelets.instances() == []
        await bound_claim(nodes)
        await nodes.clock.settle()
        assert (await nodes.pod("waits"))["status"]["phase"] == "Running"
