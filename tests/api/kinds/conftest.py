"""What tests of kinds share: a kind on a bench, with what the registry would do around its strategy."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from minikube_lite.clock import Clock
from minikube_lite.config import Options
from minikube_lite.machinery.kind import Kind, RequestContext, StatusStrategy, Strategy, User
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.decode import decode
from minikube_lite.schema.resources import ResourceInfo, load_resources

Object = dict[str, Any]


class Bench:
    """One kind: makes and changes its objects, and tells what is wrong with them. It is a hook's reader too."""

    def __init__(self, kind: Kind, info: ResourceInfo, schemas: BuiltinSchemas, options: Object) -> None:
        self.kind = kind
        self.clock = Clock("stepped", seed=1)
        self.warnings: list[str] = []
        self._info = info
        self._schema = schemas.type_for(info.group, info.version, info.kind)
        self._options = SimpleNamespace(**{**dict(Options()), **options})
        self._objects: list[Object] = []

    def get(self, resource: GroupVersionResource, namespace: str, name: str) -> Object | None:
        found = (obj for obj in self.list_objects(resource, namespace) if obj["metadata"]["name"] == name)
        return next(found, None)

    def list_objects(self, resource: GroupVersionResource, namespace: str = "") -> Sequence[Object]:
        mine = resource.resource == self._info.name
        return [obj for obj in self._objects if mine and namespace in ("", obj["metadata"].get("namespace", ""))]

    def create(self, body: Object) -> Object:
        """A new object without faults, with what is given out in the cluster; later ones see it."""
        obj, faults = self._prepared(body)
        assert faults == []
        context = self._context("create")
        self.warnings = list(self.kind.strategy.warnings_on_create(context, obj))
        self.kind.strategy.allocate(context, obj, None)
        self._objects.append(obj)
        return obj

    def faults(self, body: Object) -> list[str]:
        """What is wrong with a new object."""
        return self._prepared(body)[1]

    def update(self, old: Object, change: Object, *, subresource: str = "") -> Object:
        """The object after a change without faults; parts of `change` replace those of the old one."""
        new, faults = self._changed(old, change, subresource)
        assert faults == []
        context, strategy = self._context("update", subresource), self._strategy(subresource)
        self.warnings = list(strategy.warnings_on_update(context, new, old))
        strategy.allocate(context, new, old)
        return new

    def update_faults(self, old: Object, change: Object, *, subresource: str = "") -> list[str]:
        """What is wrong with a change."""
        return self._changed(old, change, subresource)[1]

    def cells(self, obj: Object) -> Object:
        """The object's row five seconds later, by the columns' names."""
        return {column.name: column.cell(obj, self.clock.now() + 5) for column in self.kind.columns}

    def fields(self, obj: Object) -> Object:
        """What field selectors may ask of the object."""
        assert self.kind.selectable is not None
        fields = dict(self.kind.selectable(obj))
        assert set(fields) == set(self.kind.selectable_names)
        return fields

    def pass_time(self, seconds: float) -> None:
        """Let emulated time pass."""
        asyncio.run(self.clock.advance(seconds))

    def _prepared(self, body: Object) -> tuple[Object, list[str]]:
        obj = self._decoded(body, {"uid": self.clock.uid(), "creationTimestamp": self.clock.timestamp()})
        context = self._context("create")
        self.kind.strategy.default(obj)
        self.kind.strategy.prepare_for_create(context, obj)
        return obj, [str(fault) for fault in self.kind.strategy.validate(context, obj)]

    def _changed(self, old: Object, change: Object, subresource: str) -> tuple[Object, list[str]]:
        before = copy_object(old)
        new = self._decoded({**before, **change}, before["metadata"])
        context, strategy = self._context("update", subresource), self._strategy(subresource)
        strategy.default(new)
        strategy.prepare_for_update(context, new, old)
        faults = [str(fault) for fault in strategy.validate_update(context, new, old)]
        assert old == before
        return new, faults

    def _decoded(self, body: Object, metadata: Object) -> Object:
        assert self._schema is not None
        place = {"namespace": "default"} if self._info.namespaced else {}
        given = {"name": "x", **place, **copy_object(metadata), **body.get("metadata", {})}
        obj = decode(self._schema, copy_object({**body, "metadata": given})).value
        return {key: value for key, value in obj.items() if key not in ("apiVersion", "kind")}

    def _strategy(self, subresource: str) -> Strategy:
        if subresource == "status":
            return self.kind.status_strategy or StatusStrategy(self.kind.strategy)
        return self.kind.strategy

    def _context(self, verb: str, subresource: str = "") -> RequestContext:
        return RequestContext(self.clock, self, self._options, User("somebody"), verb, "default", "x", subresource)


class Benches:
    """Makes benches by the modules of kinds, as `core.service`."""

    def __init__(self) -> None:
        self._schemas = BuiltinSchemas.load()
        # The first of several versions is the preferred one.
        self._infos = {(info.group, info.name): info for info in reversed(load_resources())}

    def make(self, module: str, **options: Any) -> Bench:
        """A fresh bench; `options` differ from the cluster's default ones."""
        kind = importlib.import_module(f"minikube_lite.api.kinds.{module}").KIND
        return Bench(kind, self._infos[kind.group, kind.plural], self._schemas, options)


@pytest.fixture(scope="session")
def benches() -> Benches:
    """Makes benches; reading the types once is enough."""
    return Benches()


@pytest.fixture
def bench(request: pytest.FixtureRequest, benches: Benches) -> Bench:
    """The kind of the test module's KIND_MODULE."""
    return benches.make(request.module.KIND_MODULE)
