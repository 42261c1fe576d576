"""IPAddresses; upstream: pkg/registry/networking/ipaddress."""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.api.columns import AGE, NAME, NONE, cell_column
from minikube_lite.machinery.addresses import is_valid_ip
from minikube_lite.machinery.kind import FieldText, Kind, RequestContext, Strategy
from minikube_lite.machinery.metadata import validate_immutable_field
from minikube_lite.machinery.names import is_dns1123_subdomain, path_segment_name
from minikube_lite.schema.field import FieldError, Path, invalid, required
from minikube_lite.store import Object

PARENT = Path("spec.parentRef")


class IPAddressStrategy(Strategy):
    """All writes."""

    has_status = False
    manages_generation = False
    reset_fields = ()

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        parent = obj.get("spec", {}).get("parentRef")
        if parent is None:
            yield required(PARENT)
            return
        if parent.get("group"):
            yield from (
                invalid(PARENT.child("group"), parent["group"], text) for text in is_dns1123_subdomain(parent["group"])
            )
        for name in ("resource", "name", "namespace"):
            value = parent.get(name, "")
            if not value and name != "namespace":
                yield required(PARENT.child(name))
            yield from (invalid(PARENT.child(name), value, text) for text in path_segment_name(value))

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        parent, before = new.get("spec", {}).get("parentRef"), old.get("spec", {}).get("parentRef")
        yield from validate_immutable_field(parent, before, PARENT)


def parent_text(obj: Object) -> str:
    """The ParentRef cell."""
    parent = obj.get("spec", {}).get("parentRef")
    if parent is None:
        return NONE
    group, namespace = parent.get("group"), parent.get("namespace")
    resource = f"{parent.get('resource', '')}.{group}" if group else parent.get("resource", "")
    return "/".join(part for part in (resource.lower(), namespace, parent.get("name", "")) if part)


KIND = Kind(
    group="networking.k8s.io",
    plural="ipaddresses",
    strategy=IPAddressStrategy(),
    columns=(
        NAME,
        cell_column(
            "ParentRef", parent_text, description=FieldText("io.k8s.api.networking.v1.IPAddressSpec", "parentRef")
        ),
        AGE,
    ),
    name_check=lambda name, _prefix: is_valid_ip(name),
    emulated=False,
)
