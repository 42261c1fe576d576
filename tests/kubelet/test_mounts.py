"""Claims: data follows them, and pods wait for them."""

from __future__ import annotations

import pytest

from minikube_lite.machinery.resources import CONFIG_MAPS, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS, SECRETS
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


READER = {
    "name": "main",
    "image": "busybox",
    "command": ["sleep", "1000000"],
    "volumeMounts": [
        {"name": "config", "mountPath": "/etc/config"},
        {"name": "config", "mountPath": "/etc/one", "subPath": "one"},
        {"name": "all", "mountPath": "/etc/all"},
        {"name": "about", "mountPath": "/etc/about"},
    ],
}
FIELD = {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}
SOURCES = [
    {"secret": {"name": "settings"}},
    {"configMap": {"name": "settings", "items": [{"key": "two", "path": "deep/two"}], "optional": True}},
    {"serviceAccountToken": {"path": "token"}},
]
READER_VOLUMES = [
    {"name": "config", "configMap": {"name": "settings"}},
    {"name": "all", "projected": {"sources": SOURCES}},
    {"name": "about", "downwardAPI": {"items": [FIELD]}},
]


async def reader(nodes):
    """A pod that has a config map, a secret, its labels and a token in its volumes, and what it finds at a path."""
    await nodes.client.create(
        CONFIG_MAPS, "default", {"metadata": {"name": "settings"}, "data": {"one": "1", "two": "2"}}
    )
    await nodes.client.create(SECRETS, "default", {"metadata": {"name": "settings"}, "stringData": {"key": "k1"}})
    await nodes.run("reader", containers=[READER], volumes=READER_VOLUMES)
    uid = (await nodes.pod("reader"))["metadata"]["uid"]
    node = nodes.kubelets["node-1"]
    context = node.runtime.runs[uid]["main"].context
    return context.read_text


async def change(nodes, resource, data):
    await nodes.client.patch(resource, "default", "settings", {"data": data})
    await nodes.clock.settle()


async def test_a_change_shows_when_the_minute_of_the_pod_is_over(start_nodes):
    async with start_nodes() as nodes:
        read = await reader(nodes)
        token = read("/etc/all/token")
        assert (read("/etc/config/one"), read("/etc/one"), read("/etc/all/key"), read("/etc/all/deep/two")) == (
            "1", "1", "k1", "2",
        )  # fmt: skip
        await nodes.clock.advance(50)
        await change(nodes, CONFIG_MAPS, {"one": "eleven", "two": None, "three": "3"})
        await change(nodes, SECRETS, {"key": "azI="})
        await nodes.clock.advance(9.9)
        assert (read("/etc/config/one"), read("/etc/all/key")) == ("1", "k1")
        await nodes.clock.advance(0.1)
        assert (read("/etc/config/one"), read("/etc/config/two"), read("/etc/config/three")) == ("eleven", "", "3")
        assert (read("/etc/all/key"), read("/etc/all/deep/two"), read("/etc/all/token")) == ("k2", "", token)
        assert read("/etc/one") == "1", "what is mounted by subPath does not follow"


async def test_a_change_of_the_pod_shows_at_once(start_nodes):
    async with start_nodes() as nodes:
        read = await reader(nodes)
        assert read("/etc/about/labels") == ""
        await nodes.client.patch(PODS, "default", "reader", {"metadata": {"labels": {"a": "b"}}})
        await nodes.clock.settle()
        assert read("/etc/about/labels") == 'a="b"'


async def test_what_is_gone_stays_as_it_was_and_is_told(start_nodes):
    async with start_nodes() as nodes:
        read = await reader(nodes)
        await nodes.client.delete(CONFIG_MAPS, "default", "settings")
        await nodes.clock.advance(60)
        assert read("/etc/config/one") == "1"
        told = [message for reason, message in await nodes.told("reader") if reason == "FailedMount"]
        assert told == ['MountVolume.SetUp failed for volume "config" : configmap "settings" not found']
        await nodes.client.create(CONFIG_MAPS, "default", {"metadata": {"name": "settings"}, "data": {"one": "new"}})
        await nodes.clock.advance(60)
        assert read("/etc/config/one") == "new"


async def test_a_node_that_is_cut_sees_no_change_until_it_is_back(start_nodes):
    async with start_nodes() as nodes:
        read = await reader(nodes)
        nodes.kubelets.network.isolate("node-1")
        await change(nodes, CONFIG_MAPS, {"one": "eleven"})
        await nodes.clock.advance(120)
        assert read("/etc/config/one") == "1"
        nodes.kubelets.network.rejoin("node-1")
        await nodes.clock.advance(60)
        assert read("/etc/config/one") == "eleven"
