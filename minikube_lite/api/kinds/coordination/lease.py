"""Leases; upstream: pkg/registry/coordination/lease."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from minikube_lite.api.columns import AGE, NAME, text_column
from minikube_lite.machinery.kind import FieldText, Kind, RequestContext, Strategy
from minikube_lite.machinery.names import is_qualified_name
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, not_supported
from minikube_lite.store import Object

STRATEGIES = ("OldestEmulationVersion",)

SPEC = Path("spec")


class LeaseStrategy(Strategy):
    """All writes."""

    has_status = False
    manages_generation = False
    allow_create_on_update = True
    allow_unconditional_update = False
    reset_fields = ()

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        self.prepare_for_update(context, obj, {})

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        # Coordinated leader election is off by default; what it needs is dropped unless it was there before.
        for name in ("strategy", "preferredHolder"):
            if name not in old.get("spec", {}):
                new.get("spec", {}).pop(name, None)

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        spec = obj.get("spec", {})
        seconds, transitions = spec.get("leaseDurationSeconds"), spec.get("leaseTransitions")
        if seconds is not None and seconds <= 0:
            yield invalid(SPEC.child("leaseDurationSeconds"), seconds, "must be greater than 0")
        if transitions is not None and transitions < 0:
            yield invalid(SPEC.child("leaseTransitions"), transitions, "must be greater than or equal to 0")
        if spec.get("strategy") is not None:
            yield from strategy_errors(spec["strategy"], SPEC.child("strategy"))
        if spec.get("preferredHolder") and not spec.get("strategy"):
            yield forbidden(SPEC.child("preferredHolder"), "may only be specified if `strategy` is defined")

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        return self.validate(context, new)


def strategy_errors(strategy: str, path: Path) -> Iterator[FieldError]:
    """How a leader is chosen: by a known way, or by somebody's own of a qualified name."""
    place = path.child("strategy")
    if "/" not in strategy:
        if strategy not in STRATEGIES:
            yield not_supported(place, strategy, STRATEGIES)
        return
    for message in is_qualified_name(strategy):
        yield invalid(place, strategy, message)


KIND = Kind(
    group="coordination.k8s.io",
    plural="leases",
    strategy=LeaseStrategy(),
    columns=(
        NAME,
        text_column(
            "Holder",
            "spec",
            "holderIdentity",
            description=FieldText("io.k8s.api.coordination.v1.LeaseSpec", "holderIdentity"),
        ),
        AGE,
    ),
)
