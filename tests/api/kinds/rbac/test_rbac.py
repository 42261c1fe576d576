"""Roles and bindings, of namespaces and of the cluster."""

from __future__ import annotations

from typing import Any

import pytest

RULE = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
ROLE = {"kind": "ClusterRole", "name": "r"}


@pytest.mark.parametrize(
    ("module", "rules", "faults"),
    [
        ("role", [RULE], []),
        ("role", [{}], ["verbs: Required value", "apiGroups: Required value", "resources: Required value"]),
        ("clusterrole", [{"verbs": ["get"], "nonResourceURLs": ["/healthz"]}], []),
        (
            "role",
            [{"verbs": ["get"], "nonResourceURLs": ["/healthz"]}],
            ['nonResourceURLs: Invalid value: ["/healthz"]'],
        ),
    ],
)
def test_rules(benches, module: str, rules: list[dict[str, Any]], faults: list[str]) -> None:
    found = benches.make(f"rbac.{module}").faults({"rules": rules})
    assert [text.removeprefix("rules[0].")[: len(fault)] for text, fault in zip(found, faults, strict=True)] == faults


def test_aggregation_needs_selectors(benches) -> None:
    assert benches.make("rbac.clusterrole").faults({"aggregationRule": {}}) == [
        "aggregationRule.clusterRoleSelectors: Required value:"
        " at least one clusterRoleSelector required if aggregationRule is non-nil"
    ]


def test_groups_are_defaulted_and_subjects_shown(benches) -> None:
    bench = benches.make("rbac.rolebinding")
    subjects = [
        {"kind": "User", "name": "u"},
        {"kind": "Group", "name": "g"},
        {"kind": "ServiceAccount", "name": "s", "namespace": "n"},
    ]
    obj = bench.create({"roleRef": ROLE, "subjects": subjects})
    group = "rbac.authorization.k8s.io"
    assert [subject.get("apiGroup") for subject in obj["subjects"]] == [group, group, None]
    assert obj["roleRef"]["apiGroup"] == group
    cells = bench.cells(obj)
    assert list(cells.values()) == ["x", "ClusterRole/r", "5s", "u", "g", "n/s"]


def test_the_role_may_not_change(benches) -> None:
    bench = benches.make("rbac.rolebinding")
    faults = bench.update_faults(bench.create({"roleRef": ROLE}), {"roleRef": {**ROLE, "name": "other"}})
    shown = '{"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"other"}'
    assert faults == [f"roleRef: Invalid value: {shown}: cannot change roleRef"]


def test_cluster_bindings_bind_cluster_roles_and_name_namespaces(benches) -> None:
    bench = benches.make("rbac.clusterrolebinding")
    faults = bench.faults(
        {"roleRef": {"kind": "Role", "name": "r"}, "subjects": [{"kind": "ServiceAccount", "name": "s"}]}
    )
    assert faults == [
        'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
        "subjects[0].namespace: Required value",
    ]


@pytest.mark.parametrize(("name", "good"), [("system:node", True), ("a/b", False), ("a%b", False), ("Upper_", True)])
def test_names_are_what_paths_can_hold(benches, name: str, good: bool) -> None:
    check = benches.make("rbac.role").kind.name_check
    assert (check(name, False) == []) is good
