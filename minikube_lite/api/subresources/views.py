"""The views in which an object is shown as itself: the main one, status, and what kinds add, as a namespace's finalize."""

from __future__ import annotations

from minikube_lite.api.scheme import ServedResource
from minikube_lite.machinery import errors
from minikube_lite.machinery.kind import Strategy
from minikube_lite.schema.decode import DecodeError
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
        """As it is, in the version that is asked for."""
        return resource.shown(obj)

    def merge(self, resource: ServedResource, sent: Object, old: Object | None) -> Object:
        """As it is sent, in the version in which it is stored."""
        try:
            return resource.hooked(sent)
        except DecodeError as error:
            raise errors.bad_request(str(error)) from None

    def show_owned(self, resource: ServedResource, obj: Object) -> Object:
        return self.show(resource, obj)

    def merge_owned(self, resource: ServedResource, applied: Object, old: Object | None) -> Object:
        return self.merge(resource, applied, old)


class StatusView(MainView):
    """The object, of which only the status is written. e.g. /api/v1/namespaces/default/pods/kubia-0/status"""

    def strategy(self, resource: ServedResource, subresource: str) -> Strategy:
        return resource.status_strategy


class StrategyView(MainView):
    """The object, written by a strategy that its kind declares for the subresource. e.g. pods/ephemeralcontainers"""

    def strategy(self, resource: ServedResource, subresource: str) -> Strategy:
        return resource.kind.subresource_strategies[subresource]
