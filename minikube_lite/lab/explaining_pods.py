"""Why a pod is as it is: not there, without a node, waiting, failing, unready, or on its way out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from minikube_lite.clock import parse_time
from minikube_lite.lab.reasons import (
    Account,
    Reason,
    World,
    bad_conditions,
    deleted_at,
    deletion,
    is_warning,
    of_decision,
    paused,
)
from minikube_lite.machinery.fault_specs import NodeFault, matches
from minikube_lite.machinery.meta import find_condition, is_pod_ready
from minikube_lite.machinery.pod_faults import ContainerFacts, ContainerFault, ImageFault, VolumeFault
from minikube_lite.machinery.resources import NODES, PODS, STATEFUL_SETS
from minikube_lite.store import Object

SCHEDULER = "default-scheduler"
STATEFUL_SET_CONTROLLER = "statefulset-controller"
CONTAINER_STATUSES = ("initContainerStatuses", "containerStatuses")


def explain_pod(world: World, namespace: str, name: str) -> Account:
    """Why a pod is as it is, or is not there."""
    pod = world.reader.get(PODS, namespace, name)
    if pod is None:
        return Account(f"there is no pod {name} in namespace {namespace}").because(_missing(world, namespace, name))
    metadata, status = pod["metadata"], pod.get("status", {})
    node = pod["spec"].get("nodeName", "")
    decided = world.decided(PODS, namespace, name, after=parse_time(metadata["creationTimestamp"]))
    of_kubelet = [of_decision(one) for one in decided if one.component == f"kubelet of {node}"]
    of_scheduler = [of_decision(one) for one in decided if one.component == SCHEDULER]
    others = [of_decision(one) for one in decided if not one.component.startswith(("kubelet", SCHEDULER))]
    faults = list(_faults(world, pod, node))
    if "deletionTimestamp" in metadata:
        account = Account(f"pod {name} is being deleted since {deleted_at(pod)}")
        lost = list(_lost(world, node))
        return account.because([*lost, *faults, *deletion(pod), *([] if lost else of_kubelet), *others])
    if status.get("phase") in ("Succeeded", "Failed"):
        account = Account(f"pod {name} has ended ({status['phase']})").because(
            [*_status_text(status), *_containers(pod)]
        )
        return account.because(faults)
    if not node:
        account = Account(f"pod {name} is Pending and has no node").because([*_gates(pod), *of_scheduler])
        return account if account.reasons else account.because([_no_scheduler(pod)])
    lost = list(_lost(world, node))
    if lost:
        return Account(f"pod {name} is on {node}, as far as anybody knows").because([*lost, *faults, *others])
    if is_pod_ready(pod):
        condition = find_condition(pod, "Ready") or {}
        state = f"pod {name} runs on {node} and is ready since {condition.get('lastTransitionTime')}"
        return Account(state).because([*faults, *others])
    account = Account(f"pod {name} is {status.get('phase', 'Pending')} on {node} and not ready")
    account.because([*faults, *_containers(pod), *_readiness_gates(pod)])
    if not _is_told_by_containers(pod):
        account.because([world.newest_event(pod, is_warning)])
    account.because(others)
    return account if account.reasons else account.because([*of_kubelet, *bad_conditions(pod)])


def _is_told_by_containers(pod: Object) -> bool:
    """Whether a container's own status says what is wrong with it."""
    statuses = [one for field in CONTAINER_STATUSES for one in pod.get("status", {}).get(field) or ()]
    return any((one.get("state") or {}).get("waiting", {}).get("message") for one in statuses)


def _missing(world: World, namespace: str, name: str) -> Iterator[Reason]:
    """Who would make it, and why it does not."""
    parent, _, ordinal = name.rpartition("-")
    stateful_set = world.reader.get(STATEFUL_SETS, namespace, parent) if re.fullmatch(r"\d+", ordinal) else None
    if stateful_set is None:
        yield Reason("api", "nothing that is there makes a pod of this name")
        return
    spec = stateful_set["spec"]
    start = (spec.get("ordinals") or {}).get("start", 0)
    if not start <= int(ordinal) < start + spec.get("replicas", 1):
        yield Reason(STATEFUL_SET_CONTROLLER, f"StatefulSet {parent} is to have {spec.get('replicas', 1)} pods")
        return
    yield from paused(world, STATEFUL_SET_CONTROLLER)
    decided = world.decided(STATEFUL_SETS, namespace, parent)
    if not decided:
        yield Reason(STATEFUL_SET_CONTROLLER, f"nobody has looked at StatefulSet {parent} yet")
    for one in decided:
        yield Reason(one.component, f"StatefulSet {parent}: {one.text}", one.code, one.since)


