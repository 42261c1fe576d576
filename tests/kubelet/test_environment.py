"""Variables of containers, and files of volumes."""

from __future__ import annotations

import base64

import pytest

from minikube_lite.kubelet.environment import expand, service_variables
from minikube_lite.machinery.resources import CONFIG_MAPS, SECRETS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(A)", "1"),
        ("x$(A)-$(B)y", "x1-2y"),
        ("$(C)", "$(C)"),
        ("$$(A)", "$(A)"),
        ("$A $", "$A $"),
        ("$$$(A)", "$1"),
        ("$(A", "$(A"),
    ],
)
def test_expansion(text, expected):
    assert expand(text, {"A": "1", "B": "2"}) == expected


def service(service_name, address, namespace="default", **port):
    return {
        "metadata": {"name": service_name, "namespace": namespace},
        "spec": {"clusterIP": address, "ports": [{"port": 80, **port}]},
    }


def test_services():
    services = [
        service("kubernetes", "10.96.0.1"),
        service("kubia-public", "10.96.0.7", "shop", name="web"),
        service("kubia", "None", "shop"),
        service("other", "10.96.0.8", "elsewhere"),
    ]
    found = service_variables(services, "shop", links=True)
    assert found["KUBERNETES_SERVICE_HOST"] == "10.96.0.1"
    assert found["KUBIA_PUBLIC_SERVICE_PORT_WEB"] == "80"
    assert found["KUBIA_PUBLIC_PORT_80_TCP_ADDR"] == "10.96.0.7"
    assert not [name for name in found if name.startswith(("OTHER", "KUBIA_SERVICE"))]
    assert all(name.startswith("KUBERNETES") for name in service_variables(services, "shop", links=False))


async def test_variables_and_files_of_a_pod(start_nodes):
    async with start_nodes() as nodes:
        await nodes.create_config_map("words", {"hello": "Hi", "bye": "Bye"})
        secret = {"metadata": {"name": "keys"}, "data": {"door": base64.b64encode(b"1234").decode()}}
        await nodes.client.create(SECRETS, "default", secret)
        await nodes.run(
            "reads",
            containers=[
                {
                    "name": "main",
                    "image": "quiet",
                    "args": ["--name", "$(NAME)"],
                    "envFrom": [
                        {"prefix": "W_", "configMapRef": {"name": "words"}},
                        {"secretRef": {"name": "none", "optional": True}},
                    ],
                    "env": [
                        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                        {"name": "DOOR", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "door"}}},
                        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}},
                        {"name": "SAYS", "value": "$(W_hello) $(NAME)"},
                    ],
                    "resources": {"limits": {"cpu": "1500m"}},
                    "volumeMounts": [
                        {"name": "words", "mountPath": "/etc/words"},
                        {"name": "all", "mountPath": "/etc/all"},
                        {"name": "scratch", "mountPath": "/scratch"},
                        {"name": "host", "mountPath": "/host", "subPath": "deep"},
                    ],
                }
            ],
            volumes=[
                {"name": "words", "configMap": {"name": "words", "items": [{"key": "bye", "path": "a/b"}]}},
                {
                    "name": "all",
                    "projected": {
                        "sources": [
                            {"secret": {"name": "keys"}},
                            {"downwardAPI": {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}},
                        ]
                    },
                },
                {"name": "scratch", "emptyDir": {}},
                {"name": "host", "hostPath": {"path": "/x"}},
            ],
        )
        pod = await nodes.pod("reads")
        assert pod["status"]["phase"] == "Running"
        context = nodes.kubelets["node-1"].runtime.runs[pod["metadata"]["uid"]]["main"].context
        expected = {
            "W_hello": "Hi", "NAME": "reads", "IP": "10.244.0.2", "DOOR": "1234", "CPU": "1500", "SAYS": "Hi reads",
        }  # fmt: skip
        assert {name: context.env[name] for name in expected} == expected
        assert context.args == ["--name", "reads"]
        assert context.path("/etc/words/a/b").read_text() == "Bye"
        assert context.path("/etc/all/door").read_text() == "1234"
        assert context.path("/etc/all/name").read_text() == "reads"
        assert context.path("/scratch/note").is_relative_to(nodes.directory / "pods")
        assert context.path("/host/../../../../etc/passwd").is_relative_to(nodes.directory)
        assert context.path("/host/file") == nodes.directory / "nodes" / "node-1" / "x" / "deep" / "file"


@pytest.mark.parametrize(
    ("volume", "fault"),
    [
        ({"hostPath": {"path": "/out/x"}}, "/out/x leads out of its volume"),
        ({"hostPath": {"path": "/file"}}, "File exists"),
        (
            {
                "downwardAPI": {
                    "items": [{"path": path, "fieldRef": {"fieldPath": "metadata.name"}} for path in ("a", "a/b")]
                }
            },
            "File exists",
        ),
    ],
)
async def test_a_volume_that_cannot_be_made_holds_the_pod(start_nodes, volume, fault):
    async with start_nodes() as nodes:
        own = nodes.directory / "nodes" / "node-1"
        own.mkdir(parents=True)
        (own / "out").symlink_to("/etc")
        (own / "file").write_text("")
        await nodes.run("waits", volumes=[{"name": "v", **volume}])
        assert await nodes.told("waits") == [("FailedMount", f'MountVolume.SetUp failed for volume "v" : {fault}')]


async def test_a_missing_secret_holds_the_pod(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("waits", volumes=[{"name": "keys", "secret": {"secretName": "keys"}}])
        told = await nodes.told("waits")
        assert told == [("FailedMount", 'MountVolume.SetUp failed for volume "keys" : secret "keys" not found')]
        await nodes.client.create(SECRETS, "default", {"metadata": {"name": "keys"}})
        await nodes.clock.advance(1)
        assert (await nodes.pod("waits"))["status"]["phase"] == "Running"


async def test_a_volume_of_a_kind_that_is_not_emulated_says_so(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("waits", volumes=[{"name": "far", "nfs": {"server": "x", "path": "/"}}])
        [(_, message)] = await nodes.told("waits")
        assert message == 'MountVolume.SetUp failed for volume "far" : volumes of kind nfs are not emulated'
        assert await nodes.find(CONFIG_MAPS, "none") is None
