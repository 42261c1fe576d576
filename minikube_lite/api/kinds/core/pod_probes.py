"""Probes, lifecycle hooks and restart rules of containers; upstream: pkg/apis/core/validation/validation.go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from minikube_lite.api.kinds.core.pod_fields import named, nonnegative_fields, port_number_or_name
from minikube_lite.machinery.names import is_http_header_name
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, not_supported, required, too_many
from minikube_lite.store import Object

RESTART_RULES_MAX = 20
EXIT_CODES_MAX = 255

_PROBE_NUMBERS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_PROBE_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
_HOOK_HANDLERS = ("exec", "httpGet", "tcpSocket", "sleep")
_SCHEMES = ("HTTP", "HTTPS")
_RESTART_POLICIES = ("Always", "Never", "OnFailure")
_RESTART_ACTIONS = ("Restart", "RestartAllContainers")
_EXIT_CODE_OPERATORS = ("In", "NotIn")


def validate_probes(container: Object, path: Path) -> Iterator[FieldError]:
    """The three probes of a container."""
    if (probe := container.get("livenessProbe")) is not None:
        yield from _validate_one_success_probe(probe, path.child("livenessProbe"))
    if (probe := container.get("readinessProbe")) is not None:
        place = path.child("readinessProbe")
        yield from _validate_probe(probe, place)
        if (seconds := probe.get("terminationGracePeriodSeconds")) is not None:
            text = "must not be set for readinessProbes"
            yield invalid(place.child("terminationGracePeriodSeconds"), seconds, text)
    if (probe := container.get("startupProbe")) is not None:
        yield from _validate_one_success_probe(probe, path.child("startupProbe"))


def _validate_one_success_probe(probe: Object, path: Path) -> Iterator[FieldError]:
    yield from _validate_probe(probe, path)
    if probe.get("successThreshold", 0) != 1:
        yield invalid(path.child("successThreshold"), probe.get("successThreshold", 0), "must be 1")


def _validate_probe(probe: Object, path: Path) -> Iterator[FieldError]:
    yield from _validate_handler(probe, _PROBE_HANDLERS, None, path)
    yield from nonnegative_fields(probe, _PROBE_NUMBERS, path)
    seconds = probe.get("terminationGracePeriodSeconds")
    if seconds is not None and seconds <= 0:
        yield invalid(path.child("terminationGracePeriodSeconds"), seconds, "must be greater than 0")


def validate_lifecycle(lifecycle: Object, grace_period: int | None, path: Path) -> Iterator[FieldError]:
    """What a container does right after its start and before its stop."""
    for name in ("postStart", "preStop"):
        if lifecycle.get(name) is not None:
            yield from _validate_handler(lifecycle[name], _HOOK_HANDLERS, grace_period, path.child(name))


def _validate_handler(
    handler: Object, names: Sequence[str], grace_period: int | None, path: Path
) -> Iterator[FieldError]:
    given = 0
    for name in names:
        action = handler.get(name)
        if action is None:
            continue
        given += 1
        if given > 1:
            yield forbidden(path.child(name), "may not specify more than 1 handler type")
        elif name == "sleep":
            yield from _validate_sleep(action, grace_period, path.child(name))
        else:
            yield from _validate_action(name, action, path.child(name))
    if not given:
        yield required(path, "must specify a handler type")


def _validate_action(name: str, action: Object, path: Path) -> Iterator[FieldError]:
    if name == "exec":
        if not action.get("command"):
            yield required(path.child("command"))
        return
    if name == "httpGet" and not action.get("path"):
        yield required(path.child("path"))
    yield from port_number_or_name(action.get("port", 0), path.child("port"))
    if name == "httpGet":
        if action.get("scheme") not in _SCHEMES:
            yield not_supported(path.child("scheme"), action.get("scheme") or "", _SCHEMES)
        for header in action.get("httpHeaders") or ():
            yield from named(is_http_header_name, header.get("name") or "", path.child("httpHeaders"))


def _validate_sleep(action: Object, grace_period: int | None, path: Path) -> Iterator[FieldError]:
    seconds = action.get("seconds") or 0
    if grace_period is not None and not 0 <= seconds <= grace_period:
        text = f"must be non-negative and less than terminationGracePeriodSeconds ({grace_period})"
        yield invalid(path, seconds, text)


def validate_restart_policy(container: Object, path: Path) -> Iterator[FieldError]:
    """Whether and when a container starts again."""
    policy, rules = container.get("restartPolicy"), container.get("restartPolicyRules") or ()
    if policy is None:
        if not rules:
            return
        yield required(path.child("restartPolicy"), "must specify restartPolicy when restart rules are used")
    elif policy not in _RESTART_POLICIES:
        yield not_supported(path.child("restartPolicy"), policy, _RESTART_POLICIES)
    place = path.child("restartPolicyRules")
    if len(rules) > RESTART_RULES_MAX:
        yield too_many(place, len(rules), RESTART_RULES_MAX)
    for position, rule in enumerate(rules):
        yield from _validate_restart_rule(rule, place.index(position))


def validate_init_restart_policy(container: Object, path: Path) -> Iterator[FieldError]:
    """The same for an init container, whose rules need a policy before they are looked at."""
    if container.get("restartPolicy") is not None:
        yield from validate_restart_policy(container, path)
    elif container.get("restartPolicyRules"):
        yield required(path.child("restartPolicy"), "must specify restartPolicy when restart rules are used")


def _validate_restart_rule(rule: Object, path: Path) -> Iterator[FieldError]:
    if rule.get("action") not in _RESTART_ACTIONS:
        yield not_supported(path.child("action"), rule.get("action") or "", _RESTART_ACTIONS)
    codes, place = rule.get("exitCodes"), path.child("exitCodes")
    if codes is None:
        yield required(place, "must be specified")
        return
    if codes.get("operator") not in _EXIT_CODE_OPERATORS:
        yield not_supported(place.child("operator"), codes.get("operator") or "", _EXIT_CODE_OPERATORS)
    values = codes.get("values") or ()
    if len(values) > EXIT_CODES_MAX:
        yield too_many(place.child("values"), len(values), EXIT_CODES_MAX)
