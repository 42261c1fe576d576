"""A store to test, and the objects that go into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from minikube_lite.ledger import Ledger
from minikube_lite.store import MemoryStore, Object, Record

Put = Callable[..., Record]


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def store(ledger: Ledger) -> Iterator[MemoryStore]:
    store = MemoryStore(ledger, window_events_max=8, detect_mutation=True)
    yield store
    store.check_mutations()


@pytest.fixture
def put(store: MemoryStore) -> Put:
    """Write an object, whatever stands there."""

    def write(resource: str, name: str, namespace: str = "default", **content: object) -> Record:
        current = store.get(resource, namespace, name)
        obj: Object = {"metadata": {"namespace": namespace, "name": name}, **content}
        return store.commit(resource, namespace, name, obj, expected=current.revision if current else 0)

    return write
