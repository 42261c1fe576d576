"""The ReplicaSet of a Deployment's template, under a name that the template gives; upstream: getNewReplicaSet."""

from __future__ import annotations

import json
from typing import Any

from minikube_lite.controllers.deployment.replicasets import HASH_LABEL, name_of
from minikube_lite.controllers.safe_hash import fnv1a, safe_encode
from minikube_lite.machinery.meta import controller_reference, copy_object
from minikube_lite.machinery.names import DNS1123_SUBDOMAIN_BYTES_MAX
from minikube_lite.machinery.resources import DEPLOYMENTS
from minikube_lite.store import Object

KIND = "Deployment"


def template_hash(template: Object, collisions: int | None) -> str:
    """The hash of a template, and of how often that name was taken. Its bytes are the template's JSON, not Go's dump."""
    data = json.dumps(template, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    if collisions is not None:
        data += collisions.to_bytes(8, "little")
    return safe_encode(fnv1a(data))


def new_replica_set(deployment: Object, annotations: dict[str, str]) -> Object:
    """It has no pods yet."""
    spec = deployment["spec"]
    hashed = template_hash(spec["template"], deployment.get("status", {}).get("collisionCount"))
    template: Object = copy_object(spec["template"])
    metadata: dict[str, Any] = template.setdefault("metadata", {})
    labels = metadata["labels"] = {**(metadata.get("labels") or {}), HASH_LABEL: hashed}
    selector: Object = copy_object(spec["selector"])
    selector["matchLabels"] = {**(selector.get("matchLabels") or {}), HASH_LABEL: hashed}
    made: Object = {
        "metadata": {
            "name": f"{name_of(deployment)[: DNS1123_SUBDOMAIN_BYTES_MAX - 1 - len(hashed)]}-{hashed}",
            "namespace": deployment["metadata"]["namespace"],
            "labels": dict(labels),
            "annotations": annotations,
            "ownerReferences": [controller_reference(deployment, DEPLOYMENTS, KIND)],
        },
        "spec": {"replicas": 0, "selector": selector, "template": template},
    }
    if spec.get("minReadySeconds"):
        made["spec"]["minReadySeconds"] = spec["minReadySeconds"]
    return made
