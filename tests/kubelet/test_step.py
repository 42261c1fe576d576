"""The pure step, as tables: what a pod needs next, and what is reported."""

from __future__ import annotations

import pytest

from minikube_lite.kubelet.state import BackOff, Container, Exit, PodState
from minikube_lite.kubelet.step import (
    ConfirmDeletion,
    CreateSandbox,
    FailPod,
    Forget,
    MountVolumes,
    RemoveSandbox,
    StartContainer,
    StopContainer,
    step,
)

NOW = 1_767_225_600.0
HOST = "172.18.0.3"


def pod_of(*, phase="Pending", inits=(), deleted=None, **spec):
    metadata = {"name": "kubia-0", "namespace": "default", "uid": "u", "resourceVersion": "1", "generation": 1}
    if deleted is not None:
        metadata |= {"deletionTimestamp": "2026-01-01T00:00:30Z", "deletionGracePeriodSeconds": deleted}
    containers = spec.pop("containers", [{"name": "main", "image": "x"}])
    spec = {"restartPolicy": "Always", "containers": containers, **spec}
    if inits:
        spec["initContainers"] = list(inits)
    return {"metadata": metadata, "spec": spec, "status": {"phase": phase}}


def running(name="main", **more):
    return Container(name, f"containerd://{name}", "x", "x@sha256:0", NOW - 100, started=True, ready=True, **more)


def ended(code, name="main", ago=1.0, **more):
    container = running(name, **more)
    container.ready = False
    container.exit = Exit(code, "Error" if code else "Completed", NOW - 100, NOW - ago, container.id)
    return container


def state_of(pod, *containers, sandbox="ready", mounted=True, **more):
    held = {container.name: container for container in containers}
    return PodState("u", pod, NOW - 100, mounted=mounted, sandbox=sandbox, ip="10.244.0.2", containers=held, **more)


def actions(pod, state):
    return list(step(pod, state, NOW, HOST).actions)


@pytest.mark.parametrize(
    ("sandbox", "mounted", "expected"),
    [
        ("", False, [MountVolumes()]),
        ("", True, [CreateSandbox()]),
        ("creating", True, []),
        ("ready", True, [StartContainer("main")]),
    ],
)
def test_a_pod_comes_up_in_order(sandbox, mounted, expected):
    pod = pod_of()
    assert actions(pod, state_of(pod, sandbox=sandbox, mounted=mounted)) == expected


@pytest.mark.parametrize(
    ("policy", "code", "expected"),
    [
        ("Always", 0, [StartContainer("main", BackOff(10, NOW))]),
        ("Always", 1, [StartContainer("main", BackOff(10, NOW))]),
        ("OnFailure", 1, [StartContainer("main", BackOff(10, NOW))]),
        ("OnFailure", 0, [RemoveSandbox()]),
        ("Never", 1, [RemoveSandbox()]),
        ("Never", 0, [RemoveSandbox()]),
    ],
)
def test_restart_policies(policy, code, expected):
    pod = pod_of(restartPolicy=policy)
    assert actions(pod, state_of(pod, ended(code))) == expected


@pytest.mark.parametrize(
    ("back_off", "ago", "action", "again_in"),
    [
        (BackOff(10, NOW - 50), 4, None, 6),
        (BackOff(10, NOW - 50), 10, StartContainer("main", BackOff(20, NOW)), None),
        (BackOff(300, NOW - 400), 300, StartContainer("main", BackOff(300, NOW)), None),
        (BackOff(300, NOW - 700), 1, StartContainer("main", BackOff(10, NOW)), None),
    ],
)
def test_back_off_doubles_to_its_limit_and_is_forgotten_after_a_long_run(back_off, ago, action, again_in):
    pod = pod_of()
    result = step(pod, state_of(pod, ended(1, ago=ago), back_offs={"main": back_off}), NOW, HOST)
    assert list(result.actions) == ([action] if action else [])
    assert result.requeue_at == (None if again_in is None else NOW + again_in)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([], [StartContainer("one")]),
        ([running("one")], []),
        ([ended(0, "one")], [StartContainer("side")]),
        ([ended(0, "one"), running("side")], [StartContainer("main")]),
        ([ended(2, "one")], [StartContainer("one", BackOff(10, NOW))]),
        ([ended(0, "one"), running("side"), running()], []),
        ([ended(0, "one"), ended(1, "side"), running()], [StartContainer("side", BackOff(10, NOW))]),
    ],
)
def test_init_containers_one_by_one(held, expected):
    pod = pod_of(inits=[{"name": "one"}, {"name": "side", "restartPolicy": "Always"}])
    assert actions(pod, state_of(pod, *held)) == expected


