"""RBAC: which roles somebody has, and what their rules allow.

Upstream: plugin/pkg/auth/authorizer/rbac, pkg/registry/rbac/validation/rule.go. Bindings are found by their subjects in an
index, which is made anew when a binding has changed since.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from minikube_lite.api.authorization.attributes import Attributes, Decision
from minikube_lite.api.authorization.rules import Rule, rule_allows
from minikube_lite.machinery import errors
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    ROLE_BINDINGS,
    ROLES,
    GroupVersionResource,
)
from minikube_lite.machinery.service_accounts import service_account_name
from minikube_lite.schema.field import go_quote
from minikube_lite.store import Object, Store

Subject = tuple[str, str]
"""A subject's kind and name, with service accounts as the users that they are."""


class Grant(NamedTuple):
    """A binding that somebody has, by which subject of it, and the rules; `missing` names the role where it is not there."""

    binding: Object
    subject: Object
    rules: Sequence[Rule]
    missing: tuple[GroupVersionResource, str] | None = None

    def __str__(self) -> str:
        metadata, reference = self.binding["metadata"], self.binding["roleRef"]
        namespace = metadata.get("namespace", "")
        kind = "RoleBinding" if namespace else "ClusterRoleBinding"
        name = f"{metadata['name']}/{namespace}" if namespace else metadata["name"]
        role = f"{reference.get('kind', '')} {go_quote(reference.get('name', ''))}"
        return f"{kind} {go_quote(name)} of {role} to {_subject_text(self.subject, namespace)}"


def _subject_text(subject: Object, namespace: str) -> str:
    name = subject.get("name", "")
    if subject.get("kind") == "ServiceAccount":
        name = f"{name}/{subject.get('namespace') or namespace}"
    return f"{subject.get('kind', '')} {go_quote(name)}"


class _Bindings:
    """The bindings of one namespace, or of the cluster, by subject; each with its place and the first subject that matches."""

    def __init__(self) -> None:
        self._by_subject: dict[Subject, list[tuple[int, int]]] = {}
        self._bindings: list[Object] = []

    def add(self, binding: Object) -> None:
        place, namespace = len(self._bindings), binding["metadata"].get("namespace", "")
        self._bindings.append(binding)
        for position, subject in enumerate(binding.get("subjects") or ()):
            key = _subject_key(subject, namespace)
            if key is not None:
                self._by_subject.setdefault(key, []).append((place, position))

    def of(self, user: User) -> Iterator[tuple[Object, Object]]:
        """The bindings that a user has, in order of their names, each with the subject by which."""
        found = [*self._by_subject.get(("User", user.name), ())]
        for group in user.groups:
            found.extend(self._by_subject.get(("Group", group), ()))
        last = -1
        for place, position in sorted(found):
            if place != last:
                last, binding = place, self._bindings[place]
                yield binding, binding["subjects"][position]


def _subject_key(subject: Object, namespace: str) -> Subject | None:
    kind, name = subject.get("kind", ""), subject.get("name", "")
    if kind != "ServiceAccount":
        return (kind, name)
    namespace = subject.get("namespace") or namespace
    return ("User", service_account_name(namespace, name)) if namespace else None


class RuleResolver:
    """Finds the rules that hold for a user."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._indexed_at = (-1, -1)
        self._cluster = _Bindings()
        self._namespaces: dict[str, _Bindings] = {}

    def grants(self, user: User, namespace: str) -> Iterator[Grant]:
        """What a user has in the whole cluster and, where one is given, in a namespace; in order of the bindings' names."""
        self._refresh()
        for binding, subject in self._cluster.of(user):
            yield self._grant(binding, subject, "")
        bindings = self._namespaces.get(namespace) if namespace else None
        if bindings is not None:
            for binding, subject in bindings.of(user):
                yield self._grant(binding, subject, namespace)

    def role_rules(self, reference: Object, namespace: str) -> Sequence[Rule]:
        """The rules of the role that a binding in that namespace refers to. Raises 404 where there is no such role."""
        resource = ROLES if reference.get("kind") == "Role" else CLUSTER_ROLES
        name = reference.get("name", "")
        record = self._store.get(resource.key, namespace if resource is ROLES else "", name)
        if record is None:
            raise errors.not_found(resource, name)
        return record.object.get("rules") or ()

    def _grant(self, binding: Object, subject: Object, namespace: str) -> Grant:
        reference = binding["roleRef"]
        try:
            return Grant(binding, subject, self.role_rules(reference, namespace))
        except errors.ApiError:
            resource = ROLES if reference.get("kind") == "Role" else CLUSTER_ROLES
            return Grant(binding, subject, (), (resource, reference.get("name", "")))

    def _refresh(self) -> None:
        store = self._store
        now = (store.changed_at(CLUSTER_ROLE_BINDINGS.key), store.changed_at(ROLE_BINDINGS.key))
        if now == self._indexed_at:
            return
        if now[0] != self._indexed_at[0]:
            self._cluster = _Bindings()
            for record in store.scan(CLUSTER_ROLE_BINDINGS.key):
                self._cluster.add(record.object)
        if now[1] != self._indexed_at[1]:
            self._namespaces = {}
            for record in store.scan(ROLE_BINDINGS.key):
                self._namespaces.setdefault(record.namespace, _Bindings()).add(record.object)
        self._indexed_at = now


class RbacAuthorizer:
    """Allows what some rule allows."""

    def __init__(self, resolver: RuleResolver) -> None:
        self._resolver = resolver

    def authorize(self, attributes: Attributes) -> Decision:
        """Whether a rule of one of the user's roles allows it."""
        faults = []
        for grant in self._resolver.grants(attributes.user, attributes.namespace):
            if grant.missing is not None:
                faults.append(missing_role_text(*grant.missing))
            elif any(rule_allows(rule, attributes) for rule in grant.rules):
                return Decision(True, f"RBAC: allowed by {grant}")
        return Decision(False, f"RBAC: {errors.aggregate_text(faults)}" if faults else "")


def missing_role_text(resource: GroupVersionResource, name: str) -> str:
    """How the authorizer says that a role is not there: by the singular, as upstream's listers do."""
    return f'{resource.resource.removesuffix("s")}.{resource.group} "{name}" not found'
