"""NetworkPolicies; upstream: pkg/registry/networking/networkpolicy and pkg/apis/networking/validation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minikube_lite.api.columns import AGE, NAME, cell_column, format_selector
from minikube_lite.api.kinds.ip_fields import cidr_warnings, legacy_cidr
from minikube_lite.machinery.addresses import parse_cidr_sloppy
from minikube_lite.machinery.kind import FieldText, Kind, RequestContext, Strategy
from minikube_lite.machinery.names import is_valid_port_name, is_valid_port_num
from minikube_lite.machinery.selectors import validate_label_selector
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, not_supported, required
from minikube_lite.store import Object

POLICY_TYPES = ("Ingress", "Egress")
PROTOCOLS = ("TCP", "UDP", "SCTP")
DIRECTIONS = (("ingress", "from"), ("egress", "to"))

SPEC = Path("spec")


class NetworkPolicyStrategy(Strategy):
    """All writes."""

    has_status = False
    reset_fields = ()

    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        for direction, _ in DIRECTIONS:
            for rule in spec.get(direction) or ():
                for port in rule.get("ports") or ():
                    if port.get("protocol") is None:
                        port["protocol"] = "TCP"
        if not spec.get("policyTypes"):
            spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        return _spec_errors(obj["spec"], ())

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterable[str]:
        for path, block in _blocks(obj["spec"]):
            yield from cidr_warnings(path.child("cidr"), block.get("cidr", ""))
            for position, network in enumerate(block.get("except") or ()):
                yield from cidr_warnings(path.child("except").index(position), network)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        known = [
            text for _, block in _blocks(old["spec"]) for text in (block.get("cidr", ""), *(block.get("except") or ()))
        ]
        return _spec_errors(new["spec"], known)

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[str]:
        return self.warnings_on_create(context, new)


def _blocks(spec: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The address blocks of all peers, with their places."""
    for direction, peers in DIRECTIONS:
        for position, rule in enumerate(spec.get(direction) or ()):
            for number, peer in enumerate(rule.get(peers) or ()):
                if peer.get("ipBlock") is not None:
                    place = SPEC.child(direction).index(position).child(peers).index(number)
                    yield place.child("ipBlock"), peer["ipBlock"]


def _spec_errors(spec: Mapping[str, Any], known: Iterable[str]) -> Iterator[FieldError]:
    yield from validate_label_selector(spec.get("podSelector"), SPEC.child("podSelector"))
    for direction, peers in DIRECTIONS:
        for position, rule in enumerate(spec.get(direction) or ()):
            place = SPEC.child(direction).index(position)
            for number, port in enumerate(rule.get("ports") or ()):
                yield from _port_errors(port, place.child("ports").index(number))
            for number, peer in enumerate(rule.get(peers) or ()):
                yield from _peer_errors(peer, place.child(peers).index(number), known)
    types, path = spec["policyTypes"], SPEC.child("policyTypes")
    if len(types) > len(POLICY_TYPES):
        yield invalid(path, types, "may not specify more than two policyTypes")
        return
    for position, policy_type in enumerate(types):
        if policy_type not in POLICY_TYPES:
            yield not_supported(path.index(position), policy_type, POLICY_TYPES)


def _port_errors(item: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    port, end = item.get("port"), item.get("endPort")
    if item["protocol"] not in PROTOCOLS:
        yield not_supported(path.child("protocol"), item["protocol"], PROTOCOLS)
    if port is None:
        if end is not None:
            yield invalid(path.child("endPort"), end, "may not be specified when `port` is not specified")
    elif isinstance(port, str):
        if end is not None:
            yield invalid(path.child("endPort"), end, "may not be specified when `port` is non-numeric")
        yield from (invalid(path.child("port"), port, message) for message in is_valid_port_name(port))
    else:
        yield from (invalid(path.child("port"), port, message) for message in is_valid_port_num(port))
        if end is not None:
            if end < port:
                yield invalid(path.child("endPort"), port, "must be greater than or equal to `port`")
            yield from (invalid(path.child("endPort"), end, message) for message in is_valid_port_num(end))


def _peer_errors(peer: Mapping[str, Any], path: Path, known: Iterable[str]) -> Iterator[FieldError]:
    for name in ("podSelector", "namespaceSelector"):
        yield from validate_label_selector(peer.get(name), path.child(name))
    block = peer.get("ipBlock")
    if block is not None:
        yield from _block_errors(block, path.child("ipBlock"), known)
    count = sum(peer.get(name) is not None for name in ("podSelector", "namespaceSelector", "ipBlock"))
    if not count:
        yield required(path, "must specify a peer")
    elif count > 1 and block is not None:
        yield forbidden(path, "may not specify both ipBlock and another peer")


def _block_errors(block: Mapping[str, Any], path: Path, known: Iterable[str]) -> Iterator[FieldError]:
    text = block.get("cidr", "")
    if not text:
        yield required(path.child("cidr"))
        return
    yield from legacy_cidr(path.child("cidr"), text, known)
    parsed = parse_cidr_sloppy(text)
    if parsed is None:
        return
    network = parsed[1]
    for position, except_text in enumerate(block.get("except") or ()):
        place = path.child("except").index(position)
        yield from legacy_cidr(place, except_text, known)
        inner = parse_cidr_sloppy(except_text)
        if inner is None:
            continue
        if inner[1].network_address not in network or network.prefixlen >= inner[1].prefixlen:
            yield invalid(place, except_text, "must be a strict subset of `cidr`")


KIND = Kind(
    group="networking.k8s.io",
    plural="networkpolicies",
    strategy=NetworkPolicyStrategy(),
    columns=(
        NAME,
        cell_column(
            "Pod-Selector",
            lambda obj: format_selector(obj["spec"].get("podSelector")),
            description=FieldText("io.k8s.api.networking.v1.NetworkPolicySpec", "podSelector"),
        ),
        AGE,
    ),
    emulated=False,
)
