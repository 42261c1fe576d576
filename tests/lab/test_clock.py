"""The Clock as an object of the API: one of them, checked, and never set back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import CLOCKS

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

pytestmark = pytest.mark.minikube_lite(nodes=0, clock="stepped", serve_api=False, serve_dns=False)


def spec(**fields: Any) -> dict[str, Any]:
    return {"spec": fields}


def test_it_says_how_time_flows_from_the_start(cluster: RunningCluster) -> None:
    [clock] = cluster.list(CLOCKS)
    assert clock["metadata"]["name"] == "cluster"
    assert clock["spec"] == {"mode": "stepped", "rate": 1, "advanceSeconds": 0, "settleRequests": 0}
    status = clock["status"]
    assert (status["mode"], status["rate"], status["now"]) == ("stepped", 0, "2026-01-01T00:00:00.000000Z")
    assert status["observedGeneration"] == clock["metadata"]["generation"] == 1
    assert [(one["type"], one["status"]) for one in status["conditions"]] == [("Settled", "True")]


@pytest.mark.parametrize(
    ("wanted", "fault"),
    [
        (spec(mode="fast"), 'spec.mode: Unsupported value: "fast": supported values: "real", "scaled", "stepped"'),
        (spec(rate=0), "spec.rate: Invalid value: 0: must be greater than 0"),
        (spec(rate=100_001), "spec.rate: Invalid value: 100001: must be less than or equal to 100000"),
        (spec(advanceSeconds=-1), "spec.advanceSeconds: Invalid value: -1: must be greater than or equal to 0"),
        (spec(advanceSeconds=1e12), "spec.advanceSeconds: Invalid value: 1000000000000: must be less than"),
        (spec(settleRequests=-1), "spec.settleRequests: Invalid value: -1: must be greater than or equal to 0"),
    ],
)
def test_what_is_wrong_is_told_as_of_any_kind(cluster: RunningCluster, wanted: Any, fault: str) -> None:
    with pytest.raises(ApiError) as caught:
        cluster.patch(CLOCKS, "", "cluster", wanted)
    assert (caught.value.code, caught.value.reason) == (422, "Invalid")
    assert fault in str(caught.value)


@pytest.mark.parametrize("name", ["advanceSeconds", "settleRequests"])
def test_a_total_never_decreases(cluster: RunningCluster, name: str) -> None:
    cluster.patch(CLOCKS, "", "cluster", spec(**{name: 5}))
    cluster.patch(CLOCKS, "", "cluster", spec(**{name: 5}))
    with pytest.raises(ApiError, match=rf"spec.{name}: Invalid value: 4: must not be less than before .5."):
        cluster.patch(CLOCKS, "", "cluster", spec(**{name: 4}))


def test_what_is_left_out_stays_and_is_nobodys(cluster: RunningCluster) -> None:
    cluster.patch(CLOCKS, "", "cluster", spec(advanceSeconds=5, rate=2))
    clock = cluster.patch(CLOCKS, "", "cluster", spec(advanceSeconds=None, mode=None))
    assert clock["spec"] == {"mode": "stepped", "rate": 2, "advanceSeconds": 5, "settleRequests": 0}
    owned = [one["fieldsV1"].get("f:spec", {}) for one in clock["metadata"]["managedFields"]]
    assert {name for fields in owned for name in fields} == {"f:rate"}


def test_there_is_only_one(cluster: RunningCluster) -> None:
    with pytest.raises(ApiError, match=r'metadata.name: Invalid value: "other": must be "cluster"'):
        cluster.create(CLOCKS, "", {"metadata": {"name": "other"}, "spec": {}})


def test_a_write_of_the_status_reads_the_clock(cluster: RunningCluster) -> None:
    cluster.advance(90)
    clock = cluster.patch(CLOCKS, "", "cluster", {"status": {}}, subresource="status")
    assert clock["status"]["now"] == "2026-01-01T00:01:30.000000Z"


def test_the_spec_has_no_say_in_the_status(cluster: RunningCluster) -> None:
    before = cluster.get(CLOCKS, "", "cluster")["status"]
    assert cluster.patch(CLOCKS, "", "cluster", {"status": {"mode": "real"}})["status"] == before


@pytest.mark.minikube_lite(nodes=0, lab=False, serve_api=False, serve_dns=False)
def test_it_can_be_left_out(cluster: RunningCluster) -> None:
    with pytest.raises(ApiError) as caught:
        cluster.list(CLOCKS)
    assert caught.value.code == 404
