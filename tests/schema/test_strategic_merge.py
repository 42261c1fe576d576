"""Strategic merge patches, on the types of the real API; expectations were recorded from a real API server."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.model import Field, Schema
from minikube_lite.schema.strategic_merge import (
    StrategicMergeError,
    StrategicPatchFormatError,
    UnmergeableListError,
    go_format,
    strategic_merge_patch,
)

SCHEMAS = BuiltinSchemas.load()
POD_TEMPLATE = SCHEMAS.type_named("io.k8s.api.core.v1.PodTemplate")
SERVICE = SCHEMAS.type_named("io.k8s.api.core.v1.Service")
DEPLOYMENT = SCHEMAS.type_named("io.k8s.api.apps.v1.Deployment")

SPEC: dict[str, Any] = {
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "a", "operator": "Exists"}],
    "volumes": [{"name": "v1", "emptyDir": {}}, {"name": "v2", "configMap": {"name": "cm"}}],
    "containers": [
        {
            "name": "one",
            "image": "i:1",
            "args": ["x", "y"],
            "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "ports": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 81, "protocol": "UDP"}],
        },
        {"name": "two", "image": "i:2"},
    ],
}


def merge(spec_patch, spec=SPEC):
    original = {"metadata": {}, "template": {"metadata": {}, "spec": spec}}
    patch = {"template": {"spec": spec_patch}}
    before = copy.deepcopy((original, patch))
    merged = strategic_merge_patch(POD_TEMPLATE, original, patch)
    assert (original, patch) == before
    return merged["template"]["spec"]


def names(items):
    return [item["name"] for item in items]


def test_items_with_the_same_key_are_merged_and_new_ones_appended():
    containers = merge({"containers": [{"name": "two", "image": "i:3"}, {"name": "three", "image": "i:4"}]})[
        "containers"
    ]
    assert containers == [SPEC["containers"][0], {"name": "two", "image": "i:3"}, {"name": "three", "image": "i:4"}]


def test_items_and_fields_are_deleted():
    env = [
        {"name": "B", "$patch": "delete"},
        {"name": "C", "value": "3"},
        {"name": "A", "value": None, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    ]
    (container,) = merge({"containers": [{"name": "two", "$patch": "delete"}, {"name": "one", "env": env}]})[
        "containers"
    ]
    assert container["env"] == [
        {"name": "C", "value": "3"},
        {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    ]


def test_atomic_lists_are_replaced_and_maps_merged():
    spec = merge({
        "tolerations": [{"key": "b", "operator": "Exists"}],
        "nodeSelector": {"zone": "z"},
        "containers": [{"name": "one", "args": ["z"]}],
    })  # fmt: skip
    assert spec["tolerations"] == [{"key": "b", "operator": "Exists"}]
    assert spec["nodeSelector"] == {"disk": "ssd", "zone": "z"}
    assert spec["containers"][0]["args"] == ["z"]


def test_ports_are_merged_by_number_alone():
    ports = [{"containerPort": 81, "name": "udp"}, {"containerPort": 82}]
    assert merge({"containers": [{"name": "one", "ports": ports}]})["containers"][0]["ports"] == [
        {"containerPort": 80, "protocol": "TCP"},
        {"containerPort": 81, "protocol": "UDP", "name": "udp"},
        {"containerPort": 82},
    ]


def test_the_order_of_elements_can_be_set():
    spec = merge({
        "$setElementOrder/containers": [{"name": "two"}, {"name": "one"}],
        "$setElementOrder/volumes": [{"name": "v2"}, {"name": "v3"}, {"name": "v1"}],
        "volumes": [{"name": "v3", "emptyDir": {"medium": "Memory"}}],
    })  # fmt: skip
    assert names(spec["containers"]) == ["two", "one"]
    assert names(spec["volumes"]) == ["v2", "v3", "v1"]


def test_the_order_of_the_patch_decides_without_a_directive():
    ports = [{"port": 80, "targetPort": 8080}, {"port": 443}]
    patch = {"spec": {"ports": [{"port": 80, "targetPort": "web"}, {"port": 53, "protocol": "UDP"}]}}
    merged = strategic_merge_patch(SERVICE, {"spec": {"ports": ports}}, patch)
    assert [port["port"] for port in merged["spec"]["ports"]] == [80, 53, 443]


def test_only_retained_keys_stay():
    volume = {"name": "v2", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/x"}}
    assert merge({"volumes": [volume]})["volumes"] == [
        {"name": "v1", "emptyDir": {}},
        {"name": "v2", "hostPath": {"path": "/x"}},
    ]
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    merged = strategic_merge_patch(DEPLOYMENT, {"spec": {"strategy": strategy}}, patch)
    assert merged == {"spec": {"strategy": {"type": "Recreate"}}}


def test_maps_and_lists_can_be_replaced():
    spec = merge({
        "nodeSelector": {"$patch": "replace", "only": "this"},
        "containers": [{"$patch": "replace"}, {"name": "only", "image": "i:9"}],
    })  # fmt: skip
    assert spec["nodeSelector"] == {"only": "this"}
    assert spec["containers"] == [{"name": "only", "image": "i:9"}]
    assert merge({"nodeSelector": {"$patch": "delete"}})["nodeSelector"] == {}


def test_lists_of_plain_values():
    def finalizers(start, patch):
        return strategic_merge_patch(POD_TEMPLATE, {"metadata": {"finalizers": start}}, {"metadata": patch})["metadata"]

    order = ["example.com/b", "example.com/a"]
    assert finalizers(["example.com/a"], {"finalizers": ["example.com/b"], "$setElementOrder/finalizers": order}) == {
        "finalizers": order
    }
    assert finalizers(order, {"$deleteFromPrimitiveList/finalizers": order}) == {"finalizers": []}
    assert finalizers(order, {"finalizers": []}) == {"finalizers": order}
    assert finalizers(["a"], {"finalizers": ["b", "a", "b"]}) == {"finalizers": ["b", "a"]}
    assert finalizers(["a"], {"finalizers": None}) == {}


def test_what_is_new_comes_without_nulls_and_directives():
    patch = {
        "affinity": {"nodeAffinity": None, "podAffinity": {"$patch": "delete"}},
        "dnsConfig": {"$patch": "replace"},
    }
    spec = merge(patch)
    assert spec["affinity"] == {}
    assert "dnsConfig" not in spec


@pytest.mark.parametrize(
    ("patch", "kind", "message"),
    [
        (
            {"containers": [{"image": "i:3"}]},
            StrategicMergeError,
            "map: map[image:i:3] does not contain declared merge key: name",
        ),
        (
            {"containers": [{"name": "one", "$patch": "bogus"}]},
            StrategicMergeError,
            "unknown patch type: bogus in map: map[$patch:bogus name:one]",
        ),
        (
            {"$setElementOrder/containers": [{"name": "two"}], "containers": [{"name": "one", "image": "z"}]},
            StrategicMergeError,
            "The order in patch list:\n[map[image:z name:one]]\n"
            " doesn't match $setElementOrder list:\n[map[name:two]]\n",
        ),
        (
            {"volumes": [{"name": "v2", "$retainKeys": ["name"], "hostPath": {}}]},
            StrategicPatchFormatError,
            "invalid patch format of retainKeys",
        ),
        (
            {"$setElementOrder": []},
            StrategicPatchFormatError,
            "invalid patch format of setElementOrder list",
        ),
        (
            {"$deleteFromPrimitiveList": []},
            StrategicPatchFormatError,
            "invalid patch format of primitive list",
        ),
        (
            {"containers": [{"name": "one", "$patch": "merge"}]},
            StrategicMergeError,
            "merging lists cannot yet be specified in the patch",
        ),
        ({"containers": ["one"]}, StrategicMergeError, None),
        ({"containers": [[]]}, StrategicMergeError, None),
        (
            {"$setElementOrder/containers": {}},
            StrategicMergeError,
            "expected a []interface {}, but received a map[string]interface {}",
        ),
        (
            {"$setElementOrder/nosuch": []},
            StrategicMergeError,
            'unable to find api field in struct PodSpec for the json field "nosuch"',
        ),
    ],
)
def test_patches_that_fail(patch, kind, message):
    with pytest.raises(StrategicMergeError) as caught:
        merge(patch)
    assert type(caught.value) is kind
    if message is not None:
        assert str(caught.value) == message


def test_lists_of_lists_cannot_be_merged():
    rows = Schema("list", items=Schema("any"))
    schema = Schema("object", fields={"rows": Field("rows", lambda: rows, patch_strategy=("merge",))})
    with pytest.raises(UnmergeableListError):
        strategic_merge_patch(schema, {"rows": [[1]]}, {"rows": [[2]]})


def test_errors_show_values_as_go_does():
    assert go_format({"b": [1, "x", None, True], "a": {"c": 1.5}}) == "map[a:map[c:1.5] b:[1 x <nil> true]]"


KEYS = st.sampled_from("abcd")
CONTAINERS = st.lists(
    st.fixed_dictionaries({"name": KEYS}, optional={"image": KEYS}), max_size=4, unique_by=lambda item: item["name"]
)


@given(CONTAINERS, CONTAINERS)
def test_a_merge_of_keyed_lists_keeps_all_keys_and_can_be_repeated(original, patch):
    merged = merge({"containers": patch}, {"containers": original})["containers"]
    assert sorted(names(merged)) == sorted({*names(original), *names(patch)})
    in_patch = [name for name in names(merged) if name in names(patch)]
    assert in_patch == names(patch)
    assert merge({"containers": patch}, {"containers": merged})["containers"] == merged
