"""What the server changes in pods and templates before it looks at them; upstream: pkg/registry/core/pod/strategy.go.

Fields of features that 1.36 has off by default are dropped, as pkg/api/pod does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from minikube_lite.api.kinds.core.pod_fields import visit_containers
from minikube_lite.api.kinds.core.pod_security import ANNOTATION_APPARMOR, validate_apparmor
from minikube_lite.schema.field import Path
from minikube_lite.store import Object

_PROJECTIONS_OFF = ("clusterTrustBundle", "podCertificate")
_AFFINITY_LISTS = ("requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution")


def drop_disabled_fields(spec: Object) -> None:
    """Drop what belongs to features that are off: pod groups, stop signals, two sorts of projected volumes."""
    spec.pop("schedulingGroup", None)
    for volume in spec.get("volumes") or ():
        projected = volume.get("projected")
        for source in (projected.get("sources") or ()) if projected else ():
            for name in _PROJECTIONS_OFF:
                source.pop(name, None)
    for name in ("containers", "initContainers"):
        for container in spec.get(name) or ():
            if container.get("lifecycle"):
                container["lifecycle"].pop("stopSignal", None)


def gated_condition(spec: Object, timestamp: str) -> Object | None:
    """The condition of a pod that nobody may schedule yet."""
    if not spec.get("schedulingGates"):
        return None
    return {
        "type": "PodScheduled",
        "status": "False",
        "lastProbeTime": None,
        "lastTransitionTime": timestamp,
        "reason": "SchedulingGated",
        "message": "Scheduling is blocked due to non-empty scheduling gates",
    }


def merge_match_label_keys(pod: Object) -> None:
    """Make the label keys that affinity and spreading name part of their selectors, with the pod's own values."""
    spec, labels = pod["spec"], pod["metadata"].get("labels") or {}
    for constraint in spec.get("topologySpreadConstraints") or ():
        _merge_keys(constraint, constraint.get("matchLabelKeys"), "In", labels)
    affinity = spec.get("affinity")
    if not affinity:
        return
    for name in ("podAffinity", "podAntiAffinity"):
        for term in _affinity_terms(affinity.get(name) or {}):
            if term.get("labelSelector") is not None:
                _merge_keys(term, term.get("matchLabelKeys"), "In", labels)
                _merge_keys(term, term.get("mismatchLabelKeys"), "NotIn", labels)


def _affinity_terms(affinity: Object) -> Iterator[Object]:
    required, preferred = (affinity.get(name) or () for name in _AFFINITY_LISTS)
    yield from required
    for weighted in preferred:
        if weighted.get("podAffinityTerm"):
            yield weighted["podAffinityTerm"]


def _merge_keys(holder: Object, keys: Sequence[str] | None, operator: str, labels: dict[str, str]) -> None:
    selector = holder.get("labelSelector")
    if not keys or selector is None:
        return
    added = [{"key": key, "operator": operator, "values": [labels[key]]} for key in keys if key in labels]
    if added:
        expressions = [*(selector.get("matchExpressions") or ()), *added]
        holder["labelSelector"] = {**selector, "matchExpressions": expressions}


def take_over_apparmor_annotations(pod: Object) -> Iterator[str]:
    """Turn the annotations that once stood for AppArmor profiles into fields; yields warnings."""
    annotations, spec = pod["metadata"].get("annotations") or {}, pod["spec"]
    if (spec.get("os") or {}).get("name") == "windows":
        return
    of_pod = (spec.get("securityContext") or {}).get("appArmorProfile")
    for container, _ in visit_containers(spec, Path()):
        key = f"{ANNOTATION_APPARMOR}{container.get('name') or ''}"
        own = (container.get("securityContext") or {}).get("appArmorProfile")
        if key not in annotations or own is not None:
            continue
        profile = profile_of_annotation(annotations[key])
        if profile is None or profile != of_pod:
            text = 'deprecated since v1.30; use the "appArmorProfile" field instead'
            yield f"{Path('metadata.annotations').key(key)}: {text}"
        if profile is not None and profile != of_pod:
            container["securityContext"] = {**(container.get("securityContext") or {}), "appArmorProfile": profile}


def profile_of_annotation(value: str) -> Object | None:
    """The profile that such an annotation stands for; None where it stands for none."""
    profile: Object | None = None
    if value == "unconfined":
        profile = {"type": "Unconfined"}
    elif value == "runtime/default":
        profile = {"type": "RuntimeDefault"}
    elif value.startswith("localhost/"):
        profile = {"type": "Localhost", "localhostProfile": value.removeprefix("localhost/")}
    if profile is None or any(validate_apparmor(profile, Path())):
        return None
    return profile
