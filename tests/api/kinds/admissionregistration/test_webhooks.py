"""Webhook configurations."""

from __future__ import annotations

from typing import Any

import pytest

KIND_MODULE = "admissionregistration.validatingwebhookconfiguration"


def hook(**parts: Any) -> dict[str, Any]:
    rule = {"apiGroups": ["g"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["things"]}
    given = {
        "name": "h.example.com",
        "clientConfig": {"url": "https://example.com/x"},
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "rules": [rule],
        **parts,
    }
    return {"webhooks": [given]}


def test_defaults(benches) -> None:
    body = hook(clientConfig={"service": {"name": "s", "namespace": "n"}})
    made = benches.make("admissionregistration.mutatingwebhookconfiguration").create(body)["webhooks"][0]
    assert {name: made[name] for name in ("failurePolicy", "matchPolicy", "timeoutSeconds", "reinvocationPolicy")} == {
        "failurePolicy": "Fail", "matchPolicy": "Equivalent", "timeoutSeconds": 10, "reinvocationPolicy": "Never",
    }  # fmt: skip
    assert made["clientConfig"]["service"]["port"] == 443
    assert made["rules"][0]["scope"] == "*"


@pytest.mark.parametrize(
    ("parts", "faults"),
    [
        (
            {"name": "short"},
            ['name: Invalid value: "short": should be a domain with at least three segments separated by dots'],
        ),
        ({"sideEffects": None}, ["sideEffects: Required value: must specify one of None, NoneOnDryRun"]),
        ({"clientConfig": {}}, ["clientConfig: Required value: exactly one of url or service is required"]),
        (
            {"admissionReviewVersions": ["v2"]},
            ['admissionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1'],
        ),
        (
            {"clientConfig": {"url": "http://u:p@h/x?q#f"}},
            [
                "clientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme; desired format: https://host[/path]",
                'clientConfig.url: Invalid value: "u:p": user information is not permitted in the URL',
                'clientConfig.url: Invalid value: "f": fragments are not permitted in the URL',
                'clientConfig.url: Invalid value: "q": query parameters are not permitted in the URL',
            ],
        ),
        (
            {"timeoutSeconds": 31},
            ["timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds"],
        ),
    ],
)
def test_faults(bench, parts: dict[str, Any], faults: list[str]) -> None:
    assert bench.faults(hook(**parts)) == [f"webhooks[0].{fault}" for fault in faults]


@pytest.mark.parametrize(
    ("resources", "text"),
    [
        (["*/*", "pods"], "if '*/*' is present, must not specify other resources"),
        (["*", "pods"], "if '*' is present, must not specify other resources without subresources"),
        (["pods/*", "pods/status"], "if 'pods/*' is present, must not specify pods/status"),
        (["*/scale", "pods/scale"], "if '*/scale' is present, must not specify pods/scale"),
    ],
)
def test_wildcards_stand_alone(bench, resources: list[str], text: str) -> None:
    rule = {"apiGroups": ["g"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": resources}
    faults = bench.faults(hook(rules=[rule]))
    assert len(faults) == 1 and faults[0].endswith(text)


def test_names_are_unique(bench) -> None:
    twice = {"webhooks": hook()["webhooks"] * 2}
    assert bench.faults(twice) == ['webhooks[1].name: Duplicate value: "h.example.com"']
    assert bench.cells(bench.create(hook()))["Webhooks"] == 1
