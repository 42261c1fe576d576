"""A kind on its own: decoded, filled in, prepared and checked, without an API server around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from minikube_lite.api.kinds import discover
from minikube_lite.clock import Clock
from minikube_lite.machinery.kind import Kind, RequestContext, Strategy, User
from minikube_lite.machinery.meta import copy_object
from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.decode import decode
from minikube_lite.schema.model import Schema

Object = dict[str, Any]
Faults = list[tuple[str, str]]


class NoObjects:
    """A cluster in which there is nothing."""

    def get(self, resource: object, namespace: str, name: str) -> None:
        return None

    def list_objects(self, resource: object, namespace: str = "") -> Sequence[Object]:
        return ()


class KindBench:
    """One kind, and what the registry would ask of it."""

    def __init__(self, kind: Kind, schema: Schema) -> None:
        self.kind = kind
        self._schema = schema

    def context(self, verb: str = "create") -> RequestContext:
        return RequestContext(Clock("stepped", start=1_800_000_000.0), NoObjects(), None, User("somebody"), verb)

    def decoded(self, body: Object) -> Object:
        obj = decode(self._schema, body).value
        obj.pop("apiVersion", None)
        obj.pop("kind", None)
        obj.setdefault("metadata", {}).setdefault("namespace", "default")
        obj["metadata"].setdefault("uid", "u-1")
        assert isinstance(obj, dict)
        return obj

    def made(self, body: Object) -> Object:
        """The object as it would be stored."""
        obj = self.decoded(body)
        self.kind.strategy.default(obj)
        self.kind.strategy.prepare_for_create(self.context(), obj)
        return obj

    def faults(self, body: Object) -> Faults:
        """What is wrong with a new object."""
        return [(str(e.path), e.body) for e in self.kind.strategy.validate(self.context(), self.made(body))]

    def warnings(self, body: Object) -> list[str]:
        """What the maker of an object is warned of."""
        return list(self.kind.strategy.warnings_on_create(self.context(), self.made(body)))

    def updated(self, old: Object, body: Object, strategy: Strategy | None = None) -> tuple[Object, Faults]:
        """The object after a change, and what is wrong with the change."""
        strategy = strategy or self.kind.strategy
        new = self.decoded(copy_object(body))
        before = copy_object(old)
        strategy.default(new)
        strategy.prepare_for_update(self.context("update"), new, old)
        faults = [(str(e.path), e.body) for e in strategy.validate_update(self.context("update"), new, old)]
        assert old == before
        return new, faults

    def row(self, obj: Object, now: float = 0.0) -> dict[str, Any]:
        """The object's cells by the columns' names."""
        return {column.name: column.cell(obj, now) for column in self.kind.columns}


@pytest.fixture(scope="session")
def find_kind() -> Callable[[str, str, str], KindBench]:
    """Finds a kind by group, version and kind, as `find_kind("apps", "v1", "StatefulSet")`."""
    schemas = BuiltinSchemas.load()
    kinds = {(kind.group, kind.plural): kind for kind in discover()}

    def find(group: str, version: str, kind: str) -> KindBench:
        schema = schemas.type_for(group, version, kind)
        assert schema is not None
        return KindBench(kinds[group, f"{kind.lower()}s"], schema)

    return find


@pytest.fixture(scope="session")
def pods(find_kind: Callable[[str, str, str], KindBench]) -> KindBench:
    """Pods."""
    return find_kind("", "v1", "Pod")


@pytest.fixture(scope="session")
def stateful_sets(find_kind: Callable[[str, str, str], KindBench]) -> KindBench:
    """StatefulSets."""
    return find_kind("apps", "v1", "StatefulSet")
