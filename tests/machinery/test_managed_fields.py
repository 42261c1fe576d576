"""Who owns which field after creates, updates and patches."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.machinery.managed_fields import (
    UPDATE_MANAGERS_MAX,
    same_but_for_times,
    update_managed_fields,
)
from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.decode import zero_value
from minikube_lite.schema.fieldset import difference, exclude_filter, from_paths, sort_fields
from minikube_lite.schema.typed import Comparison, compare

SCHEMAS = BuiltinSchemas.load()
CONFIG_MAP = SCHEMAS.type_named("io.k8s.api.core.v1.ConfigMap")
SERVICE = SCHEMAS.type_named("io.k8s.api.core.v1.Service")
RECORDED = json.loads((Path(__file__).parent / "recorded_creates.json").read_text("utf-8"))
TIMES = [f"2026-01-01T00:00:{second:02d}Z" for second in range(60)]


def write(schema, live, new, manager, time=TIMES[0], *, status=False, **options):
    """The object as it is stored after the write."""
    options.setdefault("api_version", "v1")
    base = live if live is not None else zero_value(schema)
    before = copy.deepcopy((base, new))
    entries = update_managed_fields(
        schema, base, new, manager=manager, time=time, subresource="status" if status else "", **options
    )
    assert (base, new) == before
    stored = copy.deepcopy(new)
    stored["metadata"]["managedFields"] = entries
    stored["metadata"]["uid"] = "u"
    if not entries:
        del stored["metadata"]["managedFields"]
    return stored


def config_map(data, live=None):
    metadata = copy.deepcopy(live["metadata"]) if live else {"name": "one"}
    return {"metadata": metadata, **({"data": data} if data is not None else {})}


def owners(obj):
    entries = obj["metadata"].get("managedFields", [])
    return {(entry["manager"], entry.get("subresource", "")): entry["fieldsV1"] for entry in entries}


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: case["kind"])
def test_recorded_creates(case):
    group, _, version = case["apiVersion"].rpartition("/")
    schema = SCHEMAS.type_for(group, version, case["kind"])
    assert schema is not None
    stored = write(schema, None, case["object"], "creator", api_version=case["apiVersion"])
    (entry,) = stored["metadata"]["managedFields"]
    fields = difference(entry["fieldsV1"], case["addedLater"])
    assert json.dumps(sort_fields(fields)) == json.dumps(sort_fields(case["fields"]))
    assert fields == case["fields"]


def test_an_entry_is_written_as_upstream_writes_it():
    stored = write(CONFIG_MAP, None, config_map({"b": "2", "a": "1"}), "creator")
    assert json.dumps(stored["metadata"]["managedFields"]) == json.dumps([
        {
            "manager": "creator",
            "operation": "Update",
            "apiVersion": "v1",
            "time": TIMES[0],
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {".": {}, "f:a": {}, "f:b": {}}},
        }
    ])  # fmt: skip


def test_who_changes_a_field_takes_it_from_others():
    created = write(CONFIG_MAP, None, config_map({"a": "1", "b": "2", "c": "3"}), "creator")
    edited = write(CONFIG_MAP, created, config_map({"a": "9", "c": "3", "d": "4"}, created), "editor", TIMES[1])
    assert owners(edited) == {
        ("creator", ""): {"f:data": {".": {}, "f:c": {}}},
        ("editor", ""): {"f:data": {"f:a": {}, "f:d": {}}},
    }
    times = [entry["time"] for entry in edited["metadata"]["managedFields"]]
    assert times == [TIMES[0], TIMES[1]]
    gone = write(CONFIG_MAP, edited, config_map(None, edited), "editor", TIMES[2])
    assert owners(gone) == {}


def test_a_write_that_changes_nothing_changes_no_entry():
    created = write(CONFIG_MAP, None, config_map({"a": "1"}), "creator")
    entries = created["metadata"]["managedFields"]
    same = config_map({"a": "1"}, created)
    again = update_managed_fields(CONFIG_MAP, created, same, manager="x", api_version="v1", time=TIMES[9])
    assert again is entries


def test_a_heartbeat_moves_the_time_and_nothing_else():
    created = write(CONFIG_MAP, None, config_map({"a": "1", "b": "1"}), "creator")
    beaten = write(CONFIG_MAP, created, config_map({"a": "1", "b": "2"}, created), "creator", TIMES[5])
    (before,), (after,) = created["metadata"]["managedFields"], beaten["metadata"]["managedFields"]
    assert after == {**before, "time": TIMES[5]}
    assert same_but_for_times([before], [after])
    assert not same_but_for_times([before], [])


def test_status_has_an_entry_of_its_own_and_cannot_set_entries():
    created = write(
        SERVICE, None, {"metadata": {"name": "s"}, "spec": {"type": "ClusterIP"}, "status": {"loadBalancer": {}}}, "a"
    )
    new = copy.deepcopy(created)
    new["status"]["loadBalancer"] = {"ingress": [{"ip": "192.0.2.1"}]}
    new["metadata"]["managedFields"] = [{}]
    stored = write(SERVICE, created, new, "a", TIMES[1], status=True)
    assert owners(stored) == {
        ("a", ""): {"f:spec": {"f:type": {}}},
        ("a", "status"): {"f:status": {"f:loadBalancer": {"f:ingress": {}}}},
    }


def test_fields_that_the_strategy_resets_are_not_owned():
    reset = exclude_filter(from_paths(("status",)))
    new = {"metadata": {"name": "s"}, "spec": {}, "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}
    assert owners(write(SERVICE, None, new, "a", reset=reset)) == {}


@pytest.mark.parametrize("sent", [[], [{}]])
def test_entries_can_be_cleared_and_stay_so(sent):
    created = write(CONFIG_MAP, None, config_map({"a": "1"}), "creator")
    new = config_map({"a": "1"}, created)
    new["metadata"]["managedFields"] = sent
    cleared = write(CONFIG_MAP, created, new, "editor")
    assert owners(cleared) == {}
    changed = write(CONFIG_MAP, cleared, config_map({"a": "2"}, cleared), "editor")
    assert owners(changed) == {}


def test_clients_may_leave_out_change_or_spoil_entries():
    created = write(CONFIG_MAP, None, config_map({"a": "1"}), "creator")
    left_out = config_map({"a": "1"}, created)
    del left_out["metadata"]["managedFields"]
    assert owners(write(CONFIG_MAP, created, left_out, "x")) == owners(created)
    spoilt = config_map({"a": "1"}, created)
    spoilt["metadata"]["managedFields"][0]["operation"] = "Guess"
    assert owners(write(CONFIG_MAP, created, spoilt, "x")) == owners(created)
    changed = config_map({"a": "1"}, created)
    changed["metadata"]["managedFields"][0]["manager"] = "other"
    assert owners(write(CONFIG_MAP, created, changed, "x")) == {("other", ""): {"f:data": {".": {}, "f:a": {}}}}


def test_only_the_latest_managers_of_updates_are_told_apart():
    stored = write(CONFIG_MAP, None, config_map({"k0": "v"}), "m0")
    for number in range(1, 15):
        data = {**stored["data"], f"k{number}": "v"}
        stored = write(CONFIG_MAP, stored, config_map(data, stored), f"m{number}", TIMES[number])
        assert len(stored["metadata"]["managedFields"]) <= UPDATE_MANAGERS_MAX
    ancient = stored["metadata"]["managedFields"][0]
    assert (ancient["manager"], ancient["time"]) == ("ancient-changes", TIMES[5])
    assert list(ancient["fieldsV1"]["f:data"]) == [".", "f:k0", "f:k1", "f:k2", "f:k3", "f:k4", "f:k5"]
    assert [entry["manager"] for entry in stored["metadata"]["managedFields"][1:]] == [f"m{n}" for n in range(6, 15)]


def test_applies_come_before_updates_and_older_entries_before_newer():
    created = write(CONFIG_MAP, None, config_map({"a": "1", "b": "1", "c": "1"}), "z", TIMES[5])
    entry = created["metadata"]["managedFields"][0]
    new = config_map(created["data"], created)
    new["metadata"]["managedFields"] = [
        {**entry, "manager": "b"},
        {**entry, "manager": "a", "time": TIMES[4]},
        {**entry, "manager": "c", "operation": "Apply", "time": TIMES[9]},
        {**entry, "manager": "a"},
    ]
    stored = write(CONFIG_MAP, created, new, "z")
    order = [(e["operation"], e["manager"], e["time"]) for e in stored["metadata"]["managedFields"]]
    # Two entries of one manager are one; the later in the list counts.
    assert order == [("Apply", "c", TIMES[9]), ("Update", "a", TIMES[5]), ("Update", "b", TIMES[5])]


def test_entries_of_another_version_see_the_change_in_their_version():
    created = write(CONFIG_MAP, None, config_map({"a": "1", "b": "1"}), "old", api_version="v0")
    new = config_map({"a": "2", "b": "1"}, created)

    def compare_at(version):
        assert version == "v0"
        return Comparison({}, {"f:data": {"f:b": {}}}, {})

    stored = write(CONFIG_MAP, created, new, "new", TIMES[1], compare_at=compare_at)
    assert owners(stored) == {("old", ""): {"f:data": {".": {}, "f:a": {}}}, ("new", ""): {"f:data": {"f:a": {}}}}
    forgotten = write(CONFIG_MAP, created, new, "new", TIMES[1], compare_at=lambda version: None)
    assert owners(forgotten) == {("new", ""): {"f:data": {"f:a": {}}}}


def test_custom_resources_start_from_nothing():
    schema = SCHEMAS.type_named("io.k8s.api.core.v1.Service")
    new = {"metadata": {"name": "x", "labels": {"a": "b"}}, "spec": {"type": "T"}}
    entries = update_managed_fields(schema, {}, new, manager="m", api_version="x/v1", time=TIMES[0])
    assert entries[0]["fieldsV1"] == {
        "f:metadata": {"f:labels": {".": {}, "f:a": {}}},
        "f:spec": {".": {}, "f:type": {}},
    }


def test_what_cannot_be_compared_has_no_owners():
    new = {"metadata": {"name": "x"}, "spec": {"ports": ["x"]}, "status": {}}
    assert owners(write(SERVICE, None, new, "m")) == {}


WRITES = st.lists(
    st.tuples(st.sampled_from(["x", "y", "z"]), st.dictionaries(st.sampled_from("abcd"), st.sampled_from("12"))),
    min_size=1,
    max_size=6,
)


@given(WRITES)
def test_every_field_that_is_there_has_one_owner_at_most_and_what_is_gone_none(writes):
    stored = None
    for second, (manager, data) in enumerate(writes):
        stored = write(CONFIG_MAP, stored, config_map(data or None, stored), manager, TIMES[second])
        present = compare(CONFIG_MAP, zero_value(CONFIG_MAP), stored).changed
        claimed = [key for fields in owners(stored).values() for key in fields.get("f:data", {}) if key != "."]
        assert len(claimed) == len(set(claimed))
        assert set(claimed) <= set(present.get("f:data", {}))
