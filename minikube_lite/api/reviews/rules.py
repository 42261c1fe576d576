"""SelfSubjectRulesReview: all that the user may do in a namespace, as `kubectl auth can-i --list` shows it.

Upstream: pkg/registry/authorization/selfsubjectrulesreview.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minikube_lite.api.authorization.rbac import missing_role_text
from minikube_lite.api.reviews.base import Asked
from minikube_lite.machinery import errors
from minikube_lite.store import Object


def self_subject_rules_review(asked: Asked) -> Object:
    """The rules of all of the user's roles."""
    namespace = (asked.object.get("spec") or {}).get("namespace", "")
    if not namespace:
        raise errors.bad_request("no namespace on request")
    resource_rules, other_rules, faults = [], [], []
    for grant in asked.authorizer.rules.grants(asked.user, namespace):
        if grant.missing is not None:
            faults.append(missing_role_text(*grant.missing))
        for rule in grant.rules:
            if rule.get("resources"):
                resource_rules.append(_part(rule, "verbs", "apiGroups", "resources", "resourceNames"))
            if rule.get("nonResourceURLs"):
                other_rules.append(_part(rule, "verbs", "nonResourceURLs"))
    status: Object = {"resourceRules": resource_rules, "nonResourceRules": other_rules, "incomplete": False}
    if faults:
        status["evaluationError"] = errors.aggregate_text(faults)
    return {"metadata": {}, "spec": {}, "status": status}


def _part(rule: Mapping[str, Any], *names: str) -> Object:
    """The rule as the review shows it: the verbs always, the rest where there is any."""
    return {name: list(rule.get(name) or ()) for name in names if name == "verbs" or rule.get(name)}
