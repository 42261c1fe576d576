"""What makes a pod the n-th of its set: name, labels, hostname and claims; upstream: stateful_set_utils.go."""

from __future__ import annotations

import re
from collections.abc import Iterator

from minikube_lite.controllers.history.revisions import STATEFUL_SET_HASH_LABEL, OwnerKind
from minikube_lite.controllers.pod_control import pod_from_template
from minikube_lite.controllers.statefulset.pod_state import REVISION_LABEL
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import STATEFUL_SETS
from minikube_lite.store import Object

KIND = "StatefulSet"
REVISIONS = OwnerKind(STATEFUL_SETS, KIND, STATEFUL_SET_HASH_LABEL)
POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name"
POD_INDEX_LABEL = "apps.kubernetes.io/pod-index"
ORDINAL_MAX = 2**31 - 1

_STATEFUL_NAME = re.compile(r"(.*)-([0-9]+)", re.DOTALL).fullmatch


def parent_and_ordinal(pod_name: str) -> tuple[str, int]:
    """The set's name and the ordinal in a pod's name; ("", -1) where it has none."""
    match = _STATEFUL_NAME(pod_name)
    if match is None:
        return "", -1
    ordinal = int(match[2]) if len(match[2]) < 20 else ORDINAL_MAX + 1
    return match[1], ordinal if ordinal <= ORDINAL_MAX else -1


def ordinal_of(pod: Object) -> int:
    """The ordinal in the pod's name, -1 where it has none."""
    return parent_and_ordinal(pod["metadata"]["name"])[1]


def is_member(stateful_set: Object, pod: Object) -> bool:
    """Whether the pod's name is one that the set gives."""
    return bool(parent_and_ordinal(pod["metadata"]["name"])[0] == stateful_set["metadata"]["name"])


def replica_count(stateful_set: Object) -> int:
    """How many replicas are wanted."""
    return stateful_set["spec"].get("replicas", 1)  # type: ignore[no-any-return]


def start_ordinal(stateful_set: Object) -> int:
    """The first ordinal."""
    return (stateful_set["spec"].get("ordinals") or {}).get("start", 0)  # type: ignore[no-any-return]


def in_ordinal_range(stateful_set: Object, pod: Object) -> bool:
    """Whether the set wants a pod of this ordinal."""
    start = start_ordinal(stateful_set)
    return start <= ordinal_of(pod) < start + replica_count(stateful_set)


def pod_name(stateful_set: Object, ordinal: int) -> str:
    """The name of the pod of that ordinal."""
    return f"{stateful_set['metadata']['name']}-{ordinal}"


def claim_name(stateful_set: Object, template: Object, ordinal: int) -> str:
    """The name of the claim that a pod of that ordinal has of that template."""
    return f"{template['metadata']['name']}-{pod_name(stateful_set, ordinal)}"


def claim_templates(stateful_set: Object) -> list[Object]:
    """The set's claim templates."""
    return stateful_set["spec"].get("volumeClaimTemplates") or []


def claims_of(stateful_set: Object, ordinal: int) -> Iterator[Object]:
    """The claims of the pod of that ordinal, as they are created, in the order of their templates."""
    for template in claim_templates(stateful_set):
        claim: Object = copy_object({"metadata": template["metadata"], "spec": template.get("spec", {})})
        metadata = claim["metadata"]
        metadata["name"] = claim_name(stateful_set, template, ordinal)
        metadata["namespace"] = stateful_set["metadata"]["namespace"]
        selected = (stateful_set["spec"].get("selector") or {}).get("matchLabels") or {}
        if labels := {**(metadata.get("labels") or {}), **selected}:
            metadata["labels"] = labels
        yield claim


def claim_names(stateful_set: Object, ordinal: int) -> list[str]:
    """The names of those claims."""
    return [claim_name(stateful_set, template, ordinal) for template in claim_templates(stateful_set)]


def identity_matches(stateful_set: Object, pod: Object) -> bool:
    """Whether the pod has the name and the label of its place."""
    metadata = pod["metadata"]
    parent, ordinal = parent_and_ordinal(metadata["name"])
    return (
        ordinal >= 0
        and parent == stateful_set["metadata"]["name"]
        and metadata["name"] == pod_name(stateful_set, ordinal)
        and (metadata.get("labels") or {}).get(POD_NAME_LABEL) == metadata["name"]
    )


def storage_matches(stateful_set: Object, pod: Object) -> bool:
    """Whether the pod uses every claim of its place."""
    ordinal = ordinal_of(pod)
    if ordinal < 0:
        return False
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or ()}
    for template in claim_templates(stateful_set):
        source = volumes.get(template["metadata"]["name"], {}).get("persistentVolumeClaim")
        if source is None or source.get("claimName") != claim_name(stateful_set, template, ordinal):
            return False
    return True


def update_identity(stateful_set: Object, pod: Object) -> None:
    """Give the pod the labels of its place."""
    ordinal = ordinal_of(pod)
    metadata = pod["metadata"]
    metadata["name"] = pod_name(stateful_set, ordinal)
    metadata["namespace"] = stateful_set["metadata"]["namespace"]
    labels = metadata.setdefault("labels", {})
    labels[POD_NAME_LABEL] = metadata["name"]
    labels[POD_INDEX_LABEL] = str(ordinal)


def update_storage(stateful_set: Object, pod: Object) -> None:
    """Make the pod use the claims of its place, instead of volumes of those names."""
    ordinal = ordinal_of(pod)
    volumes = [
        {
            "name": template["metadata"]["name"],
            "persistentVolumeClaim": {"claimName": claim_name(stateful_set, template, ordinal)},
        }
        for template in claim_templates(stateful_set)
    ]
    claimed = {volume["name"] for volume in volumes}
    volumes += [volume for volume in pod["spec"].get("volumes") or () if volume["name"] not in claimed]
    if volumes:
        pod["spec"]["volumes"] = volumes


def new_pod(stateful_set: Object, template: Object, revision: str, ordinal: int) -> Object:
    """The pod of that ordinal, made from a revision's template."""
    pod = pod_from_template(stateful_set, STATEFUL_SETS, KIND, template)
    name = pod["metadata"]["name"] = pod_name(stateful_set, ordinal)
    update_identity(stateful_set, pod)
    pod["spec"]["hostname"] = name
    if stateful_set["spec"].get("serviceName"):
        pod["spec"]["subdomain"] = stateful_set["spec"]["serviceName"]
    update_storage(stateful_set, pod)
    pod["metadata"]["labels"][REVISION_LABEL] = revision
    return pod
