"""The phase of a pod, from the statuses of its containers; upstream: getPhase in kubelet_pods.go."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from minikube_lite.kubelet.state import should_restart
from minikube_lite.machinery.pod_resources import is_sidecar
from minikube_lite.store import Object

TERMINAL_PHASES = ("Succeeded", "Failed")


class Statuses(NamedTuple):
    """The statuses of the init containers and of the others."""

    init: list[Object]
    main: list[Object]


def pod_phase(pod: Object, statuses: Statuses, ended: bool) -> str:
    """The phase. `ended` says that nothing will be started again, whatever the restart policy."""
    init, failed = _count_init(pod, statuses)
    counts = _count_main(pod, statuses)
    if failed:
        return "Failed"
    started = counts["running"] + counts["stopped"] > 0
    if init["regular"] or (init["sidecars"] and not started) or counts["waiting"]:
        return "Pending"
    if counts["running"] + init["running"]:
        return "Running"
    if not counts["stopped"]:
        return "Pending"
    if not ended and counts["stopped"] != counts["final"]:
        return "Running"
    return "Succeeded" if counts["stopped"] == counts["succeeded"] else "Failed"


def _count_init(pod: Object, statuses: Statuses) -> tuple[Counter[str], bool]:
    """How many init containers are not done (`regular`, `sidecars`) or run beside the others; whether one failed."""
    counts: Counter[str] = Counter()
    failed = False
    by_name = {status["name"]: status for status in statuses.init}
    for spec in pod["spec"].get("initContainers") or ():
        status = by_name[spec["name"]]
        state = status["state"]
        last = state.get("terminated") or status["lastState"].get("terminated")
        if is_sidecar(spec):
            if "running" in state:
                counts["running"] += 1
                counts["sidecars"] += not status["started"]
            elif "waiting" in state and last is None:
                counts["sidecars"] += 1
                counts["waiting"] += 1
        elif "running" in state or last is None:
            counts["regular"] += 1
        elif last["exitCode"] != 0:
            if should_restart(pod, spec, "initContainers", last["exitCode"]):
                counts["regular"] += 1
            else:
                failed = True
    return counts, failed


def _count_main(pod: Object, statuses: Statuses) -> Counter[str]:
    """How many containers run, never started (`waiting`), and stopped; of these for good (`final`), with code 0."""
    counts: Counter[str] = Counter()
    specs = {spec["name"]: spec for spec in pod["spec"]["containers"]}
    for status in statuses.main:
        state = status["state"]
        last = state.get("terminated") or status["lastState"].get("terminated")
        if "running" in state:
            counts["running"] += 1
        elif last is None:
            counts["waiting"] += 1
        else:
            counts["stopped"] += 1
            counts["final"] += not should_restart(pod, specs[status["name"]], "containers", last["exitCode"])
            counts["succeeded"] += "terminated" in state and last["exitCode"] == 0
    return counts
