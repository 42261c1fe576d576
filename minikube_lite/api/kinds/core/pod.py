"""Pods; upstream: pkg/registry/core/pod."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from minikube_lite.api.kinds.core.pod_columns import COLUMNS, row_conditions
from minikube_lite.api.kinds.core.pod_defaults import default_pod
from minikube_lite.api.kinds.core.pod_fields import spec_of
from minikube_lite.api.kinds.core.pod_prepare import (
    drop_disabled_fields,
    gated_condition,
    merge_match_label_keys,
    take_over_apparmor_annotations,
)
from minikube_lite.api.kinds.core.pod_spec import validate_pod_create
from minikube_lite.api.kinds.core.pod_status import PodStatusStrategy
from minikube_lite.api.kinds.core.pod_subresources import EphemeralContainersStrategy, ResizeStrategy
from minikube_lite.api.kinds.core.pod_update import validate_pod_update
from minikube_lite.api.kinds.core.pod_warnings import pod_warnings
from minikube_lite.machinery.equality import same
from minikube_lite.machinery.kind import Kind, RequestContext, Strategy
from minikube_lite.machinery.meta import is_pod_terminal
from minikube_lite.machinery.names import is_dns1123_label
from minikube_lite.machinery.pod_resources import compute_pod_qos
from minikube_lite.schema.field import FieldError
from minikube_lite.store import Object


class PodStrategy(Strategy):
    """A pod begins Pending, keeps most of its spec, and goes when its kubelet says so."""

    def default(self, obj: Object) -> None:
        default_pod(obj)

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        spec = spec_of(obj)
        drop_disabled_fields(spec)
        obj["status"] = {"phase": "Pending", "qosClass": compute_pod_qos(spec)}
        condition = gated_condition(spec, context.clock.timestamp())
        if condition:
            obj["status"]["conditions"] = [condition]
        merge_match_label_keys(obj)
        if obj["metadata"].get("annotations"):
            context.warnings.extend(take_over_apparmor_annotations(obj))

    def validate(self, context: RequestContext, obj: Object) -> Iterator[FieldError]:
        return validate_pod_create(obj)

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterator[str]:
        messages = is_dns1123_label(obj["metadata"].get("name") or "")
        if messages:
            surprise = "this is used in the Pod's hostname, which can result in surprising behavior"
            yield f"metadata.name: {surprise}; a DNS label is recommended: [{' '.join(messages)}]"
        yield from pod_warnings(obj)

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        super().prepare_for_update(context, new, old)
        drop_disabled_fields(spec_of(new))

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        return validate_pod_update(new, old)

    def generation_changes(self, new: Object, old: Object) -> bool:
        return not same(new.get("spec"), old.get("spec"))

    def check_graceful_delete(
        self, context: RequestContext, obj: Object, grace_period_seconds: int | None
    ) -> int | None:
        """The time a pod is given to stop: none where nothing runs. Unlike other kinds a pod is always asked."""
        spec = obj.get("spec") or {}
        if not spec.get("nodeName") or is_pod_terminal(obj):
            return 0
        period = grace_period_seconds
        if period is None:
            period = spec.get("terminationGracePeriodSeconds") or 0
        return 1 if period < 0 else int(period)


def selectable_fields(pod: Object) -> Mapping[str, str]:
    """What field selectors may ask of a pod."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    addresses = status.get("podIPs")
    return {
        "spec.nodeName": spec.get("nodeName") or "",
        "spec.restartPolicy": spec.get("restartPolicy") or "",
        "spec.schedulerName": spec.get("schedulerName") or "",
        "spec.serviceAccountName": spec.get("serviceAccountName") or "",
        "spec.hostNetwork": "true" if spec.get("hostNetwork") else "false",
        "status.phase": status.get("phase") or "",
        "status.podIP": (addresses[0].get("ip") or "") if addresses else "",
        "status.nominatedNodeName": status.get("nominatedNodeName") or "",
    }


STRATEGY = PodStrategy()
KIND = Kind(
    group="",
    plural="pods",
    strategy=STRATEGY,
    columns=COLUMNS,
    status_strategy=PodStatusStrategy(STRATEGY),
    subresource_strategies={
        "ephemeralcontainers": EphemeralContainersStrategy(STRATEGY),
        "resize": ResizeStrategy(STRATEGY),
    },
    selectable=selectable_fields,
    selectable_names=(
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    ),
    row_conditions=row_conditions,
    delete_returns_object=True,
    graceful=True,
)
