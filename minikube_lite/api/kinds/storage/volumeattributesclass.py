"""VolumeAttributesClasses; upstream: pkg/registry/storage/volumeattributesclass."""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.api.columns import AGE, NAME, text_column
from minikube_lite.api.kinds.storage.storageclass import parameters_errors, provisioner_errors
from minikube_lite.machinery.kind import FieldText, Kind, RequestContext, Strategy
from minikube_lite.schema.field import FieldError, Path, forbidden
from minikube_lite.store import Object


class VolumeAttributesClassStrategy(Strategy):
    """All writes."""

    has_status = False
    manages_generation = False
    reset_fields = ()

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        yield from provisioner_errors(obj.get("driverName", ""), Path("driverName"))
        yield from parameters_errors(obj.get("parameters") or {}, Path("parameters"), needed=True)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        for name in ("driverName", "parameters"):
            if new.get(name) != old.get(name):
                yield forbidden(Path(name), f"updates to {name} are forbidden.")
        yield from self.validate(context, new)


KIND = Kind(
    group="storage.k8s.io",
    plural="volumeattributesclasses",
    strategy=VolumeAttributesClassStrategy(),
    columns=(
        NAME,
        text_column(
            "DriverName",
            "driverName",
            description=FieldText("io.k8s.api.storage.v1.VolumeAttributesClass", "driverName"),
        ),
        AGE,
    ),
    delete_returns_object=True,
    emulated=False,
)
