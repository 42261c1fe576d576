"""Subresources: other views of an object, and actions on it. Each is one file; upstream: pkg/registry/<group>/<kind>/storage."""

from __future__ import annotations

from minikube_lite.api.authentication.service_account import ServiceAccountTokens
from minikube_lite.api.registry import Registry
from minikube_lite.api.scheme import ServedResource
from minikube_lite.api.subresources.base import Action, View
from minikube_lite.api.subresources.binding import Binding
from minikube_lite.api.subresources.eviction import Eviction
from minikube_lite.api.subresources.scale import ScaleView
from minikube_lite.api.subresources.token import Token
from minikube_lite.api.subresources.views import MainView, StatusView, StrategyView
from minikube_lite.machinery import errors


class Subresources:
    """Finds the view or the action behind a subresource's name."""

    def __init__(self, registry: Registry, tokens: ServiceAccountTokens) -> None:
        self._main = MainView()
        self._status = StatusView()
        self._scale = ScaleView(registry.scheme.schemas)
        self._strategy = StrategyView()
        self._actions: dict[tuple[str, str], Action] = {
            ("pods", "binding"): Binding(registry),
            ("pods", "eviction"): Eviction(registry),
            ("serviceaccounts", "token"): Token(registry, tokens),
        }

    def view(self, resource: ServedResource, subresource: str) -> View:
        """What GET, PUT and PATCH see under that name, "" for the object itself; 404, or 501 where it is not emulated."""
        if not subresource:
            return self._main
        if subresource not in resource.subresources:
            raise errors.page_not_found()
        if subresource == "status":
            return self._status
        if subresource == "scale":
            return self._scale
        if subresource in resource.kind.subresource_strategies:
            return self._strategy
        if (resource.key, subresource) in self._actions:
            raise errors.method_not_allowed()
        raise errors.not_emulated(f"{resource.gvr.resource}/{subresource}")

    def action(self, resource: ServedResource, subresource: str) -> Action:
        """What POST does under that name; 404, 405, or 501 where it is not emulated."""
        if subresource not in resource.subresources:
            raise errors.page_not_found()
        action = self._actions.get((resource.key, subresource))
        if action is None:
            if "create" not in resource.subresources[subresource].verbs:
                raise errors.method_not_allowed()
            raise errors.not_emulated(f"{resource.gvr.resource}/{subresource}")
        return action
