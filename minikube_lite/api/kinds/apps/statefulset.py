"""StatefulSets; upstream: pkg/registry/apps/statefulset and pkg/apis/apps/validation."""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.api.columns import AGE, NAME, template_columns
from minikube_lite.api.kinds.apps.workload import (
    SPEC,
    WorkloadStatusStrategy,
    WorkloadStrategy,
    amount,
    at_most_all,
    int_or_percent,
    is_selector_valid,
    replica_limits,
    replicas_column,
    selector_fault,
    validate_lasting_template,
    validate_selector,
)
from minikube_lite.api.kinds.core.persistentvolumeclaim import (
    claim_spec_warnings,
    default_claim_spec,
)
from minikube_lite.api.kinds.core.pod_defaults import default_resources
from minikube_lite.api.kinds.core.pod_fields import named, nonnegative, nonnegative_fields, spec_of
from minikube_lite.api.kinds.core.pod_spec import validate_pod_annotations, validate_pod_template
from minikube_lite.api.kinds.core.pod_volume_claims import validate_claim_spec
from minikube_lite.machinery.equality import same
from minikube_lite.machinery.kind import Column, Kind, RequestContext
from minikube_lite.machinery.metadata import validate_annotations, validate_labels
from minikube_lite.machinery.names import is_dns1123_label, name_is_dns_label
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, not_supported, required
from minikube_lite.store import Object

_POLICIES = ("OrderedReady", "Parallel")
_STRATEGIES = ("RollingUpdate", "OnDelete")
_RETENTION = ("Retain", "Delete")
_COUNTERS = ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
_MUTABLE = (
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
)  # fmt: skip
_IMMUTABLE_TEXT = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy',"
    " 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
_HISTORY_TEXT = (
    "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"
)


class StatefulSetStrategy(WorkloadStrategy):
    """Most of a StatefulSet's spec cannot change; its name is part of host names."""

    initial_status = ("replicas", "availableReplicas")

    def default_spec(self, spec: Object) -> None:
        if not spec.get("podManagementPolicy"):
            spec["podManagementPolicy"] = "OrderedReady"
        strategy = spec["updateStrategy"] = dict(spec.get("updateStrategy") or {})
        if not strategy.get("type"):
            strategy["type"] = "RollingUpdate"
            if strategy.get("rollingUpdate") is None:
                strategy["rollingUpdate"] = {}
        if strategy["type"] == "RollingUpdate" and strategy.get("rollingUpdate") is not None:
            strategy["rollingUpdate"] = {"partition": 0, **strategy["rollingUpdate"]}
        policy = spec["persistentVolumeClaimRetentionPolicy"] = dict(
            spec.get("persistentVolumeClaimRetentionPolicy") or {}
        )
        for name in ("whenDeleted", "whenScaled"):
            if not policy.get(name):
                policy[name] = "Retain"
        for name, value in (("replicas", 1), ("revisionHistoryLimit", 10)):
            if spec.get(name) is None:
                spec[name] = value
        for claim in spec.get("volumeClaimTemplates") or ():
            _default_claim(claim)

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        super().prepare_for_create(context, obj)
        _drop_max_unavailable(spec_of(obj))

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        super().prepare_for_update(context, new, old)
        _drop_max_unavailable(spec_of(new))

    def spec_errors(self, spec: Object) -> Iterator[FieldError]:
        return validate_spec(spec, is_new=True)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        after, before = new.get("spec") or {}, old.get("spec") or {}
        yield from validate_spec(after, is_new=False)
        names = [name for name in {**after, **before} if name not in _MUTABLE]
        if any(not same(after.get(name), before.get(name)) for name in names):
            yield forbidden(SPEC, _IMMUTABLE_TEXT)

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterator[str]:
        yield from super().warnings_on_create(context, obj)
        yield from _other_warnings(obj, SPEC.child("volumeClaimTemplates"))

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterator[str]:
        yield from super().warnings_on_update(context, new, old)
        yield from _other_warnings(new, SPEC.child("volumeClaimTemplates"), "Spec")


def _default_claim(claim: Object) -> None:
    """A claim's template shows itself as a claim that was just made."""
    claim["apiVersion"], claim["kind"] = "v1", "PersistentVolumeClaim"
    spec = spec_of(claim)
    default_claim_spec(spec)
    default_resources(spec)
    status = claim["status"] = dict(claim.get("status") or {})
    if not status.get("phase"):
        status["phase"] = "Pending"


def _drop_max_unavailable(spec: Object) -> None:
    """Updating several pods at once is a feature that is off by default."""
    rolling = (spec.get("updateStrategy") or {}).get("rollingUpdate")
    if rolling:
        rolling.pop("maxUnavailable", None)


def _other_warnings(obj: Object, path: Path, *below: str) -> Iterator[str]:
    spec = obj.get("spec") or {}
    for position, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
        place = path.index(position)
        yield from claim_spec_warnings(claim.get("spec") or {}, place.child(*below) if below else place)
    if (spec.get("revisionHistoryLimit") or 0) < 0:
        yield _HISTORY_TEXT


