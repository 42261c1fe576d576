"""Volumes of pods: each of one sort, with a name of its own; upstream: pkg/apis/core/validation/validation.go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from minikube_lite.api.kinds.core.pod_containers import PULL_POLICIES
from minikube_lite.api.kinds.core.pod_env import (
    VOLUME_FIELD_PATHS,
    validate_field_reference,
    validate_resource_reference,
)
from minikube_lite.api.kinds.core.pod_fields import (
    PodScope,
    file_mode,
    local_non_reserved_path,
    named,
    no_backsteps,
    one_of,
    required_text,
)
from minikube_lite.api.kinds.core.pod_volume_claims import validate_claim_template
from minikube_lite.api.kinds.core.pod_volume_sources import SOURCE_RULES
from minikube_lite.machinery.names import byte_length, is_dns1123_label, name_is_dns_subdomain
from minikube_lite.schema.field import FieldError, Path, duplicate, forbidden, invalid, not_supported, required
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object

TOKEN_SECONDS_MIN = 10 * 60
TOKEN_SECONDS_MAX = 1 << 32
ISCSI_NAME_BYTES_MAX = 64

_SOURCES_IN_ORDER = (
    "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi",
    "glusterfs", "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte", "downwardAPI", "fc",
    "flexVolume", "configMap", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk",
    "storageos", "projected", "scaleIO", "csi", "ephemeral", "image",
)  # fmt: skip
"""Upstream looks at them in this order; the first one wins, the others are forbidden."""
_FORBIDDEN_NAMES = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}
_RULE_NAMES = {"gcePersistentDisk": "persistentDisk"}
_HOST_PATH_TYPES = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
)  # fmt: skip


def validate_volumes(
    volumes: Sequence[Object], scope: PodScope, path: Path
) -> tuple[Mapping[str, Object], list[FieldError]]:
    """The valid volumes by name, and the faults of the others."""
    errors: list[FieldError] = []
    valid: dict[str, Object] = {}
    created_claims = {f"{scope.name}-{volume.get('name')}" for volume in volumes if volume.get("ephemeral") is not None}
    for position, volume in enumerate(volumes):
        name, place = volume.get("name") or "", path.index(position)
        faults = list(_validate_source(volume, name, scope, place))
        if not name:
            faults.append(required(place.child("name")))
        else:
            faults.extend(named(is_dns1123_label, name, place.child("name")))
        if name in valid:
            faults.append(duplicate(place.child("name"), name))
        if faults:
            errors.extend(faults)
        else:
            valid[name] = volume
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if claim and scope.name and claim in created_claims:
            text = "must not reference a PVC that gets created for an ephemeral volume"
            errors.append(invalid(place.child("persistentVolumeClaim", "claimName"), claim, text))
    return valid, errors


def _validate_source(volume: Object, name: str, scope: PodScope, path: Path) -> Iterator[FieldError]:
    given = 0
    for source in _SOURCES_IN_ORDER:
        value = volume.get(source)
        if value is None:
            continue
        given += 1
        if given > 1:
            place = path.child(_FORBIDDEN_NAMES.get(source, source))
            yield forbidden(place, "may not specify more than 1 volume type")
        else:
            yield from _validate_one_source(source, value, scope, path.child(_RULE_NAMES.get(source, source)))
        if source == "iscsi":
            yield from _validate_iscsi_name(value, name, path)
        if source == "ephemeral" and given == 1 and scope.name and name:
            claim = f"{scope.name}-{name}"
            for message in name_is_dns_subdomain(claim):
                yield invalid(path.child("name"), name, f'PVC name "{claim}": {message}')
    if not given:
        yield required(path, "must specify a volume type")


def _validate_iscsi_name(source: Object, name: str, path: Path) -> Iterator[FieldError]:
    whole = f"{name}:{source.get('targetPortal') or ''}"
    if source.get("initiatorName") is not None and byte_length(whole) > ISCSI_NAME_BYTES_MAX:
        text = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters"
        yield invalid(path.child("name"), name, f"{text} if iscsi.initiatorName is specified.")


def _validate_one_source(source: str, value: Object, scope: PodScope, path: Path) -> Iterator[FieldError]:
    if source == "emptyDir":
        limit = value.get("sizeLimit")
        if limit is not None and Quantity.parse(limit).nano < 0:
            yield forbidden(path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity")
    elif source == "image":
        if scope.is_pod and not value.get("reference"):
            yield required(path.child("reference"))
        yield from one_of(value.get("pullPolicy") or "", PULL_POLICIES, path.child("pullPolicy"))
    elif source in _OWN_RULES:
        yield from _OWN_RULES[source](value, path)
    else:
        yield from SOURCE_RULES[source](value, path)


def _validate_host_path(source: Object, path: Path) -> Iterator[FieldError]:
    if not source.get("path"):
        yield required(path.child("path"))
        return
    yield from no_backsteps(source["path"], path.child("path"))
    sort = source.get("type")
    if sort is not None and sort not in _HOST_PATH_TYPES:
        yield not_supported(path.child("type"), sort, _HOST_PATH_TYPES)


def _validate_secret(source: Object, path: Path) -> Iterator[FieldError]:
    yield from required_text(source, "secretName", path)
    yield from _validate_files(source, path)


def _validate_config_map(source: Object, path: Path) -> Iterator[FieldError]:
    yield from required_text(source, "name", path)
    yield from _validate_files(source, path)


def _validate_files(source: Object, path: Path) -> Iterator[FieldError]:
    yield from file_mode(source.get("defaultMode"), path.child("defaultMode"))
    for position, item in enumerate(source.get("items") or ()):
        yield from _validate_key_to_path(item, path.child("items").index(position))


def _validate_key_to_path(item: Object, path: Path) -> Iterator[FieldError]:
    yield from required_text(item, "key", path)
    yield from required_text(item, "path", path)
    yield from local_non_reserved_path(item.get("path") or "", path.child("path"))
    yield from file_mode(item.get("mode"), path.child("mode"))


def _validate_claim_source(source: Object, path: Path) -> Iterator[FieldError]:
    yield from required_text(source, "claimName", path)


def _validate_downward_api(source: Object, path: Path) -> Iterator[FieldError]:
    yield from file_mode(source.get("defaultMode"), path.child("defaultMode"))
    for item in source.get("items") or ():
        yield from _validate_downward_file(item, path)


def _validate_downward_file(item: Object, path: Path) -> Iterator[FieldError]:
    yield from required_text(item, "path", path)
    yield from local_non_reserved_path(item.get("path") or "", path.child("path"))
    field, resource = item.get("fieldRef"), item.get("resourceFieldRef")
    if field is not None:
        yield from validate_field_reference(field, VOLUME_FIELD_PATHS, path.child("fieldRef"))
        if resource is not None:
            yield invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously")
    elif resource is not None:
        yield from validate_resource_reference(resource, path.child("resourceFieldRef"), volume=True)
    else:
        yield required(path, "one of fieldRef and resourceFieldRef is required")
    yield from file_mode(item.get("mode"), path.child("mode"))


def _validate_ephemeral(source: Object, path: Path) -> Iterator[FieldError]:
    template = source.get("volumeClaimTemplate")
    if template is None:
        yield required(path.child("volumeClaimTemplate"))
    else:
        yield from validate_claim_template(template, path.child("volumeClaimTemplate"))


def _validate_projected(source: Object, path: Path) -> Iterator[FieldError]:
    yield from file_mode(source.get("defaultMode"), path.child("defaultMode"))
    paths: set[str] = set()
    for position, projection in enumerate(source.get("sources") or ()):
        place = path.child("sources").index(position)
        given = 0
        for name in ("secret", "configMap", "downwardAPI", "serviceAccountToken"):
            value = projection.get(name)
            if value is None:
                continue
            given += 1
            if name == "serviceAccountToken":
                yield from _validate_token(value, place.child(name), path)
            else:
                yield from _validate_projected_files(name, value, paths, place.child(name), path)
        if given > 1:
            yield forbidden(place, "may not specify more than 1 volume type per source")


def _validate_projected_files(
    sort: str, source: Object, paths: set[str], place: Path, path: Path
) -> Iterator[FieldError]:
    """Files of one source; no two of a volume may have the same path."""
    downward = sort == "downwardAPI"
    if not downward:
        yield from required_text(source, "name", place)
    for position, item in enumerate(source.get("items") or ()):
        if downward:
            yield from _validate_downward_file(item, place)
        else:
            yield from _validate_key_to_path(item, place.child("items").index(position))
        file = item.get("path")
        if file and file in paths:
            yield invalid(path, file if downward else source.get("name") or "", "conflicting duplicate paths")
        elif file:
            paths.add(file)


def _validate_token(source: Object, place: Path, path: Path) -> Iterator[FieldError]:
    seconds = source.get("expirationSeconds") or 0
    if seconds < TOKEN_SECONDS_MIN:
        yield invalid(place.child("expirationSeconds"), seconds, "may not specify a duration less than 10 minutes")
    if seconds > TOKEN_SECONDS_MAX:
        text = "may not specify a duration larger than 2^32 seconds"
        yield invalid(place.child("expirationSeconds"), seconds, text)
    if not source.get("path"):
        yield required(path.child("path"))
    else:
        yield from local_non_reserved_path(source["path"], path.child("path"))


_OWN_RULES = {
    "hostPath": _validate_host_path,
    "secret": _validate_secret,
    "configMap": _validate_config_map,
    "persistentVolumeClaim": _validate_claim_source,
    "downwardAPI": _validate_downward_api,
    "projected": _validate_projected,
    "ephemeral": _validate_ephemeral,
}
