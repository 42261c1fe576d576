"""Merging applied objects by type, and what is said of those that do not fit."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.model import Schema
from minikube_lite.schema.typed_merge import merge, validate_typed

SCHEMAS = BuiltinSchemas.load()
POD = SCHEMAS.type_named("io.k8s.api.core.v1.Pod")
CONFIG_MAP = SCHEMAS.type_named("io.k8s.api.core.v1.ConfigMap")
SERVICE = SCHEMAS.type_named("io.k8s.api.core.v1.Service")


@pytest.mark.parametrize(
    ("live", "config", "result"),
    [
        ({"data": {"a": "1", "b": "2"}}, {"data": {"b": "3"}}, {"data": {"a": "1", "b": "3"}}),
        ({"data": {"a": "1"}}, {"data": None}, {"data": {"a": "1"}}),
        ({"data": {"a": "1"}}, {"data": {"a": None}}, {"data": {"a": None}}),
        ({}, {"data": {}}, {"data": {}}),
        ({"spec": {"tolerations": [{"key": "a"}]}}, {"spec": {"tolerations": []}}, {"spec": {"tolerations": []}}),
        (
            {"spec": {"containers": [{"name": "a", "image": "1"}, {"name": "b"}]}},
            {"spec": {"containers": [{"name": "c"}, {"name": "a", "image": "2"}]}},
            {"spec": {"containers": [{"name": "c"}, {"name": "a", "image": "2"}, {"name": "b"}]}},
        ),
        (
            {"spec": {"containers": [{"name": "a"}]}},
            {"spec": {"containers": []}},
            {"spec": {"containers": [{"name": "a"}]}},
        ),
    ],
)
def test_merging(live, config, result):
    schema = POD if "spec" in result else CONFIG_MAP
    before = copy.deepcopy((live, config))
    assert merge(schema, live, config) == result
    assert (live, config) == before


@pytest.mark.parametrize(
    ("schema", "value", "text"),
    [
        (CONFIG_MAP, {"data": {"a": "1"}, "immutable": True}, ""),
        (CONFIG_MAP, {"data": {"a": None}, "metadata": None}, ""),
        (CONFIG_MAP, {"data": {"a": 1}}, ".data.a: expected string, got &value.valueUnstructured{Value:1}"),
        (CONFIG_MAP, {"nosuch": 1}, ".nosuch: field not declared in schema"),
        (CONFIG_MAP, {"data": ["x"]}, ".data: expected map, got &{[x]}"),
        (CONFIG_MAP, {"immutable": "x"}, ".immutable: expected boolean, got &{x}"),
        (POD, {"spec": {"containers": {"a": 1}}}, ".spec.containers: expected list, got &{map[a:1]}"),
        (POD, {"spec": {"priority": "x"}}, ".spec.priority: expected numeric (int or float), got string"),
        (SERVICE, {"spec": {"ports": [{"port": 1, "targetPort": {}}]}}, '.spec.ports[port=1,protocol="TCP"].targetPort:'
            " expected any scalar, got &{map[]}"),
        (SERVICE, {"spec": {"ports": [{"port": 1}, {"port": 1}]}},
            '.spec.ports: duplicate entries for key [port=1,protocol="TCP"]'),
        (POD, {"spec": {"tolerations": [{"no": 1}], "hostIPC": 1}},
            "errors:\n  .spec.tolerations[0].no: field not declared in schema\n"
            "  .spec.hostIPC: expected boolean, got &{1}"),
    ],
)  # fmt: skip
def test_validation(schema, value, text):
    assert validate_typed(schema, value) == text


SETS = st.lists(st.sampled_from("abcdef"), unique=True)


@given(SETS, SETS)
def test_items_of_sets_keep_the_order_of_both_as_far_as_that_goes(live, config):
    items = Schema("list", items=Schema("string"), list_type="set")
    merged = merge(Schema("map", items=items), {"x": live}, {"x": config})["x"]
    assert sorted(merged) == sorted({*live, *config})
    if live:
        assert [item for item in merged if item in config] == config
        only_live = [item for item in live if item not in config]
        assert [item for item in merged if item not in config] == only_live
