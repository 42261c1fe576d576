"""Looking: get in all its forms, describe, events, explain."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.clients.kubectl.conftest import Kube

Table = Callable[[str], list[list[str]]]


@pytest.fixture
def three(kubectl: Kube) -> Kube:
    """Three config maps, of which two have labels."""
    for name, tier, rank in (("a", "front", 3), ("b", "back", 1), ("c", "", 2)):
        labels = {"tier": tier} if tier else {}
        metadata = {"name": name, "labels": labels}
        obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"rank": str(rank)}}
        kubectl.write(f"{name}.json", obj)
    kubectl("create", "-f", ".")
    return kubectl


def names(text: str) -> list[str]:
    """Names among the lines of `get -o name`, but for what every namespace has."""
    return [line.partition("/")[2] for line in text.splitlines() if "kube-root-ca" not in line]


def test_selectors(three: Kube) -> None:
    def get(*words: str) -> list[str]:
        return names(three("get", "configmaps", "-o", "name", *words))

    assert get() == ["a", "b", "c"]
    assert get("-l", "tier") == ["a", "b"]
    assert get("-l", "tier in (front),tier!=back") == ["a"]
    assert get("-l", "!tier") == ["c"]
    assert get("--field-selector=metadata.name=b") == ["b"]
    assert get("--chunk-size=1") == ["a", "b", "c"]
    assert get("nope", "--ignore-not-found") == []
    assert 'Error from server (NotFound): configmaps "nope" not found' in three("get", "cm", "nope", code=1)
    assert 'only "metadata.name"' in three("get", "cm", "--field-selector=x=1", code=1)
    assert 'the server doesn\'t have a resource type "nosuch"' in three("get", "nosuch", code=1)


def test_forms(three: Kube, table: Table) -> None:
    wide = three("get", "cm", "a", "b", "--show-labels", "-L", "tier")
    assert wide.splitlines()[0].split() == ["NAME", "DATA", "AGE", "TIER", "LABELS"]
    assert [(row[0], row[1], row[3], row[4]) for row in table(wide)] == [
        ("a", "1", "front", "tier=front"),
        ("b", "1", "back", "tier=back"),
    ]
    assert [row[0] for row in table(three("get", "cm", "-l", "tier", "--sort-by=.data.rank"))] == ["b", "a"]
    assert three("get", "cm", "a", "-o", "jsonpath={.data.rank}") == "3"
    assert three("get", "cm", "a", "-o", "go-template={{.kind}} {{.data.rank}}") == "ConfigMap 3"
    columns = three("get", "cm", "a", "-o", "custom-columns=WHO:.metadata.name,N:.data.rank,NO:.data.x")
    assert columns.split() == ["WHO", "N", "NO", "a", "3", "<none>"]
    assert "kind: ConfigMap" in three("get", "cm", "a", "-o", "yaml")
    assert json.loads(three("get", "cm", "-l", "tier", "-o", "json"))["kind"] == "List"
    assert [three.namespace, "a"] in [row[:2] for row in table(three("get", "configmaps", "-A"))]
    raw = json.loads(three("get", "--raw", f"/api/v1/namespaces/{three.namespace}/configmaps/a"))
    assert raw["data"] == {"rank": "3"}


def test_several_kinds(kubia: Kube, table: Table) -> None:
    found = [row[0] for row in table("\n" + kubia("get", "pods,svc,sts,pvc", "--no-headers"))]
    assert found == ["pod/kubia-0", "pod/kubia-1", "service/kubia", "statefulset.apps/kubia"]
    assert "statefulset.apps/kubia" in kubia("get", "all")
    assert kubia("get", "pod/kubia-0", "service/kubia", "-o", "name") == "pod/kubia-0\nservice/kubia\n"
    assert names(kubia("get", "-f", "kubia.yaml", "-o", "name")) == ["kubia", "kubia"]
    wide = kubia("get", "pods", "-o", "wide").splitlines()[0]
    assert wide.split("  ")[0] == "NAME" and wide.endswith("NOMINATED NODE   READINESS GATES")
    assert kubia("get", "sts", "-o", "wide").splitlines()[1].split()[-2:] == ["kubia", "luksa/kubia-pet"]
    assert kubia("get", "pods", "--field-selector=status.phase=Pending") == (
        f"No resources found in {kubia.namespace} namespace.\n"
    )


def test_a_watch_tells_what_comes(kubectl: Kube) -> None:
    with kubectl.running("get", "configmaps", "-w", "--output-watch-events", "--no-headers") as lines:
        assert next(lines).split()[:2] == ["ADDED", "kube-root-ca.crt"]
        kubectl("create", "configmap", "a")
        assert next(lines).split()[:3] == ["ADDED", "a", "0"]
        kubectl("patch", "configmap", "a", "-p", '{"data":{"x":"y"}}')
        assert next(lines).split()[:3] == ["MODIFIED", "a", "1"]
        kubectl("delete", "configmap", "a")
        assert next(lines).split()[:3] == ["DELETED", "a", "1"]


def test_a_watch_only_and_in_other_forms(kubectl: Kube) -> None:
    kubectl("create", "configmap", "a")
    with kubectl.running("get", "configmap", "a", "-w", "-o", "jsonpath={.data.x}{'\\n'}") as lines:
        assert next(lines) == ""
        kubectl("patch", "configmap", "a", "-p", '{"data":{"x":"y"}}')
        assert next(lines) == "y"


DESCRIBED = {
    "pod/kubia-0": ("Status: Running", "Normal Started"),
    "statefulset/kubia": ("Replicas: 2 desired | 2 total", "SuccessfulCreate"),
    "service/kubia": ("Selector: app=kubia", "Endpoints:"),
    "endpoints/kubia": ("Subsets:", "Addresses:"),
    "endpointslice -l kubernetes.io/service-name=kubia": ("AddressType: IPv4", "http"),
    "node/node-1": ("KubeletReady", "Non-terminated Pods:"),
    "namespace/{namespace}": ("Status: Active", "No resource quota."),
    "configmap/kube-root-ca.crt": ("ca.crt:", "Events: <none>"),
    "serviceaccount/default": ("Image pull secrets: <none>", "Events:"),
    "controllerrevision -l app=kubia": ("Name: kubia-", "Revision:"),
    "lease/node-1 -n kube-node-lease": ("Holder Identity:", "Renew Time:"),
    "storageclass/standard": ("IsDefaultClass: Yes", "Provisioner:"),
    "priorityclass/system-node-critical": ("Value: 2000001000", "GlobalDefault:"),
}


@pytest.mark.parametrize("what", DESCRIBED)
def test_describe(described: Kube, what: str) -> None:
    printed = described("describe", *what.format(namespace=described.namespace).split())
    for text in DESCRIBED[what]:
        assert text in " ".join(printed.split())


@pytest.fixture(scope="module")
def ready() -> dict[str, Kube]:
    """The StatefulSets that tests which only look have made, by version of kubectl."""
    return {}


@pytest.fixture
def described(kubectl: Kube, ready: dict[str, Kube], request: pytest.FixtureRequest) -> Kube:
    """A StatefulSet that is ready, one for all tests that only look."""
    found = ready.get(str(kubectl.program))
    if found is None:
        found = ready[str(kubectl.program)] = request.getfixturevalue("kubia")
    return found


def test_describe_of_what_is_rarer(kubectl: Kube) -> None:
    kubectl("create", "role", "r", "--verb=get", "--resource=pods")
    kubectl("create", "rolebinding", "rb", "--role=r", "--user=jane")
    kubectl("create", "secret", "generic", "s", "--from-literal=a=b")
    kubectl("create", "ingress", "i", "--rule=a.com/=s:80")
    kubectl("create", "job", "j", "--image=i", "--", "x")
    kubectl("create", "cronjob", "cj", "--image=i", "--schedule=@daily")
    kubectl("create", "quota", "q", "--hard=pods=1")
    kubectl("create", "poddisruptionbudget", "p", "--selector=a=b", "--min-available=1")
    kubectl("create", "deployment", "d", "--image=i")
    texts = {
        "role/r": "pods       []                 []              [get]",
        "rolebinding/rb": "User  jane",
        "secret/s": "a:  1 bytes",
        "ingress/i": "a.com",
        "job/j": "Parallelism:",
        "cronjob/cj": "Schedule:                      @daily",
        "quota/q": "Resource",
        "pdb/p": "Min available:  1",
        "deployment/d": "StrategyType:           RollingUpdate",
    }
    for what, text in texts.items():
        assert " ".join(text.split()) in " ".join(kubectl("describe", what).split())


def test_events(described: Kube) -> None:
    assert "Successfully assigned" in described("get", "events", "--sort-by=.metadata.creationTimestamp")
    shown = described("events", "--for=pod/kubia-0")
    assert "Pod/kubia-0" in shown and "kubia-1" not in shown
    assert "No events found" in described("events", "--types=Warning")
    newer = described.object("events.v1.events.k8s.io", "--field-selector=reason=Scheduled")["items"]
    assert {event["regarding"]["kind"] for event in newer} == {"Pod"}


def test_events_are_followed(kubectl: Kube) -> None:
    kubectl("run", "one", "--image=i")
    kubectl("wait", "--for=condition=Ready", "pod/one", "--timeout=30s")
    with kubectl.running("events", "--watch", "--for=pod/one") as lines:
        kubectl("delete", "pod", "one", "--grace-period=1", "--wait=false")
        assert any("Killing" in line for line in lines)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("statefulset.spec.replicas", "FIELD: replicas <integer>"),
        ("pods --recursive", "terminationGracePeriodSeconds\t<integer>"),
        ("hpa --api-version=autoscaling/v1", "VERSION:    v1"),
        ("events --api-version=events.k8s.io/v1", "regarding"),
    ],
)
def test_explain(kubectl: Kube, words: str, text: str) -> None:
    assert text in kubectl("explain", *words.split())


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("deployment.spec.strategy", "RESOURCE: strategy <Object>"),
        ("pod.spec --recursive", "preferredDuringSchedulingIgnoredDuringExecution\t<[]Object>"),
        ("hpa.spec.minReplicas --api-version=autoscaling/v1", "VERSION:  autoscaling/v1"),
        ("pod.spec.containers.image", "Container image name."),
    ],
)
def test_explain_by_openapi_version_2(kubectl: Kube, words: str, text: str) -> None:
    assert text in kubectl("explain", "--output=plaintext-openapiv2", *words.split())


def test_explain_of_what_is_not_there(kubectl: Kube) -> None:
    assert 'error: field "nope" does not exist' in kubectl("explain", "pod.spec.nope", code=1)


def test_what_goes_over_the_wire_can_be_seen(kubectl: Kube) -> None:
    found: Any = kubectl("get", "configmaps", "-v=6")
    assert f"/api/v1/namespaces/{kubectl.namespace}/configmaps?limit=500" in found


def test_kubectl_shows_that_endpoints_are_deprecated(kubia: Kube) -> None:
    printed = kubia("get", "endpoints", "kubia")
    assert "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice" in printed
    assert "Warning" not in kubia("get", "endpointslices")
    assert "Warning: v1 ComponentStatus is deprecated in v1.19+" in kubia("get", "componentstatuses")
