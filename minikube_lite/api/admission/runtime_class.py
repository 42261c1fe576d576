"""RuntimeClass: a pod's runtime class must exist, and says what the pod costs and where it may run.

Upstream: plugin/pkg/admission/runtimeclass.
"""

from __future__ import annotations

from minikube_lite.api.admission import Attributes, Plugin
from minikube_lite.api.admission.requests import created, forbidden_by_admission
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import PODS, GroupVersionResource
from minikube_lite.store import Object

RUNTIME_CLASSES = GroupVersionResource("node.k8s.io", "v1", "runtimeclasses")
OVERHEAD_DIFFERS = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"


class RuntimeClass(Plugin):
    """The plugin."""

    async def admit(self, attributes: Attributes) -> None:
        pod, found = created(attributes, PODS), _runtime_class(attributes)
        if pod is None or found is None:
            return
        spec = pod["spec"]
        if found.get("overhead") is not None:
            overhead = found["overhead"].get("podFixed") or {}
            if spec.get("overhead") and spec["overhead"] != overhead:
                raise forbidden_by_admission(attributes, OVERHEAD_DIFFERS)
            spec["overhead"] = copy_object(overhead)
        if found.get("scheduling") is not None:
            _set_scheduling(attributes, spec, found["scheduling"])

    async def validate(self, attributes: Attributes) -> None:
        pod = created(attributes, PODS)
        if pod is None:
            return
        found, given = _runtime_class(attributes), pod["spec"].get("overhead")
        if found is not None and found.get("overhead") is not None:
            if (found["overhead"].get("podFixed") or {}) != (given or {}):
                raise forbidden_by_admission(attributes, OVERHEAD_DIFFERS)
        elif given is not None:
            text = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
            raise forbidden_by_admission(attributes, text)


def _runtime_class(attributes: Attributes) -> Object | None:
    pod = created(attributes, PODS)
    name = pod["spec"].get("runtimeClassName") if pod is not None else None
    if name is None:
        return None
    found = attributes.context.reader.get(RUNTIME_CLASSES, "", name)
    if found is None:
        raise forbidden_by_admission(attributes, f'pod rejected: RuntimeClass "{name}" not found')
    return found


def _set_scheduling(attributes: Attributes, spec: Object, scheduling: Object) -> None:
    selector = dict(spec.get("nodeSelector") or {})
    for key, value in sorted((scheduling.get("nodeSelector") or {}).items()):
        if selector.get(key, value) != value:
            wanted, given = f"nodeSelector[{key}] = {value}", f"nodeSelector[{key}] = {selector[key]}"
            text = f"conflict: runtimeClass.scheduling.{wanted}; pod.spec.{given}"
            raise forbidden_by_admission(attributes, text)
        selector[key] = value
    if selector:
        spec["nodeSelector"] = selector
    tolerations = [*(spec.get("tolerations") or ()), *copy_object(scheduling.get("tolerations") or [])]
    if tolerations:
        spec["tolerations"] = _merged(tolerations)


def _merged(tolerations: list[Object]) -> list[Object]:
    """Without those that another one covers."""
    merged: list[Object] = []
    for position, toleration in enumerate(tolerations):
        covered = any(_is_superset(kept, toleration) for kept in merged) or any(
            later != toleration and _is_superset(later, toleration) for later in tolerations[position + 1 :]
        )
        if not covered:
            merged.append(toleration)
    return merged


def _is_superset(wide: Object, narrow: Object) -> bool:
    if wide == narrow:
        return True
    exists = wide.get("operator") == "Exists"
    if narrow.get("key", "") != wide.get("key", "") and (wide.get("key") or not exists):
        return False
    if wide.get("effect") and wide["effect"] != narrow.get("effect", ""):
        return False
    if wide.get("effect") == "NoExecute" and wide.get("tolerationSeconds") is not None:
        seconds = narrow.get("tolerationSeconds")
        if seconds is None or seconds > wide["tolerationSeconds"]:
            return False
    return exists or (narrow.get("operator") == "Equal" and narrow.get("value", "") == wide.get("value", ""))
