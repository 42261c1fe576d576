"""`minikube-lite clock` and `minikube-lite settle`: a running cluster's time, through the Clock object that any client may use."""

from __future__ import annotations

import argparse
import json
from typing import Any

from minikube_lite.cli.api import ApiStatusError, request, watch
from minikube_lite.cli.errors import EXIT_OK, CommandError, UsageError
from minikube_lite.cli.names import add_name, running_cluster

CLOCKS = "/apis/lab.minikube-lite.io/v1alpha1/clocks"
CLOCK = f"{CLOCKS}/cluster"
ACTIONS = ("advance", "rate", "step", "real")
MERGE_PATCH = "application/merge-patch+json"
CONFLICT = 409
TRIES_MAX = 20
"""Writes by others at the same moment after which we give up."""
NANOSECONDS = 1_000_000_000


def add(commands: Any) -> None:
    """Add the commands."""
    clock = commands.add_parser(
        "clock",
        help="show a cluster's time, or change how it flows",
        description="Show a cluster's time. With an ACTION, change it first: `advance 5m` lets time pass at once, "
        "`rate 60` lets it flow sixty times as fast, `step` lets it stand still, `real` lets it flow as the host's.",
    )
    add_name(clock)
    clock.add_argument("-o", "--output", choices=("text", "json"), default="text", help="how to say it (%(default)s)")
    clock.add_argument("action", nargs="?", choices=ACTIONS, metavar="ACTION", help="advance, rate, step or real")
    clock.add_argument(
        "value", nargs="?", metavar="VALUE", help="of advance: a duration, as 5m; of rate: a number, as 60"
    )
    clock.set_defaults(run=run)
    settle = commands.add_parser("settle", help="wait until a cluster has no work left")
    add_name(settle)
    settle.set_defaults(run=run_settle)


def run(chosen: argparse.Namespace) -> int:
    """Show the time, after the change that was asked for."""
    change = _change(chosen.action, chosen.value)
    server = running_cluster(chosen.name).endpoint
    if change:
        _follow(server, *change)
    # Each write of the status reads the clock, one that is only tried too.
    clock = request(server, "PATCH", f"{CLOCK}/status?dryRun=All", {"status": {}}, MERGE_PATCH)
    status = clock["status"]
    if chosen.output == "json":
        print(json.dumps(status))
        return EXIT_OK
    print(f"now: {status['now'].partition('.')[0]}Z")
    print(f"mode: {status['mode']}" + (f", {status['rate']:g} times as fast" if status["mode"] == "scaled" else ""))
    return EXIT_OK


def run_settle(chosen: argparse.Namespace) -> int:
    """Wait for quiet."""
    _follow(running_cluster(chosen.name).endpoint, {}, {"settleRequests": 1})
    return EXIT_OK


def _change(action: str | None, value: str | None) -> tuple[dict[str, Any], dict[str, float]] | None:
    """What is to be set in the spec, and what is to be added to it."""
    takes_value = action in ("advance", "rate")
    if takes_value and value is None:
        raise UsageError(f"clock {action} needs a value, as `clock {action} {'5m' if action == 'advance' else '60'}`")
    if not takes_value and value is not None:
        raise UsageError(f"clock {action} takes no value (given: {value})")
    if action == "advance":
        return {}, {"advanceSeconds": seconds_of(value or "")}
    if action == "rate":
        return {"mode": "scaled", "rate": _rate(value or "")}, {}
    return {"step": ({"mode": "stepped"}, {}), "real": ({"mode": "real"}, {})}.get(action or "")


def seconds_of(text: str) -> float:
    """A duration as Go writes it (`1h30m`), or a number of seconds. Raises UsageError."""
    from minikube_lite.schema.times import TimeError, parse_duration

    try:
        nanoseconds = parse_duration(f"{text}s" if text.replace(".", "", 1).isdecimal() else text)
    except TimeError as error:
        raise UsageError(f'"{text}" is not a duration: write it as 300ms, 40s or 1m30s') from error
    if nanoseconds < 0:
        raise UsageError(f"time does not go back (given: {text})")
    return nanoseconds / NANOSECONDS


def _rate(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f'"{text}" is not a number, as 60 or 0.5') from error


def _follow(server: str, chosen: dict[str, Any], added: dict[str, float]) -> None:
    """Change the Clock and wait until the cluster has done what it asks for. Raises CommandError where it stays busy."""
    clock = _write(server, chosen, added)
    generation = clock["metadata"]["generation"]
    while not is_done(clock, generation):
        if any(
            is_done(seen, generation) for seen in watch(server, CLOCKS, "cluster", clock["metadata"]["resourceVersion"])
        ):
            return
        clock = request(server, "GET", CLOCK)  # the API ends each watch after a while


def is_done(clock: dict[str, Any], generation: int) -> bool:
    """Whether all up to that generation has been done. Raises CommandError where the cluster was too busy for it."""
    status = clock["status"]
    for condition in status.get("conditions", ()):
        if condition["type"] == "Settled" and condition["status"] == "False":
            if condition["observedGeneration"] >= generation:
                raise CommandError(f"the cluster did not settle: {condition['message']}")
    done: bool = status["observedGeneration"] >= generation
    return done


def _write(server: str, chosen: dict[str, Any], added: dict[str, float]) -> dict[str, Any]:
    """Change the spec on top of what stands there, again where somebody else was quicker."""
    for _ in range(TRIES_MAX):
        clock = request(server, "GET", CLOCK)
        sums = {name: clock["spec"][name] + value for name, value in added.items()}
        metadata = {"resourceVersion": clock["metadata"]["resourceVersion"]}
        try:
            changed: dict[str, Any] = request(
                server, "PATCH", CLOCK, {"metadata": metadata, "spec": {**chosen, **sums}}, MERGE_PATCH
            )
        except ApiStatusError as error:
            if error.code != CONFLICT:
                raise UsageError(str(error)) from error
        else:
            return changed
    raise CommandError("the clock is changed by others all the time")
