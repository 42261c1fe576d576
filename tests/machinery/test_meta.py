"""Small helpers on objects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.machinery import meta
from minikube_lite.machinery.resources import STATEFUL_SETS

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


def containers(value) -> list[int]:
    """The identities of everything in a value that can be changed."""
    if isinstance(value, dict):
        return [id(value), *(found for item in value.values() for found in containers(item))]
    if isinstance(value, list):
        return [id(value), *(found for item in value for found in containers(item))]
    return []


@given(values)
def test_a_copy_is_equal_and_shares_nothing_that_can_change(value) -> None:
    copy = meta.copy_object(value)
    assert copy == value
    assert not set(containers(copy)) & set(containers(value))


OWNER = {"metadata": {"name": "web", "uid": "1"}}
CONTROLLER = meta.controller_reference(OWNER, STATEFUL_SETS, "StatefulSet")


@pytest.mark.parametrize(
    ("references", "controller"),
    [
        ([], None),
        ([{**CONTROLLER, "controller": False}], None),
        ([{"uid": "2"}, CONTROLLER], CONTROLLER),
        ([{**CONTROLLER, "uid": "2"}], {**CONTROLLER, "uid": "2"}),
    ],
)
def test_the_controller_is_the_owner_that_manages(references, controller) -> None:
    obj = {"metadata": {"ownerReferences": references}}
    assert meta.controller_of(obj) == controller


def test_a_controller_reference() -> None:
    assert CONTROLLER == {
        "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "1",
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "ready", "terminal"),
    [
        (None, False, False),
        ({"conditions": None, "phase": "Pending"}, False, False),
        ({"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running"}, True, False),
        ({"conditions": [{"type": "Ready", "status": "False"}], "phase": "Failed"}, False, True),
        ({"conditions": [{"type": "Initialized", "status": "True"}], "phase": "Succeeded"}, False, True),
    ],
)
def test_a_pods_state(status, ready, terminal) -> None:
    pod = {"metadata": {}, **({"status": status} if status else {})}
    assert (meta.is_pod_ready(pod), meta.is_pod_terminal(pod)) == (ready, terminal)
    assert not meta.is_deleting(pod)
    assert meta.is_deleting({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}})
