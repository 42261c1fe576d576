"""pods/eviction: a deletion that asks the disruption budgets first."""

from __future__ import annotations

import asyncio

import pytest

from minikube_lite.machinery.resources import POD_DISRUPTION_BUDGETS, PODS

PODS_PATH = "/api/v1/namespaces/default/pods"
READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}


@pytest.fixture
async def ready_pods(client, pod):
    """Three ready pods p0, p1 and p2."""
    for number in range(3):
        await client.create(PODS, "default", pod(f"p{number}", "n", labels={"app": "p"}))
        await client.patch(PODS, "default", f"p{number}", {"status": READY}, subresource="status")


@pytest.fixture
def budget(client):
    """Makes a budget over the pods, with a status as the disruption controller writes it."""

    async def make(name: str = "b", *, allowed: int, **status: int) -> None:
        body = {"metadata": {"name": name}, "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "p"}}}}
        made = await client.create(POD_DISRUPTION_BUDGETS, "default", body)
        counted = {"currentHealthy": 3, "desiredHealthy": 2, "expectedPods": 3, "disruptionsAllowed": allowed}
        seen = {"observedGeneration": made["metadata"]["generation"], **counted, **status}
        await client.patch(POD_DISRUPTION_BUDGETS, "default", name, {"status": seen}, subresource="status")

    return make


async def evict(http, name: str = "p0", body: dict | None = None, **query: str):
    return await http.post(f"{PODS_PATH}/{name}/eviction", json=body or {}, params=query)


async def deleting(http) -> list[str]:
    items = (await http.get(PODS_PATH)).json()["items"]
    return [item["metadata"]["name"] for item in items if "deletionTimestamp" in item["metadata"]]


async def test_without_a_budget_an_eviction_is_a_deletion(http, ready_pods) -> None:
    answer = await evict(http)
    assert (answer.status_code, answer.json()["status"]) == (201, "Success")
    assert await deleting(http) == ["p0"]


async def test_a_budget_is_spent_by_evictions_that_come_at_once(http, client, ready_pods, budget) -> None:
    await budget(allowed=1)
    answers = await asyncio.gather(*(evict(http, f"p{number}") for number in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 429, 429]
    assert len(await deleting(http)) == 1
    status = (await client.get(POD_DISRUPTION_BUDGETS, "default", "b"))["status"]
    assert (status["disruptionsAllowed"], list(status["disruptedPods"])) == (0, await deleting(http))


async def test_who_is_refused_is_told_why(http, ready_pods, budget) -> None:
    await budget(allowed=0, currentHealthy=2)
    answer = await evict(http)
    status = answer.json()
    assert (answer.status_code, status["reason"]) == (429, "TooManyRequests")
    assert status["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
    assert status["details"]["causes"] == [
        {"reason": "DisruptionBudget", "message": "The disruption budget b needs 2 healthy pods and has 2 currently"}
    ]
    assert await deleting(http) == []


async def test_a_budget_that_was_not_counted_yet_asks_to_wait(http, ready_pods, budget) -> None:
    await budget(allowed=1, observedGeneration=0)
    answer = await evict(http)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")


async def test_two_budgets_over_one_pod_are_a_fault(http, ready_pods, budget) -> None:
    await budget("b", allowed=1)
    await budget("c", allowed=1)
    answer = await evict(http)
    assert (answer.status_code, "more than one PodDisruptionBudget" in answer.json()["message"]) == (500, True)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ({"phase": "Succeeded"}, 201),
        ({"phase": "Pending"}, 201),
        ({"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}, 429),
        (READY, 429),
    ],
)
async def test_pods_that_do_not_count_may_go(http, client, ready_pods, budget, status, code) -> None:
    await budget(allowed=0, currentHealthy=1)
    await client.patch(PODS, "default", "p0", {"status": status}, subresource="status")
    assert (await evict(http)).status_code == code


async def test_an_unready_pod_may_go_while_the_others_suffice(http, client, ready_pods, budget) -> None:
    await budget(allowed=0, currentHealthy=2)
    unready = {"conditions": [{"type": "Ready", "status": "False"}]}
    await client.patch(PODS, "default", "p0", {"status": unready}, subresource="status")
    assert (await evict(http)).status_code == 201


@pytest.mark.parametrize(("body", "query"), [({"deleteOptions": {"dryRun": ["All"]}}, {}), ({}, {"dryRun": "All"})])
async def test_a_dry_run_evicts_nothing(http, store, ready_pods, budget, body, query) -> None:
    await budget(allowed=1)
    before = store.revision
    assert (await evict(http, body=body, **query)).status_code == 201
    assert store.revision == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"metadata": {"name": "other"}}, 400),
        ({"deleteOptions": {"preconditions": {"uid": "other"}}}, 409),
        ({"deleteOptions": {"propagationPolicy": "Never"}}, 422),
        ({"deleteOptions": None}, 201),
        ({"apiVersion": "policy/v1", "kind": "Eviction", "deleteOptions": {"gracePeriodSeconds": 3}}, 201),
        ({"apiVersion": "policy/v1beta1", "kind": "Eviction", "deleteOptions": {"gracePeriodSeconds": 3}}, 201),
        ({"apiVersion": "v1", "kind": "Pod"}, 400),
    ],
)
async def test_what_goes_with_an_eviction(http, ready_pods, body, code) -> None:
    assert (await evict(http, body=body)).status_code == code


