"""Which evaluator a resource has; upstream: pkg/quota/v1/evaluator/core/registry.go and install/registry.go."""

from __future__ import annotations

import functools

from minikube_lite.machinery.quota.claims import ClaimEvaluator
from minikube_lite.machinery.quota.devices import ResourceClaimEvaluator
from minikube_lite.machinery.quota.evaluator import Evaluator
from minikube_lite.machinery.quota.pods import PodEvaluator
from minikube_lite.machinery.quota.services import ServiceEvaluator
from minikube_lite.machinery.resources import EVENTS, PERSISTENT_VOLUME_CLAIMS, PODS, SERVICES

IGNORED = frozenset({EVENTS.key, "events.events.k8s.io", "bindings", "componentstatuses"})
"""Resources that no quota counts."""


@functools.lru_cache(maxsize=512)
def evaluator_for(key: str) -> Evaluator | None:
    """How objects of that resource, as `deployments.apps`, use quotas; None where they never do."""
    if key in IGNORED:
        return None
    special: dict[str, type[Evaluator]] = {
        PODS.key: PodEvaluator,
        SERVICES.key: ServiceEvaluator,
        PERSISTENT_VOLUME_CLAIMS.key: ClaimEvaluator,
        "resourceclaims.resource.k8s.io": ResourceClaimEvaluator,
    }
    return special.get(key, Evaluator)(key)
