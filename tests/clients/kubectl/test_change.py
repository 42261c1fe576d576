"""Changes of what is there: patch, label, annotate, scale, autoscale, expose, run, set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.clients.kubectl.conftest import Kube


@pytest.fixture
def settings(kubectl: Kube) -> Kube:
    kubectl("create", "configmap", "settings", "--from-literal=colour=red", "--from-literal=size=10")
    return kubectl


@pytest.fixture
def pod(kubectl: Kube) -> Kube:
    assert kubectl("run", "one", "--image=luksa/kubia-pet", "--labels=app=x") == "pod/one created\n"
    return kubectl


def metadata(kubectl: Kube) -> dict[str, Any]:
    found: dict[str, Any] = kubectl.object("configmap", "settings")["metadata"]
    return found


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("strategic", '{"data":{"colour":"blue"}}'),
        ("merge", '{"data":{"colour":"blue"}}'),
        ("json", '[{"op":"replace","path":"/data/colour","value":"blue"}]'),
    ],
)
def test_patch(settings: Kube, kind: str, patch: str) -> None:
    words = ("patch", "configmap", "settings", f"--type={kind}", "-p", patch)
    assert settings(*words) == "configmap/settings patched\n"
    assert settings(*words) == "configmap/settings patched (no change)\n"
    assert settings.object("configmap", "settings")["data"] == {"colour": "blue", "size": "10"}


def test_patch_of_subresources(kubia: Kube) -> None:
    words = ("patch", "statefulset", "kubia", "--subresource=scale", "--type=merge", "-p", '{"spec":{"replicas":1}}')
    assert kubia(*words) == "scale.autoscaling/kubia patched\n"
    assert kubia.object("statefulset", "kubia")["spec"]["replicas"] == 1
    kubia("create", "ingress", "i", "--rule=a.com/=s:80")
    patch = '{"spec":{"rules":null},"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}'
    kubia("patch", "ingress", "i", "--subresource=status", "--type=merge", "-p", patch)
    assert "192.0.2.1" in kubia("get", "ingress", "i")
    assert kubia.object("ingress", "i")["spec"]["rules"]


def test_patch_that_is_refused(settings: Kube) -> None:
    printed = settings("patch", "configmap", "settings", "-p", '{"data":{"a":1}}', code=1)
    assert "cannot unmarshal number into Go struct field ConfigMap.data of type string" in printed


def test_label(settings: Kube) -> None:
    assert settings("label", "configmap", "settings", "tier=front") == "configmap/settings labeled\n"
    assert settings("label", "configmap", "settings", "tier=front") == "configmap/settings not labeled\n"
    refused = settings("label", "configmap", "settings", "tier=back", code=1)
    assert "'tier' already has a value (front), and --overwrite is false" in refused
    assert settings("label", "configmap", "settings", "tier=back", "--overwrite") == "configmap/settings labeled\n"
    assert settings("label", "configmap", "settings", "--list") == "tier=back\n"
    assert settings("label", "configmap", "-l", "tier=back", "a=b") == "configmap/settings labeled\n"
    assert settings("label", "configmap", "settings", "tier-") == "configmap/settings unlabeled\n"
    assert metadata(settings)["labels"] == {"a": "b"}
    assert "a valid label must be" in settings("label", "configmap", "settings", "a=b c", code=1)


def test_annotate(settings: Kube) -> None:
    assert settings("annotate", "configmap", "settings", "note=x").startswith("configmap/settings annotate")
    assert "already has a value" in settings("annotate", "configmap", "settings", "note=y", code=1)
    settings("annotate", "configmap", "settings", "note=y", "--overwrite")
    assert settings("annotate", "configmap", "settings", "--list") == "note=y\n"
    version = metadata(settings)["resourceVersion"]
    settings("annotate", "configmap", "settings", "a=b", f"--resource-version={version}")
    stale = settings("annotate", "configmap", "settings", "c=d", f"--resource-version={version}", code=1)
    assert "Conflict" in stale and "the object has been modified" in stale
    settings("annotate", "configmap", "settings", "note-")
    assert metadata(settings)["annotations"] == {"a": "b"}


def test_scale(kubia: Kube) -> None:
    assert kubia("scale", "statefulset", "kubia", "--replicas=3") == "statefulset.apps/kubia scaled\n"
    refused = kubia("scale", "sts/kubia", "--replicas=1", "--current-replicas=2", code=1)
    assert refused == "error: Expected replicas to be 2, was 3\n"
    assert kubia("scale", "sts/kubia", "--replicas=1", "--current-replicas=3") == "statefulset.apps/kubia scaled\n"
    refused = kubia("scale", "service/kubia", "--replicas=1", code=1)
    assert refused == "Error from server (NotFound): the server could not find the requested resource\n"


def test_autoscale(kubia: Kube) -> None:
    printed = kubia("autoscale", "statefulset", "kubia", "--min=1", "--max=5", "--cpu-percent=50")
    assert "horizontalpodautoscaler.autoscaling/kubia autoscaled" in printed
    found = kubia.object("horizontalpodautoscalers.v1.autoscaling", "kubia")
    assert (found["apiVersion"], found["spec"]["targetCPUUtilizationPercentage"]) == ("autoscaling/v1", 50)
    assert kubia.object("horizontalpodautoscalers.v2.autoscaling", "kubia")["spec"]["metrics"] == [
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
    ]
    assert "<unknown> / 50%" in kubia("describe", "hpa", "kubia")


def test_run_and_expose(pod: Kube) -> None:
    assert pod("expose", "pod", "one", "--port=80", "--target-port=8080", "--name=s") == "service/s exposed\n"
    spec = pod.object("service", "s")["spec"]
    assert (spec["selector"], spec["ports"]) == (
        {"app": "x"}, [{"port": 80, "targetPort": 8080, "protocol": "TCP"}],
    )  # fmt: skip
    assert pod("expose", "service", "s", "--name=t", "--port=81", "--type=NodePort") == "service/t exposed\n"
    printed = pod("run", "two", "--image=i", "--env=A=B", "--port=80", "--dry-run=server", "-o", "json", "--", "x")
    container = json.loads(printed)["spec"]["containers"][0]
    assert (container["args"], container["env"]) == (["x"], [{"name": "A", "value": "B"}])


def test_run_with_a_service(kubectl: Kube) -> None:
    printed = kubectl("run", "one", "--image=i", "--port=80", "--expose")
    assert sorted(printed.splitlines()) == ["pod/one created", "service/one created"]


def container(kubectl: Kube) -> dict[str, Any]:
    found: dict[str, Any] = kubectl.object("statefulset", "kubia")["spec"]["template"]["spec"]["containers"][0]
    return found


def test_set(kubia: Kube) -> None:
    assert kubia("set", "image", "sts/kubia", "kubia=luksa/kubia-pet:2") == "statefulset.apps/kubia image updated\n"
    assert kubia("set", "env", "sts/kubia", "A=1", "B=2") == "statefulset.apps/kubia env updated\n"
    assert kubia("set", "env", "sts/kubia", "A-") == "statefulset.apps/kubia env updated\n"
    assert "B=2" in kubia("set", "env", "sts/kubia", "--list")
    words = ("set", "resources", "sts/kubia", "--limits=cpu=200m", "--requests=cpu=100m")
    assert kubia(*words) == "statefulset.apps/kubia resource requirements updated\n"
    now = container(kubia)
    assert (now["image"], now["env"]) == ("luksa/kubia-pet:2", [{"name": "B", "value": "2"}])
    assert now["resources"] == {"limits": {"cpu": "200m"}, "requests": {"cpu": "100m"}}
    assert kubia("set", "serviceaccount", "sts/kubia", "default") == "statefulset.apps/kubia serviceaccount updated\n"
    assert kubia("set", "selector", "service/kubia", "app=other") == "service/kubia selector updated\n"
    kubia("create", "rolebinding", "rb", "--clusterrole=view", "--user=jane")
    assert "subjects updated" in kubia("set", "subject", "rolebinding", "rb", "--group=devs")
    assert [subject["name"] for subject in kubia.object("rolebinding", "rb")["subjects"]] == ["jane", "devs"]