async def test_nobody_is_evicted_where_nobody_is(http) -> None:
    assert (await evict(http, "nosuch")).status_code == 404


async def test_an_evicted_pod_says_why_it_goes(http, client, ready_pods) -> None:
    await evict(http)
    conditions = (await client.get(PODS, "default", "p0"))["status"]["conditions"]
    target = next(condition for condition in conditions if condition["type"] == "DisruptionTarget")
    assert (target["status"], target["reason"], target["message"]) == (
        "True",
        "EvictionByEvictionAPI",
        "Eviction API: evicting",
    )


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (
            {"reason": "SyncFailed", "message": "found no controllers"},
            "The disruption budget b does not allow evicting pods currently because it failed sync: found no controllers",
        ),
        (
            {"reason": "Other", "message": "because"},
            "The disruption budget b does not allow evicting pods currently (Other): because",
        ),
        ({"reason": "Other", "message": ""}, "The disruption budget b does not allow evicting pods currently"),
    ],
)
async def test_the_condition_says_why_nothing_may_go(http, client, ready_pods, budget, status, text) -> None:
    moment = "2026-01-01T00:00:00Z"
    condition = {"type": "DisruptionAllowed", "status": "False", "lastTransitionTime": moment, **status}
    await budget(allowed=0)
    await client.patch(
        POD_DISRUPTION_BUDGETS, "default", "b", {"status": {"conditions": [condition]}}, subresource="status"
    )
    assert (await evict(http)).json()["details"]["causes"][0]["message"] == text


@pytest.mark.parametrize(("policy", "code"), [("AlwaysAllow", 201), ("IfHealthyBudget", 429)])
async def test_unready_pods_go_by_the_policy(http, client, ready_pods, budget, policy, code) -> None:
    await budget(allowed=0, currentHealthy=1)
    change = {"spec": {"unhealthyPodEvictionPolicy": policy}}
    changed = await client.patch(POD_DISRUPTION_BUDGETS, "default", "b", change)
    seen = {"status": {"observedGeneration": changed["metadata"]["generation"]}}
    await client.patch(POD_DISRUPTION_BUDGETS, "default", "b", seen, subresource="status")
    unready = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    await client.patch(PODS, "default", "p0", unready, subresource="status")
    assert (await evict(http)).status_code == code


async def test_a_version_that_is_asked_for_must_stand_there(http, client, ready_pods) -> None:
    stale = {"deleteOptions": {"preconditions": {"resourceVersion": "1"}}}
    assert (await evict(http, body=stale)).status_code == 409
    version = (await client.get(PODS, "default", "p0"))["metadata"]["resourceVersion"]
    fresh = {"deleteOptions": {"preconditions": {"resourceVersion": version}}}
    assert (await evict(http, body=fresh)).status_code == 201