def test_a_failed_init_container_ends_a_pod_that_is_never_restarted():
    pod = pod_of(inits=[{"name": "side", "restartPolicy": "Always"}, {"name": "one"}], restartPolicy="Never")
    state = state_of(pod, running("side"), ended(2, "one"))
    assert actions(pod, state) == [StopContainer("side", 30.0)]
    state.containers["side"] = ended(143, "side")
    assert actions(pod, state) == [RemoveSandbox()]
    state.sandbox = "removed"
    assert step(pod, state, NOW, HOST).status["phase"] == "Failed"


def test_sidecars_stop_when_the_others_have_ended():
    pod = pod_of(inits=[{"name": "side", "restartPolicy": "Always"}], restartPolicy="Never", phase="Running")
    state = state_of(pod, running("side"), ended(0))
    result = step(pod, state, NOW, HOST)
    assert list(result.actions) == [StopContainer("side", 30.0)]
    assert result.status["phase"] == "Running"
    state.containers["side"] = ended(143, "side")
    state.sandbox = "removed"
    assert step(pod, state, NOW, HOST).status["phase"] == "Succeeded"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (lambda pod: state_of(pod, running()), [StopContainer("main", 7.0)]),
        (lambda pod: state_of(pod, running(stop_by=NOW + 3)), []),
        (lambda pod: state_of(pod, running(stop_by=NOW + 20)), [StopContainer("main", 7.0)]),
        (lambda pod: state_of(pod, ended(0)), [RemoveSandbox()]),
        (lambda pod: state_of(pod, ended(0), sandbox="removed"), [ConfirmDeletion()]),
        (lambda pod: state_of(pod, sandbox="", mounted=False), [ConfirmDeletion()]),
        (lambda pod: state_of(pod, sandbox="creating"), [RemoveSandbox()]),
        (lambda pod: state_of(pod, ended(0), sandbox="removed", gone=True), [Forget()]),
    ],
)
def test_a_deleted_pod_is_taken_down_in_order(state, expected):
    pod = pod_of(deleted=7)
    assert actions(pod, state(pod)) == expected


def test_a_confirmed_deletion_is_not_confirmed_again():
    pod = pod_of(deleted=0, phase="Succeeded")
    assert actions(pod, state_of(pod, ended(0), sandbox="removed")) == []


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_terminal_phase_is_never_left(phase):
    pod = pod_of(phase=phase)
    for state in (state_of(pod, running()), state_of(pod, sandbox="", mounted=False), state_of(pod, ended(0))):
        result = step(pod, state, NOW, HOST)
        assert result.status["phase"] == phase
        assert not any(isinstance(action, StartContainer | CreateSandbox | MountVolumes) for action in result.actions)


def test_a_deadline_fails_the_pod():
    pod = pod_of(activeDeadlineSeconds=100, phase="Running")
    state = state_of(pod, running())
    [action] = actions(pod, state)
    assert isinstance(action, FailPod)
    state.failure = (action.reason, action.message)
    assert actions(pod, state) == [StopContainer("main", 30.0)]
    assert step(pod, state, NOW - 50, HOST).status["phase"] == "Running"


def test_an_unhealthy_container_is_restarted():
    pod = pod_of()
    state = state_of(pod, running(unhealthy="liveness"))
    assert actions(pod, state) == [
        StopContainer("main", 30.0, "Container main failed liveness probe, will be restarted")
    ]


@pytest.mark.parametrize(
    ("held", "policy", "over", "phase"),
    [
        ([], "Always", False, "Pending"),
        ([running()], "Always", False, "Running"),
        ([ended(1)], "Always", False, "Running"),
        ([ended(0)], "Always", True, "Succeeded"),
        ([ended(137)], "Always", True, "Failed"),
        ([ended(0)], "Never", True, "Succeeded"),
        ([], "Always", True, "Failed"),
    ],
)
def test_phases(held, policy, over, phase):
    pod = pod_of(restartPolicy=policy, deleted=30 if over else None)
    state = state_of(pod, *held, sandbox="removed" if over else "ready")
    assert step(pod, state, NOW, HOST).status["phase"] == phase


def test_readiness_gates():
    pod = pod_of(phase="Running", readinessGates=[{"conditionType": "example.com/live"}])
    ready = next(
        one for one in step(pod, state_of(pod, running()), NOW, HOST).status["conditions"] if one["type"] == "Ready"
    )
    assert (ready["status"], ready["reason"]) == ("False", "ReadinessGatesNotReady")
    assert ready["message"] == 'corresponding condition of pod readiness gate "example.com/live" does not exist.'


def test_reporting_twice_is_the_same():
    pod = pod_of()
    state = state_of(pod, running())
    once = {**pod, "status": step(pod, state, NOW, HOST).status}
    assert step(once, state, NOW + 1000, HOST).status == once["status"]
