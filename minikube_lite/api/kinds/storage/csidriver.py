"""CSIDrivers; upstream: pkg/registry/storage/csidriver."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from minikube_lite.api.columns import AGE, NAME, NONE, UNSET, boolean_column, cell_column
from minikube_lite.api.kinds.core.persistentvolume_sources import csi_driver_name_errors
from minikube_lite.machinery.kind import FieldText, Kind, RequestContext, Strategy
from minikube_lite.machinery.metadata import validate_immutable_field
from minikube_lite.schema.field import FieldError, Path, duplicate, invalid, not_supported
from minikube_lite.store import Object

TOKEN_SECONDS_MIN = 600
TOKEN_SECONDS_MAX = 2**32
UPDATE_PERIOD_SECONDS_MIN = 10

DEFAULTS: Mapping[str, Any] = {
    "attachRequired": True,
    "podInfoOnMount": False,
    "storageCapacity": False,
    "fsGroupPolicy": "ReadWriteOnceWithFSType",
    "requiresRepublish": False,
    "seLinuxMount": False,
}
FS_GROUP_POLICIES = ("File", "None", "ReadWriteOnceWithFSType")
LIFECYCLE_MODES = ("Persistent", "Ephemeral")


SPEC = Path("spec")


class CSIDriverStrategy(Strategy):
    """All writes. The generation counts changes only; a new object has none."""

    has_status = False
    allow_unconditional_update = False
    reset_fields = ()

    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        for name, value in DEFAULTS.items():
            if spec.get(name) is None:
                spec[name] = value
        if not spec.get("volumeLifecycleModes"):
            spec["volumeLifecycleModes"] = ["Persistent"]

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        obj["metadata"].pop("generation", None)
        obj["spec"].pop("preventPodSchedulingIfMissing", None)

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        return _spec_errors(obj["spec"])

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterable[str]:
        if obj["spec"].get("tokenRequests") and obj["spec"].get("serviceAccountTokenInSecrets") is None:
            yield (
                "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent"
                " possible logging of tokens in volume attributes"
            )

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        if "preventPodSchedulingIfMissing" not in old["spec"]:
            new["spec"].pop("preventPodSchedulingIfMissing", None)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        yield from _spec_errors(new["spec"])
        for name, shown in (("attachRequired", "attachedRequired"), ("volumeLifecycleModes", "volumeLifecycleModes")):
            yield from validate_immutable_field(new["spec"].get(name), old["spec"].get(name), SPEC.child(shown))

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[str]:
        changed = new["spec"].get("tokenRequests") != old["spec"].get("tokenRequests")
        return self.warnings_on_create(context, new) if changed else ()


def _spec_errors(spec: Mapping[str, Any]) -> Iterator[FieldError]:
    if spec["fsGroupPolicy"] not in FS_GROUP_POLICIES:
        yield not_supported(SPEC.child("fsGroupPolicy"), spec["fsGroupPolicy"], FS_GROUP_POLICIES)
    requests = spec.get("tokenRequests") or ()
    yield from _token_requests_errors(requests, SPEC.child("tokenRequests"))
    for mode in spec["volumeLifecycleModes"]:
        if mode not in LIFECYCLE_MODES:
            yield not_supported(SPEC.child("volumeLifecycleModes"), mode, LIFECYCLE_MODES)
    period = spec.get("nodeAllocatableUpdatePeriodSeconds")
    if period is not None and period < UPDATE_PERIOD_SECONDS_MIN:
        text = f"must be greater than or equal to {UPDATE_PERIOD_SECONDS_MIN} seconds"
        yield invalid(SPEC.child("nodeAllocatableUpdatePeriodSeconds"), period, text)
    in_secrets = spec.get("serviceAccountTokenInSecrets")
    if in_secrets is not None and not requests:
        text = "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
        yield invalid(SPEC.child("serviceAccountTokenInSecrets"), in_secrets, text)


def _token_requests_errors(requests: Sequence[Mapping[str, Any]], path: Path) -> Iterator[FieldError]:
    audiences: set[str] = set()
    for position, request in enumerate(requests):
        place, audience = path.index(position), request.get("audience", "")
        if audience in audiences:
            yield duplicate(place.child("audience"), audience)
            continue
        audiences.add(audience)
        seconds = request.get("expirationSeconds")
        if seconds is not None and seconds < TOKEN_SECONDS_MIN:
            yield invalid(place.child("expirationSeconds"), seconds, "may not specify a duration less than 10 minutes")
        if seconds is not None and seconds > TOKEN_SECONDS_MAX:
            yield invalid(
                place.child("expirationSeconds"), seconds, "may not specify a duration larger than 2^32 seconds"
            )


def _name_check(name: str, prefix: bool) -> list[str]:
    return [error.detail for error in csi_driver_name_errors(name, SPEC)]


def _tokens_text(obj: Object) -> str:
    requests = obj["spec"].get("tokenRequests")
    return UNSET if requests is None else ",".join(request.get("audience", "") for request in requests)


KIND = Kind(
    group="storage.k8s.io",
    plural="csidrivers",
    strategy=CSIDriverStrategy(),
    columns=(
        NAME,
        boolean_column(
            "AttachRequired",
            "spec",
            "attachRequired",
            description=FieldText("io.k8s.api.storage.v1.CSIDriverSpec", "attachRequired"),
        ),
        boolean_column(
            "PodInfoOnMount",
            "spec",
            "podInfoOnMount",
            description=FieldText("io.k8s.api.storage.v1.CSIDriverSpec", "podInfoOnMount"),
        ),
        boolean_column(
            "StorageCapacity",
            "spec",
            "storageCapacity",
            description=FieldText("io.k8s.api.storage.v1.CSIDriverSpec", "storageCapacity"),
        ),
        cell_column(
            "TokenRequests", _tokens_text, description=FieldText("io.k8s.api.storage.v1.CSIDriverSpec", "tokenRequests")
        ),
        boolean_column(
            "RequiresRepublish",
            "spec",
            "requiresRepublish",
            description=FieldText("io.k8s.api.storage.v1.CSIDriverSpec", "requiresRepublish"),
        ),
        cell_column(
            "Modes",
            lambda obj: ",".join(obj["spec"].get("volumeLifecycleModes") or ()) or NONE,
            description=FieldText("io.k8s.api.storage.v1.CSIDriverSpec", "volumeLifecycleModes"),
        ),
        AGE,
    ),
    name_check=_name_check,
    delete_returns_object=True,
    emulated=False,
)
