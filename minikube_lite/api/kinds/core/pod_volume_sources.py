"""Volumes from storage systems; upstream: pkg/apis/core/validation/validation.go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from minikube_lite.api.kinds.core.pod_fields import local_descending_path, named, required_text
from minikube_lite.machinery.names import (
    byte_length,
    is_dns1123_label,
    is_dns1123_subdomain,
    name_is_dns_subdomain,
    range_text,
)
from minikube_lite.schema.field import FieldError, Path, invalid, not_supported, required, too_long
from minikube_lite.store import Object

Rule = Callable[[Object, Path], Iterator[FieldError]]

CSI_DRIVER_BYTES_MAX = 63
QUOBYTE_TENANT_BYTES_MAX = 64

_ISCSI_FORMS = {
    "iqn": re.compile(r"iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$", re.ASCII).search,
    "eui": re.compile(r"^eui.[A-Za-z0-9]{16}$").search,
    "naa": re.compile(r"^naa.[A-Za-z0-9]{32}$").search,
}
_AZURE_CACHING = ("None", "ReadOnly", "ReadWrite")
_AZURE_KINDS = ("Dedicated", "Managed", "Shared")
_AZURE_MANAGED_URI = (
    "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}",
)
_AZURE_BLOB_URI = ("https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd",)


def _texts(*names: str) -> Rule:
    """A rule for sources that only need some texts."""

    def rule(source: Object, path: Path) -> Iterator[FieldError]:
        for name in names:
            yield from required_text(source, name, path)

    return rule


def _partitioned(name: str) -> Rule:
    def rule(source: Object, path: Path) -> Iterator[FieldError]:
        yield from required_text(source, name, path)
        partition = source.get("partition") or 0
        if not 0 <= partition <= 255:
            yield invalid(path.child("partition"), partition, range_text(1, 255))

    return rule


def _validate_git_repo(source: Object, path: Path) -> Iterator[FieldError]:
    yield from required_text(source, "repository", path)
    yield from local_descending_path(source.get("directory") or "", path.child("directory"))


def _validate_nfs(source: Object, path: Path) -> Iterator[FieldError]:
    yield from required_text(source, "server", path)
    yield from required_text(source, "path", path)
    if not (source.get("path") or "").startswith("/"):
        yield invalid(path.child("path"), source.get("path") or "", "must be an absolute path")


def _validate_iscsi(source: Object, path: Path) -> Iterator[FieldError]:
    yield from required_text(source, "targetPortal", path)
    name, initiator, lun = source.get("iqn") or "", source.get("initiatorName"), source.get("lun") or 0
    if not name:
        yield required(path.child("iqn"))
    else:
        yield from _iscsi_name(name, path.child("iqn"))
    if not 0 <= lun <= 255:
        yield invalid(path.child("lun"), lun, range_text(0, 255))
    if (source.get("chapAuthDiscovery") or source.get("chapAuthSession")) and source.get("secretRef") is None:
        yield required(path.child("secretRef"))
    if initiator is not None:
        yield from _iscsi_name(initiator, path.child("initiatorname"))


def _iscsi_name(name: str, path: Path) -> Iterator[FieldError]:
    form = _ISCSI_FORMS.get(name[:3])
    if form is None:
        yield invalid(path, name, "must be valid format starting with iqn, eui, or naa")
    elif not form(name):
        yield invalid(path, name, "must be valid format")


def _validate_flocker(source: Object, path: Path) -> Iterator[FieldError]:
    name, uuid = source.get("datasetName") or "", source.get("datasetUUID") or ""
    if not name and not uuid:
        yield required(path, "one of datasetName and datasetUUID is required")
    if name and uuid:
        yield invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously")
    if "/" in name:
        yield invalid(path.child("datasetName"), name, "must not contain '/'")


def _validate_cinder(source: Object, path: Path) -> Iterator[FieldError]:
    yield from required_text(source, "volumeID", path)
    if source.get("secretRef") is not None:
        yield from required_text(source["secretRef"], "name", path.child("secretRef"))


def _validate_quobyte(source: Object, path: Path) -> Iterator[FieldError]:
    text = "must be a host:port pair or multiple pairs separated by commas"
    registry = source.get("registry") or ""
    if not registry:
        yield required(path.child("registry"), text)
    elif byte_length(source.get("tenant") or "") > QUOBYTE_TENANT_BYTES_MAX:
        yield required(path.child("tenant"), "must be a UUID and may not exceed a length of 64 characters")
    else:
        for pair in registry.split(","):
            if not re.fullmatch(r"[^:\[\]]*:[^:\[\]]*|\[[^\[\]]*\]:[^:\[\]]*", pair):
                yield invalid(path.child("registry"), registry, text)
    yield from required_text(source, "volume", path)


def _validate_fc(source: Object, path: Path) -> Iterator[FieldError]:
    targets, wwids, lun = source.get("targetWWNs") or [], source.get("wwids") or [], source.get("lun")
    if not targets and not wwids:
        yield required(path.child("targetWWNs"), "must specify either targetWWNs or wwids, but not both")
    if targets and wwids:
        text = "targetWWNs and wwids can not be specified simultaneously"
        yield invalid(path.child("targetWWNs"), targets, text)
    if targets:
        if lun is None:
            yield required(path.child("lun"), "lun is required if targetWWNs is specified")
        elif not 0 <= lun <= 255:
            yield invalid(path.child("lun"), lun, range_text(0, 255))


def _validate_flex_volume(source: Object, path: Path) -> Iterator[FieldError]:
    yield from required_text(source, "driver", path)
    for key in sorted(source.get("options") or {}):
        namespace = "." + key.split("/", 1)[0].lower()
        if namespace.endswith((".kubernetes.io", ".k8s.io")):
            text = "kubernetes.io and k8s.io namespaces are reserved"
            yield invalid(path.child("options").key(key), key, text)


def _validate_azure_disk(source: Object, path: Path) -> Iterator[FieldError]:
    yield from required_text(source, "diskName", path)
    yield from required_text(source, "diskURI", path)
    caching, kind, uri = source.get("cachingMode"), source.get("kind"), source.get("diskURI") or ""
    if caching is not None and caching not in _AZURE_CACHING:
        yield not_supported(path.child("cachingMode"), caching, _AZURE_CACHING)
    if kind is not None and kind not in _AZURE_KINDS:
        yield not_supported(path.child("kind"), kind, _AZURE_KINDS)
    if kind == "Managed" and not uri.startswith("/subscriptions/"):
        yield not_supported(path.child("diskURI"), uri, _AZURE_MANAGED_URI)
    if kind not in (None, "Managed") and not uri.startswith("https://"):
        yield not_supported(path.child("diskURI"), uri, _AZURE_BLOB_URI)


def _validate_storage_os(source: Object, path: Path) -> Iterator[FieldError]:
    name, namespace = source.get("volumeName") or "", source.get("volumeNamespace") or ""
    if not name:
        yield required(path.child("volumeName"))
    else:
        yield from named(is_dns1123_label, name, path.child("volumeName"))
    if namespace:
        yield from named(is_dns1123_label, namespace, path.child("volumeNamespace"))
    if source.get("secretRef") is not None:
        yield from required_text(source["secretRef"], "name", path.child("secretRef"))


def validate_csi_driver_name(name: str, path: Path) -> Iterator[FieldError]:
    """A CSI driver's name."""
    if not name:
        yield required(path)
        return
    if byte_length(name) > CSI_DRIVER_BYTES_MAX:
        yield too_long(path, CSI_DRIVER_BYTES_MAX)
    for message in is_dns1123_subdomain(name.lower()):
        yield invalid(path, name, message)


