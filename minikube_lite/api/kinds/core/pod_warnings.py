"""What people are warned of when they make pods and templates; upstream: pkg/api/pod/warnings.go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from minikube_lite.api.kinds.core.persistentvolumeclaim import claim_spec_warnings
from minikube_lite.api.kinds.core.pod_fields import visit_containers
from minikube_lite.api.kinds.core.pod_prepare import profile_of_annotation
from minikube_lite.api.kinds.core.pod_security import (
    ANNOTATION_APPARMOR,
    ANNOTATION_SECCOMP_CONTAINER,
    ANNOTATION_SECCOMP_POD,
)
from minikube_lite.api.kinds.ip_fields import ip_warnings
from minikube_lite.api.kinds.node_selectors import DEPRECATED_NODE_LABELS, node_selector_term_warnings
from minikube_lite.schema.field import Path, go_value
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
_VOLUMES = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11, and disabled by default in v1.33+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
_BYTES = ("memory", "ephemeral-storage")
_NULL_SELECTOR = "a null labelSelector results in matching no pod"
_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'


def pod_warnings(pod: Object) -> Iterator[str]:
    """Of a new Pod."""
    yield from _warnings(pod["metadata"], pod.get("spec") or {}, None)


def template_warnings(template: Object, path: Path) -> Iterator[str]:
    """Of a pod template."""
    yield from _warnings(template.get("metadata") or {}, template.get("spec") or {}, path)


def _warnings(metadata: Object, spec: Object, template: Path | None) -> Iterator[str]:
    base = template or Path()
    path, annotations = base.child("spec"), metadata.get("annotations") or {}
    yield from _of_placement(spec, path)
    for key, text in _ANNOTATIONS.items():
        if key in annotations:
            yield f"{base.child('metadata', 'annotations').key(key)}: {text}"
    if spec.get("volumes"):
        yield from _of_volumes(spec["volumes"], path.child("volumes"))
    yield from _of_lists(spec, path)
    if annotations:
        yield from _of_annotations(annotations, spec, base, is_template=template is not None)
    for container, place in visit_containers(spec, path):
        yield from _of_container(container, place)
    yield from _of_ports(spec, path)
    if (spec.get("terminationGracePeriodSeconds") or 0) < 0:
        text = "must be >= 0; negative values are invalid and will be treated as 1"
        yield f"{path.child('terminationGracePeriodSeconds')}: {text}"
    if spec.get("affinity"):
        yield from _of_pod_affinity(spec["affinity"], path.child("affinity"))
    yield from _of_addresses(spec, path)


# Placement


def _of_placement(spec: Object, path: Path) -> Iterator[str]:
    for key in sorted(spec.get("nodeSelector") or ()):
        if key in DEPRECATED_NODE_LABELS:
            yield f"{path.child('nodeSelector').key(key)}: {DEPRECATED_NODE_LABELS[key]}"
    affinity = (spec.get("affinity") or {}).get("nodeAffinity")
    if affinity:
        place = path.child("affinity", "nodeAffinity")
        for position, term in enumerate((affinity.get(_REQUIRED) or {}).get("nodeSelectorTerms") or ()):
            yield from node_selector_term_warnings(term, place.child(_REQUIRED, "nodeSelectorTerms").index(position))
        for position, weighted in enumerate(affinity.get(_PREFERRED) or ()):
            at = place.child(_PREFERRED).index(position).child("preference")
            yield from node_selector_term_warnings(weighted.get("preference") or {}, at)
    for position, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        place, key = path.child("topologySpreadConstraints").index(position), constraint.get("topologyKey") or ""
        if key in DEPRECATED_NODE_LABELS:
            yield f"{place.child('topologyKey')}: {key} is {DEPRECATED_NODE_LABELS[key]}"
        if constraint.get("labelSelector") is None:
            yield f"{place.child('labelSelector')}: {_NULL_SELECTOR}"


def _of_pod_affinity(affinity: Object, path: Path) -> Iterator[str]:
    for name in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(name) or {}
        for position, term in enumerate(terms.get(_REQUIRED) or ()):
            if term.get("labelSelector") is None:
                yield f"{path.child(name, _REQUIRED).index(position).child('labelSelector')}: {_NULL_SELECTOR}"
        for position, weighted in enumerate(terms.get(_PREFERRED) or ()):
            if (weighted.get("podAffinityTerm") or {}).get("labelSelector") is None:
                at = path.child(name, _PREFERRED).index(position).child("podAffinityTerm", "labelSelector")
                yield f"{at}: {_NULL_SELECTOR}"


# Volumes


class _File(NamedTuple):
    path: str
    source: str

    def __str__(self) -> str:
        return f"{go_value(self.path)} ({self.source})" if self.source else go_value(self.path)

    def overlaps(self, other: _File) -> bool:
        if not self.path or not other.path:
            return False
        return f"{self.path}/".startswith(f"{other.path}/") or f"{other.path}/".startswith(f"{self.path}/")


def _of_volumes(volumes: Sequence[Object], path: Path) -> Iterator[str]:
    for position, volume in enumerate(volumes):
        for name, text in _VOLUMES.items():
            if volume.get(name) is not None:
                shown = "storageOS" if name == "storageos" else name
                yield f"{path.index(position).child(shown)}: {text}"
        template = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
        if template:
            at = path.index(position).child("ephemeral", "volumeClaimTemplate", "spec")
            yield from claim_spec_warnings(template.get("spec") or {}, at)
    for volume in volumes:
        yield from _of_overlaps(volume)


def _of_overlaps(volume: Object) -> Iterator[str]:
    """Two files of a volume at the same place, or one where another needs a directory."""
    sources = (
        ("configMap", "ConfigMap", "name"),
        ("secret", "Secret", "secretName"),
        ("downwardAPI", "DownwardAPI", ""),
    )
    for name, title, key in sources:
        source = volume.get(name)
        if source and source.get("items"):
            files = [_File((item.get("path") or "").rstrip("/"), "") for item in source["items"]]
            yield from _overlaps(volume, f'{title} "{source.get(key) or ""}"' if key else title, files)
    projected = volume.get("projected")
    if projected:
        files = []
        for source in projected.get("sources") or ():
            if not source:
                yield f'volume "{volume.get("name")}" (Projected) has no sources provided'
            files.extend(_projected_files(source))
        yield from _overlaps(volume, "Projected", files)


def _projected_files(source: Object) -> Iterator[_File]:
    for name, title in (("configMap", "ConfigMap"), ("secret", "Secret"), ("downwardAPI", "DownwardAPI")):
        value = source.get(name)
        if value and value.get("items"):
            shown = title if name == "downwardAPI" else f'{title} "{value.get("name") or ""}"'
            for item in value["items"]:
                yield _File((item.get("path") or "").rstrip("/"), shown)
            return
    if source.get("serviceAccountToken"):
        yield _File((source["serviceAccountToken"].get("path") or "").rstrip("/"), "ServiceAccountToken")


def _overlaps(volume: Object, title: str, files: Sequence[_File]) -> Iterator[str]:
    for position, file in enumerate(files):
        for other in files[:position]:
            if file.overlaps(other):
                yield f'volume "{volume.get("name")}" ({title}): overlapping paths: {file} with {other}'


# Lists, annotations, containers


def _of_lists(spec: Object, path: Path) -> Iterator[str]:
    for name, key, title in (("hostAliases", "ip", "ip"), ("imagePullSecrets", "name", "name")):
        seen: set[str] = set()
        for position, item in enumerate(spec.get(name) or ()):
            value = item.get(key) or ""
            if value in seen:
                yield f"{path.child(name).index(position).child(key)}: duplicate {title} {go_value(value)}"
            seen.add(value)
    for position, item in enumerate(spec.get("imagePullSecrets") or ()):
        if not item.get("name"):
            yield f'{path.child("imagePullSecrets").index(position).child("name")}: invalid empty name ""'
    yield from _of_bytes(spec.get("overhead"), path.child("overhead"))


def _of_bytes(amounts: Object | None, path: Path) -> Iterator[str]:
    for name in _BYTES if amounts else ():
        text = (amounts or {}).get(name)
        if text is not None and (text.endswith("m") or "." in text):
            quantity = Quantity.parse(text)
            if quantity.milli % 1000:
                text = f"fractional byte value {go_value(str(quantity))} is invalid, must be an integer"
                yield f"{path.key(name)}: {text}"


def _of_annotations(annotations: dict[str, str], spec: Object, base: Path, *, is_template: bool) -> Iterator[str]:
    context, path = spec.get("securityContext") or {}, base.child("metadata", "annotations")
    if ANNOTATION_SECCOMP_POD in annotations and not context.get("seccompProfile"):
        yield f"{path.key(ANNOTATION_SECCOMP_POD)}: {_SECCOMP}"
    for container, _ in visit_containers(spec, base):
        own, name = container.get("securityContext") or {}, container.get("name") or ""
        key = f"{ANNOTATION_SECCOMP_CONTAINER}{name}"
        if key in annotations and not own.get("seccompProfile"):
            yield f"{path.key(key)}: {_SECCOMP}"
        key = f"{ANNOTATION_APPARMOR}{name}"
        if is_template and key in annotations and not own.get("appArmorProfile"):
            of_pod = context.get("appArmorProfile")
            if of_pod is None or of_pod != profile_of_annotation(annotations[key]):
                yield f'{path.key(key)}: deprecated since v1.30; use the "appArmorProfile" field instead'


def _of_container(container: Object, path: Path) -> Iterator[str]:
    resources = container.get("resources")
    if resources:
        for sort in ("limits", "requests"):
            yield from _of_bytes(resources.get(sort), path.child("resources", sort))
    seen: set[str] = set()
    for position, variable in enumerate(container.get("env") or ()):
        name = variable.get("name") or ""
        if name in seen:
            reference, value = f"$({name})", variable.get("value") or ""
            if variable.get("valueFrom") is not None or value == reference or reference not in value:
                text = f"hides previous definition of {go_value(name)}, which may be dropped when using apply"
                yield f"{path.child('env').index(position)}: {text}"
        seen.add(name)


def _of_ports(spec: Object, path: Path) -> Iterator[str]:
    ports = [
        (port, place.child("ports").index(position))
        for container, place in visit_containers(spec, path)
        for position, port in enumerate(container.get("ports") or ())
    ]
    for position, (port, place) in enumerate(ports):
        for other, at in ports[:position]:
            same_port = all(port.get(name) == other.get(name) for name in ("containerPort", "protocol"))
            text = _port_clash(port, other) if same_port else ""
            if text:
                yield f"{place}: {text} port definition with {at}"
    names: dict[str, Path] = {}
    for port, place in ports:
        name = port.get("name")
        if name and name in names:
            text = f"services and probes that select ports by name will use {names[name]}"
            yield f"{place}: duplicate port name {go_value(name)} with {names[name]}, {text}"
        elif name:
            names[name] = place


def _port_clash(port: Object, other: Object) -> str:
    host_port, other_host_port = port.get("hostPort") or 0, other.get("hostPort") or 0
    host, other_host = port.get("hostIP") or "", other.get("hostIP") or ""
    if (host, host_port) == (other_host, other_host_port):
        return "duplicate"
    if not host_port or not other_host_port:
        return "overlapping"
    return "dangerously ambiguous" if host_port == other_host_port and bool(host) != bool(other_host) else ""


def _of_addresses(spec: Object, path: Path) -> Iterator[str]:
    for position, server in enumerate((spec.get("dnsConfig") or {}).get("nameservers") or ()):
        yield from ip_warnings(path.child("dnsConfig", "nameservers").index(position), server)
    for position, alias in enumerate(spec.get("hostAliases") or ()):
        yield from ip_warnings(path.child("hostAliases").index(position).child("ip"), alias.get("ip") or "")
