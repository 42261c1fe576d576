"""The roles and bindings with which a cluster begins; upstream: plugin/pkg/auth/authorizer/rbac/bootstrappolicy.

Without those of the controllers, who are trusted here.
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

from minikube_lite.machinery.aggregation import aggregated_rules
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    ROLE_BINDINGS,
    ROLES,
    GroupVersionResource,
)
from minikube_lite.store import Object

NAMESPACE = "kube-system"
LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
ANNOTATIONS = {"rbac.authorization.kubernetes.io/autoupdate": "true"}
AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"
READ = ["get", "list", "watch"]
WRITE = ["create", "delete", "deletecollection", "patch", "update"]
VERBS = {"read": READ, "write": WRITE, "readwrite": sorted([*READ, *WRITE])}
RESOURCES = {
    "ClusterRole": CLUSTER_ROLES,
    "ClusterRoleBinding": CLUSTER_ROLE_BINDINGS,
    "Role": ROLES,
    "RoleBinding": ROLE_BINDINGS,
}


async def create_bootstrap_policy(client: Client) -> None:
    """Create them all."""
    for resource, namespace, obj in bootstrap_policy():
        await client.create(resource, namespace, copy_object(obj))


@functools.cache
def bootstrap_policy() -> tuple[tuple[GroupVersionResource, str, Object], ...]:
    """The objects with their resources and namespaces, which never change."""
    objects: list[tuple[GroupVersionResource, str, Object]] = []
    text = resources.files(__package__).joinpath("bootstrap_policy.txt").read_text("utf-8")
    for line in text.splitlines():
        words = line.split()
        if line.startswith("#") or not words:
            continue
        if line.startswith(" "):
            objects[-1][2]["rules"].append(_rule(words))
            continue
        kind, name, *rest = words
        obj = _binding(kind, name, rest) if kind.endswith("Binding") else _role(name, rest)
        objects.append((RESOURCES[kind], "" if kind.startswith("Cluster") else NAMESPACE, obj))
    _aggregate([obj for _, _, obj in objects])
    return tuple(objects)


def _aggregate(objects: list[Object]) -> None:
    """Fill in what the controller would gather, so that it has nothing to do at first."""
    roles = [obj for obj in objects if "rules" in obj]
    gathering = [role for role in roles if "aggregationRule" in role]
    for _ in gathering:  # one may gather what another one gathers
        for role in gathering:
            role["rules"] = aggregated_rules(role, roles)


def _metadata(name: str) -> Object:
    return {"name": name, "labels": dict(LABELS), "annotations": dict(ANNOTATIONS)}


def _role(name: str, words: list[str]) -> Object:
    role: Object = {"metadata": _metadata(name), "rules": []}
    for word in words:
        key, _, other = word.partition("=")
        label = {AGGREGATE + other: "true"}
        if key == "into":
            role["metadata"]["labels"].update(label)
        else:
            role["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": label}]}
    return role


def _rule(words: list[str]) -> dict[str, Any]:
    verbs, group, *rest = words
    rule: dict[str, Any] = {"verbs": list(VERBS.get(verbs) or verbs.split(","))}
    if group == "url":
        return {**rule, "nonResourceURLs": rest[0].split(",")}
    rule["apiGroups"] = ["" if one == "core" else one for one in group.split(",")]
    rule["resources"] = rest[0].split(",")
    if len(rest) > 1:
        rule["resourceNames"] = rest[1].split(",")
    return rule


def _binding(kind: str, name: str, words: list[str]) -> Object:
    role, *subjects = words
    binding: Object = {
        "metadata": _metadata(name),
        "roleRef": {"apiGroup": CLUSTER_ROLES.group, "kind": kind.removesuffix("Binding"), "name": role},
    }
    if subjects:
        binding["subjects"] = [_subject(*subject.split("/")) for subject in subjects]
    return binding


def _subject(kind: str, *place: str) -> Object:
    if kind == "ServiceAccount":
        return {"kind": kind, "namespace": place[0], "name": place[1]}
    return {"apiGroup": CLUSTER_ROLES.group, "kind": kind, "name": place[0]}
