"""A cache that knows our own writes before the informer does, so that one volume is not given away twice.

Upstream: storeObjectUpdate in pv_controller_base.go.
"""

from __future__ import annotations

from minikube_lite.machinery.informer import Informer
from minikube_lite.store import Object

Key = tuple[str, str]


class Latest:
    """The objects of an informer, or what we wrote since."""

    def __init__(self, informer: Informer) -> None:
        self._informer = informer
        self._written: dict[Key, Object] = {}
        informer.add_handler(self._changed)

    def get(self, namespace: str, name: str) -> Object | None:
        """The object, or None."""
        return self._written.get((namespace, name)) or self._informer.get(namespace, name)

    def list_objects(self) -> list[Object]:
        """All objects, by namespace and name."""
        return [self._written.get(_key(obj), obj) for obj in self._informer]

    def wrote(self, obj: Object) -> None:
        """The object is now like this. What the informer has seen go stays gone."""
        known = self._informer.get(*_key(obj))
        if known is not None and _version(known) < _version(obj):
            self._written[_key(obj)] = obj

    def _changed(self, old: Object | None, new: Object | None) -> None:
        obj = new if new is not None else old
        assert obj is not None
        written = self._written.get(_key(obj))
        if written is not None and (new is None or _version(new) >= _version(written)):
            del self._written[_key(obj)]


def _key(obj: Object) -> Key:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def _version(obj: Object) -> int:
    return int(obj["metadata"]["resourceVersion"])
