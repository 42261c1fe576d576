"""CSINodes; upstream: pkg/registry/storage/csinode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minikube_lite.api.columns import AGE, NAME, value_at
from minikube_lite.api.kinds.core.persistentvolume_sources import csi_driver_name_errors
from minikube_lite.api.kinds.go_structs import GoField, go_struct
from minikube_lite.machinery.kind import Column, Kind, RequestContext, Strategy
from minikube_lite.machinery.names import byte_length, is_qualified_name
from minikube_lite.schema.field import FieldError, Path, duplicate, invalid, required
from minikube_lite.store import Object

NODE_ID_BYTES_MAX = 256

_DRIVER = (
    GoField("Name", "name", ""),
    GoField("NodeID", "nodeID", ""),
    GoField("TopologyKeys", "topologyKeys"),
    GoField("Allocatable", "allocatable"),
)

DRIVERS = Path("spec.drivers")


class CSINodeStrategy(Strategy):
    """All writes."""

    has_status = False
    manages_generation = False
    allow_unconditional_update = False
    reset_fields = ()

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        names: set[str] = set()
        for position, driver in enumerate(_drivers(obj)):
            path, name = DRIVERS.index(position), driver.get("name", "")
            yield from _driver_errors(driver, path)
            if name in names:
                yield duplicate(path.child("name"), name)
            names.add(name)
            yield from _topology_keys_errors(driver.get("topologyKeys") or (), path)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        yield from self.validate(context, new)
        for before in _drivers(old):
            for driver in _drivers(new):
                if driver.get("name") != before.get("name"):
                    continue
                shown = {**driver, "allocatable": None}
                if shown != {**before, "allocatable": None}:
                    yield invalid(DRIVERS, go_struct(shown, _DRIVER), "field is immutable")


def _drivers(obj: Object) -> list[Object]:
    return list(obj.get("spec", {}).get("drivers") or ())


def _driver_errors(driver: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    yield from csi_driver_name_errors(driver.get("name", ""), path.child("name"))
    node_id = driver.get("nodeID", "")
    if not node_id:
        yield required(path.child("nodeID"))
    if byte_length(node_id) > NODE_ID_BYTES_MAX:
        yield invalid(path.child("nodeID"), node_id, f"must be {NODE_ID_BYTES_MAX} characters or less")
    count = value_at(driver, ("allocatable", "count"), 0)
    if count < 0:
        yield invalid(path.child("allocatable", "count"), count, "must be greater than or equal to 0")


def _topology_keys_errors(keys: Iterable[str], path: Path) -> Iterator[FieldError]:
    seen: set[str] = set()
    for key in keys:
        if not key:
            yield required(path)
        if key in seen:
            yield duplicate(path, key)
        seen.add(key)
        yield from (invalid(path, key, message) for message in is_qualified_name(key))


KIND = Kind(
    group="storage.k8s.io",
    plural="csinodes",
    strategy=CSINodeStrategy(),
    columns=(
        NAME,
        Column(
            "Drivers",
            lambda obj, _now: len(_drivers(obj)),
            "integer",
            description="Drivers indicates the number of CSI drivers registered on the node",
        ),
        AGE,
    ),
    delete_returns_object=True,
    emulated=False,
)
