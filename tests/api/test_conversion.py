"""One stored object in several versions: Events of two groups, HorizontalPodAutoscalers of two versions."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from minikube_lite.api.scheme import Scheme
from minikube_lite.machinery.resources import EVENTS, GroupVersionResource

NEWER_EVENTS = GroupVersionResource("events.k8s.io", "v1", "events")
CORE = "/api/v1/namespaces/default/events"
NEWER = "/apis/events.k8s.io/v1/namespaces/default/events"
V1 = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers"
V2 = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"
POD = {"kind": "Pod", "namespace": "default", "name": "p"}
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}
APPLY = {"Content-Type": "application/apply-patch+yaml"}
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}


def newer_event(**parts: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "e"},
        "eventTime": "2026-01-02T03:04:05.000000Z",
        "regarding": POD,
        "reportingController": "example.com/c",
        "reportingInstance": "i",
        "action": "Go",
        "reason": "R",
        "type": "Warning",
        "note": "n",
        **parts,
    }


def autoscaler(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"scaleTargetRef": TARGET, "maxReplicas": 5, **spec}}


# Events


async def test_an_event_written_in_one_group_is_read_in_the_other(http: httpx.AsyncClient) -> None:
    written = (await http.post(NEWER, json=newer_event())).json()
    assert (written["apiVersion"], written["note"], written["deprecatedFirstTimestamp"]) == (
        "events.k8s.io/v1", "n", None,
    )  # fmt: skip
    read = (await http.get(f"{CORE}/e")).json()
    assert (read["apiVersion"], read["message"], read["involvedObject"]) == ("v1", "n", POD)
    assert (read["reportingComponent"], read["source"]) == ("example.com/c", {})
    assert read["metadata"] == written["metadata"]

    old = {"metadata": {"name": "old"}, "involvedObject": POD, "message": "m", "count": 3, "source": {"component": "k"}}
    await http.post(CORE, json=old)
    listed = (await http.get(NEWER)).json()
    assert (listed["kind"], listed["apiVersion"]) == ("EventList", "events.k8s.io/v1")
    assert [(item["metadata"]["name"], item["note"]) for item in listed["items"]] == [("e", "n"), ("old", "m")]
    assert (listed["items"][1]["deprecatedCount"], listed["items"][1]["deprecatedSource"]) == (3, {"component": "k"})


async def test_a_watch_shows_the_version_that_is_watched(http: httpx.AsyncClient, watching) -> None:
    async with watching(NEWER, resourceVersion="0") as newer, watching(CORE, resourceVersion="0") as core:
        await http.post(NEWER, json=newer_event())
        shown = [(await events.next())["object"] for events in (newer, core)]
        await http.delete(f"{CORE}/e")
        assert [(await events.next())["type"] for events in (newer, core)] == ["DELETED", "DELETED"]
    assert [(obj["apiVersion"], obj.get("note"), obj.get("message")) for obj in shown] == [
        ("events.k8s.io/v1", "n", None),
        ("v1", None, "n"),
    ]


async def test_both_groups_have_the_same_table_and_fields_to_select(http: httpx.AsyncClient) -> None:
    await http.post(NEWER, json=newer_event())
    query = {"fieldSelector": "involvedObject.name=p,reason=R", "includeObject": "Object"}
    tables = [(await http.get(path, params=query, headers=TABLE)).json() for path in (CORE, NEWER)]
    cells = [table["rows"][0]["cells"] for table in tables]
    assert cells[0] == cells[1] and "pod/p" in cells[0]
    assert [table["rows"][0]["object"]["apiVersion"] for table in tables] == ["v1", "events.k8s.io/v1"]


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({"type": "Odd"}, 'type: Invalid value: "": has invalid value: Odd'),
        ({"deprecatedCount": 2}, 'count: Invalid value: "": needs to be unset'),
        ({"series": {"count": 1, "lastObservedTime": "2026-01-02T03:04:05.000000Z"}}, "should be at least 2"),
        ({"action": ""}, "action: Required value"),
        ({"reportingController": ""}, "reportingController: Required value"),
        ({"metadata": {"name": "A"}}, "metadata.name: Invalid value"),
    ],
)
async def test_the_newer_group_is_stricter_and_names_the_kind_without_its_group(
    http: httpx.AsyncClient, parts: dict[str, Any], text: str
) -> None:
    answer = await http.post(NEWER, json=newer_event(**parts))
    assert answer.status_code == 422
    message = answer.json()["message"]
    assert message.startswith('Event "') and text in message


async def test_by_the_newer_group_only_the_series_may_change(http: httpx.AsyncClient) -> None:
    await http.post(NEWER, json=newer_event())
    merge = {"Content-Type": "application/merge-patch+json"}
    series = {"series": {"count": 2, "lastObservedTime": "2026-01-02T03:05:05.000000Z"}}
    assert (await http.patch(f"{NEWER}/e", json=series, headers=merge)).json()["series"]["count"] == 2
    refused = await http.patch(f"{NEWER}/e", json={"note": "x"}, headers=merge)
    assert 'message: Invalid value: "x": field is immutable' in refused.json()["message"]
    assert (await http.patch(f"{CORE}/e", json={"message": "x"}, headers=merge)).json()["message"] == "x"


async def test_the_client_in_process_reads_and_writes_each_version(client) -> None:
    await client.create(NEWER_EVENTS, "default", newer_event())
    assert (await client.get(EVENTS, "default", "e"))["message"] == "n"
    found = (await client.list_objects(NEWER_EVENTS, "default")).items
    assert [item["note"] for item in found] == ["n"]
    assert (await client.delete(NEWER_EVENTS, "default", "e"))["note"] == "n"


# HorizontalPodAutoscalers


async def test_what_v1_cannot_say_stands_in_annotations(http: httpx.AsyncClient) -> None:
    memory = {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}}
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
    metrics = [{"type": "Resource", "resource": memory}, {"type": "Resource", "resource": cpu}]
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 60}}
    await http.post(V2, json=autoscaler("a", metrics=metrics, behavior=behavior))
    shown = (await http.get(f"{V1}/a")).json()
    assert shown["spec"] == {
        "scaleTargetRef": TARGET, "minReplicas": 1, "maxReplicas": 5, "targetCPUUtilizationPercentage": 60,
    }  # fmt: skip
    assert shown["status"] == {"currentReplicas": 0, "desiredReplicas": 0}
    prefix = "autoscaling.alpha.kubernetes.io/"
    percent = '[{"Type":"Percent","Value":100,"PeriodSeconds":15}]'
    pods = '[{"Type":"Pods","Value":4,"PeriodSeconds":15},{"Type":"Percent","Value":100,"PeriodSeconds":15}]'
    assert shown["metadata"]["annotations"] == {
        prefix + "metrics": '[{"type":"Resource","resource":{"name":"memory","targetAverageValue":"1Gi"}}]',
        prefix + "behavior": '{"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max","Policies":' + pods
        + ',"Tolerance":null},"ScaleDown":{"StabilizationWindowSeconds":60,"SelectPolicy":"Max","Policies":' + percent
        + ',"Tolerance":null}}',
    }  # fmt: skip
    assert "annotations" not in (await http.get(f"{V2}/a")).json()["metadata"]


async def test_a_change_by_v1_keeps_what_v1_cannot_say(http: httpx.AsyncClient) -> None:
    memory = {
        "type": "Resource",
        "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 7}},
    }
    await http.post(V2, json=autoscaler("a", metrics=[memory]))
    shown = (await http.get(f"{V1}/a")).json()
    shown["spec"].update(maxReplicas=9, targetCPUUtilizationPercentage=50)
    assert (await http.put(f"{V1}/a", json=shown)).status_code == 200
    spec = (await http.get(f"{V2}/a")).json()["spec"]
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
    assert (spec["maxReplicas"], spec["metrics"]) == (9, [memory, cpu])


async def test_v1_aims_at_eighty_percent_where_nothing_is_said(http: httpx.AsyncClient) -> None:
    made = (await http.post(V1, json=autoscaler("a"))).json()
    assert made["spec"]["targetCPUUtilizationPercentage"] == 80


async def test_annotations_that_cannot_be_read_are_dropped(http: httpx.AsyncClient) -> None:
    sent = autoscaler("a", targetCPUUtilizationPercentage=5)
    sent["metadata"]["annotations"] = {"autoscaling.alpha.kubernetes.io/metrics": "[3]", "own": "stays"}
    sent["metadata"]["annotations"]["autoscaling.alpha.kubernetes.io/behavior"] = '"x"'
    made = (await http.post(V1, json=sent)).json()
    assert made["metadata"]["annotations"] == {"own": "stays"}
    assert made["spec"]["targetCPUUtilizationPercentage"] == 5


POD_METRIC = {"metric": {"name": "m", "selector": {"matchLabels": {"a": "b"}}}}
AVERAGE = {"type": "AverageValue", "averageValue": "3"}
VALUE = {"type": "Value", "value": "2"}
UTILIZATION = {"type": "Utilization", "averageUtilization": 5}


@pytest.mark.parametrize(
    ("source", "fields", "targets"),
    [
        ("pods", POD_METRIC, [AVERAGE]),
        ("object", {**POD_METRIC, "describedObject": TARGET}, [AVERAGE, VALUE]),
        ("external", POD_METRIC, [AVERAGE, VALUE]),
        ("containerResource", {"name": "cpu", "container": "c"}, [AVERAGE, UTILIZATION]),
        ("resource", {"name": "memory"}, [AVERAGE, UTILIZATION]),
    ],
)
def test_metrics_come_back_as_they_went(scheme: Scheme, source: str, fields: Any, targets: list[Any]) -> None:
    resource = scheme.find(GroupVersionResource("autoscaling", "v1", "horizontalpodautoscalers"))
    assert resource is not None
    kind = source[:1].upper() + source[1:]
    metrics = [{"type": kind, source: {**fields, "target": target}} for target in targets]
    current = {"value": "2"} if VALUE in targets else {"averageValue": "1"}
    stored = autoscaler("a", minReplicas=1, metrics=metrics)
    stored["status"] = {
        "currentReplicas": 1,
        "desiredReplicas": 2,
        "currentMetrics": [{"type": kind, source: {**fields, "current": current}}],
        "conditions": [{"type": "AbleToScale", "status": "True", "lastTransitionTime": None}],
    }
    assert resource.to_store(resource.from_store(stored)) == stored


# Owners of fields


async def test_fields_are_owned_in_the_version_that_wrote_them(http: httpx.AsyncClient) -> None:
    await http.post(V1, json=autoscaler("a", targetCPUUtilizationPercentage=50), params={"fieldManager": "one"})
    merge = {"Content-Type": "application/merge-patch+json"}
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
    metrics = [{"type": "Resource", "resource": cpu}]
    changed = await http.patch(
        f"{V2}/a", json={"spec": {"metrics": metrics}}, headers=merge, params={"fieldManager": "two"}
    )
    owners = {entry["manager"]: entry for entry in changed.json()["metadata"]["managedFields"]}
    assert {name: entry["apiVersion"] for name, entry in owners.items()} == {
        "one": "autoscaling/v1",
        "two": "autoscaling/v2",
    }
    assert "f:targetCPUUtilizationPercentage" not in owners["one"]["fieldsV1"]["f:spec"]
    assert owners["two"]["fieldsV1"]["f:spec"] == {"f:metrics": {}}


async def test_an_apply_conflicts_with_what_another_version_wrote(http: httpx.AsyncClient) -> None:
    await http.post(V2, json=autoscaler("a", minReplicas=2), params={"fieldManager": "one"})
    wanted = {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        **autoscaler("a", targetCPUUtilizationPercentage=9),
    }
    refused = await http.patch(f"{V1}/a", json=wanted, headers=APPLY, params={"fieldManager": "two"})
    assert refused.status_code == 409
    assert refused.json()["message"] == (
        'Apply failed with 1 conflict: conflict with "one" using autoscaling/v2: .spec.metrics'
    )


async def test_what_was_applied_in_another_version_and_is_not_any_more_goes(http: httpx.AsyncClient) -> None:
    wishes = {
        "v2": autoscaler("a", minReplicas=2),
        "v1": autoscaler("a", targetCPUUtilizationPercentage=9),
    }
    for version, path in (("v2", V2), ("v1", V1)):
        wanted = {"apiVersion": f"autoscaling/{version}", "kind": "HorizontalPodAutoscaler", **wishes[version]}
        query = {"fieldManager": "me", "force": "true"}
        assert (await http.patch(f"{path}/a", json=wanted, headers=APPLY, params=query)).status_code in (200, 201)
    spec = (await http.get(f"{V1}/a")).json()["spec"]
    assert (spec["minReplicas"], spec["targetCPUUtilizationPercentage"]) == (1, 9)
