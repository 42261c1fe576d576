"""ResourceQuota: a write that would use more than the quotas of its namespace allow is refused; others reserve what they use.

Upstream: apiserver/pkg/admission/plugin/resourcequota (CheckRequest). There the reservation is a write before the object's own, which
stays when that one fails; here both are made in one step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from minikube_lite.api.admission import Attributes, Plugin, Reservation
from minikube_lite.api.admission.requests import forbidden_by_admission
from minikube_lite.machinery.errors import unknown
from minikube_lite.machinery.quota.amounts import (
    Usage,
    add,
    exceeded,
    growth,
    mask,
    parse,
    text,
    without_zeros,
    written,
)
from minikube_lite.machinery.quota.evaluator import Evaluator
from minikube_lite.machinery.quota.evaluators import evaluator_for
from minikube_lite.machinery.resources import NAMESPACES, RESOURCE_QUOTAS
from minikube_lite.machinery.selectors import SelectorError
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object


class ResourceQuota(Plugin):
    """The plugin."""

    async def validate(self, attributes: Attributes) -> None:
        for _ in self._changed(attributes):
            pass

    def reserve(self, attributes: Attributes) -> Sequence[Reservation]:
        return [Reservation(RESOURCE_QUOTAS, change.quota, change.new) for change in self._changed(attributes)]

    def _changed(self, attributes: Attributes) -> Sequence[_Change]:
        """The quotas that the write uses more of; raises 403 where one does not allow it."""
        context, new = attributes.context, attributes.new
        if not context.namespace or new is None or attributes.resource.key == NAMESPACES.key:
            return ()
        quotas = context.reader.list_objects(RESOURCE_QUOTAS, context.namespace)
        if not quotas:
            return ()
        evaluator = evaluator_for(attributes.resource.key)
        if evaluator is None or not evaluator.handles(attributes.operation, context.subresource, new, attributes.old):
            return ()
        return _check(quotas, attributes, evaluator, new)


class _Change(NamedTuple):
    """A quota, and how it is with the write's usage added."""

    quota: Object
    new: Object


def _check(quotas: Sequence[Object], attributes: Attributes, evaluator: Evaluator, new: Object) -> Sequence[_Change]:
    concerned = [quota for quota in quotas if _concerns(quota, attributes, evaluator, new)]
    if not concerned:
        return ()
    now, old = attributes.context.clock.now(), attributes.old
    usage = evaluator.usage(new, now)
    negative = sorted(name for name, quantity in usage.items() if quantity.sign < 0)
    if negative:
        raise forbidden_by_admission(attributes, f"quota usage is negative for resource(s): {','.join(negative)}")
    more = growth(usage, evaluator.usage(old, now)) if old is not None else usage
    changes = []
    for quota in concerned:
        counted_before = old is not None and evaluator.counts(quota, old)
        change = _charge(quota, attributes, without_zeros(more if counted_before else usage))
        if change is not None:
            changes.append(change)
    return changes


def _concerns(quota: Object, attributes: Attributes, evaluator: Evaluator, new: Object) -> bool:
    """Whether the quota counts the object; raises 403 where the object, or the quota, does not say enough to count it."""
    name, limits = quota["metadata"]["name"], _limits(quota)
    try:
        if not evaluator.counts(quota, new):
            return False
    except SelectorError as error:
        raise unknown(f"error matching scopes of quota {name}, err: {error}") from None
    restricted = evaluator.matching(limits)
    missing = evaluator.missing(restricted, new)
    if missing:
        raise forbidden_by_admission(attributes, f"failed quota: {name}: {missing}")
    if not set(restricted) <= set(quota["status"].get("used") or ()):
        names = ",".join(sorted(restricted))
        raise forbidden_by_admission(attributes, f"status unknown for quota: {name}, resources: {names}")
    return True


def _charge(quota: Object, attributes: Attributes, usage: Usage) -> _Change | None:
    """The quota with that usage added; None where it counts none of it."""
    limits, used = parse(_limits(quota)), parse(quota["status"].get("used"))
    requested = mask(usage, limits)
    total = add(used, requested)
    if attributes.subresource != "status":
        above = exceeded(mask(total, requested), limits)
        if above:
            raise forbidden_by_admission(attributes, "".join(_refusal(quota, above, requested, used, limits)))
    if not requested:
        return None
    new = {**quota, "metadata": dict(quota["metadata"]), "status": {**quota["status"], "used": written(total)}}
    return _Change(quota, new)


def _refusal(
    quota: Object, names: Sequence[str], requested: Usage, used: Usage, limits: Mapping[str, Quantity]
) -> Iterator[str]:
    yield f"exceeded quota: {quota['metadata']['name']}"
    for word, amounts in (("requested", requested), ("used", used), ("limited", limits)):
        yield f", {word}: {text(mask(amounts, names))}"


def _limits(quota: Object) -> Mapping[str, str]:
    return (quota.get("status") or {}).get("hard") or {}
