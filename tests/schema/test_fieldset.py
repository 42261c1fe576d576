"""Sets of fields: their algebra, their order, and what a type makes of values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.schema import fieldset
from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.decode import zero_value
from minikube_lite.schema.fieldset import Fields, FieldsError, difference, intersection, recursive_difference, union
from minikube_lite.schema.model import Field, Schema
from minikube_lite.schema.typed import (
    TypedError,
    compare,
    ensure_named_fields_are_members,
    extract_items,
    remove_items,
    to_field_set,
)

SCHEMAS = BuiltinSchemas.load()
POD = SCHEMAS.type_named("io.k8s.api.core.v1.Pod")
SERVICE = SCHEMAS.type_named("io.k8s.api.core.v1.Service")
CONFIG_MAP = SCHEMAS.type_named("io.k8s.api.core.v1.ConfigMap")
REVISION = SCHEMAS.type_named("io.k8s.api.apps.v1.ControllerRevision")
ANYTHING = Schema("any")
ITEM = Schema("object", fields={"id": Field("id", lambda: Schema("string"))})
ITEMS = Schema("list", items=ITEM, list_type="map", list_map_keys=("id",))
KEYED = Schema("object", fields={"items": Field("items", lambda: ITEMS)})

PATHS = st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple), max_size=6)


def members(fields, prefix=()):
    found = set()
    for element, node in fields.items():
        if element == ".":
            continue
        if fieldset.is_member(node):
            found.add((*prefix, element[2:]))
        found |= members(node, (*prefix, element[2:]))
    return found


def well_formed(fields):
    below = [node for element, node in fields.items() if element != "."]
    return all(node == {} or (set(node) != {"."} and well_formed(node)) for node in below)


@given(PATHS, PATHS)
def test_sets_behave_as_sets_of_paths(left_paths, right_paths):
    left, right = fieldset.from_paths(*left_paths), fieldset.from_paths(*right_paths)
    left_members, right_members = set(left_paths), set(right_paths)
    assert members(left) == left_members
    for result, expected in [
        (union(left, right), left_members | right_members),
        (intersection(left, right), left_members & right_members),
        (difference(left, right), left_members - right_members),
        (
            recursive_difference(left, right),
            {path for path in left_members if not any(path[: len(other)] == other for other in right_members)},
        ),
        (
            fieldset.leaves(left),
            {path for path in left_members if not any(o != path and o[: len(path)] == path for o in left_members)},
        ),
    ]:
        assert members(result) == expected
        assert well_formed(result)
    assert fieldset.decode_fields(left) == left
    assert members(fieldset.sort_fields(left)) == left_members


def test_the_order_is_upstreams():
    fields: Fields = {
        "v:2": {}, 'v:"a"': {}, "v:10": {}, "v:true": {},
        'k:{"port":443,"protocol":"TCP"}': {}, 'k:{"port":80,"protocol":"UDP"}': {},
        'k:{"port":80,"protocol":"TCP"}': {},
        "f:b": {"f:z": {}, ".": {}, "f:a": {}}, "f:a": {},
    }  # fmt: skip
    ordered = fieldset.sort_fields(fields)
    assert ordered == fields
    assert list(ordered) == [
        "f:a", "f:b",
        'k:{"port":80,"protocol":"TCP"}', 'k:{"port":80,"protocol":"UDP"}', 'k:{"port":443,"protocol":"TCP"}',
        "v:2", "v:10", 'v:"a"', "v:true",
    ]  # fmt: skip
    assert list(ordered["f:b"]) == [".", "f:a", "f:z"]


def test_members_are_shown_as_in_conflicts():
    fields: Fields = {"f:spec": {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:name": {}}}, "f:type": {}}}
    assert list(fieldset.paths(fields)) == [
        ".spec.type",
        '.spec.ports[port=80,protocol="TCP"]',
        '.spec.ports[port=80,protocol="TCP"].name',
    ]
    assert fieldset.element_text('v:"a"') == '[="a"]'


@pytest.mark.parametrize(
    ("value", "decoded"),
    [
        (None, {}),
        ({"f:a": {".": {}}}, {"f:a": {}}),
        ({'k:{"b": 1, "a": "x"}': {"f:a": {}}}, {'k:{"a":"x","b":1}': {"f:a": {}}}),
        ({".": {}, "v: 1": {}}, {"v:1": {}}),
        ({'k:{"b":1,"a":2}': {"f:x": {}}, 'k:{"a":2,"b":1}': {}}, {'k:{"a":2,"b":1}': {".": {}, "f:x": {}}}),
    ],
)
def test_what_clients_send_is_brought_into_form(value, decoded):
    assert fieldset.decode_fields(value) == decoded


@pytest.mark.parametrize("value", [[], {"x:a": {}}, {"f:a": 1}, {"k:{": {}}, {"k:1": {}}, {"i:x": {}}])
def test_what_is_no_set_is_refused(value):
    with pytest.raises(FieldsError):
        fieldset.decode_fields(value)


def test_filters():
    fields = fieldset.from_paths(("status", "phase"), ("spec", "a"), ("status",))
    assert fieldset.exclude_filter(fieldset.from_paths(("status",)))(fields) == {"f:spec": {"f:a": {}}}
    container: Fields = {"f:resources": {"f:limits": {}}, "f:image": {}, ".": {}}
    resize = fieldset.include_filter(("f:spec", "f:containers", fieldset.ANY_ELEMENT, "f:resources"))
    assert resize({"f:spec": {"f:containers": {'k:{"name":"a"}': container}}, "f:status": {}}) == {
        "f:spec": {"f:containers": {'k:{"name":"a"}': {".": {}, "f:resources": {"f:limits": {}}}}}
    }


def test_html_is_escaped_as_go_does():
    assert fieldset.key_element([("name", "a<b\u2028")]) == 'k:{"name":"a\\u003cb\\u2028"}'
    assert fieldset.value_element("äö/") == 'v:"äö/"'


POD_SPEC = {
    "nodeSelector": {"a": "b"},
    "containers": [
        {"name": "c", "image": "i", "args": ["x"], "ports": [{"containerPort": 80}], "resources": {}},
    ],
    "tolerations": [{"key": "k"}],
}


def test_a_change_from_nothing_owns_what_appears():
    pod = {**zero_value(POD), "spec": POD_SPEC, "metadata": {"labels": {"a": "b"}, "finalizers": ["x/y"]}}
    change = compare(POD, zero_value(POD), pod)
    assert not change.removed
    assert change.changed == {
        "f:metadata": {"f:labels": {".": {}, "f:a": {}}, "f:finalizers": {".": {}, 'v:"x/y"': {}}},
        "f:spec": {
            "f:nodeSelector": {},
            "f:containers": {
                'k:{"name":"c"}': {
                    ".": {},
                    "f:name": {},
                    "f:image": {},
                    "f:args": {},
                    "f:ports": {".": {}, 'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
                    "f:resources": {},
                }
            },
            "f:tolerations": {},
        },
    }


def test_an_applied_object_names_leaves_and_items_only():
    assert to_field_set(
        POD, {"spec": POD_SPEC, "metadata": {"labels": {"a": "b"}, "annotations": {}, "ownerReferences": []}}
    ) == {
        "f:metadata": {"f:labels": {"f:a": {}}, "f:annotations": {}},
        "f:spec": {
            "f:nodeSelector": {},
            "f:containers": {
                'k:{"name":"c"}': {
                    ".": {},
                    "f:name": {},
                    "f:image": {},
                    "f:args": {},
                    "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
                    "f:resources": {},
                }
            },
            "f:tolerations": {},
        },
    }


@pytest.mark.parametrize(
    ("schema", "old", "new", "added", "modified", "removed"),
    [
        (CONFIG_MAP, {"data": {"a": "1"}}, {"data": {"a": "1"}}, {}, {}, {}),
        (
            CONFIG_MAP,
            {"data": {"a": "1", "b": "2"}},
            {"data": {"a": "2", "c": "3"}},
            {"f:data": {"f:c": {}}},
            {"f:data": {"f:a": {}}},
            {"f:data": {"f:b": {}}},
        ),
        (CONFIG_MAP, {"data": {"a": "1"}}, {}, {}, {}, {"f:data": {".": {}, "f:a": {}}}),
        (CONFIG_MAP, {"data": {}}, {"data": None}, {}, {"f:data": {}}, {}),
        (REVISION, {"data": {"a": {"b": 1}}}, {"data": {"a": {"b": 2}}}, {}, {"f:data": {}}, {}),
        (ANYTHING, {"a": {"b": [1]}}, {"a": {"b": [2], "c": {}}}, {"f:a": {"f:c": {}}}, {"f:a": {"f:b": {}}}, {}),
        (ANYTHING, {"a": {"b": 1}}, {"a": 1}, {}, {"f:a": {}}, {"f:a": {"f:b": {}}}),
        (ANYTHING, {"a": 1}, {"a": {"b": 1}}, {"f:a": {"f:b": {}}}, {"f:a": {}}, {}),
    ],
)
def test_changes(schema, old, new, added, modified, removed):
    change = compare(schema, old, new)
    assert (change.added, change.modified, change.removed) == (added, modified, removed)
    assert change.same is (old == new)
    back = compare(schema, new, old)
    assert (back.added, back.modified, back.removed) == (removed, modified, added)


def ports(*numbers, **more):
    return {"spec": {"ports": [{"port": number, "protocol": "TCP", **more} for number in numbers]}}


def test_items_that_repeat_themselves_count_as_one_value():
    item: Fields = {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}, "f:protocol": {}}}
    leaf: Fields = {'k:{"port":80,"protocol":"TCP"}': {}}
    twice = compare(SERVICE, ports(80), ports(80, 80))
    assert (twice.added["f:spec"], twice.removed["f:spec"]) == ({"f:ports": leaf}, {"f:ports": item})
    once = compare(SERVICE, ports(80, 80), ports(80))
    assert (once.added["f:spec"], once.removed["f:spec"]) == ({"f:ports": item}, {"f:ports": leaf})
    other = {"spec": {"ports": [*ports(80)["spec"]["ports"], *ports(80, name="x")["spec"]["ports"]]}}
    assert compare(SERVICE, ports(80, 80), other).modified == {"f:spec": {"f:ports": leaf}}
    assert to_field_set(SERVICE, ports(80, 80)) == {"f:spec": {"f:ports": leaf}}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (POD, {"spec": {"containers": ["x"]}}),
        (POD, {"metadata": {"finalizers": [{}]}}),
        (POD, {"spec": {"hostAliases": [None]}}),
        (KEYED, {"items": [{"other": "x"}]}),
    ],
)
def test_items_without_keys_are_refused(schema, value):
    with pytest.raises(TypedError):
        to_field_set(schema, value)


def test_a_missing_key_that_go_always_writes_is_empty():
    value = {"spec": {"containers": [{"image": "i"}]}}
    assert to_field_set(POD, value) == {"f:spec": {"f:containers": {'k:{"name":""}': {".": {}, "f:image": {}}}}}


def test_items_are_removed_and_extracted():
    value = {"spec": {"containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "j"}], "nodeName": "n"}}
    second: Fields = {"f:spec": {"f:containers": {'k:{"name":"b"}': {"f:image": {}}}}}
    assert remove_items(POD, value, second)["spec"]["containers"] == [{"name": "a", "image": "i"}, {"name": "b"}]
    assert extract_items(POD, value, second) == {"spec": {"containers": [{"name": "b", "image": "j"}]}}
    both: Fields = {"f:spec": {"f:containers": {'k:{"name":"b"}': {}, 'k:{"name":"a"}': {".": {}, "f:image": {}}}}}
    assert remove_items(POD, value, both) == {"spec": {"containers": [], "nodeName": "n"}}
    assert extract_items(POD, value, {"f:spec": {}}) == value


def test_named_fields_on_the_way_become_members():
    fields = {"f:spec": {"f:containers": {'k:{"name":"b"}': {"f:image": {}}}}, "f:metadata": {"f:labels": {"f:a": {}}}}
    assert ensure_named_fields_are_members(POD, fields) == {
        "f:spec": {".": {}, "f:containers": {".": {}, 'k:{"name":"b"}': {"f:image": {}}}},
        "f:metadata": {".": {}, "f:labels": {".": {}, "f:a": {}}},
    }


JSON = st.recursive(
    st.integers(0, 2) | st.text("ab", max_size=1) | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)


@given(DOCUMENTS, DOCUMENTS)
def test_comparisons_of_any_values(old, new):
    change = compare(ANYTHING, old, new)
    assert change.same is (old == new)
    assert all(well_formed(part) for part in change)
    assert not intersection(change.added, change.removed) or not change.same
    everything = compare(ANYTHING, {}, new).changed
    assert difference(to_field_set(ANYTHING, new), everything) == {}
    assert remove_items(ANYTHING, new, everything) == {}
