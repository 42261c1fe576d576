"""Which pods each budget is over, kept up change by change, so that no event looks at all pods; upstream: getPdbForPod."""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.machinery.controller import object_key
from minikube_lite.machinery.informer import Informer
from minikube_lite.machinery.selectors import NOTHING, Selector, SelectorError, label_selector_as_selector
from minikube_lite.store import Object


class Membership:
    """The pods of budgets, by the budgets' keys. Budgets of one namespace are few, its pods are many."""

    def __init__(self, pods: Informer) -> None:
        self._pods = pods
        self._selectors: dict[str, dict[str, Selector]] = {}
        self._members: dict[str, dict[str, None]] = {}

    def budget_changed(self, old: Object | None, new: Object | None) -> None:
        """A budget came, went, or selects others."""
        budget = new or old or {}
        key, namespace = object_key(budget), budget["metadata"]["namespace"]
        selectors = self._selectors.setdefault(namespace, {})
        if new is None:
            self._members.pop(key, None)
            selectors.pop(key, None)
            if not selectors:
                del self._selectors[namespace]
            return
        if old is not None and old["spec"].get("selector") == new["spec"].get("selector") and key in selectors:
            return
        selector = selectors[key] = _selector_of(new)
        self._members[key] = {
            pod["metadata"]["name"]: None
            for pod in (() if selector.nothing else self._pods.list_objects(namespace))
            if selector.matches(pod["metadata"].get("labels"))
        }

    def pod_changed(self, old: Object | None, new: Object | None) -> list[str]:
        """The keys of the budgets that a pod's change concerns."""
        metadata = (new or old or {})["metadata"]
        concerned = []
        for key, selector in self._selectors.get(metadata["namespace"], {}).items():
            members = self._members[key]
            was = metadata["name"] in members
            matches = new is not None and selector.matches(metadata.get("labels"))
            if matches:
                members[metadata["name"]] = None
            elif was:
                del members[metadata["name"]]
            if was or matches:
                concerned.append(key)
        return concerned

    def budgets_of(self, pod: Object) -> list[str]:
        """The names of the budgets over a pod."""
        metadata = pod["metadata"]
        selectors: Iterable[tuple[str, Selector]] = self._selectors.get(metadata["namespace"], {}).items()
        return [key.rpartition("/")[2] for key, selector in selectors if selector.matches(metadata.get("labels"))]

    def pods_of(self, namespace: str, key: str) -> list[Object]:
        """The pods of a budget, by name."""
        found = (self._pods.get(namespace, name) for name in sorted(self._members.get(key, ())))
        return [pod for pod in found if pod is not None]


def _selector_of(budget: Object) -> Selector:
    try:
        return label_selector_as_selector(budget["spec"].get("selector"))
    except SelectorError:
        return NOTHING
