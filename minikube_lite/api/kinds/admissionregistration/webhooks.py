"""What webhook configurations may say, and their defaults; upstream: pkg/apis/admissionregistration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from minikube_lite.api.columns import AGE, NAME
from minikube_lite.api.kinds.admissionregistration.rules import (
    GROUP,
    MATCH_POLICIES,
    default_match,
    default_rules,
    failure_policy_errors,
    match_conditions_errors,
    rule_errors,
)
from minikube_lite.machinery.kind import Column, Kind, RequestContext, Strategy
from minikube_lite.machinery.names import is_dns1035_label, is_dns1123_subdomain, is_valid_port_num
from minikube_lite.machinery.selectors import validate_label_selector
from minikube_lite.schema.field import FieldError, Path, duplicate, invalid, not_supported, required
from minikube_lite.store import Object

REINVOCATION_POLICIES = ("IfNeeded", "Never")
REVIEW_VERSIONS = ("v1", "v1beta1")
SIDE_EFFECTS = ("None", "NoneOnDryRun")
TIMEOUT_SECONDS = 10
TIMEOUT_SECONDS_MAX = 30
WEBHOOK_PORT = 443

WEBHOOKS = Path("webhooks")

Hook = Mapping[str, Any]


class WebhookConfigurationStrategy(Strategy):
    """All writes of webhook configurations; `mutating` ones have a reinvocation policy."""

    has_status = False
    allow_unconditional_update = False
    reset_fields = ()

    def __init__(self, *, mutating: bool) -> None:
        self._mutating = mutating

    def default(self, obj: Object) -> None:
        for hook in obj.get("webhooks") or ():
            if hook.get("failurePolicy") is None:
                hook["failurePolicy"] = "Fail"
            default_match(hook)
            if hook.get("timeoutSeconds") is None:
                hook["timeoutSeconds"] = TIMEOUT_SECONDS
            if self._mutating and hook.get("reinvocationPolicy") is None:
                hook["reinvocationPolicy"] = "Never"
            default_rules(hook.get("rules") or ())
            service = hook.get("clientConfig", {}).get("service")
            if service is not None and service.get("port") is None:
                service["port"] = WEBHOOK_PORT

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        names: set[str] = set()
        for position, hook in enumerate(obj.get("webhooks") or ()):
            path, name = WEBHOOKS.index(position), hook.get("name", "")
            yield from _hook_errors(hook, path)
            yield from _review_versions_errors(
                hook.get("admissionReviewVersions") or [], path.child("admissionReviewVersions")
            )
            if name in names:
                yield duplicate(path.child("name"), name)
            if name:
                names.add(name)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        return self.validate(context, new)


def _hook_errors(hook: Hook, path: Path) -> Iterator[FieldError]:
    yield from qualified_name_errors(hook.get("name", ""), path.child("name"))
    for position, rule in enumerate(hook.get("rules") or ()):
        yield from rule_errors(rule, path.child("rules").index(position))
    yield from failure_policy_errors(hook["failurePolicy"], path.child("failurePolicy"))
    if hook["matchPolicy"] not in MATCH_POLICIES:
        yield not_supported(path.child("matchPolicy"), hook["matchPolicy"], MATCH_POLICIES)
    effects = hook.get("sideEffects")
    if effects is None:
        yield required(path.child("sideEffects"), f"must specify one of {', '.join(SIDE_EFFECTS)}")
    elif effects not in SIDE_EFFECTS:
        yield not_supported(path.child("sideEffects"), effects, SIDE_EFFECTS)
    seconds = hook["timeoutSeconds"]
    if not 1 <= seconds <= TIMEOUT_SECONDS_MAX:
        text = f"the timeout value must be between 1 and {TIMEOUT_SECONDS_MAX} seconds"
        yield invalid(path.child("timeoutSeconds"), seconds, text)
    for name in ("namespaceSelector", "objectSelector"):
        yield from validate_label_selector(hook[name], path.child(name))
    policy = hook.get("reinvocationPolicy")
    if policy is not None and policy not in REINVOCATION_POLICIES:
        yield not_supported(path.child("reinvocationPolicy"), policy, REINVOCATION_POLICIES)
    yield from client_config_errors(hook.get("clientConfig", {}), path.child("clientConfig"))
    yield from match_conditions_errors(hook.get("matchConditions") or (), path.child("matchConditions"))


def qualified_name_errors(name: str, path: Path) -> Iterator[FieldError]:
    """A DNS name of at least three labels."""
    if not name:
        yield required(path)
    elif faults := is_dns1123_subdomain(name):
        yield invalid(path, name, ",".join(faults))
    elif name.count(".") < 2:
        yield invalid(path, name, "should be a domain with at least three segments separated by dots")


def _review_versions_errors(versions: Sequence[str], path: Path) -> Iterator[FieldError]:
    shown = ", ".join(REVIEW_VERSIONS)
    if not versions:
        yield required(path, f"must specify one of {shown}")
        return
    for position, version in enumerate(versions):
        place = path.index(position)
        if version in versions[:position]:
            yield invalid(place, version, "duplicate version")
            continue
        yield from (invalid(place, version, message) for message in is_dns1035_label(version))
    if not any(version in REVIEW_VERSIONS for version in versions):
        yield invalid(path, versions, f"must include at least one of {shown}")


def client_config_errors(config: Hook, path: Path) -> Iterator[FieldError]:
    """Where the webhook is: at a URL or behind a service."""
    url, service = config.get("url"), config.get("service")
    if (url is None) == (service is None):
        yield required(path, "exactly one of url or service is required")
    elif url is not None:
        yield from _url_errors(url, path.child("url"))
    elif service is not None:
        yield from _service_errors(service, path.child("service"))


def _url_errors(url: str, path: Path) -> Iterator[FieldError]:
    form = "; desired format: https://host[/path]"
    try:
        parts = urlsplit(url)
    except ValueError as error:
        yield required(path, f"url must be a valid URL: {error}{form}")
        return
    user, at, host = parts.netloc.rpartition("@")
    if parts.scheme != "https":
        yield invalid(path, parts.scheme, f"'https' is the only allowed URL scheme{form}")
    if not host:
        yield invalid(path, host, f"host must be specified{form}")
    if at:
        yield invalid(path, user, "user information is not permitted in the URL")
    if parts.fragment:
        yield invalid(path, parts.fragment, "fragments are not permitted in the URL")
    if parts.query:
        yield invalid(path, parts.query, "query parameters are not permitted in the URL")


def _service_errors(service: Hook, path: Path) -> Iterator[FieldError]:
    # Upstream hands name and namespace over in the wrong order, so a missing one is told as the other.
    if not service.get("namespace"):
        yield required(path.child("name"))
    if not service.get("name"):
        yield required(path.child("namespace"))
    if faults := is_valid_port_num(service["port"]):
        yield invalid(path.child("port"), service["port"], "port is not valid: " + ", ".join(faults))
    text, place = service.get("path"), path.child("path")
    if not text or text == "/":
        return
    if text == "//":
        yield invalid(place, text, "segment[0] may not be empty")
        return
    if not text.startswith("/"):
        yield invalid(place, text, "must start with a '/'")
    for position, step in enumerate(text[1:].removesuffix("/").split("/")):
        if not step:
            yield invalid(place, text, f"segment[{position}] may not be empty")
        else:
            yield from (
                invalid(place, text, f"segment[{position}]: {message}") for message in is_dns1123_subdomain(step)
            )


def webhook_configuration_kind(plural: str, *, mutating: bool) -> Kind:
    """The kind of the one or the other sort of webhooks."""
    count = Column(
        "Webhooks",
        lambda obj, _now: len(obj.get("webhooks") or ()),
        "integer",
        description="Webhooks indicates the number of webhooks registered in this configuration",
    )
    strategy = WebhookConfigurationStrategy(mutating=mutating)
    return Kind(group=GROUP, plural=plural, strategy=strategy, columns=(NAME, count, AGE))
