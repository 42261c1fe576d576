"""What kinds that make pods from a template share; upstream: pkg/apis/apps/validation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from minikube_lite.api.columns import value_at
from minikube_lite.api.kinds.core.pod_defaults import default_pod_template
from minikube_lite.api.kinds.core.pod_fields import nonnegative, nonnegative_fields, spec_of
from minikube_lite.api.kinds.core.pod_prepare import drop_disabled_fields
from minikube_lite.api.kinds.core.pod_spec import validate_pod_template
from minikube_lite.api.kinds.core.pod_warnings import template_warnings
from minikube_lite.machinery.equality import same
from minikube_lite.machinery.kind import RequestContext, StatusStrategy, Strategy, keep
from minikube_lite.machinery.metadata import validate_immutable_field
from minikube_lite.machinery.names import is_dns1123_label, is_valid_percent
from minikube_lite.machinery.selectors import SelectorError, label_selector_as_selector, validate_label_selector
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, not_supported, required
from minikube_lite.store import Object

SPEC = Path("spec")
STATUS = Path("status")
TEMPLATE_LABELS_TEXT = "`selector` does not match template `labels`"


class WorkloadStrategy(Strategy):
    """A kind whose spec holds a pod template."""

    template_path: Sequence[str] = ("spec", "template")
    initial_status: tuple[str, ...] = ()
    """The counters that a status always shows."""
    warns_of_name = False
    """Whether pods carry the object's name, which should then be a DNS label."""

    def default(self, obj: Object) -> None:
        self.default_spec(spec_of(obj))
        template = value_at(obj, self.template_path)
        if template is not None:
            default_pod_template(template)

    def default_spec(self, spec: Object) -> None:
        """Fill in what is the kind's own."""

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        obj["status"] = dict.fromkeys(self.initial_status, 0)
        self._drop_disabled(obj)

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        super().prepare_for_update(context, new, old)
        self._drop_disabled(new)

    def _drop_disabled(self, obj: Object) -> None:
        spec = value_at(obj, (*self.template_path, "spec"))
        if spec:
            drop_disabled_fields(spec)

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        return self.spec_errors(obj.get("spec") or {})

    def spec_errors(self, spec: Object) -> Iterator[FieldError]:
        """The faults of a spec, on creation and on update."""
        yield from ()

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        yield from self.spec_errors(new.get("spec") or {})
        yield from validate_selector_unchanged(new, old)

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterator[str]:
        if self.warns_of_name:
            messages = is_dns1123_label(obj["metadata"].get("name") or "")
            if messages:
                surprise = "this is used in Pod names and hostnames, which can result in surprising behavior"
                yield f"metadata.name: {surprise}; a DNS label is recommended: [{' '.join(messages)}]"
        yield from self._template_warnings(obj)

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterator[str]:
        if self.generation_changes(new, old):
            yield from self._template_warnings(new)

    def _template_warnings(self, obj: Object) -> Iterator[str]:
        template = value_at(obj, self.template_path)
        if template:
            yield from template_warnings(template, Path(".".join(self.template_path)))

    def generation_changes(self, new: Object, old: Object) -> bool:
        return not same(new.get("spec"), old.get("spec"))


