"""PodSecurity: what each rule says of pods, which rules a version has, and how writes are refused or warned of."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.api.admission.pod_security.evaluate import CHECKS, details, evaluate, reasons
from minikube_lite.api.admission.pod_security.levels import LevelVersion, policy_of
from minikube_lite.api.admission.pod_security.plugin import namespace_warnings
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import NAMESPACES, PODS
from minikube_lite.store import Object

BASELINE = LevelVersion("baseline")
RESTRICTED = LevelVersion("restricted")
SAFE: Object = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def told(level: LevelVersion, spec: Object, **metadata: Any) -> str:
    return details(evaluate(level, metadata, spec))


def pod(*contexts: Object, **spec: Any) -> Object:
    """Containers `a`, `b` … of those security contexts."""
    containers = [{"name": name, "securityContext": context} for name, context in zip("abc", contexts, strict=False)]
    return {"containers": containers, **spec}


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (pod({}), ""),
        (pod({"privileged": True}), 'privileged (container "a" must not set securityContext.privileged=true)'),
        (
            pod({"privileged": True}, {}, {"privileged": True}),
            'privileged (containers "a", "c" must not set securityContext.privileged=true)',
        ),
        (pod(hostNetwork=True, hostIPC=True), "host namespaces (hostNetwork=true, hostIPC=true)"),
        (pod(volumes=[{"name": "v", "hostPath": {"path": "/"}}]), 'hostPath volumes (volume "v")'),
        (
            {"containers": [{"name": "a", "ports": [{"hostPort": 80}, {"hostPort": 443}, {"containerPort": 1}]}]},
            'hostPort (container "a" uses hostPorts 443, 80)',
        ),
        (
            {"containers": [{"name": n, "livenessProbe": {"httpGet": {"host": "x"}}} for n in "ab"]},
            'probe or lifecycle host (containers "a", "b" use probe or lifecycle host "x")',
        ),
        (
            {"containers": [{"name": "a", "lifecycle": {"preStop": {"tcpSocket": {"host": "x"}}}}]},
            'probe or lifecycle host (container "a" uses probe or lifecycle host "x")',
        ),
        (
            pod({"capabilities": {"add": ["NET_RAW", "CHOWN", "BPF"]}}),
            'non-default capabilities (container "a" must not include "BPF", "NET_RAW"'
            " in securityContext.capabilities.add)",
        ),
        (
            pod({"procMount": "Unmasked"}),
            'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
        ),
        (pod({"procMount": "Unmasked"}, hostUsers=False), ""),
        (
            pod({"seccompProfile": {"type": "Unconfined"}}, securityContext={"seccompProfile": {"type": "Unconfined"}}),
            'seccompProfile (pod and container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
        ),
        (
            pod({"appArmorProfile": {"type": "Unconfined"}}),
            'forbidden AppArmor profile (container "a" must not set AppArmor profile type to "Unconfined")',
        ),
        (
            pod({"seLinuxOptions": {"type": "spc_t", "user": "u", "role": "r"}}),
            'seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: type "spc_t";'
            " user may not be set; role may not be set)",
        ),
        (pod({"seLinuxOptions": {"type": "container_engine_t"}}), ""),
        (
            pod(securityContext={"sysctls": [{"name": "kernel.msgmax"}, {"name": "net.ipv4.tcp_rmem"}]}),
            "forbidden sysctls (kernel.msgmax)",
        ),
        (
            pod(securityContext={"windowsOptions": {"hostProcess": True}}),
            "hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)",
        ),
        (
            {"containers": [], "initContainers": [{"name": "i", "securityContext": {"privileged": True}}]},
            'privileged (container "i" must not set securityContext.privileged=true)',
        ),
    ],
)
def test_the_baseline(spec: Object, text: str) -> None:
    assert told(BASELINE, spec) == text


def test_annotations_can_turn_apparmor_off() -> None:
    annotations = {"container.apparmor.security.beta.kubernetes.io/a": "unconfined"}
    assert told(BASELINE, pod({}), annotations=annotations) == (
        "forbidden AppArmor profile (annotation must not set AppArmor profile type to"
        ' "container.apparmor.security.beta.kubernetes.io/a="unconfined"")'
    )


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (pod(SAFE), ""),
        (
            pod({}),
            'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false),'
            ' unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]),'
            ' runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true),'
            ' seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to'
            ' "RuntimeDefault" or "Localhost")',
        ),
        (
            pod({**SAFE, "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE", "CHOWN"]}}),
            'unrestricted capabilities (container "a" must not include "CHOWN" in securityContext.capabilities.add)',
        ),
        (
            pod({**SAFE, "runAsNonRoot": False}, securityContext={"runAsNonRoot": False}),
            'runAsNonRoot != true (pod and container "a" must not set securityContext.runAsNonRoot=false)',
        ),
        (pod({**SAFE, "runAsUser": 0}), 'runAsUser=0 (container "a" must not set runAsUser=0)'),
        (pod({**SAFE, "runAsUser": 0, "runAsNonRoot": False}, hostUsers=False), ""),
        (
            pod(SAFE, volumes=[{"name": "h", "hostPath": {}}, {"name": "n", "nfs": {}}, {"name": "e", "emptyDir": {}}]),
            'restricted volume types (volumes "h", "n" use restricted volume types "hostPath", "nfs")',
        ),
        (
            pod({**SAFE, "procMount": "Unmasked"}, hostUsers=False),
            'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
        ),
        (
            pod(
                {key: SAFE[key] for key in ("allowPrivilegeEscalation", "capabilities")},
                securityContext={"runAsNonRoot": True, "seccompProfile": {"type": "Localhost"}},
            ),
            "",
        ),
        (pod({"runAsNonRoot": True}, os={"name": "windows"}), ""),
    ],
)
def test_the_restricted_level(spec: Object, text: str) -> None:
    assert told(RESTRICTED, spec) == text


@pytest.mark.parametrize(
    ("version", "spec", "broken"),
    [
        ("v1.7", pod({}), "runAsNonRoot != true"),
        ("v1.18", pod({}), "allowPrivilegeEscalation != false, runAsNonRoot != true"),
        ("v1.21", pod({**SAFE, "capabilities": {"add": ["NET_RAW"]}}), "non-default capabilities"),
        ("v1.22", pod({**SAFE, "runAsUser": 0}), ""),
        ("v1.23", pod({**SAFE, "runAsUser": 0}), "runAsUser=0"),
        ("v1.33", {"containers": [{"name": "a", "securityContext": SAFE, "livenessProbe": {"httpGet": {"host": "x"}}}]}, ""),
        ("v1.34", pod({**SAFE, "runAsUser": 0}, hostUsers=False), "runAsUser=0"),
        ("v1.99", pod({**SAFE, "runAsUser": 0}, hostUsers=False), ""),
    ],
)  # fmt: skip
def test_rules_are_those_of_their_version(version: str, spec: Object, broken: str) -> None:
    assert reasons(evaluate(LevelVersion("restricted", version), {}, spec)) == broken


def test_every_rule_has_versions_in_order() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        minors = [version.minor for version in check.versions]
        assert minors == sorted(set(minors))


def test_the_privileged_level_looks_at_nothing() -> None:
    assert not evaluate(LevelVersion(), {}, pod({"privileged": True}, hostNetwork=True))


@pytest.mark.parametrize(
    ("labels", "enforce", "audit", "warn", "faults"),
    [
        ({}, "privileged:latest", "privileged:latest", "privileged:latest", 0),
        ({"enforce": "baseline"}, "baseline:latest", "privileged:latest", "baseline:latest", 0),
        (
            {"enforce": "baseline", "enforce-version": "v1.20"},
            "baseline:v1.20",
            "privileged:latest",
            "baseline:v1.20",
            0,
        ),
        (
            {"enforce": "baseline", "warn": "privileged"},
            "baseline:latest",
            "privileged:latest",
            "privileged:latest",
            0,
        ),
        ({"enforce": "odd"}, "restricted:latest", "privileged:latest", "privileged:latest", 1),
        (
            {"warn": "odd", "audit": "odd", "audit-version": "1.2"},
            "privileged:latest",
            "privileged:latest",
            "privileged:latest",
            3,
        ),
    ],
)
def test_what_labels_mean(labels: dict[str, str], enforce: str, audit: str, warn: str, faults: int) -> None:
    policy, found = policy_of({f"pod-security.kubernetes.io/{name}": value for name, value in labels.items()})
    assert (str(policy.enforce), str(policy.audit), str(policy.warn)) == (enforce, audit, warn)
    assert len(found) == faults


def test_pods_that_break_the_same_rules_are_told_together() -> None:
    def a_pod(name: str, context: Object) -> Object:
        return {"metadata": {"name": name}, "spec": pod(context)}

    pods = [a_pod(name, {"privileged": True}) for name in ("z", "y", "x")] + [a_pod("ok", {})]
    pods.append({"metadata": {"name": "net"}, "spec": pod({}, hostNetwork=True)})
    assert namespace_warnings("n", BASELINE, pods) == [
        'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"',
        "net: host namespaces",
        "x (and 2 other pods): privileged",
    ]


async def label(api: Any, **labels: str) -> None:
    named = {f"pod-security.kubernetes.io/{name.replace('_', '-')}": value for name, value in labels.items()}
    await api.client.patch(NAMESPACES, "", "default", {"metadata": {"labels": named}})


async def test_a_pod_is_refused(api: Any) -> None:
    await label(api, enforce="baseline", enforce_version="v1.30")
    assert await api.pod_refusal(hostNetwork=True) == (
        'violates PodSecurity "baseline:v1.30": host namespaces (hostNetwork=true)'
    )


async def test_a_pod_that_is_there_may_change_all_but_its_images(api: Any) -> None:
    await api.create_pod(hostNetwork=True)
    await label(api, enforce="baseline")
    await api.client.patch(PODS, "default", "p", {"metadata": {"labels": {"a": "b"}}})
    image = [{"op": "replace", "path": "/spec/containers/0/image", "value": "other"}]
    with pytest.raises(ApiError, match="violates PodSecurity"):
        await api.client.patch(PODS, "default", "p", image, patch_type="application/json-patch+json")


async def test_labels_that_mean_nothing_are_invalid(api: Any) -> None:
    with pytest.raises(ApiError) as caught:
        await label(api, warn="some")
    assert (caught.value.code, caught.value.message) == (
        422,
        'Namespace "default" is invalid: metadata.labels[pod-security.kubernetes.io/warn]:'
        ' Invalid value: "some": must be one of privileged, baseline, restricted',
    )
