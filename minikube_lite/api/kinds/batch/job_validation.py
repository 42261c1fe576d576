"""The rules of Jobs and of the templates CronJobs make them from; upstream: pkg/apis/batch/validation/validation.go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from minikube_lite.api.kinds.apps.workload import TEMPLATE_LABELS_TEXT, is_selector_valid
from minikube_lite.api.kinds.core.pod_fields import named, nonnegative, nonnegative_fields
from minikube_lite.api.kinds.core.pod_spec import validate_pod_template
from minikube_lite.machinery.names import byte_length, is_dns1123_subdomain, is_http_path, is_qualified_name
from minikube_lite.machinery.selectors import label_selector_as_selector, validate_label_selector
from minikube_lite.schema.field import (
    OMITTED,
    FieldError,
    Path,
    duplicate,
    go_value,
    invalid,
    not_supported,
    required,
    too_long,
    too_many,
)
from minikube_lite.store import Object

INDEXED_PARALLELISM_MAX = 100_000
FAILED_INDEXES_MAX = 100_000
COMPLETIONS_SOFT_LIMIT = 100_000
MANY_COMPLETIONS_PARALLELISM_MAX = 10_000
MANY_COMPLETIONS_FAILED_INDEXES_MAX = 10_000
FAILURE_RULES_MAX = 20
EXIT_CODES_MAX = 255
CONDITION_PATTERNS_MAX = 20
MANAGED_BY_BYTES_MAX = 63
SUCCEEDED_INDEXES_BYTES_MAX = 64 * 1024
SUCCESS_RULES_MAX = 20

_NUMBERS = (
    "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
    "backoffLimitPerIndex", "maxFailedIndexes",
)  # fmt: skip
_MODES = ("NonIndexed", "Indexed")
_ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
_OPERATORS = ("In", "NotIn")
_STATUSES = ("False", "True", "Unknown")
_REPLACEMENTS = ("Failed", "TerminatingOrFailed")
_RESTART_POLICIES = ("OnFailure", "Never")


def validate_job_spec(spec: Object, path: Path) -> Iterator[FieldError]:
    """A Job's spec with its selector."""
    yield from validate_template_spec(spec, path)
    selector = spec.get("selector")
    if selector is None:
        yield required(path.child("selector"))
    else:
        yield from validate_label_selector(selector, path.child("selector"))
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    if is_selector_valid(selector) and not label_selector_as_selector(selector).matches(labels):
        yield invalid(path.child("template", "metadata", "labels"), labels, TEMPLATE_LABELS_TEXT)


