"""StorageClasses; upstream: pkg/registry/storage/storageclass and pkg/apis/storage/validation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from minikube_lite.api.columns import AGE, boolean_column, name_of, text_column
from minikube_lite.api.kinds.go_structs import go_map
from minikube_lite.api.kinds.node_selectors import DEPRECATED_NODE_LABELS, topology_errors
from minikube_lite.machinery.kind import Column, FieldText, Kind, RequestContext, Strategy
from minikube_lite.machinery.metadata import validate_immutable_field
from minikube_lite.machinery.names import byte_length, is_qualified_name
from minikube_lite.schema.field import FieldError, Path, invalid, not_supported, required, too_long
from minikube_lite.store import Object

PARAMETERS_MAX = 512
PARAMETERS_BYTES_MAX = 256 * 1024
BINDING_MODES = ("Immediate", "WaitForFirstConsumer")
RECLAIM_POLICIES = ("Delete", "Retain")

DEFAULT_CLASS_ANNOTATIONS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)


class StorageClassStrategy(Strategy):
    """All writes."""

    has_status = False
    manages_generation = False
    reset_fields = ()

    def default(self, obj: Object) -> None:
        if obj.get("reclaimPolicy") is None:
            obj["reclaimPolicy"] = "Delete"
        if obj.get("volumeBindingMode") is None:
            obj["volumeBindingMode"] = "Immediate"

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        yield from provisioner_errors(obj.get("provisioner", ""), Path("provisioner"))
        yield from parameters_errors(obj.get("parameters") or {}, Path("parameters"))
        if obj["reclaimPolicy"] and obj["reclaimPolicy"] not in RECLAIM_POLICIES:
            yield not_supported(Path("reclaimPolicy"), obj["reclaimPolicy"], RECLAIM_POLICIES)
        if obj["volumeBindingMode"] not in BINDING_MODES:
            yield not_supported(Path("volumeBindingMode"), obj["volumeBindingMode"], BINDING_MODES)
        yield from topology_errors(obj.get("allowedTopologies") or (), Path("allowedTopologies"))

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterable[str]:
        for position, term in enumerate(obj.get("allowedTopologies") or ()):
            place = Path("allowedTopologies").index(position).child("matchLabelExpressions")
            for number, requirement in enumerate(term.get("matchLabelExpressions") or ()):
                text = DEPRECATED_NODE_LABELS.get(requirement.get("key", ""))
                if text:
                    yield f"{place.index(number).child('key')}: {text}"

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        parameters = (go_map(new.get("parameters")), go_map(old.get("parameters")))
        yield from validate_immutable_field(*parameters, Path("parameters"))
        for name in ("provisioner", "reclaimPolicy", "volumeBindingMode"):
            yield from validate_immutable_field(new.get(name), old.get(name), Path(name))

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[str]:
        return self.warnings_on_create(context, new)


def provisioner_errors(name: str, path: Path) -> Iterator[FieldError]:
    """The name of who makes volumes."""
    if not name:
        yield required(path)
        return
    for message in is_qualified_name(name.lower()):
        yield invalid(path, name.lower(), message)


def parameters_errors(parameters: Mapping[str, str], path: Path, *, needed: bool = False) -> Iterator[FieldError]:
    """What a class tells its driver."""
    if len(parameters) > PARAMETERS_MAX:
        yield too_long(path, PARAMETERS_MAX)
        return
    if "" in parameters:
        yield invalid(path, "", "field can not be empty.")
    if sum(byte_length(key) + byte_length(value) for key, value in parameters.items()) > PARAMETERS_BYTES_MAX:
        yield too_long(path, PARAMETERS_BYTES_MAX)
    if needed and not parameters:
        yield required(path, "must contain at least one key/value pair")


def is_default_class(obj: Object) -> bool:
    """Whether claims without a class get this one."""
    annotations = obj["metadata"].get("annotations") or {}
    return any(annotations.get(name) == "true" for name in DEFAULT_CLASS_ANNOTATIONS)


def _name_text(obj: Object, now: float) -> str:
    return name_of(obj, now) + (" (default)" if is_default_class(obj) else "")


KIND = Kind(
    group="storage.k8s.io",
    plural="storageclasses",
    strategy=StorageClassStrategy(),
    columns=(
        Column(
            "Name",
            _name_text,
            format="name",
            description=FieldText("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "name"),
        ),
        text_column(
            "Provisioner", "provisioner", description=FieldText("io.k8s.api.storage.v1.StorageClass", "provisioner")
        ),
        text_column(
            "ReclaimPolicy",
            "reclaimPolicy",
            absent="Delete",
            description=FieldText("io.k8s.api.storage.v1.StorageClass", "reclaimPolicy"),
        ),
        text_column(
            "VolumeBindingMode",
            "volumeBindingMode",
            absent="Immediate",
            description=FieldText("io.k8s.api.storage.v1.StorageClass", "volumeBindingMode"),
        ),
        # Upstream calls the type of this truth value a string.
        Column(
            "AllowVolumeExpansion",
            boolean_column("", "allowVolumeExpansion").cell,
            description=FieldText("io.k8s.api.storage.v1.StorageClass", "allowVolumeExpansion"),
        ),
        AGE,
    ),
    delete_returns_object=True,
)
