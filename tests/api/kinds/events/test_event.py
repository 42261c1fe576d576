"""Events of the newer group."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.api.kinds.events.event import to_core
from minikube_lite.machinery.errors import ApiError

KIND_MODULE = "events.event"


def event(**parts: Any) -> dict[str, Any]:
    return {
        "eventTime": "2026-01-02T03:04:05.000000Z",
        "regarding": {"kind": "Pod", "namespace": "default", "name": "p"},
        "reportingController": "example.com/c",
        "reportingInstance": "i",
        "action": "Go",
        "reason": "R",
        "type": "Warning",
        "note": "n",
        **parts,
    }


def test_a_good_event_has_the_same_cells_as_in_the_core_group(bench) -> None:
    cells = bench.cells(bench.create(event()))
    assert (cells["Object"], cells["Message"], cells["Source"]) == ("pod/p", "n", "example.com/c, i")


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({"type": "Odd"}, 'type: Invalid value: "": has invalid value: Odd'),
        ({"deprecatedCount": 2}, 'count: Invalid value: "": needs to be unset'),
        ({"series": {"count": 1, "lastObservedTime": "2026-01-02T03:04:05.000000Z"}}, "should be at least 2"),
        ({"action": ""}, "action: Required value"),
    ],
)
def test_faults_name_the_kind_without_its_group(bench, parts: dict[str, Any], text: str) -> None:
    with pytest.raises(ApiError) as caught:
        bench.create(event(**parts))
    assert caught.value.message.startswith('Event "x" is invalid: ')
    assert text in caught.value.message


def test_only_the_series_may_change(bench) -> None:
    old = bench.create(event())
    assert bench.update(old, {"series": {"count": 2, "lastObservedTime": "2026-01-02T03:05:05.000000Z"}})
    with pytest.raises(ApiError, match='message: Invalid value: "x": field is immutable'):
        bench.update(old, {"note": "x"})


def test_the_core_form_says_the_same() -> None:
    core = to_core({"metadata": {}, **event()})
    assert core["message"] == "n" and core["source"] == {} and core["firstTimestamp"] is None
