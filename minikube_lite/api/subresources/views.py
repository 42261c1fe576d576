"""The views in which an object is shown as itself: the main one, status, a namespace's finalize, and what kinds add."""

from __future__ import annotations

from minikube_lite.api.scheme import ServedResource
from minikube_lite.machinery.kind import RequestContext, Strategy, keep
from minikube_lite.machinery.names import is_qualified_name
from minikube_lite.schema.field import FieldError, Path, invalid
from minikube_lite.store import Object


class MainView:
    """The object itself."""

    def shown_as(self, resource: ServedResource) -> ServedResource:
        """Its own kind."""
        return resource

    def strategy(self, resource: ServedResource, subresource: str) -> Strategy:
        """Its kind's strategy."""
        return resource.strategy

    def show(self, resource: ServedResource, obj: Object) -> Object:
        """As it is."""
        return obj

    def merge(self, resource: ServedResource, sent: Object, old: Object | None) -> Object:
        """As it is sent."""
        return sent


class StatusView(MainView):
    """The object, of which only the status is written. e.g. /api/v1/namespaces/default/pods/kubia-0/status"""

    def strategy(self, resource: ServedResource, subresource: str) -> Strategy:
        return resource.status_strategy


class StrategyView(MainView):
    """The object, written by a strategy that its kind declares for the subresource. e.g. pods/ephemeralcontainers"""

    def strategy(self, resource: ServedResource, subresource: str) -> Strategy:
        return resource.kind.subresource_strategies[subresource]


class FinalizeStrategy(Strategy):
    """Only spec.finalizers is written; upstream: pkg/registry/core/namespace/strategy.go namespaceFinalizeStrategy."""

    manages_generation = False

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        keep(new, old, "status")

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> list[FieldError]:
        path = Path("spec").child("finalizers")
        faults: list[FieldError] = []
        for position, name in enumerate(new.get("spec", {}).get("finalizers", ())):
            faults.extend(invalid(path.index(position), name, text) for text in is_qualified_name(name))
        return faults


class FinalizeView(MainView):
    """A namespace's finalizers. e.g. PUT /api/v1/namespaces/default/finalize"""

    def strategy(self, resource: ServedResource, subresource: str) -> Strategy:
        return FinalizeStrategy()