class WorkloadStatusStrategy(StatusStrategy):
    """The status of such a kind: counters, some of which cannot exceed others."""

    def __init__(
        self,
        main: Strategy,
        counters: Sequence[str],
        limits: Sequence[tuple[str, str, str]] = (),
        *,
        kept_metadata: Sequence[str] = (),
    ) -> None:
        super().__init__(main)
        self._counters = counters
        self._limits = limits
        self._kept_metadata = kept_metadata
        self.reset_fields = (("spec",), *(("metadata", part) for part in kept_metadata))

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        super().prepare_for_update(context, new, old)
        for part in self._kept_metadata:
            keep(new["metadata"], old["metadata"], part)

    def main_status_errors(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        status, before = new.get("status") or {}, old.get("status") or {}
        yield from nonnegative_fields(status, self._counters, STATUS)
        for name, limit, text in self._limits:
            value = status.get(name) or 0
            if value > (status.get(limit) or 0):
                yield invalid(STATUS.child(name), value, text)
        if "collisionCount" in self._counters:
            yield from _validate_collision_count(status.get("collisionCount"), before.get("collisionCount"))


def _validate_collision_count(new: int | None, old: int | None) -> Iterator[FieldError]:
    if old is not None and (new is None or new < old):
        yield invalid(STATUS.child("collisionCount"), new or 0, "cannot be decremented")


def replica_limits(
    *counters: str, ready_text: str = "cannot be greater than readyReplicas"
) -> list[tuple[str, str, str]]:
    """Counters that cannot exceed status.replicas, and available ones that cannot exceed ready ones."""
    limits = [(name, "replicas", "cannot be greater than status.replicas") for name in counters]
    return [*limits, ("availableReplicas", "readyReplicas", ready_text)]


def validate_selector_unchanged(new: Object, old: Object) -> Iterator[FieldError]:
    """A selector stays what it was."""
    after, before = (value_at(obj, ("spec", "selector")) for obj in (new, old))
    if not same(after, before):
        yield from validate_immutable_field(after, before, SPEC.child("selector"))


def validate_selector(selector: Object | None, path: Path, owner: str) -> Iterator[FieldError]:
    """A selector that must be there and select something."""
    if selector is None:
        yield required(path)
        return
    yield from validate_label_selector(selector, path)
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield invalid(path, selector, f"empty selector is invalid for {owner}")


def selector_fault(selector: Object | None, template: Object, path: Path) -> FieldError | None:
    """The fault of a template whose labels its owner does not select. No selector selects nothing."""
    try:
        matcher = label_selector_as_selector(selector)
    except SelectorError:
        return None
    labels = (template.get("metadata") or {}).get("labels")
    if matcher.everything or matcher.matches(labels):
        return None
    return invalid(path.child("metadata", "labels"), labels, TEMPLATE_LABELS_TEXT)


def is_selector_valid(selector: Object | None) -> bool:
    """Whether the selector can be used at all."""
    try:
        label_selector_as_selector(selector)
    except SelectorError:
        return False
    return True


def validate_replica_template(
    template: Object, selector: Object | None, path: Path, owner: str
) -> Iterator[FieldError]:
    """A template of pods that are replaced for ever, as Deployments and ReplicaSets have it."""
    fault = selector_fault(selector, template, path)
    if fault:
        yield fault
    yield from validate_pod_template(template, path)
    yield from validate_lasting_template(template, path, owner)


def validate_lasting_template(template: Object, path: Path, owner: str) -> Iterator[FieldError]:
    """Pods that always restart and have no deadline."""
    spec, place = template.get("spec") or {}, path.child("spec")
    policy = spec.get("restartPolicy") or ""
    if policy != "Always":
        yield not_supported(place.child("restartPolicy"), policy, ("Always",))
    if spec.get("activeDeadlineSeconds") is not None:
        text = f"activeDeadlineSeconds in {owner} is not Supported"
        yield forbidden(place.child("activeDeadlineSeconds"), text)


# Numbers or percentages


def percent(value: int | str | None) -> int | None:
    """The number of a percentage; None for what is none."""
    if isinstance(value, str) and not is_valid_percent(value):
        return int(value[:-1])
    return None


def amount(value: int | str | None) -> int:
    """The number, or that of the percentage; 0 for what is neither."""
    if isinstance(value, str):
        found = percent(value)
        if found is not None:
            return found
        digits = value[1:] if value[:1] in ("-", "+") else value
        return int(value) if digits.isascii() and digits.isdigit() else 0
    return value or 0


def int_or_percent(value: int | str, path: Path) -> Iterator[FieldError]:
    """A number that is not negative, or a percentage."""
    if isinstance(value, str):
        for message in is_valid_percent(value):
            yield invalid(path, value, message)
    else:
        yield from nonnegative(value, path)


def at_most_all(value: int | str, path: Path) -> Iterator[FieldError]:
    """A percentage of 100 at most."""
    if (percent(value) or 0) > 100:
        yield invalid(path, value, "must not be greater than 100%")


def rolling_strategy_as_go_shows(sort: str, rolling: Object | None) -> Object:
    """An update strategy as upstream's messages show it, by Go's names."""
    shown = None
    if rolling is not None:
        shown = {"MaxUnavailable": rolling.get("maxUnavailable", 0), "MaxSurge": rolling.get("maxSurge", 0)}
    return {"Type": sort, "RollingUpdate": shown}


def replicas_column(*path: str) -> Callable[[Object, float], str]:
    """A cell with how many replicas are ready of how many are wanted."""

    def cell(obj: Object, _now: float) -> str:
        ready: Any = value_at(obj, ("status", "readyReplicas"), 0)
        return f"{ready}/{value_at(obj, path, 0)}"

    return cell