def validate_template_spec(spec: Object, path: Path) -> Iterator[FieldError]:
    """All of a Job's spec but the selector, as a CronJob has it too."""
    yield from nonnegative_fields(spec, _NUMBERS, path)
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        yield required(path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified")
    if spec.get("managedBy") is not None:
        yield from _validate_managed_by(spec["managedBy"], path.child("managedBy"))
    mode = spec.get("completionMode")
    if mode is not None and mode not in _MODES:
        yield not_supported(path.child("completionMode"), mode, _MODES)
    if mode == "Indexed":
        yield from _validate_indexed(spec, path)
    elif mode in (None, "NonIndexed"):
        for name in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if spec.get(name) is not None:
                yield invalid(path.child(name), spec[name], "requires indexed completion mode")
    if spec.get("podFailurePolicy") is not None:
        yield from _validate_failure_policy(spec, path.child("podFailurePolicy", "rules"))
    if spec.get("successPolicy") is not None:
        if mode == "Indexed":
            yield from _validate_success_policy(spec, path.child("successPolicy", "rules"))
        else:
            shown = {"Rules": spec["successPolicy"].get("rules") or []}
            yield invalid(path.child("successPolicy"), shown, "requires indexed completion mode")
    yield from _validate_replacement(spec, path.child("podReplacementPolicy"))
    template = spec.get("template") or {}
    yield from validate_pod_template(template, path.child("template"))
    yield from _validate_restart_policy(spec, path.child("template", "spec", "restartPolicy"))


def _validate_managed_by(name: str, path: Path) -> Iterator[FieldError]:
    domain, slash, rest = name.partition("/")
    if not name:
        yield required(path)
    elif not slash or not domain or not rest:
        yield invalid(path, name, 'must be a domain-prefixed path (such as "acme.io/foo")')
    else:
        yield from named(is_dns1123_subdomain, domain, path)
        yield from named(is_http_path, rest, path)
    if byte_length(name) > MANAGED_BY_BYTES_MAX:
        yield too_long(path, MANAGED_BY_BYTES_MAX)


def _validate_indexed(spec: Object, path: Path) -> Iterator[FieldError]:
    completions, parallelism, failed = (spec.get(n) for n in ("completions", "parallelism", "maxFailedIndexes"))
    if completions is None:
        yield required(path.child("completions"), "when completion mode is Indexed")
    if parallelism is not None and parallelism > INDEXED_PARALLELISM_MAX:
        text = f"must be less than or equal to {INDEXED_PARALLELISM_MAX} when completion mode is Indexed"
        yield invalid(path.child("parallelism"), parallelism, text)
    if completions is not None and failed is not None and failed > completions:
        yield invalid(path.child("maxFailedIndexes"), failed, "must be less than or equal to completions")
    if failed is not None and failed > FAILED_INDEXES_MAX:
        yield invalid(path.child("maxFailedIndexes"), failed, f"must be less than or equal to {FAILED_INDEXES_MAX}")
    if (completions or 0) <= COMPLETIONS_SOFT_LIMIT or spec.get("backoffLimitPerIndex") is None:
        return
    above = f"when completions are above {COMPLETIONS_SOFT_LIMIT} and used with backoff limit per index"
    if failed is None:
        text = f"must be specified when completions is above {COMPLETIONS_SOFT_LIMIT}"
        yield required(path.child("maxFailedIndexes"), text)
    if parallelism is not None and parallelism > MANY_COMPLETIONS_PARALLELISM_MAX:
        text = f"must be less than or equal to {MANY_COMPLETIONS_PARALLELISM_MAX} {above}"
        yield invalid(path.child("parallelism"), parallelism, text)
    if failed is not None and failed > MANY_COMPLETIONS_FAILED_INDEXES_MAX:
        text = f"must be less than or equal to {MANY_COMPLETIONS_FAILED_INDEXES_MAX} {above}"
        yield invalid(path.child("maxFailedIndexes"), failed, text)


# Pod failure policy


def _validate_failure_policy(spec: Object, path: Path) -> Iterator[FieldError]:
    rules = spec["podFailurePolicy"].get("rules") or ()
    if len(rules) > FAILURE_RULES_MAX:
        yield too_many(path, len(rules), FAILURE_RULES_MAX)
    pod = (spec.get("template") or {}).get("spec") or {}
    names = {item.get("name") for key in ("containers", "initContainers") for item in pod.get(key) or ()}
    for position, rule in enumerate(rules):
        place, action = path.index(position), rule.get("action") or ""
        yield from _one_of_quoted(action, _ACTIONS, place.child("action"))
        if action == "FailIndex" and spec.get("backoffLimitPerIndex") is None:
            yield invalid(place.child("action"), action, "requires the backoffLimitPerIndex to be set")
        codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions")
        if codes is not None:
            yield from _validate_exit_codes(codes, names, place.child("onExitCodes"))
        if conditions:
            yield from _validate_conditions(conditions, place.child("onPodConditions"))
        if codes is not None and conditions:
            yield invalid(place, OMITTED, "specifying both OnExitCodes and OnPodConditions is not supported")
        if codes is None and not conditions:
            yield invalid(place, OMITTED, "specifying one of OnExitCodes and OnPodConditions is required")


def _one_of_quoted(value: str, supported: Sequence[str], path: Path) -> Iterator[FieldError]:
    if not value:
        yield required(path, f"valid values: [{' '.join(map(go_value, supported))}]")
    elif value not in supported:
        yield not_supported(path, value, supported)


def _validate_conditions(patterns: Sequence[Object], path: Path) -> Iterator[FieldError]:
    if len(patterns) > CONDITION_PATTERNS_MAX:
        yield too_many(path, len(patterns), CONDITION_PATTERNS_MAX)
    for position, pattern in enumerate(patterns):
        place = path.index(position)
        yield from named(is_qualified_name, pattern.get("type") or "", place.child("type"))
        yield from _one_of_quoted(pattern.get("status") or "", _STATUSES, place.child("status"))


def _validate_exit_codes(codes: Object, names: set[str | None], path: Path) -> Iterator[FieldError]:
    operator, values, place = codes.get("operator") or "", codes.get("values") or [], path.child("values")
    yield from _one_of_quoted(operator, _OPERATORS, path.child("operator"))
    container = codes.get("containerName")
    if container is not None and container not in names:
        text = "must be one of the container or initContainer names in the pod template"
        yield invalid(path.child("containerName"), container, text)
    if not values:
        yield invalid(place, values, "at least one value is required")
    elif len(values) > EXIT_CODES_MAX:
        yield too_many(place, len(values), EXIT_CODES_MAX)
    for position, value in enumerate(values):
        if operator == "In" and value == 0:
            yield invalid(place.index(position), value, "must not be 0 for the In operator")
        if value in values[:position]:
            yield duplicate(place.index(position), value)
    if values != sorted(values):
        yield invalid(place, values, "must be ordered")


# Success policy, replacement and restart


def _validate_success_policy(spec: Object, path: Path) -> Iterator[FieldError]:
    rules = spec["successPolicy"].get("rules") or ()
    if not rules:
        yield required(path, "at least one rules must be specified when the successPolicy is specified")
    if len(rules) > SUCCESS_RULES_MAX:
        yield too_many(path, len(rules), SUCCESS_RULES_MAX)
    for position, rule in enumerate(rules):
        yield from _validate_success_rule(rule, spec.get("completions") or 0, path.index(position))


def _validate_success_rule(rule: Object, completions: int, path: Path) -> Iterator[FieldError]:
    count, indexes, total = rule.get("succeededCount"), rule.get("succeededIndexes"), 0
    if count is None and indexes is None:
        yield required(path, "at least one of succeededCount or succeededIndexes must be specified")
    if indexes is not None:
        place = path.child("succeededIndexes")
        if byte_length(indexes) > SUCCEEDED_INDEXES_BYTES_MAX:
            yield too_long(place, SUCCEEDED_INDEXES_BYTES_MAX)
        try:
            total = count_indexes(indexes, completions)
        except ValueError as error:
            yield invalid(place, indexes, f"error parsing succeededIndexes: {error}")
    if count is not None:
        place, most = path.child("succeededCount"), "must be less than or equal to"
        yield from nonnegative(count, place)
        if count > completions:
            yield invalid(place, count, f"{most} {completions} (the number of specified completions)")
        if indexes is not None and count > total:
            text = f"{most} {total} (the number of indexes in the specified succeededIndexes field)"
            yield invalid(place, count, text)


def count_indexes(text: str, completions: int) -> int:
    """How many indexes a list such as `1,3-5` names; ValueError for what is none."""
    total, last = 0, -1
    for interval in text.split(",") if text else ():
        first, end = _interval(interval, completions)
        if total and last >= first:
            raise ValueError(f"non-increasing order, previous: {last}, current: {first}")
        total, last = total + end - first + 1, end
    return total


def _interval(text: str, completions: int) -> tuple[int, int]:
    parts = text.split("-")
    if len(parts) > 2:
        form = "an index interval can have at most two parts separated by '-'"
        raise ValueError(f"the fragment {go_value(text)} violates the requirement that {form}")
    numbers = []
    for part in parts:
        if not re.fullmatch("[+]?[0-9]+", part):
            raise ValueError(f"cannot convert string to integer for index: {go_value(part)}")
        if int(part) >= completions:
            raise ValueError(f"too large index: {go_value(part)}")
        numbers.append(int(part))
    if len(numbers) == 2 and numbers[0] >= numbers[1]:
        raise ValueError(f"non-increasing order, previous: {numbers[0]}, current: {numbers[1]}")
    return numbers[0], numbers[-1]


def _validate_replacement(spec: Object, path: Path) -> Iterator[FieldError]:
    policy = spec.get("podReplacementPolicy")
    supported = _REPLACEMENTS if spec.get("podFailurePolicy") is None else ("Failed",)
    if policy is not None and policy not in supported:
        yield not_supported(path, policy, supported)


def _validate_restart_policy(spec: Object, path: Path) -> Iterator[FieldError]:
    policy = ((spec.get("template") or {}).get("spec") or {}).get("restartPolicy") or ""
    if policy in ("", "Always"):
        yield required(path, 'valid values: "OnFailure", "Never"')
    elif policy not in _RESTART_POLICIES:
        yield not_supported(path, policy, _RESTART_POLICIES)
    elif spec.get("podFailurePolicy") is not None and policy != "Never":
        yield invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')
