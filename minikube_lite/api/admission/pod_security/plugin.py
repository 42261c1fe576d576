"""PodSecurity in the path of a write: refuses pods, and warns of workloads and of labels that come too late.

Upstream: pod-security-admission/admission/admission.go. There are no audit logs, so what `audit` asks for is only checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from minikube_lite.api.admission import Attributes, Plugin
from minikube_lite.api.admission.pod_security.evaluate import details, evaluate, reasons
from minikube_lite.api.admission.pod_security.levels import PRIVILEGED, LevelVersion, Policy, is_stricter, policy_of
from minikube_lite.api.admission.requests import forbidden_by_admission
from minikube_lite.machinery.errors import invalid
from minikube_lite.machinery.meta import controller_of
from minikube_lite.machinery.resources import NAMESPACES, PODS
from minikube_lite.store import Object

PODS_CHECKED_MAX = 3000
"""How many pods are looked at when a namespace becomes stricter."""
IGNORED_SUBRESOURCES = frozenset(
    {"exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"}
)  # fmt: skip
TEMPLATES: dict[str, tuple[str, ...]] = {
    "podtemplates": ("template",),
    "cronjobs.batch": ("spec", "jobTemplate", "spec", "template"),
    **dict.fromkeys(
        (
            "replicationcontrollers", "replicasets.apps", "deployments.apps", "statefulsets.apps", "daemonsets.apps",
            "jobs.batch",
        ),
        ("spec", "template"),
    ),
}  # fmt: skip
"""Where the workloads' pod templates stand."""


class PodSecurity(Plugin):
    """The plugin."""

    async def validate(self, attributes: Attributes) -> None:
        new = attributes.new
        if new is None or attributes.operation not in ("CREATE", "UPDATE"):
            return
        key, subresource = attributes.resource.key, attributes.subresource
        if key == PODS.key:
            if subresource not in IGNORED_SUBRESOURCES:
                _check_pod(attributes, new)
        elif not subresource and key == NAMESPACES.key:
            _check_namespace(attributes, new)
        elif not subresource and key in TEMPLATES:
            _check_template(attributes, new)


def _policy(attributes: Attributes) -> Policy:
    namespace = attributes.context.reader.get(NAMESPACES, "", attributes.context.namespace)
    return policy_of(namespace["metadata"].get("labels"))[0] if namespace is not None else Policy()


def _check_pod(attributes: Attributes, pod: Object) -> None:
    policy = _policy(attributes)
    if policy.fully_privileged or (attributes.old is not None and not _is_significant(pod, attributes.old)):
        return
    violations = evaluate(policy.enforce, pod["metadata"], pod["spec"])
    if violations:
        text = f'violates PodSecurity "{policy.enforce}": {details(violations)}'
        raise forbidden_by_admission(attributes, text)
    _warn(attributes, policy.warn, pod["metadata"], pod["spec"])


def _check_template(attributes: Attributes, workload: Object) -> None:
    template = workload
    for part in TEMPLATES[attributes.resource.key]:
        template = template.get(part) or {}
    if template.get("spec"):
        _warn(attributes, _policy(attributes).warn, template.get("metadata") or {}, template["spec"])


def _warn(attributes: Attributes, level: LevelVersion, metadata: Object, spec: Object) -> None:
    violations = evaluate(level, metadata, spec)
    if violations:
        attributes.context.warnings.append(f'would violate PodSecurity "{level}": {details(violations)}')


def _is_significant(new: Object, old: Object) -> bool:
    """Whether a change of a pod can matter: other images, or another ephemeral container."""
    for place in ("containers", "initContainers"):
        images, before = ([container.get("image") for container in pod["spec"].get(place) or ()] for pod in (new, old))
        if images != before:
            return True
    known = {item["name"]: item.get("image") for item in old["spec"].get("ephemeralContainers") or ()}
    return any(
        known.get(item["name"], item) != item.get("image") for item in new["spec"].get("ephemeralContainers") or ()
    )


# Namespaces


def _check_namespace(attributes: Attributes, namespace: Object) -> None:
    policy, faults = policy_of(namespace["metadata"].get("labels"))
    old = attributes.old
    before, old_faults = policy_of(old["metadata"].get("labels")) if old is not None else (policy, [])
    if faults and faults != old_faults:
        raise invalid("", "Namespace", namespace["metadata"].get("name", ""), faults)
    if _becomes_stricter(policy.enforce, before.enforce):
        pods = attributes.context.reader.list_objects(PODS, namespace["metadata"]["name"])
        attributes.context.warnings.extend(namespace_warnings(namespace["metadata"]["name"], policy.enforce, pods))


def _becomes_stricter(new: LevelVersion, old: LevelVersion) -> bool:
    if new == old or new.level == PRIVILEGED:
        return False
    return new.version != old.version or is_stricter(new.level, old.level)


def namespace_warnings(name: str, enforced: LevelVersion, pods: Sequence[Object]) -> list[str]:
    """What is told of the pods that are there already, those that break the same rules together."""
    chosen = list(_one_of_each_first(pods))[:PODS_CHECKED_MAX]
    broken: dict[str, list[str]] = {}
    for pod in chosen:
        violations = evaluate(enforced, pod["metadata"], pod["spec"])
        if violations:
            broken.setdefault(reasons(violations), []).append(pod["metadata"]["name"])
    warnings = []
    if len(chosen) < len(pods):
        warnings.append(
            f"new PodSecurity enforce level only checked against the first {len(chosen)} of {len(pods)} existing pods"
        )
    if broken:
        warnings.append(f'existing pods in namespace "{name}" violate the new PodSecurity enforce level "{enforced}"')
    return warnings + sorted(f"{_some(names)}: {text}" for text, names in broken.items())


def _some(names: Sequence[str]) -> str:
    others = len(names) - 1
    if not others:
        return names[0]
    return f"{min(names)} (and {others} other pod{'s' if others > 1 else ''})"


def _one_of_each_first(pods: Sequence[Object]) -> Iterable[Object]:
    """The pods of one controller are alike, so one of them is looked at before the others."""
    seen: set[str] = set()
    others: list[Object] = []
    for pod in pods:
        controller = controller_of(pod)
        if controller is None or controller["uid"] not in seen:
            yield pod
        else:
            others.append(pod)
        if controller is not None:
            seen.add(controller["uid"])
    yield from others
