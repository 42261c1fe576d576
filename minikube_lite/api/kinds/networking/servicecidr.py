"""ServiceCIDRs; upstream: pkg/registry/networking/servicecidr."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from minikube_lite.api.columns import AGE, NAME, cell_column
from minikube_lite.api.kinds.ip_fields import cidr_family
from minikube_lite.machinery.addresses import is_valid_cidr
from minikube_lite.machinery.kind import FieldText, Kind, RequestContext, Strategy
from minikube_lite.schema.field import FieldError, Path, invalid, required
from minikube_lite.store import Object

NETWORKS_MAX = 2

NETWORKS = Path("spec.cidrs")


class ServiceCIDRStrategy(Strategy):
    """All writes but those of status."""

    manages_generation = False

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        obj["status"] = {}

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        return _networks_errors(_networks(obj))

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        networks, before = _networks(new), _networks(old)
        if len(networks) == len(before) or (len(before), len(networks)) == (1, 2):
            for position, network in enumerate(before):
                if network != networks[position]:
                    yield invalid(NETWORKS.index(position), networks[position], "field is immutable")
            if len(networks) != len(before):
                yield from _networks_errors(networks)
        else:
            yield invalid(NETWORKS, networks, "field is immutable")


def _networks(obj: Object) -> list[str]:
    return list(obj.get("spec", {}).get("cidrs") or ())


def _networks_errors(networks: Sequence[str]) -> Iterator[FieldError]:
    if not networks:
        yield required(NETWORKS, "at least one CIDR required")
        return
    if len(networks) > NETWORKS_MAX:
        yield invalid(NETWORKS, {"CIDRs": networks}, "may only hold up to 2 values")
        return
    for position, network in enumerate(networks):
        yield from (invalid(NETWORKS.index(position), network, message) for message in is_valid_cidr(network))
    if len(networks) == 2 and cidr_family(networks[0]) == cidr_family(networks[1]):
        text = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
        yield invalid(NETWORKS, networks, text)


KIND = Kind(
    group="networking.k8s.io",
    plural="servicecidrs",
    strategy=ServiceCIDRStrategy(),
    columns=(
        NAME,
        cell_column(
            "CIDRs",
            lambda obj: ",".join(_networks(obj)),
            description=FieldText("io.k8s.api.networking.v1.ServiceCIDRSpec", "cidrs"),
        ),
        AGE,
    ),
    emulated=False,
)
