"""Errors as Kubernetes writes them."""

from __future__ import annotations

import pytest

from minikube_lite.machinery import errors
from minikube_lite.machinery.resources import PODS, STATEFUL_SETS
from minikube_lite.schema.field import Path, invalid, required

TABLE = [
    (
        errors.not_found(PODS, "x"), 404, "NotFound",
        'pods "x" not found', {"name": "x", "kind": "pods"},
    ),
    (
        errors.not_found(STATEFUL_SETS, "x"), 404, "NotFound",
        'statefulsets.apps "x" not found', {"name": "x", "group": "apps", "kind": "statefulsets"},
    ),
    (errors.page_not_found(), 404, "NotFound", "the server could not find the requested resource", {}),
    (
        errors.method_not_allowed(), 405, "MethodNotAllowed",
        "the server does not allow this method on the requested resource", {},
    ),
    (
        errors.already_exists(PODS, "x"), 409, "AlreadyExists",
        'pods "x" already exists', {"name": "x", "kind": "pods"},
    ),
    (
        errors.already_exists(PODS, "x", being_deleted=True), 409, "AlreadyExists",
        'object is being deleted: pods "x" already exists', {"name": "x", "kind": "pods"},
    ),
    (
        errors.conflict(PODS, "x", "because"), 409, "Conflict",
        'Operation cannot be fulfilled on pods "x": because', {"name": "x", "kind": "pods"},
    ),
    (errors.expired("too old"), 410, "Expired", "too old", None),
    (
        errors.request_entity_too_large(3), 413, "RequestEntityTooLarge",
        "Request entity too large: limit is 3", None,
    ),
    (
        errors.invalid("apps", "StatefulSet", "x", [required(Path("spec"))]), 422, "Invalid",
        'StatefulSet.apps "x" is invalid: spec: Required value',
        {
            "name": "x", "group": "apps", "kind": "StatefulSet",
            "causes": [{"reason": "FieldValueRequired", "message": "Required value", "field": "spec"}],
        },
    ),
    (errors.internal("boom"), 500, "InternalError", "Internal error occurred: boom", {"causes": [{"message": "boom"}]}),
    (
        errors.too_large_resource_version(9, 5), 504, "Timeout", "Timeout: Too large resource version: 9, current: 5",
        {
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1,
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(("error", "code", "reason", "message", "details"), TABLE)
def test_a_status_is_as_upstream_writes_it(error, code, reason, message, details) -> None:
    expected = {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason,
    }  # fmt: skip
    if details is not None:
        expected["details"] = details
    assert error.status() == {**expected, "code": code}
    assert list(error.status())[-1] == "code"


def test_many_faults_are_listed_and_repeated_ones_once() -> None:
    faults = [required(Path("a")), invalid(Path("b"), 0, "must be 1"), required(Path("a"))]
    error = errors.invalid("", "Pod", "x", faults)
    assert error.message == 'Pod "x" is invalid: [a: Required value, b: Invalid value: 0: must be 1]'
    assert error.details is not None
    assert [cause["field"] for cause in error.details["causes"]] == ["a", "b", "a"]


def test_what_is_told_to_wait_is_told_so_in_a_header_too() -> None:
    error = errors.too_many_requests("later", 10, [{"reason": "DisruptionBudget", "message": "m"}])
    assert error.headers == {"Retry-After": "10"}
    assert error.details == {"retryAfterSeconds": 10, "causes": [{"reason": "DisruptionBudget", "message": "m"}]}
    assert errors.too_many_requests("later", 0).headers == {}


def test_an_expired_list_tells_how_to_go_on() -> None:
    error = errors.expired("gone")
    error.list_continue = "token"
    assert error.status()["metadata"] == {"continue": "token"}


@pytest.mark.parametrize("check", [errors.is_not_found, errors.is_conflict, errors.is_already_exists])
def test_errors_are_told_apart_by_reason(check) -> None:
    found = [
        error
        for error in (
            errors.not_found(PODS, "x"),
            errors.conflict(PODS, "x", ""),
            errors.already_exists(PODS, "x"),
            errors.expired(""),
            errors.internal(""),
        )
        if check(error)
    ]
    assert len(found) == 1
    assert check.__name__.removeprefix("is_").replace("_", "") == found[0].reason.lower()
