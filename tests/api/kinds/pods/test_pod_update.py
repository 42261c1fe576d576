"""Which changes of a pod are allowed, through which view."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.machinery.meta import copy_object

BODY: dict[str, Any] = {
    "metadata": {"name": "p"},
    "spec": {
        "containers": [
            {"name": "c", "image": "nginx", "imagePullPolicy": "Always", "resources": {"requests": {"cpu": "1"}}},
        ],
        "activeDeadlineSeconds": 100,
        "tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}],
    },
}


def changed(spec: dict[str, Any], **container: Any) -> dict[str, Any]:
    """The pod with other fields."""
    body = copy_object(BODY)
    body["spec"].update(spec)
    body["spec"]["containers"][0].update(container)
    return body


TOLERATION = BODY["spec"]["tolerations"][0]

CHANGES = [
    (changed({}, image="nginx:2"), []),
    (changed({"activeDeadlineSeconds": 50}), []),
    (changed({"tolerations": [{**TOLERATION, "tolerationSeconds": 9}, {"key": "b", "operator": "Exists"}]}), []),
    (changed({}, image=""), ["spec.containers[0].image", "spec.containers[0].image"]),
    (changed({"activeDeadlineSeconds": 200}), ["spec.activeDeadlineSeconds"]),
    (changed({"activeDeadlineSeconds": None}), ["spec.activeDeadlineSeconds"]),
    (changed({"tolerations": []}), ["spec.tolerations"]),
    (changed({"nodeName": "n1"}), ["spec"]),
    (changed({"schedulingGates": [{"name": "g"}]}), ["spec.schedulingGates[0].name"]),
    (changed({}, resources={}), ["spec"]),
    (changed({}, command=["sh"]), ["spec"]),
    (changed({"containers": [*BODY["spec"]["containers"], {"name": "d", "image": "x"}]}), ["spec.containers"]),
]


@pytest.mark.parametrize(("body", "paths"), CHANGES)
def test_a_running_pod_keeps_most_of_its_spec(pods, body, paths):
    _, faults = pods.updated(pods.made(BODY), body)
    assert [path for path, _ in faults] == paths


def test_the_refusal_says_what_differs(pods):
    _, [(_, text)] = pods.updated(pods.made(BODY), changed({"nodeName": "n1"}))
    assert text.startswith("Forbidden: pod updates may not change fields other than `spec.containers[*].image`,")
    assert '+  "nodeName": "n1"' in text


def test_status_is_kept_by_an_ordinary_write(pods):
    old = pods.made(BODY)
    old["status"]["phase"] = "Running"
    new, faults = pods.updated(old, changed({}, image="x") | {"status": {"phase": "Failed"}})
    assert new["status"]["phase"] == "Running"
    assert faults == []
    assert pods.kind.strategy.generation_changes(new, old)


def test_a_gated_pod_may_be_told_to_go_to_fewer_nodes(pods):
    gated = changed({"schedulingGates": [{"name": "g"}], "nodeSelector": {"a": "b"}})
    old = pods.made(gated)
    gated["spec"]["nodeSelector"] = {"a": "b", "c": "d"}
    assert pods.updated(old, gated)[1] == []
    gated["spec"]["nodeSelector"] = {"c": "d"}
    assert [path for path, _ in pods.updated(old, gated)[1]] == ["spec.nodeSelector"]


# Status


def status_faults(
    pods: Any, old_status: dict[str, Any], status: dict[str, Any], spec: dict[str, Any] | None = None
) -> Any:
    """What is wrong with a change of status."""
    old = pods.made(changed(spec or {}))
    old["status"].update(old_status)
    body = changed(spec or {}) | {"status": status}
    return pods.updated(old, body, pods.kind.status_strategy)


def test_a_status_write_changes_nothing_else(pods):
    new, faults = status_faults(pods, {}, {"phase": "Running", "podIPs": [{"ip": "10.244.0.5"}], "podIP": "10.244.0.5"})
    assert faults == []
    assert new["status"]["phase"] == "Running"
    assert new["status"]["qosClass"] == "Burstable"


ENDED = {"containerStatuses": [{"name": "c", "state": {"terminated": {"exitCode": 1}}}]}
STARTED = {"containerStatuses": [{"name": "c", "state": {"running": {}}}]}


@pytest.mark.parametrize(
    ("old", "new", "spec", "paths"),
    [
        ({}, {"qosClass": "Guaranteed"}, {}, ["status.qosClass"]),
        ({}, {"podIPs": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]}, {}, ["status.podIPs"]),
        ({}, {"podIPs": [{"ip": "010.0.0.1"}]}, {}, ["status.podIPs[0]"]),
        ({}, {"hostIP": "1.1.1.1", "hostIPs": [{"ip": "1.1.1.2"}]}, {}, ["status.hostIPs[0].ip"]),
        ({}, {"conditions": [{"type": "bad type", "status": "True"}]}, {}, ["status.conditions[0].Type"]),
        ({}, {"nominatedNodeName": "n2"}, {"nodeName": "n1"}, ["status.nominatedNodeName"]),
        (ENDED, STARTED, {}, []),
        (ENDED, STARTED, {"restartPolicy": "OnFailure"}, []),
        (ENDED, STARTED, {"restartPolicy": "Never"}, ["status.containerStatuses[0].state"]),
    ],
)
def test_what_a_status_may_not_say(pods, old, new, spec, paths):
    assert [path for path, _ in status_faults(pods, old, new, spec)[1]] == paths


def test_observed_generations_are_not_cleared(pods):
    old = {"observedGeneration": 3, "conditions": [{"type": "Ready", "status": "True", "observedGeneration": 2}]}
    new, _ = status_faults(pods, old, {"conditions": [{"type": "Ready", "status": "False"}]})
    assert new["status"]["observedGeneration"] == 3
    assert new["status"]["conditions"][0]["observedGeneration"] == 2


# Ephemeral containers and resize


def test_ephemeral_containers_are_added_and_then_stay(pods):
    strategy = pods.kind.subresource_strategies["ephemeralcontainers"]
    debug = {"name": "debug", "image": "busybox", "targetContainerName": "c"}
    old = pods.made(BODY)
    new, faults = pods.updated(old, changed({"ephemeralContainers": [debug], "nodeName": "n9"}), strategy)
    assert faults == []
    assert [item["name"] for item in new["spec"]["ephemeralContainers"]] == ["debug"]
    assert "nodeName" not in new["spec"]
    other = changed({"ephemeralContainers": [{**debug, "image": "x"}]})
    assert [path for path, _ in pods.updated(new, other, strategy)[1]] == ["spec.ephemeralContainers"]
    assert [path for path, _ in pods.updated(new, BODY, strategy)[1]] == ["spec.ephemeralContainers"]


@pytest.mark.parametrize(
    ("resources", "texts"),
    [
        ({"requests": {"cpu": "2"}}, []),
        ({"requests": {"cpu": "2"}, "limits": {"cpu": "3"}}, []),
        ({}, ["Pod QOS Class may not change", "resource requests cannot be removed"]),
        ({"requests": {"cpu": "1", "example.com/x": "1"}, "limits": {"example.com/x": "1"}}, ["only cpu and memory"]),
    ],
)
def test_resizing(pods, resources, texts):
    strategy = pods.kind.subresource_strategies["resize"]
    _, faults = pods.updated(pods.made(BODY), changed({}, resources=resources), strategy)
    assert len(faults) == len(texts)
    assert all(text in fault for (_, fault), text in zip(faults, texts, strict=True))
