"""Nobody gives away rights that he does not have: the check of roles and bindings.

Upstream: pkg/registry/rbac/*/policybased, pkg/registry/rbac/escalation_check.go; not a plugin there, but it, too, acts after all that
change an object and before it is validated.
"""

from __future__ import annotations

from collections.abc import Sequence

from minikube_lite.api.admission import Attributes as Write
from minikube_lite.api.admission import Plugin
from minikube_lite.api.authorization import MASTERS, Attributes, Authorizer
from minikube_lite.api.authorization.rules import Rule, compacted, quoted_list, rule_text, uncovered
from minikube_lite.machinery import errors
from minikube_lite.machinery.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES
from minikube_lite.schema.field import go_quote
from minikube_lite.store import Object

ROLE_KEYS = (ROLES.key, CLUSTER_ROLES.key)
BINDING_KEYS = (ROLE_BINDINGS.key, CLUSTER_ROLE_BINDINGS.key)
EVERYTHING: Sequence[Rule] = (
    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
    {"nonResourceURLs": ["*"], "verbs": ["*"]},
)
COLLECTOR_FIELDS = ("ownerReferences", "finalizers", "managedFields", "selfLink")
"""What the garbage collector must change to delete an object."""
AGGREGATION = "must have cluster-admin privileges to use the aggregationRule"


class RoleEscalation(Plugin):
    """The check."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    async def admit(self, attributes: Write) -> None:
        new, key = attributes.new, attributes.resource.key
        if new is None or key not in (*ROLE_KEYS, *BINDING_KEYS) or MASTERS in attributes.context.user.groups:
            return
        if attributes.old is not None and _only_for_the_collector(new, attributes.old):
            return
        if key in ROLE_KEYS:
            self._check_role(attributes, new)
        else:
            self._check_binding(attributes, new)

    def _check_role(self, attributes: Write, role: Object) -> None:
        resource, context = attributes.resource, attributes.context
        name = context.name if attributes.operation == "UPDATE" else ""
        escalate = Attributes(context.user, "escalate", context.namespace, resource.group, resource.resource, name=name)
        if self._authorizer.authorize(escalate).allowed:
            return
        shown = role["metadata"].get("name", "")
        missing = self._missing(attributes, role.get("rules") or ())
        if missing:
            raise errors.forbidden(resource, shown, missing)
        if any(_aggregates(one) for one in (role, attributes.old or {})) and self._missing(attributes, EVERYTHING):
            raise errors.forbidden(resource, shown, AGGREGATION)

    def _check_binding(self, attributes: Write, binding: Object) -> None:
        context, reference = attributes.context, binding.get("roleRef") or {}
        role = {"ClusterRole": CLUSTER_ROLES, "Role": ROLES}.get(reference.get("kind", ""))
        if role is None:
            raise errors.unknown(f"unsupported role reference kind: {go_quote(reference.get('kind', ''))}")
        bind = Attributes(
            context.user,
            "bind",
            context.namespace,
            reference.get("apiGroup", ""),
            role.resource,
            name=reference.get("name", ""),
        )
        if self._authorizer.authorize(bind).allowed:
            return
        missing = self._missing(attributes, self._authorizer.rules.role_rules(reference, context.namespace))
        if missing:
            raise errors.forbidden(attributes.resource, binding["metadata"].get("name", ""), missing)

    def _missing(self, attributes: Write, wanted: Sequence[Rule]) -> str:
        """What the writer cannot give because he does not have it; "" for nothing."""
        user, owned, faults = attributes.context.user, list[Rule](), list[str]()
        for grant in self._authorizer.rules.grants(user, attributes.context.namespace):
            owned.extend(grant.rules)
            if grant.missing is not None:
                faults.append(errors.not_found(*grant.missing).message)
        parts = uncovered(owned, wanted)
        if not parts:
            return ""
        lines = "\n".join(sorted({rule_text(rule) for rule in compacted(parts)}))
        head = f"user {go_quote(user.name)} (groups={quoted_list(user.groups)})"
        text = f"{head} is attempting to grant RBAC permissions not currently held:\n{lines}"
        return f"{text}; resolution errors: [{errors.aggregate_text(faults)}]" if faults else text


def _aggregates(role: Object) -> bool:
    return bool((role.get("aggregationRule") or {}).get("clusterRoleSelectors"))


def _only_for_the_collector(new: Object, old: Object) -> bool:
    return _without(new) == _without(old)


def _without(obj: Object) -> Object:
    metadata = {key: value for key, value in obj["metadata"].items() if key not in COLLECTOR_FIELDS}
    return {**obj, "metadata": metadata}
