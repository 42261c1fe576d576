"""Types made from the JSON schemas of models: decoded, explained and merged as built-in ones are."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.lab.clock import Clock
from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.decode import DecodeError, decode
from minikube_lite.schema.model import Schema
from minikube_lite.schema.openapi import components_of
from minikube_lite.schema.own_types import own_types

GROUP, VERSION = "lab.minikube-lite.io", "v1alpha1"
PREFIX = "io.minikube-lite.lab.v1alpha1."


@pytest.fixture(scope="module")
def schemas() -> BuiltinSchemas:
    schemas = BuiltinSchemas.load()
    schemas.add_kind(
        GROUP, VERSION, "Clock", own_types(GROUP, VERSION, "Clock", Clock.model_json_schema(), schemas.type_named)
    )
    return schemas


@pytest.fixture
def clock(schemas: BuiltinSchemas) -> Schema:
    found = schemas.type_for(GROUP, VERSION, "Clock")
    assert found is not None
    return found


def test_it_is_decoded_as_any_kind(clock: Schema) -> None:
    value = {"metadata": {"name": "cluster"}, "spec": {"rate": 2.0, "mode": "real", "x": 1}, "status": {"now": None}}
    decoded = decode(clock, value)
    assert decoded.value["spec"] == {"rate": 2, "mode": "real"}
    assert decoded.unknown == ['unknown field "spec.x"']
    assert decode(clock, {"status": {"now": "2026-01-01T01:00:00.500000+01:00"}}).value["status"] == {
        "now": "2026-01-01T00:00:00.500000Z"
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"spec": 7}, "json: cannot unmarshal number into Go struct field Clock.spec of type v1alpha1.ClockSpec"),
        (
            {"spec": {"mode": 7}},
            "json: cannot unmarshal number into Go struct field ClockSpec.spec.mode of type string",
        ),
        (
            {"spec": {"settleRequests": 1.5}},
            "json: cannot unmarshal number 1.5 into Go struct field ClockSpec.spec.settleRequests of type int64",
        ),
    ],
)
def test_wrong_types_are_told_in_gos_words(clock: Schema, value: Any, text: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(clock, value)
    assert str(caught.value) == text


def test_lists_have_their_keys(clock: Schema) -> None:
    fields = clock.fields["status"].schema.fields
    pending, conditions = fields["pending"].schema, fields["conditions"].schema
    assert (pending.list_type, pending.list_map_keys) == ("map", ("name",))
    assert conditions.list_map_keys == ("type",)
    assert conditions.items is not None
    assert conditions.items.name == "io.k8s.apimachinery.pkg.apis.meta.v1.Condition"


def test_it_is_in_the_document_of_its_group_alone(schemas: BuiltinSchemas) -> None:
    components = components_of(schemas, [], GROUP, VERSION)
    shown = components[f"{PREFIX}Clock"]
    assert shown["x-kubernetes-group-version-kind"] == [{"group": GROUP, "kind": "Clock", "version": VERSION}]
    mode = components[f"{PREFIX}ClockSpec"]["properties"]["mode"]
    assert (mode["enum"], mode["default"]) == (["real", "scaled", "stepped"], "real")
    assert mode["description"].startswith("How time flows by itself")
    assert not [name for name in components_of(schemas, [], "apps", "v1") if name.startswith(PREFIX)]
