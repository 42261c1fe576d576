"""Owners of replicas, from the scaled object to its Scale and back."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.machinery.scale_ownership import owners_of_parent, owners_of_scale

PATHS: dict[str, tuple[str, str] | None] = {
    "apps/v1": ("spec", "replicas"),
    "apps/v2": ("spec", "count"),
    "apps/v3": None,
}
BOTH: dict[str, Any] = {"f:spec": {"f:replicas": {}, "f:selector": {}}}
REPLICAS: dict[str, Any] = {"f:spec": {"f:replicas": {}}}
SELECTOR: dict[str, Any] = {"f:spec": {"f:selector": {}}}


def entry(manager: str, operation: str, fields: Any, version: str = "apps/v1", **more: str) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": version,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        **more,
    }


def scaled(manager: str, operation: str, **more: str) -> dict[str, Any]:
    return entry(manager, operation, REPLICAS, "autoscaling/v1", **more)


def test_only_who_owns_the_replicas_owns_the_scale() -> None:
    parent = [
        entry("a", "Apply", BOTH, time="t"),
        entry("b", "Update", SELECTOR),
        entry("c", "Update", {"f:spec": {"f:count": {}}}, "apps/v2"),
        entry("d", "Update", REPLICAS, "apps/v3"),
        entry("e", "Update", REPLICAS, "unknown/v1"),
    ]
    assert owners_of_scale(parent, PATHS) == [scaled("a", "Apply", time="t"), scaled("c", "Update")]


SCALE: dict[str, str] = {"subresource": "scale"}


@pytest.mark.parametrize(
    ("parent", "scale", "expected"),
    [
        # Another manager takes the replicas.
        (
            [entry("a", "Update", BOTH)],
            [scaled("b", "Update", **SCALE)],
            [entry("a", "Update", SELECTOR), entry("b", "Update", REPLICAS, **SCALE)],
        ),
        # The same one does, through the scale.
        (
            [entry("a", "Apply", BOTH, time="t")],
            [scaled("a", "Apply", **SCALE)],
            [entry("a", "Apply", REPLICAS, **SCALE), entry("a", "Apply", SELECTOR, time="t")],
        ),
        # They share it: an applier's entry is as it was.
        (
            [entry("a", "Apply", BOTH, time="t")],
            [scaled("a", "Apply", time="t"), scaled("b", "Apply", **SCALE)],
            [entry("b", "Apply", REPLICAS, **SCALE), entry("a", "Apply", BOTH, time="t")],
        ),
        # An updater's is split.
        (
            [entry("a", "Update", BOTH, time="t")],
            [scaled("a", "Update", time="t")],
            [entry("a", "Update", REPLICAS), entry("a", "Update", SELECTOR, time="t")],
        ),
        # Who owned nothing else is gone, and so are owners in versions that nobody knows.
        (
            [entry("a", "Update", REPLICAS), entry("b", "Update", BOTH, "unknown/v1")],
            [scaled("b", "Apply", time="u", **SCALE)],
            [entry("b", "Apply", REPLICAS, **SCALE)],
        ),
        # What the scale owns beside the replicas is nothing to the parent.
        (
            [entry("a", "Update", SELECTOR)],
            [entry("b", "Update", {"f:status": {"f:replicas": {}}}, "autoscaling/v1", **SCALE)],
            [entry("a", "Update", SELECTOR)],
        ),
        # A version without a scale is left alone.
        ([entry("a", "Update", BOTH, "apps/v3")], [], [entry("a", "Update", BOTH, "apps/v3")]),
    ],
)
def test_back_to_the_parent(parent: Any, scale: Any, expected: Any) -> None:
    found = owners_of_parent(parent, scale, PATHS, "apps/v1")
    assert found == expected


def test_each_version_has_its_own_path() -> None:
    parent = [entry("a", "Update", {"f:spec": {"f:count": {}, "f:x": {}}}, "apps/v2")]
    assert owners_of_parent(parent, [scaled("b", "Apply", **SCALE)], PATHS, "apps/v2") == [
        entry("b", "Apply", {"f:spec": {"f:count": {}}}, "apps/v2", **SCALE),
        entry("a", "Update", {"f:spec": {"f:x": {}}}, "apps/v2"),
    ]