def _validate_csi(source: Object, path: Path) -> Iterator[FieldError]:
    yield from validate_csi_driver_name(source.get("driver") or "", path.child("driver"))
    secret = source.get("nodePublishSecretRef")
    if secret is not None:
        name = secret.get("name") or ""
        if not name:
            yield required(path.child("nodePublishSecretRef", "name"))
        else:
            yield from named(name_is_dns_subdomain, name, path.child("name"))


SOURCE_RULES: dict[str, Rule] = {
    "gitRepo": _validate_git_repo,
    "gcePersistentDisk": _partitioned("pdName"),
    "awsElasticBlockStore": _partitioned("volumeID"),
    "nfs": _validate_nfs,
    "iscsi": _validate_iscsi,
    "glusterfs": _texts("endpoints", "path"),
    "flocker": _validate_flocker,
    "rbd": _texts("monitors", "image"),
    "cinder": _validate_cinder,
    "cephfs": _texts("monitors"),
    "quobyte": _validate_quobyte,
    "fc": _validate_fc,
    "flexVolume": _validate_flex_volume,
    "azureFile": _texts("secretName", "shareName"),
    "vsphereVolume": _texts("volumePath"),
    "photonPersistentDisk": _texts("pdID"),
    "portworxVolume": _texts("volumeID"),
    "azureDisk": _validate_azure_disk,
    "storageos": _validate_storage_os,
    "scaleIO": _texts("gateway", "system", "volumeName"),
    "csi": _validate_csi,
}
