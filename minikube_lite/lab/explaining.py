"""Answers Explanations: finds what is asked about, and who has something to say about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from minikube_lite.clock import format_time
from minikube_lite.lab.explaining_pods import explain_pod
from minikube_lite.lab.explanations import ExplanationSpec
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
from minikube_lite.machinery import errors
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.decisions import Decisions
from minikube_lite.machinery.fault_specs import NodeFault, matches
from minikube_lite.machinery.faults import Faults
from minikube_lite.machinery.kind import RequestContext
from minikube_lite.machinery.own_kind import model_faults
from minikube_lite.machinery.resources import EXPLANATIONS, NODES, PODS, GroupVersionResource
from minikube_lite.machinery.rest_mapping import resource_of
from minikube_lite.schema.field import Path, invalid
from minikube_lite.schema.resources import ResourceInfo
from minikube_lite.store import Object


class Explainer:
    """Explains objects of one cluster."""

    def __init__(self, client: Client, decisions: Sequence[Decisions], faults: Faults) -> None:
        self._client = client
        self._decisions = decisions
        self._faults = faults

    def answer(self, context: RequestContext, explanation: Object) -> Object:
        """The explanation with its status. Raises ApiError where nothing sensible is asked."""
        faults = list(model_faults(ExplanationSpec, explanation.get("spec"), Path("spec")))
        if faults:
            raise errors.invalid(EXPLANATIONS.group, "Explanation", "", faults)
        spec = ExplanationSpec.model_validate(explanation["spec"])
        info = find_resource(self._client.resources(), spec.resource)
        if info is None:
            fault = invalid(Path("spec.resource"), spec.resource, "the cluster has no such resource")
            raise errors.invalid(EXPLANATIONS.group, "Explanation", "", [fault])
        namespace = (spec.namespace or "default") if info.namespaced else ""
        account = self._account(World(context.reader, self._decisions, self._faults), info, namespace, spec.name)
        return {**explanation, "status": _status(account)}

    def _account(self, world: World, info: ResourceInfo, namespace: str, name: str) -> Account:
        resource = resource_of(info)
        if resource.key == PODS.key:
            return explain_pod(world, namespace, name)
        return _explain(world, info, resource, namespace, name)


def find_resource(resources: Iterable[ResourceInfo], asked: str) -> ResourceInfo | None:
    """The resource that is named as kubectl takes names: plural, singular, short, or kind, with or without its group."""
    name, _, group = asked.lower().partition(".")
    for info in resources:
        names = (info.name, info.singular, info.kind.lower(), *info.short_names)
        if name in names and (not group or group == info.group) and "get" in info.verbs:
            return info
    return None


def _explain(world: World, info: ResourceInfo, resource: GroupVersionResource, namespace: str, name: str) -> Account:
    """Any object but a pod: by its controller's last decision, its conditions, and what was told last."""
    obj = world.reader.get(resource, namespace, name)
    where = f"{info.kind} {name}"
    if obj is None:
        return Account(f"there is no {where}" + (f" in namespace {namespace}" if namespace else ""))
    metadata = obj["metadata"]
    decided = [of_decision(one) for one in world.decided(resource, namespace, name)]
    if "deletionTimestamp" in metadata:
        return Account(f"{where} is being deleted since {deleted_at(obj)}").because(deletion(obj))
    account = Account(where + _phase(obj)).because(
        [*_faults(world, resource, name, decided), *decided, *bad_conditions(obj)]
    )
    if _phase(obj) == " is Pending":
        account.because([world.newest_event(obj)])
    elif not account.reasons:
        account.because([world.newest_event(obj, is_warning)])
    if not account.reasons:
        account.because([Reason("status", "nobody says that anything is missing")])
    return account


def _phase(obj: Object) -> str:
    phase = (obj.get("status") or {}).get("phase")
    return f" is {phase}" if isinstance(phase, str) and phase else ""


def _faults(world: World, resource: GroupVersionResource, name: str, decided: Sequence[Reason]) -> Iterable[Reason]:
    """The faults that hold it up."""
    for fault in world.faults.of(NodeFault):
        spec = fault.spec
        if resource.key == NODES.key and isinstance(spec, NodeFault) and matches(spec.name, name):
            yield Reason(f"fault {fault.name}", f"fault {fault.name} breaks it ({spec.type})", spec.type)
    for one in decided:
        yield from paused(world, one.component)


def _status(account: Account) -> dict[str, Any]:
    reasons = []
    for one in account.reasons:
        shown = {"component": one.component, "reason": one.code, "message": one.text}
        shown["since"] = format_time(one.since) if one.since else ""
        reasons.append({key: value for key, value in shown.items() if value})
    sentence = account.sentence
    return {"sentence": sentence[:1].upper() + sentence[1:], "reasons": reasons}