def validate_spec(spec: Object, *, is_new: bool) -> Iterator[FieldError]:
    """The spec of a StatefulSet. What cannot change is not looked at again."""
    policy = spec.get("podManagementPolicy") or ""
    if not policy:
        yield required(SPEC.child("podManagementPolicy"))
    elif policy not in _POLICIES:
        yield invalid(SPEC.child("podManagementPolicy"), policy, "must be 'OrderedReady' or 'Parallel'")
    yield from _validate_update_strategy(spec.get("updateStrategy") or {}, SPEC.child("updateStrategy"))
    retention = spec.get("persistentVolumeClaimRetentionPolicy")
    if retention is not None:
        for name in ("whenDeleted", "whenScaled"):
            if retention.get(name) not in _RETENTION:
                at = SPEC.child("persistentVolumeClaimRetentionPolicy", name)
                yield not_supported(at, retention.get(name) or "", _RETENTION)
    if is_new:
        for position, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
            at = SPEC.child("volumeClaimTemplates").index(position).child("spec")
            yield from validate_claim_spec(claim.get("spec") or {}, at)
    yield from nonnegative_fields(spec, ("replicas", "minReadySeconds"), SPEC)
    if spec.get("ordinals") is not None:
        yield from nonnegative(spec["ordinals"].get("start"), SPEC.child("ordinals", "start"))
    if is_new and spec.get("serviceName"):
        yield from named(is_dns1123_label, spec["serviceName"], SPEC.child("serviceName"))
    yield from validate_selector(spec.get("selector"), SPEC.child("selector"), "statefulset")
    if is_selector_valid(spec.get("selector")):
        yield from _validate_template(spec, SPEC.child("template"))
    else:
        yield invalid(SPEC.child("selector"), spec.get("selector"), "")
    yield from validate_lasting_template(spec.get("template") or {}, SPEC.child("template"), "StatefulSet")


def _validate_update_strategy(strategy: Object, path: Path) -> Iterator[FieldError]:
    sort, rolling = strategy.get("type") or "", strategy.get("rollingUpdate")
    place = path.child("rollingUpdate")
    if not sort:
        yield required(path)
    elif sort not in _STRATEGIES:
        shown = {"Type": sort, "RollingUpdate": _as_go_shows(rolling)}
        yield invalid(path, shown, "must be 'RollingUpdate' or 'OnDelete'")
    elif rolling is None:
        return
    elif sort == "OnDelete":
        yield invalid(place, _as_go_shows(rolling), "only allowed for updateStrategy 'RollingUpdate'")
    else:
        yield from nonnegative(rolling.get("partition"), place.child("partition"))
        maximum = rolling.get("maxUnavailable")
        if maximum is not None:
            yield from int_or_percent(maximum, place.child("maxUnavailable"))
            if amount(maximum) == 0:
                yield invalid(place.child("maxUnavailable"), maximum, "cannot be 0")
            yield from at_most_all(maximum, place.child("maxUnavailable"))


def _as_go_shows(rolling: Object | None) -> Object | None:
    """A value as upstream's messages show it, by Go's names."""
    if rolling is None:
        return None
    return {"Partition": rolling.get("partition") or 0, "MaxUnavailable": rolling.get("maxUnavailable")}


def _validate_template(spec: Object, path: Path) -> Iterator[FieldError]:
    """The template as the controller will use it: with a volume for each claim, host name and subdomain its own."""
    template = dict(spec.get("template") or {})
    pod_spec = template["spec"] = dict(template.get("spec") or {})
    pod_spec.pop("subdomain", None)
    pod_spec.pop("hostname", None)
    claims = [claim["metadata"].get("name") or "" for claim in spec.get("volumeClaimTemplates") or ()]
    if claims:
        own = [volume for volume in pod_spec.get("volumes") or () if volume.get("name") not in claims]
        claimed = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in dict.fromkeys(claims)]
        pod_spec["volumes"] = claimed + own
    fault = selector_fault(spec.get("selector"), template, path)
    if fault:
        yield fault
    yield from validate_pod_template(template, path)
    metadata = template.get("metadata") or {}
    yield from validate_labels(metadata.get("labels"), path.child("labels"))
    annotations = metadata.get("annotations")
    if annotations:
        yield from validate_annotations(annotations, path.child("annotations"))
        yield from validate_pod_annotations(annotations, pod_spec, path.child("annotations"))


COLUMNS = (
    NAME,
    Column("Ready", replicas_column("spec", "replicas"), description="Number of the pod with ready state"),
    AGE,
    *template_columns("spec", "template"),
)

STRATEGY = StatefulSetStrategy()

KIND = Kind(
    group="apps",
    plural="statefulsets",
    strategy=STRATEGY,
    columns=COLUMNS,
    status_strategy=WorkloadStatusStrategy(
        STRATEGY,
        (*_COUNTERS, "observedGeneration", "collisionCount"),
        replica_limits(*_COUNTERS[1:], ready_text="cannot be greater than status.readyReplicas"),
    ),
    name_check=name_is_dns_label,
    replicas_paths={f"apps/{version}": ("spec", "replicas") for version in ("v1beta1", "v1beta2", "v1")},
)
