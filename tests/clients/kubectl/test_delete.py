"""Deleting, and waiting for what changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.clients.kubectl.conftest import Kube


@pytest.fixture
def maps(kubectl: Kube) -> Kube:
    for name in ("a", "b"):
        kubectl("create", "configmap", name)
    kubectl("label", "configmap", "b", "tier=back")
    return kubectl


def remaining(kubectl: Kube, kind: str = "configmap") -> list[str]:
    found = kubectl("get", kind, "-o", "name").split()
    return [name.partition("/")[2] for name in found if "kube-root-ca" not in name]


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("configmap a b", []),
        ("configmap/a", ["b"]),
        ("configmap -l tier=back", ["a"]),
        ("configmap --field-selector=metadata.name=a", ["b"]),
        ("configmap --all", []),
        ("configmap a nope --ignore-not-found", ["b"]),
        ("configmap a --dry-run=server", ["a", "b"]),
        ("configmap a --now", ["b"]),
    ],
)
def test_delete(maps: Kube, words: str, left: list[str]) -> None:
    printed = maps("delete", *words.split())
    assert 'configmap "' in printed and " deleted" in printed
    assert remaining(maps) == left


def test_delete_says_what_is_not_there(maps: Kube) -> None:
    assert 'Error from server (NotFound): configmaps "nope" not found' in maps("delete", "cm", "nope", code=1)
    assert "No resources found" in maps("delete", "cm", "-l", "tier=front")


def test_delete_of_a_file(kubia: Kube) -> None:
    printed = kubia("delete", "-f", "kubia.yaml", "--wait=false")
    assert 'service "kubia" deleted' in printed and 'statefulset.apps "kubia" deleted' in printed


def test_the_service_of_the_api_comes_back(kubectl: Kube) -> None:
    before = kubectl.object("service", "kubernetes", "-n", "default")
    assert 'service "kubernetes" deleted' in kubectl("delete", "all", "--all", "-n", "default")
    kubectl.cluster.settle()
    after = kubectl.object("service,endpoints", "kubernetes", "-n", "default")["items"]
    assert [obj["kind"] for obj in after] == ["Service", "Endpoints"]
    assert after[0]["spec"] == before["spec"] and after[0]["metadata"]["uid"] != before["metadata"]["uid"]


def test_a_pod_goes_gracefully_or_at_once(kubectl: Kube) -> None:
    for name in ("slow", "quick"):
        kubectl("run", name, "--image=i")
    kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=30s")
    assert 'pod "slow" deleted' in kubectl("delete", "pod", "slow", "--grace-period=1")
    printed = kubectl("delete", "pod", "quick", "--force", "--grace-period=0")
    assert "Immediate deletion does not wait" in printed and 'pod "quick" force deleted' in printed
    assert remaining(kubectl, "pods") == []


def test_cascades(kubia: Kube) -> None:
    kubia("delete", "statefulset", "kubia", "--cascade=orphan")
    assert remaining(kubia, "pods") == ["kubia-0", "kubia-1"]
    assert "ownerReferences" not in kubia.object("pod", "kubia-0")["metadata"]
    kubia("apply", "-f", "kubia.yaml")
    kubia("rollout", "status", "sts/kubia", "--timeout=30s")
    kubia("wait", "--for=jsonpath={.metadata.ownerReferences[0].name}=kubia", "pod/kubia-0", "--timeout=30s")
    kubia("delete", "statefulset", "kubia", "--cascade=foreground")
    assert remaining(kubia, "pods") == []
    kubia("apply", "-f", "kubia.yaml")
    kubia("rollout", "status", "sts/kubia", "--timeout=30s")
    kubia("delete", "statefulset", "kubia", "--cascade=background")
    kubia("wait", "--for=delete", "pod/kubia-0", "pod/kubia-1", "--timeout=30s")


def test_a_namespace_goes_with_what_it_holds(kubectl: Kube) -> None:
    kubectl("run", "one", "--image=i")
    kubectl("create", "configmap", "a")
    assert f'namespace "{kubectl.namespace}" deleted' in kubectl("delete", "namespace", kubectl.namespace)
    assert "NotFound" in kubectl("get", "namespace", kubectl.namespace, code=1)


# Waiting


def test_wait(kubectl: Kube) -> None:
    kubectl("run", "one", "--image=i")
    assert kubectl("wait", "--for=condition=Ready", "pod/one", "--timeout=30s") == "pod/one condition met\n"
    assert "pod/one condition met" in kubectl("wait", "--for=jsonpath={.status.phase}=Running", "pod", "--all")
    timed_out = kubectl("wait", "--for=condition=Ready=false", "pod/one", "--timeout=0.2s", code=1)
    assert "timed out waiting for the condition on pods/one" in timed_out
    assert 'pods "nope" not found' in kubectl("wait", "--for=condition=Ready", "pod/nope", code=1)
    kubectl("delete", "pod", "one", "--wait=false", "--grace-period=1")
    assert "pod/one condition met" in kubectl("wait", "--for=delete", "pod/one", "--timeout=30s")


def test_wait_for_a_creation(kubectl: Kube, needs_kubectl: object) -> None:
    if kubectl.minor < 31:
        pytest.skip(f"kubectl {kubectl.program}: it waits for creations since 1.31")
    with kubectl.running("wait", "--for=create", "configmap/late", "--timeout=30s") as lines:
        kubectl("create", "configmap", "late")
        assert next(lines) == "configmap/late condition met"


def test_what_belongs_to_nothing_any_more_goes_whatever_it_is(maps: Kube) -> None:
    """Roles, say, which no controller makes; and an owner in another namespace is none."""
    maps("create", "role", "reader", "--verb=get", "--resource=pods")
    uid = maps("get", "configmap", "a", "-o", "jsonpath={.metadata.uid}")
    owner = f'{{"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"{uid}"}}'
    patch = f'{{"metadata":{{"ownerReferences":[{owner}]}}}}'
    maps("patch", "role", "reader", "--type=merge", "-p", patch)
    other = f"{maps.namespace}-other"
    maps("create", "namespace", other)
    maps("create", "serviceaccount", "stray", "-n", other)
    maps("patch", "serviceaccount", "stray", "-n", other, "--type=merge", "-p", patch)
    maps("wait", "--for=delete", "serviceaccount/stray", "-n", other, "--timeout=20s")
    assert "OwnerRefInvalidNamespace" in maps("get", "events", "-n", other)
    assert remaining(maps, "role") == ["reader"]
    maps("delete", "configmap", "a")
    maps("wait", "--for=delete", "role/reader", "--timeout=20s")
