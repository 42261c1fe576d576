"""What rules say of failed pods and succeeded indexes."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.controllers.job.indexes import Indexes
from minikube_lite.controllers.job.policies import Verdict, judge_failed_pod, met_success_rule
from minikube_lite.store import Object


def failed(code: int = 1, *, condition: str = "", init: bool = False) -> Object:
    containers = [
        {"name": "side", "state": {"running": {}}},
        {"name": "main", "state": {"terminated": {"exitCode": code}}},
    ]
    status: Object = {"initContainerStatuses" if init else "containerStatuses": containers}
    if condition:
        status["conditions"] = [{"type": condition, "status": "True"}]
    return {"metadata": {"namespace": "default", "name": "p"}, "status": status}


def judge(pod: Object, *rules: Object) -> Verdict:
    return judge_failed_pod({"spec": {"podFailurePolicy": {"rules": list(rules)}}}, pod)


def exits(action: str, operator: str, *values: int, name: str | None = None) -> Object:
    requirement: dict[str, Any] = {"operator": operator, "values": list(values)}
    if name is not None:
        requirement["containerName"] = name
    return {"action": action, "onExitCodes": requirement}


DISRUPTED = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}


@pytest.mark.parametrize(
    ("pod", "rule", "action"),
    [
        (failed(3), exits("Count", "In", 3, 4), "Count"),
        (failed(5), exits("Count", "In", 3, 4), ""),
        (failed(5), exits("FailIndex", "NotIn", 3, 4), "FailIndex"),
        (failed(0), exits("FailIndex", "NotIn", 3, 4), ""),
        (failed(3), exits("Count", "In", 3, name="main"), "Count"),
        (failed(3), exits("Count", "In", 3, name="side"), ""),
        (failed(3, init=True), exits("Count", "In", 3), "Count"),
        (failed(condition="DisruptionTarget"), DISRUPTED, "Ignore"),
        (failed(condition="Other"), DISRUPTED, ""),
    ],
)
def test_a_rule(pod: Object, rule: Object, action: str):
    verdict = judge(pod, rule)
    assert (verdict.action, verdict.message) == (action, "")
    assert verdict.counts == (action != "Ignore")


def test_the_first_rule_that_matches_counts():
    verdict = judge(
        failed(3, condition="DisruptionTarget"), exits("Count", "In", 9), DISRUPTED, exits("Count", "In", 3)
    )
    assert verdict.action == "Ignore"


def test_why_the_whole_job_fails():
    text = "Container main for pod default/p failed with exit code 42 matching FailJob rule at index 1"
    assert judge(failed(42), DISRUPTED, exits("FailJob", "In", 42)) == Verdict("FailJob", text)
    text = "Pod default/p has condition DisruptionTarget matching FailJob rule at index 0"
    rule = {**DISRUPTED, "action": "FailJob"}
    assert judge(failed(condition="DisruptionTarget"), rule) == Verdict("FailJob", text)


@pytest.mark.parametrize(
    ("rules", "succeeded", "met"),
    [
        ([], "0-5", ""),
        ([{"succeededCount": 2}], "3", ""),
        ([{"succeededCount": 2}], "3,5", "0"),
        ([{"succeededIndexes": "0-1"}], "0,2", ""),
        ([{"succeededIndexes": "0-1"}], "0-3", "0"),
        ([{"succeededIndexes": "0-3", "succeededCount": 2}], "1,3,5", "0"),
        ([{"succeededIndexes": "0-3", "succeededCount": 2}], "1,5-6", ""),
        ([{"succeededIndexes": "0"}, {"succeededCount": 1}], "7", "1"),
    ],
)
def test_success_rules(rules: list[Object], succeeded: str, met: str):
    job = {"spec": {"completions": 10, "successPolicy": {"rules": rules}}}
    expected = f"Matched rules at index {met}" if met else ""
    assert met_success_rule(job, Indexes.parse(succeeded, 10)) == expected
