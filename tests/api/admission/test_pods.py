"""What admission makes of pods: account and token, priority, tolerations, runtime class, topology."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.api.admission.runtime_class import RUNTIME_CLASSES
from minikube_lite.machinery.resources import NODES, PODS, PRIORITY_CLASSES, SERVICE_ACCOUNTS
from minikube_lite.store import Object

TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
TOLERATIONS = [
    {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
    {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
]


async def test_a_plain_pod(api: Any) -> None:
    spec = (await api.create_pod())["spec"]
    (volume,) = spec["volumes"]
    assert volume == {
        "name": volume["name"],
        "projected": {
            "defaultMode": 420,
            "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
                {
                    "downwardAPI": {
                        "items": [
                            {
                                "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"},
                                "path": "namespace",
                            }
                        ]
                    }
                },
            ],
        },
    }
    assert volume["name"].startswith("kube-api-access-")
    assert len(volume["name"]) == len("kube-api-access-") + 5
    mount = {"name": volume["name"], "readOnly": True, "mountPath": TOKEN_PATH}
    assert spec["containers"][0]["volumeMounts"] == [mount]
    assert (spec["serviceAccountName"], spec["serviceAccount"]) == ("default", "default")
    assert (spec["priority"], spec["preemptionPolicy"]) == (0, "PreemptLowerPriority")
    assert spec["tolerations"] == TOLERATIONS


async def test_admission_owns_no_fields(api: Any) -> None:
    (entry,) = (await api.create_pod())["metadata"]["managedFields"]
    assert not {"f:serviceAccountName", "f:tolerations", "f:volumes", "f:priority"} & set(entry["fieldsV1"]["f:spec"])


# Service accounts


async def test_all_containers_but_those_with_a_mount_of_their_own(api: Any) -> None:
    own = {"name": "mine", "mountPath": TOKEN_PATH}
    containers = [
        {"name": "a", "image": "x"},
        {"name": "b", "image": "x", "volumeMounts": [own]},
        {"name": "c", "image": "x", "volumeMounts": [{"name": "mine", "mountPath": "/data"}]},
    ]
    init = [{"name": "i", "image": "x"}]
    volumes = [{"name": "mine", "emptyDir": {}}]
    spec = (await api.create_pod(containers=containers, initContainers=init, volumes=volumes))["spec"]
    paths = [
        [mount["mountPath"] for mount in item["volumeMounts"]] for item in spec["initContainers"] + spec["containers"]
    ]
    assert paths == [[TOKEN_PATH], [TOKEN_PATH], [TOKEN_PATH], ["/data", TOKEN_PATH]]
    assert spec["containers"][1]["volumeMounts"] == [own]
    assert len(spec["volumes"]) == 2


@pytest.mark.parametrize(
    ("account", "pod", "mounted"),
    [(None, None, True), (False, None, False), (False, True, True), (True, False, False), (None, False, False)],
)
async def test_who_decides_about_the_token(api: Any, account: bool | None, pod: bool | None, mounted: bool) -> None:
    chosen = {} if account is None else {"automountServiceAccountToken": account}
    await api.create(SERVICE_ACCOUNTS, {"metadata": {"name": "robot"}, **chosen}, "default")
    wish = {} if pod is None else {"automountServiceAccountToken": pod}
    spec = (await api.create_pod(serviceAccountName="robot", **wish))["spec"]
    assert ("volumes" in spec) == mounted


async def test_a_token_volume_that_is_there_is_used(api: Any) -> None:
    volumes = [{"name": "kube-api-access-12345", "emptyDir": {}}]
    spec = (await api.create_pod(volumes=volumes))["spec"]
    assert [volume["name"] for volume in spec["volumes"]] == ["kube-api-access-12345"]
    assert spec["containers"][0]["volumeMounts"][0]["name"] == "kube-api-access-12345"


async def test_pull_secrets_come_from_the_account(api: Any) -> None:
    secrets = [{"name": "registry"}]
    await api.create(SERVICE_ACCOUNTS, {"metadata": {"name": "robot"}, "imagePullSecrets": secrets}, "default")
    assert (await api.create_pod(serviceAccountName="robot"))["spec"]["imagePullSecrets"] == secrets
    own = [{"name": "own"}]
    pod = await api.create_pod({"name": "q"}, serviceAccountName="robot", imagePullSecrets=own)
    assert pod["spec"]["imagePullSecrets"] == own


async def test_a_missing_account(api: Any) -> None:
    text = 'error looking up service account default/none: serviceaccount "none" not found'
    assert await api.pod_refusal(serviceAccountName="none") == text
    await api.client.delete(SERVICE_ACCOUNTS, "default", "default")
    text = 'error looking up service account default/default: serviceaccount "default" not found'
    assert await api.pod_refusal({"generateName": "p-"}) == text


SECRET_ENV = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "other", "key": "k"}}}]


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({"volumes": [{"name": "v", "secret": {"secretName": "known"}}]}, ""),
        (
            {"volumes": [{"name": "v", "secret": {"secretName": "other"}}]},
            'volume with secret.secretName="other" is not allowed because service account strict does not reference that'
            " secret",
        ),
        (
            {"containers": [{"name": "c", "image": "x", "env": SECRET_ENV}]},
            'container c with envVar A referencing secret.secretName="other" is not allowed because service account'
            " strict does not reference that secret",
        ),
        (
            {"initContainers": [{"name": "i", "image": "x", "envFrom": [{"secretRef": {"name": "other"}}]}]},
            'init container i with envFrom referencing secret.secretName="other" is not allowed because service account'
            " strict does not reference that secret",
        ),
        (
            {"imagePullSecrets": [{"name": "other"}]},
            'imagePullSecrets[0].name="other" is not allowed because service account strict does not reference that'
            " imagePullSecret",
        ),
    ],
)
async def test_strict_accounts(api: Any, spec: dict[str, Any], fault: str) -> None:
    metadata = {"name": "strict", "annotations": {"kubernetes.io/enforce-mountable-secrets": "true"}}
    await api.create(SERVICE_ACCOUNTS, {"metadata": metadata, "secrets": [{"name": "known"}]}, "default")
    if fault:
        assert await api.pod_refusal(serviceAccountName="strict", **spec) == fault
    else:
        await api.create_pod(serviceAccountName="strict", **spec)


async def test_mirror_pods(api: Any) -> None:
    mirror = {"name": "m", "annotations": {"kubernetes.io/config.mirror": "x"}}
    text = "a mirror pod may not reference service accounts"
    assert await api.pod_refusal(mirror, serviceAccountName="default", nodeName="n") == text
    text = "a mirror pod may not reference secrets"
    assert await api.pod_refusal(mirror, volumes=[{"name": "v", "secret": {"secretName": "s"}}]) == text
    text = "a mirror pod may not use ServiceAccountToken volume projections"
    token = {"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}
    assert await api.pod_refusal(mirror, volumes=[{"name": "v", **token}]) == text


# Priority


async def test_priority_classes(api: Any) -> None:
    await api.create(PRIORITY_CLASSES, {"metadata": {"name": "high"}, "value": 10, "preemptionPolicy": "Never"})
    spec = (await api.create_pod(priorityClassName="high"))["spec"]
    assert (spec["priority"], spec["preemptionPolicy"]) == (10, "Never")
    assert await api.pod_refusal(priorityClassName="none") == "no PriorityClass with name none was found"
    assert await api.pod_refusal(priority=5) == (
        "the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0"
        " from the given PriorityClass name"
    )
    assert await api.pod_refusal(preemptionPolicy="Never") == (
        "the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority admission controller"
        " computed PreemptLowerPriority from the given PriorityClass name"
    )


async def test_the_default_priority_class(api: Any) -> None:
    await api.create(PRIORITY_CLASSES, {"metadata": {"name": "usual"}, "value": 7, "globalDefault": True})
    spec = (await api.create_pod())["spec"]
    assert (spec["priorityClassName"], spec["priority"]) == ("usual", 7)
    status = await api.refusal(PRIORITY_CLASSES, {"metadata": {"name": "more"}, "value": 8, "globalDefault": True})
    assert status["message"] == (
        'priorityclasses.scheduling.k8s.io "more" is forbidden: PriorityClass usual is already marked as default.'
        " Only one default can exist"
    )


# Tolerations


@pytest.mark.parametrize(
    ("given", "added"),
    [
        ([], TOLERATIONS),
        ([{"operator": "Exists"}], []),
        ([{"operator": "Exists", "effect": "NoSchedule"}], TOLERATIONS),
        ([{**TOLERATIONS[0], "tolerationSeconds": 5}], TOLERATIONS[1:]),
        ([{"key": "node.kubernetes.io/unreachable", "operator": "Exists"}], TOLERATIONS[:1]),
    ],
)
async def test_tolerations(api: Any, given: list[Object], added: list[Object]) -> None:
    assert (await api.create_pod(tolerations=given))["spec"]["tolerations"] == given + added


async def test_tolerations_are_added_again_on_update(api: Any) -> None:
    pod = await api.create_pod()
    spec = {**pod["spec"], "tolerations": []}
    new = {"metadata": {"name": "p", "labels": {"a": "b"}}, "spec": spec}
    assert (await api.client.update(PODS, "default", new))["spec"]["tolerations"] == TOLERATIONS


# Runtime class and topology


async def test_runtime_classes(api: Any) -> None:
    assert await api.pod_refusal(runtimeClassName="none") == 'pod rejected: RuntimeClass "none" not found'
    text = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
    assert await api.pod_refusal(overhead={"cpu": "1"}) == text
    tolerations = [{"key": "sandbox", "operator": "Exists"}]
    heavy = {
        "metadata": {"name": "heavy"},
        "handler": "heavy",
        "overhead": {"podFixed": {"cpu": "100m"}},
        "scheduling": {"nodeSelector": {"kind": "heavy"}, "tolerations": tolerations},
    }
    await api.create(RUNTIME_CLASSES, heavy)
    spec = (await api.create_pod(runtimeClassName="heavy"))["spec"]
    assert (spec["overhead"], spec["nodeSelector"]) == ({"cpu": "100m"}, {"kind": "heavy"})
    assert spec["tolerations"] == [*TOLERATIONS, *tolerations]
    text = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
    assert await api.pod_refusal(runtimeClassName="heavy", overhead={"cpu": "2"}) == text
    text = "conflict: runtimeClass.scheduling.nodeSelector[kind] = heavy; pod.spec.nodeSelector[kind] = light"
    assert await api.pod_refusal(runtimeClassName="heavy", nodeSelector={"kind": "light"}) == text


async def test_pods_carry_the_zone_of_their_node(api: Any) -> None:
    zone = {"topology.kubernetes.io/zone": "z1"}
    await api.create(NODES, {"metadata": {"name": "node-1", "labels": {**zone, "other": "x"}}})
    await api.create_pod({"name": "p", "labels": {"app": "a"}})
    binding = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "node-1"}}
    await api.client.create(PODS, "default", binding, name="p", subresource="binding")
    assert (await api.client.get(PODS, "default", "p"))["metadata"]["labels"] == {"app": "a", **zone}
    assert (await api.create_pod({"name": "q"}, nodeName="node-1"))["metadata"]["labels"] == zone
