"""Ingresses; upstream: pkg/registry/networking/ingress and pkg/apis/networking/validation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from minikube_lite.api.columns import AGE, LIST_ITEMS_SHOWN_MAX, NAME, NONE, cell_column, text_column, value_at
from minikube_lite.api.kinds.ip_fields import legacy_ip
from minikube_lite.machinery.addresses import parse_ip_sloppy
from minikube_lite.machinery.kind import Kind, RequestContext, StatusStrategy, Strategy
from minikube_lite.machinery.names import (
    is_dns1123_subdomain,
    is_valid_port_name,
    is_valid_port_num,
    is_wildcard_dns1123_subdomain,
    name_is_dns_label,
    name_is_dns_subdomain,
    path_segment_name,
)
from minikube_lite.schema.field import FieldError, Path, invalid, not_supported, required
from minikube_lite.store import Object

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
PATH_SEQUENCES_REFUSED = ("//", "/./", "/../", "%2f", "%2F")
PATH_SUFFIXES_REFUSED = ("/..", "/.")
PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")

MUST_BE_ABSOLUTE = "must be an absolute path"
MUST_BE_NAME = "must be a DNS name, not an IP address"

SPEC = Path("spec")


class IngressStrategy(Strategy):
    """All writes but those of status."""

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        obj["status"] = {"loadBalancer": {}}

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        yield from _spec_errors(obj.get("spec", {}), {})
        annotation, name = (
            (obj["metadata"].get("annotations") or {}).get(CLASS_ANNOTATION),
            obj["spec"].get("ingressClassName"),
        )
        if annotation is not None and name is not None and annotation != name:
            path = Path("annotations").child(CLASS_ANNOTATION)
            yield invalid(path, annotation, "must match `ingressClassName` when both are specified")

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterable[str]:
        if (
            CLASS_ANNOTATION in (obj["metadata"].get("annotations") or {})
            and obj["spec"].get("ingressClassName") is None
        ):
            yield f"annotation \"{CLASS_ANNOTATION}\" is deprecated, please use 'spec.ingressClassName' instead"

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        return _spec_errors(new.get("spec", {}), old.get("spec", {}))


class IngressStatusStrategy(StatusStrategy):
    """The status: where the load balancer is."""

    def main_status_errors(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        known = [ingress["ip"] for ingress in _ingresses(old) if ingress.get("ip")]
        for position, ingress in enumerate(_ingresses(new)):
            path = Path("status.loadBalancer.ingress").index(position)
            if ingress.get("ip"):
                yield from legacy_ip(path.child("ip"), ingress["ip"], known)
            hostname = ingress.get("hostname")
            if hostname:
                yield from (
                    invalid(path.child("hostname"), hostname, message) for message in is_dns1123_subdomain(hostname)
                )
                if parse_ip_sloppy(hostname) is not None:
                    yield invalid(path.child("hostname"), hostname, MUST_BE_NAME)


def _ingresses(obj: Object) -> Sequence[Mapping[str, Any]]:
    return value_at(obj, ("status", "loadBalancer", "ingress"), ())  # type: ignore[no-any-return]


def _spec_errors(spec: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[FieldError]:
    rules, backend = spec.get("rules"), spec.get("defaultBackend")
    if not rules and backend is None:
        yield invalid(SPEC, rules, "either `defaultBackend` or `rules` must be specified")
    if backend is not None:
        yield from _backend_errors(backend, SPEC.child("defaultBackend"))
    for position, rule in enumerate(rules or ()):
        path = SPEC.child("rules").index(position)
        yield from _host_errors(rule.get("host", ""), path.child("host"))
        if rule.get("http") is not None:
            yield from _paths_errors(rule["http"], path.child("http"))
    old_names = [item.get("secretName", "") for item in before.get("tls") or ()]
    check_names = not any(name and name_is_dns_subdomain(name) for name in old_names)
    for position, item in enumerate(spec.get("tls") or ()):
        yield from _tls_errors(item, SPEC.child("tls").index(position), check_names)
    name = spec.get("ingressClassName")
    if name is not None:
        yield from (invalid(SPEC.child("ingressClassName"), name, message) for message in name_is_dns_subdomain(name))


def _host_errors(host: str, path: Path) -> Iterator[FieldError]:
    if not host:
        return
    if parse_ip_sloppy(host) is not None:
        yield invalid(path, host, MUST_BE_NAME)
    yield from _domain_errors(host, path)


def _domain_errors(host: str, path: Path) -> Iterator[FieldError]:
    check = is_wildcard_dns1123_subdomain if "*" in host else is_dns1123_subdomain
    yield from (invalid(path, host, message) for message in check(host))


def _tls_errors(item: Mapping[str, Any], path: Path, check_name: bool) -> Iterator[FieldError]:
    for position, host in enumerate(item.get("hosts") or ()):
        yield from _domain_errors(host, path.child("hosts").index(position))
    name = item.get("secretName", "")
    if name and check_name:
        yield from (invalid(path.child("secretName"), name, message) for message in name_is_dns_subdomain(name))


def _paths_errors(http: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    if not http.get("paths"):
        yield required(path.child("paths"))
    for position, item in enumerate(http.get("paths") or ()):
        yield from _path_errors(item, path.child("paths").index(position))


def _path_errors(item: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    path_type, text, place = item.get("pathType"), item.get("path", ""), path.child("path")
    if path_type is None:
        yield required(path.child("pathType"), "pathType must be specified")
        return
    if path_type in ("Exact", "Prefix"):
        if not text.startswith("/"):
            yield invalid(place, text, MUST_BE_ABSOLUTE)
        for part in PATH_SEQUENCES_REFUSED:
            if part in text:
                yield invalid(place, text, f"must not contain '{part}'")
        for part in PATH_SUFFIXES_REFUSED:
            if text.endswith(part):
                yield invalid(place, text, f"cannot end with '{part}'")
    elif path_type == "ImplementationSpecific":
        if text and not text.startswith("/"):
            yield invalid(place, text, MUST_BE_ABSOLUTE)
    else:
        yield not_supported(path.child("pathType"), path_type, PATH_TYPES)
    yield from _backend_errors(item.get("backend", {}), path.child("backend"))


def _backend_errors(backend: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    resource, service = backend.get("resource"), backend.get("service")
    if resource is not None and service is not None:
        yield invalid(path, "", "cannot set both resource and service backends")
    elif resource is not None:
        yield from object_reference_errors(resource, path.child("resource"))
    elif service is not None:
        yield from _service_backend_errors(service, path)
    else:
        yield invalid(path, "", "resource or service backend is required")


def _service_backend_errors(service: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    name, port = service.get("name", ""), service.get("port", {})
    place = path.child("service")
    if not name:
        yield required(place.child("name"))
    else:
        yield from (invalid(place.child("name"), name, message) for message in name_is_dns_label(name))
    port_name, number = port.get("name", ""), port.get("number", 0)
    if port_name and number:
        yield invalid(path, "", "cannot set both port name & port number")
    elif port_name:
        yield from (
            invalid(place.child("port", "name"), port_name, message) for message in is_valid_port_name(port_name)
        )
    elif number:
        yield from (invalid(place.child("port", "number"), number, message) for message in is_valid_port_num(number))
    else:
        yield required(path, "port name or number is required")


def object_reference_errors(reference: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    """A reference to an object of any kind."""
    group = reference.get("apiGroup")
    if group is not None:
        yield from (invalid(path.child("apiGroup"), group, message) for message in is_dns1123_subdomain(group))
    for name in ("kind", "name"):
        value = reference.get(name, "")
        if not value:
            yield required(path.child(name))
        else:
            yield from (invalid(path.child(name), value, message) for message in path_segment_name(value))


def hosts_text(obj: Object) -> str:
    """The Hosts cell."""
    hosts: list[str] = []
    rules = obj["spec"].get("rules") or ()
    more = False
    for rule in rules:
        more = more or len(hosts) == LIST_ITEMS_SHOWN_MAX
        if not more and rule.get("host"):
            hosts.append(rule["host"])
    text = ",".join(hosts) or "*"
    return f"{text} + {len(rules) - LIST_ITEMS_SHOWN_MAX} more..." if more and hosts else text


def address_text(obj: Object) -> str:
    """The Address cell."""
    return ",".join(sorted({item.get("ip") or item.get("hostname") or "" for item in _ingresses(obj)} - {""}))


STRATEGY = IngressStrategy()

KIND = Kind(
    group="networking.k8s.io",
    plural="ingresses",
    strategy=STRATEGY,
    status_strategy=IngressStatusStrategy(STRATEGY),
    columns=(
        NAME,
        text_column(
            "Class",
            "spec",
            "ingressClassName",
            absent=NONE,
            description="The name of the IngressClass resource that should be used for additional configuration",
        ),
        cell_column(
            "Hosts", hosts_text, description="Hosts that incoming requests are matched against before the ingress rule"
        ),
        cell_column(
            "Address", address_text, description="Address is a list containing ingress points for the load-balancer"
        ),
        cell_column(
            "Ports",
            lambda obj: "80, 443" if obj["spec"].get("tls") else "80",
            description="Ports of TLS configurations that open",
        ),
        AGE,
    ),
    emulated=False,
)
