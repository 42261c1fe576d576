"""Quality of service and sums of what containers ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.machinery.pod_resources import aggregate, compute_pod_qos

FULL = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ([{}], "BestEffort"),
        ([{"requests": {"cpu": "0"}}], "BestEffort"),
        ([{"requests": {"example.com/gpu": "1"}}], "BestEffort"),
        ([FULL], "Guaranteed"),
        ([FULL, {}], "Burstable"),
        ([FULL, FULL], "Guaranteed"),
        ([{"requests": {"cpu": "1"}}], "Burstable"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "1Gi"}}], "Burstable"),
        ([{"limits": {"cpu": "1000m", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1024Mi"}}], "Guaranteed"),
        ([{"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}], "Burstable"),
    ],
)
def test_quality_of_service(resources, expected):
    assert compute_pod_qos({"containers": [{"resources": item} for item in resources]}) == expected


def test_a_pods_own_resources_decide_before_its_containers():
    spec = {"resources": FULL, "containers": [{"resources": {"requests": {"cpu": "1"}}}]}
    assert compute_pod_qos(spec) == "Guaranteed"


def test_init_containers_count_by_the_highest_and_sidecars_beside_all():
    spec = {
        "containers": [{"resources": {"requests": {"cpu": "1"}}}],
        "initContainers": [
            {"restartPolicy": "Always", "resources": {"requests": {"cpu": "500m"}}},
            {"resources": {"requests": {"cpu": "2"}}},
        ],
    }
    assert {name: str(amount) for name, amount in aggregate(spec, "requests").items()} == {"cpu": "2500m"}


AMOUNTS = st.dictionaries(st.sampled_from(["cpu", "memory"]), st.integers(0, 5).map(str))


@given(st.lists(st.fixed_dictionaries({"requests": AMOUNTS, "limits": AMOUNTS}), min_size=1, max_size=3))
def test_guaranteed_means_that_every_container_has_all_limits(resources):
    spec = {"containers": [{"resources": item} for item in resources]}
    qos = compute_pod_qos(spec)
    asked = [amount for item in resources for part in item.values() for amount in part.values() if amount != "0"]
    assert (qos == "BestEffort") == (not asked)
    if qos == "Guaranteed":
        assert all(int(item["limits"].get(name, "0")) > 0 for item in resources for name in ("cpu", "memory"))
