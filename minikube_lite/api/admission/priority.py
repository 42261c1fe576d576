"""Priority: a pod's class decides its priority, and one class at most is the default.

Upstream: plugin/pkg/admission/priority.
"""

from __future__ import annotations

from minikube_lite.api.admission import Attributes, Plugin
from minikube_lite.api.admission.requests import forbidden_by_admission, written
from minikube_lite.machinery.kind import Reader
from minikube_lite.machinery.resources import PODS, PRIORITY_CLASSES
from minikube_lite.store import Object

DEFAULT_POLICY = "PreemptLowerPriority"


class Priority(Plugin):
    """The plugin."""

    async def admit(self, attributes: Attributes) -> None:
        pod = written(attributes, PODS)
        if pod is None:
            return
        if attributes.operation == "UPDATE" and attributes.old is not None:
            for part in ("priority", "preemptionPolicy"):
                if pod["spec"].get(part) is None and attributes.old["spec"].get(part) is not None:
                    pod["spec"][part] = attributes.old["spec"][part]
        elif attributes.operation == "CREATE":
            _set_priority(attributes, pod["spec"])

    async def validate(self, attributes: Attributes) -> None:
        new = written(attributes, PRIORITY_CLASSES)
        default = default_priority_class(attributes.context.reader) if new is not None else None
        if new is None or default is None or not new.get("globalDefault"):
            return
        name = default["metadata"]["name"]
        if attributes.operation == "CREATE" or name != new["metadata"]["name"]:
            text = f"PriorityClass {name} is already marked as default. Only one default can exist"
            raise forbidden_by_admission(attributes, text)


def _set_priority(attributes: Attributes, spec: Object) -> None:
    reader, name = attributes.context.reader, spec.get("priorityClassName", "")
    found = reader.get(PRIORITY_CLASSES, "", name) if name else default_priority_class(reader)
    if found is None and name:
        raise forbidden_by_admission(attributes, f"no PriorityClass with name {name} was found")
    if found is not None:
        spec["priorityClassName"] = found["metadata"]["name"]
    value = found.get("value", 0) if found is not None else 0
    given = spec.get("priority")
    if given is not None and given != value:
        text = (
            f"the integer value of priority ({given}) must not be provided in pod spec;"
            f" priority admission controller computed {value} from the given PriorityClass name"
        )
        raise forbidden_by_admission(attributes, text)
    spec["priority"] = value
    policy = found.get("preemptionPolicy") if found is not None else DEFAULT_POLICY
    if policy is None:
        return
    given = spec.get("preemptionPolicy")
    if given is not None and given != policy:
        text = (
            f"the string value of PreemptionPolicy ({given}) must not be provided in pod spec;"
            f" priority admission controller computed {policy} from the given PriorityClass name"
        )
        raise forbidden_by_admission(attributes, text)
    spec["preemptionPolicy"] = policy


def default_priority_class(reader: Reader) -> Object | None:
    """The class of pods that name none; of several, which only a race can make, the lowest."""
    marked = [item for item in reader.list_objects(PRIORITY_CLASSES) if item.get("globalDefault")]
    return min(marked, key=lambda item: int(item.get("value", 0)), default=None)
