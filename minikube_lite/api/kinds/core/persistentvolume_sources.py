"""What a PersistentVolume may stand for; upstream: ValidatePersistentVolumeSpec in pkg/apis/core/validation.

Sources that only old clusters had are checked for what they must name, hostPath, local, nfs and csi fully.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from minikube_lite.api.kinds.go_structs import GoField, go_struct
from minikube_lite.machinery.names import byte_length, is_dns1123_label, is_dns1123_subdomain
from minikube_lite.schema.field import FieldError, Path, invalid, not_supported, required, too_long

CSI_DRIVER_NAME_BYTES_MAX = 63
HOST_PATH_TYPES = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
)  # fmt: skip
MUST_BE_NUMBER_OF_PARTITION = "must be between 0 and 255, inclusive"

SOURCES = (
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte", "cephfs",
    "iscsi", "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume",
    "azureDisk", "scaleIO", "local", "storageos", "csi",
)  # fmt: skip
"""The fields of which a volume has one, in the order in which upstream looks for them."""
SOURCES_WITH_MOUNT_OPTIONS = frozenset({
    "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "nfs", "rbd", "quobyte", "iscsi", "cinder", "cephfs",
    "azureFile", "vsphereVolume", "azureDisk", "photonPersistentDisk",
})  # fmt: skip
PATH_NAMES = {"cephfs": "cephFS"}
"""Where upstream's path of a source that is one too many differs from its field."""
REQUIRED_FIELDS: Mapping[str, tuple[str, ...]] = {
    "gcePersistentDisk": ("pdName",),
    "awsElasticBlockStore": ("volumeID",),
    "glusterfs": ("endpoints", "path"),
    "rbd": ("monitors", "image"),
    "quobyte": ("registry", "volume"),
    "cephfs": ("monitors",),
    "iscsi": ("targetPortal", "iqn"),
    "cinder": ("volumeID",),
    "fc": ("targetWWNs",),
    "flexVolume": ("driver",),
    "azureFile": ("secretName", "shareName"),
    "vsphereVolume": ("volumePath",),
    "photonPersistentDisk": ("pdID",),
    "portworxVolume": ("volumeID",),
    "azureDisk": ("diskName", "diskURI"),
    "scaleIO": ("gateway", "system", "volumeName"),
    "storageos": ("volumeName",),
}

_SECRET_REFERENCE = (GoField("Name", "name", ""), GoField("Namespace", "namespace", ""))
_GO_SOURCES: Mapping[str, tuple[GoField, ...]] = {
    "hostPath": (GoField("Path", "path", ""), GoField("Type", "type")),
    "nfs": (GoField("Server", "server", ""), GoField("Path", "path", ""), GoField("ReadOnly", "readOnly", False)),
    "local": (GoField("Path", "path", ""), GoField("FSType", "fsType")),
    "csi": (
        GoField("Driver", "driver", ""),
        GoField("VolumeHandle", "volumeHandle", ""),
        GoField("ReadOnly", "readOnly", False),
        GoField("FSType", "fsType", ""),
        GoField("VolumeAttributes", "volumeAttributes"),
        GoField("ControllerPublishSecretRef", "controllerPublishSecretRef", None, _SECRET_REFERENCE),
        GoField("NodeStageSecretRef", "nodeStageSecretRef", None, _SECRET_REFERENCE),
        GoField("NodePublishSecretRef", "nodePublishSecretRef", None, _SECRET_REFERENCE),
        GoField("ControllerExpandSecretRef", "controllerExpandSecretRef", None, _SECRET_REFERENCE),
        GoField("NodeExpandSecretRef", "nodeExpandSecretRef", None, _SECRET_REFERENCE),
    ),
}
_GO_NAMES = (
    ("GCEPersistentDisk", "gcePersistentDisk"), ("AWSElasticBlockStore", "awsElasticBlockStore"),
    ("HostPath", "hostPath"), ("Glusterfs", "glusterfs"), ("NFS", "nfs"), ("RBD", "rbd"), ("Quobyte", "quobyte"),
    ("ISCSI", "iscsi"),
    ("FlexVolume", "flexVolume"), ("Cinder", "cinder"), ("CephFS", "cephfs"), ("FC", "fc"), ("Flocker", "flocker"),
    ("AzureFile", "azureFile"), ("VsphereVolume", "vsphereVolume"), ("AzureDisk", "azureDisk"),
    ("PhotonPersistentDisk", "photonPersistentDisk"), ("PortworxVolume", "portworxVolume"), ("ScaleIO", "scaleIO"),
    ("Local", "local"), ("StorageOS", "storageos"), ("CSI", "csi"),
)  # fmt: skip


