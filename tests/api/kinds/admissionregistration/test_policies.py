"""Admission policies and their bindings."""

from __future__ import annotations

from typing import Any

import pytest

MATCH = {
    "resourceRules": [
        {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
    ]
}
VALIDATING = "admissionregistration.validatingadmissionpolicy"


def policy(**spec: Any) -> dict[str, Any]:
    return {"spec": {"matchConstraints": MATCH, "validations": [{"expression": "true"}], **spec}}


def test_defaults_and_cells(benches) -> None:
    bench = benches.make(VALIDATING)
    obj = bench.create(policy(paramKind={"apiVersion": "v1", "kind": "ConfigMap"}))
    assert obj["spec"]["failurePolicy"] == "Fail" and obj["status"] == {}
    assert obj["spec"]["matchConstraints"]["resourceRules"][0]["scope"] == "*"
    assert bench.cells(obj) == {"Name": "x", "Validations": 1, "ParamKind": "v1/ConfigMap", "Age": "5s"}


@pytest.mark.parametrize(
    ("spec", "faults"),
    [
        ({"matchConstraints": None}, ["spec.matchConstraints: Required value"]),
        (
            {"validations": [{"expression": " "}]},
            ["spec.validations[0].expression: Required value: expression is not specified"],
        ),
        (
            {"validations": [{"expression": "true", "reason": "Because"}]},
            [
                'spec.validations[0].reason: Unsupported value: "Because": supported values: "Forbidden", "Invalid",'
                ' "RequestEntityTooLarge"'
            ],
        ),
        (
            {"variables": [{"name": "for", "expression": "1"}]},
            ['spec.variables[0].name: Invalid value: "for": must be a valid CEL identifier'],
        ),
        (
            {"matchConditions": [{"name": "a", "expression": "true"}] * 2},
            ['spec.matchConditions[1].name: Duplicate value: "a"'],
        ),
    ],
)
def test_faults(benches, spec: dict[str, Any], faults: list[str]) -> None:
    assert benches.make(VALIDATING).faults(policy(**spec)) == faults


def test_mutations(benches) -> None:
    bench = benches.make("admissionregistration.mutatingadmissionpolicy")
    spec = {"matchConstraints": MATCH, "reinvocationPolicy": "Never"}
    assert bench.faults({"spec": spec}) == ["spec.mutations: Required value: mutations must contain at least one item"]
    mutation = {"patchType": "JSONPatch", "jsonPatch": {"expression": "[]"}}
    assert bench.cells(bench.create({"spec": {**spec, "mutations": [mutation]}}))["Mutations"] == 1


@pytest.mark.parametrize(
    ("spec", "faults"),
    [
        ({"policyName": "p", "validationActions": ["Deny"]}, []),
        (
            {},
            [
                "spec.policyName: Required value",
                "spec.validationActions: Required value: at least one validation action is required",
            ],
        ),
        (
            {"policyName": "p", "validationActions": ["Deny"], "paramRef": {"name": "x"}},
            ["spec.paramRef.parameterNotFoundAction: Required value"],
        ),
        (
            {"policyName": "p", "validationActions": ["Audit", "Audit"]},
            ['spec.validationActions[1]: Duplicate value: "Audit"'],
        ),
    ],
)
def test_bindings(benches, spec: dict[str, Any], faults: list[str]) -> None:
    assert benches.make("admissionregistration.validatingadmissionpolicybinding").faults({"spec": spec}) == faults


def test_bindings_show_their_parameters(benches) -> None:
    bench = benches.make("admissionregistration.mutatingadmissionpolicybinding")
    reference = {"name": "x", "namespace": "n", "parameterNotFoundAction": "Deny"}
    assert bench.cells(bench.create({"spec": {"policyName": "p", "paramRef": reference}}))["ParamRef"] == "n/x"
