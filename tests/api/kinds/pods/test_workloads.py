"""Deployments, ReplicaSets, DaemonSets, ReplicationControllers, pod templates, revisions, Jobs and CronJobs."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.api.kinds.apps.workload import amount, percent
from minikube_lite.api.kinds.batch.job_validation import count_indexes
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.schedule import ScheduleError, is_time_zone, parse_schedule

LABELS = {"a": "b"}
TEMPLATE: dict[str, Any] = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}


def workload(**spec: Any) -> dict[str, Any]:
    """An object with a selector and a template."""
    return {"metadata": {"name": "w"}, "spec": {"selector": {"matchLabels": LABELS}, "template": TEMPLATE, **spec}}


def once(policy: str = "Never") -> dict[str, Any]:
    """A template of pods that end."""
    template = copy_object(TEMPLATE)
    template["spec"]["restartPolicy"] = policy
    return template


def job(**spec: Any) -> dict[str, Any]:
    """A Job."""
    return {"metadata": {"name": "j"}, "spec": {"template": once(), **spec}}


def cron_job(**spec: Any) -> dict[str, Any]:
    """A CronJob."""
    return {
        "metadata": {"name": "c"},
        "spec": {"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": once()}}, **spec},
    }


def check(found: list[tuple[str, str]], expected: list[tuple[str, str]]) -> None:
    """The same places in the same order, and texts that begin so."""
    assert [path for path, _ in found] == [path for path, _ in expected]
    assert all(text.startswith(beginning) for (_, text), (_, beginning) in zip(found, expected, strict=True))


# Deployments


@pytest.mark.parametrize(
    ("value", "number", "share"),
    [(3, 3, None), ("25%", 25, 25), ("x", 0, None), ("7", 7, None), (None, 0, None), ("%", 0, None)],
)
def test_numbers_and_percentages(value, number, share):
    assert (amount(value), percent(value)) == (number, share)


def test_a_deployment_is_filled_in(find_kind):
    made = find_kind("apps", "v1", "Deployment").made(workload())
    assert made["spec"]["replicas"] == 1
    assert made["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
    }
    assert (made["spec"]["revisionHistoryLimit"], made["spec"]["progressDeadlineSeconds"]) == (10, 600)
    assert made["status"] == {}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (workload(), []),
        (
            workload(replicas=-2, minReadySeconds=-1, progressDeadlineSeconds=-1),
            [
                ("spec.replicas", "Invalid value: -2"),
                ("spec.minReadySeconds", "Invalid value: -1"),
                ("spec.progressDeadlineSeconds", "Invalid value: -1: must be greater than or equal to 0"),
                ("spec.progressDeadlineSeconds", "Invalid value: -1: must be greater than minReadySeconds"),
            ],
        ),
        (
            workload(strategy={"type": "Recreate", "rollingUpdate": {}}),
            [("spec.strategy.rollingUpdate", "Forbidden: may not be specified when strategy `type` is 'Recreate'")],
        ),
        (
            workload(strategy={"rollingUpdate": {"maxUnavailable": "200%", "maxSurge": "x"}}),
            [
                ("spec.strategy.rollingUpdate.maxSurge", 'Invalid value: "x": a valid percent string'),
                ("spec.strategy.rollingUpdate.maxUnavailable", 'Invalid value: "200%": must not be greater than 100%'),
            ],
        ),
        (
            workload(strategy={"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 0}}),
            [("spec.strategy.rollingUpdate.maxUnavailable", "Invalid value: 0: may not be 0 when `maxSurge` is 0")],
        ),
        (
            workload(strategy={"type": "BlueGreen"}),
            [("spec.strategy", 'Unsupported value: {"Type":"BlueGreen","RollingUpdate":null}: supported values: ')],
        ),
    ],
)
def test_what_a_deployment_may_not_say(find_kind, body, expected):
    check(find_kind("apps", "v1", "Deployment").faults(body), expected)


def test_a_deployments_annotations_count_as_a_generation(find_kind):
    deployments = find_kind("apps", "v1", "Deployment")
    old = deployments.made(workload())
    new, _ = deployments.updated(old, workload() | {"metadata": {"name": "w", "annotations": {"a": "b"}}})
    assert deployments.kind.strategy.generation_changes(new, old)


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "DaemonSet"])
def test_a_selector_stays(find_kind, kind):
    kinds = find_kind("apps", "v1", kind)
    body = workload(selector={"matchLabels": {"a": "c"}}, template={**TEMPLATE, "metadata": {"labels": {"a": "c"}}})
    check(kinds.updated(kinds.made(workload()), body)[1], [("spec.selector", "Invalid value: ")])


# The other kinds with templates


def test_an_empty_selector_of_a_replica_set_speaks_of_a_deployment(find_kind):
    found = find_kind("apps", "v1", "ReplicaSet").faults(workload(selector={}))
    check(found, [("spec.selector", "Invalid value: {}: empty selector is invalid for deployment")])


def test_a_daemon_set_counts_its_templates(find_kind):
    sets = find_kind("apps", "v1", "DaemonSet")
    key = "deprecated.daemonset.template.generation"
    old = sets.made(workload())
    assert old["metadata"]["annotations"] == {key: "1"}
    assert old["spec"]["updateStrategy"]["rollingUpdate"] == {"maxUnavailable": 1, "maxSurge": 0}
    same, _ = sets.updated(old, workload(minReadySeconds=3))
    assert same["metadata"]["annotations"] == {key: "1"}
    template = copy_object(TEMPLATE)
    template["spec"]["containers"][0]["image"] = "other"
    new, faults = sets.updated(old, workload(template=template))
    assert new["metadata"]["annotations"] == {key: "2"}
    assert faults == []


def test_a_daemon_set_either_surges_or_lacks(find_kind):
    sets = find_kind("apps", "v1", "DaemonSet")
    both = {"rollingUpdate": {"maxUnavailable": 1, "maxSurge": 1}}
    neither = {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 0}}
    path = "spec.updateStrategy.rollingUpdate"
    check(sets.faults(workload(updateStrategy=both)), [(f"{path}.maxSurge", "Invalid value: 1: may not be set")])
    check(sets.faults(workload(updateStrategy=neither)), [(f"{path}.maxUnavailable", "Required value: cannot be 0")])


def test_a_replication_controller_takes_over_its_templates_labels(find_kind):
    controllers = find_kind("", "v1", "ReplicationController")
    made = controllers.made({"metadata": {"name": "w"}, "spec": {"template": TEMPLATE}})
    assert (made["spec"]["selector"], made["metadata"]["labels"], made["spec"]["replicas"]) == (LABELS, LABELS, 1)
    check(
        controllers.faults({"metadata": {"name": "w"}}),
        [("spec.selector", "Required value"), ("spec.template", "Required value")],
    )
    assert controllers.row(made)["Selector"] == "a=b"


def test_a_pod_template_stands_alone(find_kind):
    templates = find_kind("", "v1", "PodTemplate")
    made = templates.made({"metadata": {"name": "t"}, "template": TEMPLATE})
    assert made["template"]["spec"]["restartPolicy"] == "Always"
    assert templates.row(made) == {"Name": "t", "Containers": "c", "Images": "nginx", "Pod Labels": "a=b"}
    check(templates.faults({"metadata": {"name": "t"}}), [("template.spec.containers", "Required value")])


def test_a_controller_revision_never_changes_its_data(find_kind):
    revisions = find_kind("apps", "v1", "ControllerRevision")
    body = {"metadata": {"name": "r"}, "revision": 1, "data": {"x": 1}}
    old = revisions.made(body)
    assert revisions.faults(body) == []
    check(revisions.faults({"metadata": {"name": "r"}, "revision": 1}), [("data", "Required value: data is mandatory")])
    assert revisions.updated(old, {**body, "revision": 2})[1] == []
    check(revisions.updated(old, {**body, "data": {"x": 2}})[1], [("data", "Invalid value: ")])
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "kubia", "uid": "u", "controller": True}
    old["metadata"]["ownerReferences"] = [owner]
    assert revisions.row(old)["Controller"] == "statefulset.apps/kubia"


# Jobs


def test_a_job_gets_labels_and_a_selector_of_its_own(find_kind):
    made = find_kind("batch", "v1", "Job").made(job())
    labels = made["spec"]["template"]["metadata"]["labels"]
    assert labels == {
        **LABELS,
        "batch.kubernetes.io/controller-uid": "u-1",
        "batch.kubernetes.io/job-name": "j",
        "controller-uid": "u-1",
        "job-name": "j",
    }
    assert made["metadata"]["labels"] == labels
    assert made["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": "u-1"}}
    assert made["spec"]["podReplacementPolicy"] == "TerminatingOrFailed"
    assert (made["spec"]["completions"], made["spec"]["parallelism"], made["spec"]["backoffLimit"]) == (1, 1, 6)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (job(), []),
        (job(template=TEMPLATE), [("spec.template.spec.restartPolicy", 'Required value: valid values: "OnFailure"')]),
        (job(completionMode="Sorted"), [("spec.completionMode", 'Unsupported value: "Sorted"')]),
        (job(completionMode="Indexed", parallelism=1), [("spec.completions", "Required value: when completion mode")]),
        (job(backoffLimitPerIndex=1), [("spec.backoffLimitPerIndex", "Invalid value: 1: requires indexed")]),
        (job(managedBy="x"), [("spec.managedBy", 'Invalid value: "x": must be a domain-prefixed path')]),
        (
            job(podFailurePolicy={"rules": [{"action": "Stop"}]}),
            [
                ("spec.podFailurePolicy.rules[0].action", 'Unsupported value: "Stop"'),
                ("spec.podFailurePolicy.rules[0]", "Invalid value: specifying one of OnExitCodes and OnPodConditions"),
            ],
        ),
        (
            job(
                podFailurePolicy={"rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [3, 0]}}]}
            ),
            [
                ("spec.podFailurePolicy.rules[0].onExitCodes.values[1]", "Invalid value: 0: must not be 0"),
                ("spec.podFailurePolicy.rules[0].onExitCodes.values", "Invalid value: [3,0]: must be ordered"),
            ],
        ),
        (
            job(completionMode="Indexed", completions=3, successPolicy={"rules": [{"succeededIndexes": "0,2-5"}]}),
            [("spec.successPolicy.rules[0].succeededIndexes", 'Invalid value: "0,2-5": error parsing')],
        ),
    ],
)
def test_what_a_job_may_not_say(find_kind, body, expected):
    check(find_kind("batch", "v1", "Job").faults(body), expected)


def test_a_suspended_jobs_pods_may_still_be_placed(find_kind):
    jobs = find_kind("batch", "v1", "Job")
    old = jobs.made(job(suspend=True))
    new = copy_object(old)
    new["spec"]["template"]["spec"]["nodeSelector"] = {"zone": "a"}
    new["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1"}}
    assert jobs.updated(old, new)[1] == []
    new["spec"]["template"]["spec"]["containers"][0]["image"] = "other"
    check(jobs.updated(old, new)[1], [("spec.template.spec", "Invalid value: ")])
    running = jobs.made(job())
    new = copy_object(running)
    new["spec"]["template"]["spec"]["nodeSelector"] = {"zone": "a"}
    check(jobs.updated(running, new)[1], [("spec.template", "Invalid value: ")])


@pytest.mark.parametrize(("text", "count"), [("", 0), ("0", 1), ("0,2-4", 4)])
def test_indexes_are_counted(text, count):
    assert count_indexes(text, 5) == count


@pytest.mark.parametrize("text", ["5", "2-1", "1,1", "1-2-3", "x", "1,,2"])
def test_what_is_no_list_of_indexes(text):
    with pytest.raises(ValueError, match="."):
        count_indexes(text, 5)


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ({}, "Running"),
        ({"conditions": [{"type": "Complete", "status": "True"}]}, "Complete"),
        ({"conditions": [{"type": "Suspended", "status": "True"}]}, "Suspended"),
        ({"conditions": [{"type": "Failed", "status": "True"}]}, "Failed"),
    ],
)
def test_the_columns_of_a_job(find_kind, status, shown):
    jobs = find_kind("batch", "v1", "Job")
    made = jobs.made(job())
    made["status"] = {**status, "startTime": "2027-01-15T07:00:00Z", "succeeded": 1}
    row = jobs.row(made, 1_800_000_000.0)
    assert (row["Status"], row["Completions"], row["Duration"]) == (shown, "1/1", "60m")


def test_a_finished_job_needs_its_times(find_kind):
    jobs = find_kind("batch", "v1", "Job")
    old = jobs.made(job())
    done = copy_object(old)
    done["status"] = {"conditions": [{"type": "Complete", "status": "True"}]}
    _, faults = jobs.updated(old, done, jobs.kind.status_strategy)
    assert [path for path, _ in faults] == ["status.conditions", "status.completionTime", "status.startTime"]


# CronJobs


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (cron_job(), []),
        (cron_job(schedule=""), [("spec.schedule", "Required value")]),
        (
            cron_job(schedule="* * * *"),
            [("spec.schedule", 'Invalid value: "* * * *": expected exactly 5 fields, found 4')],
        ),
        (
            cron_job(schedule="TZ=UTC * * * * *"),
            [("spec.schedule", 'Invalid value: "TZ=UTC * * * * *": cannot use TZ')],
        ),
        (
            cron_job(timeZone="Mars/Base"),
            [("spec.timeZone", 'Invalid value: "Mars/Base": unknown time zone Mars/Base')],
        ),
        (cron_job(concurrencyPolicy="Maybe"), [("spec.concurrencyPolicy", 'Unsupported value: "Maybe"')]),
        (cron_job(startingDeadlineSeconds=-1), [("spec.startingDeadlineSeconds", "Invalid value: -1")]),
        ({**cron_job(), "metadata": {"name": "c" * 53}}, [("metadata.name", "Invalid value: ")]),
    ],
)
def test_what_a_cron_job_may_not_say(find_kind, body, expected):
    check(find_kind("batch", "v1", "CronJob").faults(body), expected)


def test_a_cron_job_is_filled_in(find_kind):
    cron_jobs = find_kind("batch", "v1", "CronJob")
    made = cron_jobs.made(cron_job())
    assert (made["spec"]["concurrencyPolicy"], made["spec"]["suspend"]) == ("Allow", False)
    row = cron_jobs.row(made)
    assert (row["Schedule"], row["Timezone"], row["Suspend"], row["Active"]) == ("*/5 * * * *", "<none>", "False", 0)


@pytest.mark.parametrize(
    "text", ["@daily", "@every 1h30m", "0 0 1 jan sun", "*/15 8-18 * * 1-5", "1,2,3 * ? * *", "5/10 * * * *"]
)
def test_schedules(text):
    parse_schedule(text)


def test_a_schedule_names_its_moments():
    minutes, hours, *_ = parse_schedule("5/20 8-10 * * *").fields
    assert (sorted(minutes), sorted(hours)) == ([5, 25, 45], [8, 9, 10])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("never", "expected exactly 5 fields, found 1: [never]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("@never", "unrecognized descriptor: @never"),
    ],
)
def test_what_is_no_schedule(text, message):
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)
    assert str(caught.value) == message


def test_time_zones():
    assert is_time_zone("Europe/Berlin")
    assert not is_time_zone("../etc/passwd")