def go_source(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The volume's source as Go's struct shows it in errors."""
    shown: dict[str, Any] = {}
    for name, field in _GO_NAMES:
        source = spec.get(field)
        if source is None:
            shown[name] = None
        elif field in _GO_SOURCES:
            shown[name] = go_struct(source, _GO_SOURCES[field])
        else:
            shown[name] = {key[:1].upper() + key[1:]: source[key] for key in sorted(source)}
    return shown


def source_of(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a volume's spec that says what it stands for."""
    return {name: spec[name] for name in SOURCES if spec.get(name) is not None}


def source_errors(name: str, source: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    """The faults of the source of that name."""
    if name == "hostPath":
        yield from _host_path_errors(source, path)
    elif name == "nfs":
        yield from _nfs_errors(source, path)
    elif name == "local":
        yield from path_errors(source.get("path", ""), path.child("path"))
    elif name == "csi":
        yield from _csi_errors(source, path)
    elif name == "flocker":
        if not source.get("datasetName") and not source.get("datasetUUID"):
            yield required(path, "one of datasetName and datasetUUID is required")
    elif name == "fc" and source.get("wwids"):
        return
    else:
        yield from _required_errors(name, source, path)


def _required_errors(name: str, source: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    details = {"fc": "must specify either targetWWNs or wwids, but not both"}
    for field in REQUIRED_FIELDS.get(name, ()):
        if not source.get(field):
            yield required(path.child(field), details.get(name, ""))
    partition = source.get("partition", 0)
    if name in ("gcePersistentDisk", "awsElasticBlockStore") and not 0 <= partition <= 255:
        yield invalid(path.child("partition"), partition, MUST_BE_NUMBER_OF_PARTITION)


def path_errors(text: str, path: Path) -> Iterator[FieldError]:
    """A path on a node that is needed and does not go up."""
    if not text:
        yield required(path)
    elif ".." in text.split("/"):
        yield invalid(path, text, "must not contain '..'")


def _host_path_errors(source: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    yield from path_errors(source.get("path", ""), path.child("path"))
    kind = source.get("type")
    if source.get("path") and kind is not None and kind not in HOST_PATH_TYPES:
        yield not_supported(path.child("type"), kind, HOST_PATH_TYPES)


def _nfs_errors(source: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    for name in ("server", "path"):
        if not source.get(name):
            yield required(path.child(name))
    if not source.get("path", "").startswith("/"):
        yield invalid(path.child("path"), source.get("path", ""), "must be an absolute path")


def csi_driver_name_errors(name: str, path: Path) -> Iterator[FieldError]:
    """The name of a CSI driver."""
    if not name:
        yield required(path)
        return
    if byte_length(name) > CSI_DRIVER_NAME_BYTES_MAX:
        yield too_long(path, CSI_DRIVER_NAME_BYTES_MAX)
    for message in is_dns1123_subdomain(name.lower()):
        yield invalid(path, name, message)


def _csi_errors(source: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    yield from csi_driver_name_errors(source.get("driver", ""), path.child("driver"))
    if not source.get("volumeHandle"):
        yield required(path.child("volumeHandle"))
    for field in (
        "controllerPublishSecretRef",
        "controllerExpandSecretRef",
        "nodePublishSecretRef",
        "nodeExpandSecretRef",
    ):
        reference = source.get(field)
        if reference is None:
            continue
        for part, check in (("name", is_dns1123_subdomain), ("namespace", is_dns1123_label)):
            place, text = path.child(field, part), reference.get(part, "")
            if not text:
                yield required(place)
            else:
                yield from (invalid(place, text, message) for message in check(text))