def _no_scheduler(pod: Object) -> Reason:
    scheduler = pod["spec"].get("schedulerName", SCHEDULER)
    text = (
        "the scheduler has not looked at it yet"
        if scheduler == SCHEDULER
        else f"nobody plays its scheduler {scheduler}"
    )
    return Reason(scheduler, text)


def _gates(pod: Object) -> Iterator[Reason]:
    names = [gate["name"] for gate in pod["spec"].get("schedulingGates") or ()]
    if names:
        yield Reason("spec", f"its scheduling gates {', '.join(names)} are closed", "SchedulingGated")


def _lost(world: World, node: str) -> Iterator[Reason]:
    """A node that says nothing confirms nothing."""
    found = world.reader.get(NODES, "", node) if node else None
    if node and found is None:
        yield Reason("api", f"its node {node} is not there any more")
    ready = find_condition(found, "Ready") if found is not None else None
    if ready is not None and ready["status"] == "Unknown":
        since = parse_time(ready["lastHeartbeatTime"])
        text = f"its node {node} has not reported since {ready['lastHeartbeatTime']}, so nobody knows what runs there"
        yield Reason("node-lifecycle-controller", text, ready.get("reason", ""), since)


def _status_text(status: Object) -> Iterator[Reason]:
    text = ": ".join(part for part in (status.get("reason", ""), status.get("message", "")) if part)
    if text:
        yield Reason("status", text, status.get("reason", ""))


def _containers(pod: Object) -> Iterator[Reason]:
    """What keeps containers from being ready."""
    for field in CONTAINER_STATUSES:
        for one in pod.get("status", {}).get(field) or ():
            text = _container(one, is_init=field == "initContainerStatuses")
            if text:
                yield Reason("status", text)


def _container(status: Object, *, is_init: bool) -> str:
    name, state = f"container {status['name']}", status.get("state") or {}
    waiting, terminated = state.get("waiting"), state.get("terminated")
    last = (status.get("lastState") or {}).get("terminated")
    if waiting is not None:
        text = f"{name} waits ({waiting.get('reason', '')}"
        text += f", {waiting['message']})" if waiting.get("message") else ")"
        if last is not None:
            text += f" after its last run ended with exit code {last['exitCode']} ({last.get('reason', '')})"
        return text
    if terminated is not None:
        if terminated["exitCode"] or not is_init:
            return f"{name} has ended with exit code {terminated['exitCode']} ({terminated.get('reason', '')})"
        return ""
    if not status.get("ready"):
        return f"{name} runs and is not {'ready' if status.get('started') else 'started, as its startup probe sees it'}"
    return ""


def _readiness_gates(pod: Object) -> Iterator[Reason]:
    for gate in pod["spec"].get("readinessGates") or ():
        condition = find_condition(pod, gate["conditionType"])
        if condition is None or condition["status"] != "True":
            yield Reason("status", f"its readiness gate {gate['conditionType']} is not True", "ReadinessGatesNotReady")


def _faults(world: World, pod: Object, node: str) -> Iterator[Reason]:
    """The faults that are meant for it and have struck something."""
    for target in (NodeFault, ImageFault, ContainerFault, VolumeFault):
        for fault in world.faults.of(target):
            if fault.hits and _concerns(fault.spec, pod, node):
                text = f"fault {fault.name} ({fault.spec.shown_type}) strikes {'its node' if target is NodeFault else 'it'}"
                yield Reason(f"fault {fault.name}", text, fault.spec.shown_type)


def _concerns(spec: object, pod: Object, node: str) -> bool:
    metadata = pod["metadata"]
    if isinstance(spec, NodeFault):
        return bool(node) and matches(spec.name, node)
    if isinstance(spec, VolumeFault):
        return any(
            spec.fits(metadata["namespace"], metadata["name"], node, volume["name"], _claim(volume))
            for volume in pod["spec"].get("volumes") or ()
        )
    facts = [
        ContainerFacts(metadata["namespace"], metadata["name"], one["name"], one.get("image", ""), node)
        for one in (*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"])
    ]
    return isinstance(spec, ImageFault | ContainerFault) and any(spec.fits(one) for one in facts)


def _claim(volume: Object) -> str:
    return str((volume.get("persistentVolumeClaim") or {}).get("claimName", ""))
