"""Which resources are watched for owners, and which resource a kind of owner is."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import NamedTuple

from minikube_lite.machinery.resources import (
    CONFIG_MAPS,
    CONTROLLER_REVISIONS,
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    ENDPOINTS,
    JOBS,
    LEASES,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    POD_DISRUPTION_BUDGETS,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    STATEFUL_SETS,
    GroupVersionResource,
)
from minikube_lite.schema.resources import load_resources

WATCHED = (
    NODES,
    PERSISTENT_VOLUMES,
    CONFIG_MAPS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    ENDPOINTS,
    ENDPOINT_SLICES,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    REPLICATION_CONTROLLERS,
    CONTROLLER_REVISIONS,
    DAEMON_SETS,
    DEPLOYMENTS,
    REPLICA_SETS,
    STATEFUL_SETS,
    POD_DISRUPTION_BUDGETS,
    LEASES,
    CRON_JOBS,
    JOBS,
    GroupVersionResource("autoscaling", "v2", "horizontalpodautoscalers"),
    GroupVersionResource("networking.k8s.io", "v1", "ingresses"),
    GroupVersionResource("networking.k8s.io", "v1", "networkpolicies"),
    GroupVersionResource("networking.k8s.io", "v1", "ipaddresses"),
    GroupVersionResource("rbac.authorization.k8s.io", "v1", "roles"),
    GroupVersionResource("rbac.authorization.k8s.io", "v1", "rolebindings"),
    GroupVersionResource("storage.k8s.io", "v1", "csinodes"),
    GroupVersionResource("storage.k8s.io", "v1", "volumeattachments"),
)
"""Their objects can be owned, or hold those that they own. Others can be owners too: they are looked up."""


class OwnerResource(NamedTuple):
    """The resource of a kind."""

    resource: GroupVersionResource
    namespaced: bool


@functools.lru_cache(maxsize=1)
def owner_resources() -> Mapping[tuple[str, str], OwnerResource]:
    """The resource of each built-in group and kind, in the version that the group prefers."""
    found: dict[tuple[str, str], OwnerResource] = {}
    for info in load_resources():
        if "get" in info.verbs and (info.version == info.preferred_version or (info.group, info.kind) not in found):
            resource = GroupVersionResource(info.group, info.version, info.name)
            found[info.group, info.kind] = OwnerResource(resource, info.namespaced)
    return found


def owner_resource(api_version: str, kind: str) -> OwnerResource | None:
    """The resource that an owner reference means; None for one that is not built in."""
    group, slash, _ = api_version.rpartition("/")
    return owner_resources().get((group if slash else "", kind))
