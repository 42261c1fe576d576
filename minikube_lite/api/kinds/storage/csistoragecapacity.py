"""CSIStorageCapacities; upstream: pkg/registry/storage/csistoragecapacity."""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.api.columns import NAME, UNSET, text_column
from minikube_lite.api.kinds.quantities import non_negative_errors
from minikube_lite.machinery.kind import FieldText, Kind, RequestContext, Strategy
from minikube_lite.machinery.names import name_is_dns_subdomain
from minikube_lite.machinery.selectors import validate_label_selector
from minikube_lite.schema.field import FieldError, Path, invalid
from minikube_lite.store import Object


class CSIStorageCapacityStrategy(Strategy):
    """All writes."""

    has_status = False
    manages_generation = False
    allow_unconditional_update = False
    reset_fields = ()

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        yield from validate_label_selector(obj.get("nodeTopology"), Path("nodeTopology"))
        name = obj.get("storageClassName", "")
        yield from (invalid(Path("storageClassName"), name, message) for message in name_is_dns_subdomain(name))
        if obj.get("capacity") is not None:
            yield from non_negative_errors(obj["capacity"], Path("capacity"))

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        for name in ("nodeTopology", "storageClassName"):
            if new.get(name) != old.get(name):
                yield invalid(Path(name), new.get(name), "field is immutable")


KIND = Kind(
    group="storage.k8s.io",
    plural="csistoragecapacities",
    strategy=CSIStorageCapacityStrategy(),
    columns=(
        NAME,
        text_column(
            "StorageClassName",
            "storageClassName",
            description=FieldText("io.k8s.api.storage.v1.CSIStorageCapacity", "storageClassName"),
        ),
        text_column(
            "Capacity",
            "capacity",
            absent=UNSET,
            description=FieldText("io.k8s.api.storage.v1.CSIStorageCapacity", "capacity"),
        ),
    ),
    emulated=False,
)
