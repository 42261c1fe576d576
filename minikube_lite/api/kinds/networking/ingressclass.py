"""IngressClasses; upstream: pkg/registry/networking/ingressclass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minikube_lite.api.columns import AGE, NONE, cell_column, name_of, text_column
from minikube_lite.api.kinds.networking.ingress import object_reference_errors
from minikube_lite.machinery.kind import Column, FieldText, Kind, RequestContext, Strategy
from minikube_lite.machinery.metadata import validate_immutable_field
from minikube_lite.machinery.names import byte_length, is_dns1123_subdomain, is_http_path, name_is_dns_label
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, not_supported, required, too_long
from minikube_lite.store import Object

CONTROLLER_BYTES_MAX = 250
DEFAULT_CLASS_ANNOTATION = "ingressclass.kubernetes.io/is-default-class"
SCOPES = ("Cluster", "Namespace")

SPEC = Path("spec")


class IngressClassStrategy(Strategy):
    """All writes."""

    has_status = False
    reset_fields = ()

    def default(self, obj: Object) -> None:
        parameters = obj.setdefault("spec", {}).get("parameters")
        if parameters is not None and parameters.get("scope") is None:
            parameters["scope"] = "Cluster"

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        controller, path = obj["spec"].get("controller", ""), SPEC.child("controller")
        if byte_length(controller) > CONTROLLER_BYTES_MAX:
            yield too_long(path, CONTROLLER_BYTES_MAX)
        yield from domain_prefixed_path_errors(controller, path)
        if obj["spec"].get("parameters") is not None:
            yield from _parameters_errors(obj["spec"]["parameters"], SPEC.child("parameters"))

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        controllers = (new["spec"].get("controller"), old["spec"].get("controller"))
        yield from validate_immutable_field(*controllers, SPEC.child("controller"))
        yield from self.validate(context, new)


def domain_prefixed_path_errors(text: str, path: Path) -> Iterator[FieldError]:
    """A path after a domain, as acme.io/foo."""
    if not text:
        yield required(path)
        return
    host, _, rest = text.partition("/")
    if not host or not rest:
        yield invalid(path, text, 'must be a domain-prefixed path (such as "acme.io/foo")')
        return
    yield from (invalid(path, host, message) for message in is_dns1123_subdomain(host))
    yield from (invalid(path, rest, message) for message in is_http_path(rest))


def _parameters_errors(parameters: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    yield from object_reference_errors(parameters, path)
    scope, namespace, place = parameters["scope"], parameters.get("namespace"), path.child("namespace")
    if scope not in SCOPES:
        yield not_supported(path.child("scope"), scope, SCOPES)
    elif scope == "Namespace":
        if namespace is None:
            yield required(place, "`parameters.scope` is set to 'Namespace'")
        else:
            yield from (invalid(place, namespace, message) for message in name_is_dns_label(namespace))
    elif namespace is not None:
        yield forbidden(place, "`parameters.scope` is set to 'Cluster'")


def _name_text(obj: Object, now: float) -> str:
    default = (obj["metadata"].get("annotations") or {}).get(DEFAULT_CLASS_ANNOTATION) == "true"
    return name_of(obj, now) + (" (default)" if default else "")


def _parameters_text(obj: Object) -> str:
    parameters = obj["spec"].get("parameters")
    if parameters is None:
        return NONE
    group = parameters.get("apiGroup")
    return f"{parameters.get('kind', '')}{f'.{group}' if group is not None else ''}/{parameters.get('name', '')}"


KIND = Kind(
    group="networking.k8s.io",
    plural="ingressclasses",
    strategy=IngressClassStrategy(),
    columns=(
        Column(
            "Name",
            _name_text,
            format="name",
            description=FieldText("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "name"),
        ),
        text_column(
            "Controller", "spec", "controller", description="Controller that is responsible for handling this class"
        ),
        cell_column("Parameters", _parameters_text, description="A reference to a resource with additional parameters"),
        AGE,
    ),
    emulated=False,
)
