"""Server-side apply: what becomes of an object, who owns it, and who is in the way."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.machinery.managed_fields import update_managed_fields
from minikube_lite.machinery.server_side_apply import LAST_APPLIED_ANNOTATION, Apply, ApplyConflictError
from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.decode import zero_value
from minikube_lite.schema.fieldset import exclude_filter, from_paths

SCHEMAS = BuiltinSchemas.load()
CONFIG_MAP = SCHEMAS.type_named("io.k8s.api.core.v1.ConfigMap")
RECORDED = json.loads((Path(__file__).parent / "recorded_applies.json").read_text("utf-8"))
TIMES = [f"2026-01-01T00:00:{second:02d}Z" for second in range(60)]


def apply(live, config, manager, second=0, **options):
    stored = live if live is not None else zero_value(CONFIG_MAP)
    request = Apply(
        schema=options.pop("schema", CONFIG_MAP),
        config=config,
        manager=manager,
        api_version="v1",
        kind=options.pop("kind", "ConfigMap"),
        time=TIMES[second],
        empty=options.pop("empty", zero_value(CONFIG_MAP)),
        **options,
    )
    before = copy.deepcopy((stored, config))
    applied = request.to(stored)
    assert (stored, config) == before
    return applied


def config_map(data=None, **metadata):
    return {"metadata": {"name": "one", **metadata}, **({"data": data} if data is not None else {})}


def updated(live, data, manager, second=0):
    """The object after an update that sets all of its data."""
    base: dict[str, Any] = live if live is not None else zero_value(CONFIG_MAP)
    new = {"metadata": {**base.get("metadata", {}), "name": "one"}, "data": data}
    entries = update_managed_fields(CONFIG_MAP, base, new, manager=manager, api_version="v1", time=TIMES[second])
    new["metadata"] = {**new["metadata"], "uid": "u", "managedFields": entries}
    return new


def owned(obj):
    entries = obj["metadata"].get("managedFields", [])
    return {(e["manager"], e["operation"]): sorted(set(e["fieldsV1"].get("f:data", {})) - {"."}) for e in entries}


def comparable(entries):
    plain = [{name: value for name, value in entry.items() if name != "time"} for entry in entries]
    return sorted(plain, key=lambda entry: json.dumps(entry, sort_keys=True))


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: f"{case['kind']} {case['case']}")
def test_recorded_applies(case):
    group, _, version = case["apiVersion"].rpartition("/")
    schema = SCHEMAS.type_for(group, version, case["kind"])
    assert schema is not None
    status = case.get("subresource") == "status"
    options = {
        "schema": schema,
        "empty": zero_value(schema),
        "force": case.get("force", False),
        "subresource": case.get("subresource", ""),
        "reset": exclude_filter(from_paths(("spec",) if status else ("status",)))
        if case["kind"] == "Service"
        else None,
    }
    live = case["live"] if case["live"] is not None else zero_value(schema)
    if "message" in case:
        with pytest.raises(ApplyConflictError) as caught:
            apply(live, case["config"], case["manager"], **options)
        assert caught.value.message == case["message"]
        assert caught.value.causes == case["causes"]
        return
    applied = apply(live, case["config"], case["manager"], **options)
    recorded = case["result"]["metadata"].get("managedFields", [])
    assert comparable(applied.entries) == comparable(recorded)
    if case["kind"] == "ConfigMap":
        assert applied.obj.get("data") == case["result"].get("data")
        for name in ("labels", "annotations", "finalizers"):
            assert applied.obj["metadata"].get(name) == case["result"]["metadata"].get(name)
    if case["kind"] == "PodTemplate":
        names = [c["name"] for c in applied.obj["template"]["spec"]["containers"]]
        assert names == [c["name"] for c in case["result"]["template"]["spec"]["containers"]]


def test_a_repeated_apply_changes_nothing():
    first = apply(None, config_map({"a": "1"}), "m")
    assert first.changed
    again = apply(first.obj, config_map({"a": "1"}), "m", 5)
    assert not again.changed
    assert again.entries is first.entries


def test_agreeing_with_others_is_sharing_and_leaves_no_time():
    created = apply(None, config_map({"a": "1", "b": "2"}), "x").obj
    shared = apply(created, config_map({"a": "1"}), "y", 5)
    assert not shared.changed
    assert owned(shared.obj) == {("x", "Apply"): ["f:a", "f:b"], ("y", "Apply"): ["f:a"]}
    assert "time" not in next(entry for entry in shared.entries if entry["manager"] == "y")
    left = apply(shared.obj, config_map({"b": "2"}), "x", 6).obj
    assert left["data"] == {"a": "1", "b": "2"}
    assert "data" not in apply(apply(left, config_map(), "y").obj, config_map(), "x").obj


def test_after_an_update_even_the_same_manager_conflicts_until_forced():
    created = updated(None, {"a": "1", "b": "2"}, "m")
    with pytest.raises(ApplyConflictError) as caught:
        apply(created, config_map({"a": "2"}), "m")
    assert caught.value.message == 'Apply failed with 1 conflict: conflict with "m" using v1: .data.a'
    forced = apply(created, config_map({"a": "2"}), "m", 5, force=True)
    assert owned(forced.obj) == {("m", "Apply"): ["f:a"], ("m", "Update"): ["f:b"]}
    assert forced.obj["data"] == {"a": "2", "b": "2"}


def test_objects_without_entries_belong_to_whoever_was_before():
    live = {"metadata": {"name": "one", "uid": "u"}, "data": {"a": "1", "b": "2"}}
    with pytest.raises(ApplyConflictError, match='conflict with "before-first-apply" using v1: .data.a'):
        apply(live, config_map({"a": "2"}), "m")
    applied = apply(live, config_map({"a": "1", "c": "3"}), "m", 5)
    assert owned(applied.obj) == {("m", "Apply"): ["f:a", "f:c"], ("before-first-apply", "Update"): ["f:a", "f:b"]}


def test_kubectl_may_take_over_what_it_applied_from_the_client():
    last = json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": {"a": "1", "b": "1"}}
    )
    live = updated(None, {"a": "1", "b": "9"}, "kubectl-client-side-apply")
    live["metadata"]["annotations"] = {LAST_APPLIED_ANNOTATION: last}
    taken = apply(live, config_map({"a": "2"}), "kubectl")
    assert taken.obj["data"] == {"a": "2", "b": "9"}
    annotation = json.loads(taken.obj["metadata"]["annotations"][LAST_APPLIED_ANNOTATION])
    assert annotation == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": {"a": "2"}}
    with pytest.raises(ApplyConflictError):
        apply(live, config_map({"b": "2"}), "kubectl")
    with pytest.raises(ApplyConflictError):
        apply(live, config_map({"a": "2"}), "other")


MANAGERS = st.sampled_from(["x", "y"])
DATA = st.dictionaries(st.sampled_from("abc"), st.sampled_from("12"), max_size=3)


@given(st.lists(st.tuples(MANAGERS, DATA, st.booleans()), min_size=1, max_size=6))
def test_forced_applies_and_updates_keep_objects_and_owners_true(steps):
    live = None
    for second, (manager, data, is_update) in enumerate(steps):
        if is_update and live is not None and data:
            live = updated(live, data, manager, second)
            assert live["data"] == data
            continue
        live = apply(live, config_map(data), manager, second, force=True).obj
        assert data.items() <= live.get("data", {}).items()
        claimed = {key[2:] for keys in owned(live).values() for key in keys}
        assert claimed == set(live.get("data") or {})
        assert not apply(live, config_map(data), manager, second).changed
