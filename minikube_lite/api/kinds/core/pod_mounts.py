"""How containers mount volumes; upstream: pkg/apis/core/validation/validation.go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from minikube_lite.api.kinds.core.pod_fields import local_descending_path, no_backsteps
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, not_found, not_supported, required
from minikube_lite.store import Object

_PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
_RECURSIVE_READ_ONLY = ("Disabled", "Enabled", "IfPossible")


def validate_volume_mounts(container: Object, volumes: Mapping[str, Object], path: Path) -> Iterator[FieldError]:
    """Where a container sees its volumes' files."""
    devices = {device.get("name"): device.get("devicePath") for device in container.get("volumeDevices") or ()}
    mount_paths: set[str] = set()
    for position, mount in enumerate(container["volumeMounts"]):
        place, name, mount_path = path.index(position), mount.get("name") or "", mount.get("mountPath") or ""
        if not name:
            yield required(place.child("name"))
        if name not in volumes:
            yield not_found(place.child("name"), name)
        if not mount_path:
            yield required(place.child("mountPath"))
        if mount_path in mount_paths:
            yield invalid(place.child("mountPath"), mount_path, "must be unique")
        mount_paths.add(mount_path)
        if name in devices:
            yield invalid(place.child("name"), name, "must not already exist in volumeDevices")
        if mount_path in devices.values():
            yield invalid(place.child("mountPath"), mount_path, "must not already exist as a path in volumeDevices")
        yield from _validate_mount_details(mount, container, place, path)


def _validate_mount_details(mount: Object, container: Object, place: Path, path: Path) -> Iterator[FieldError]:
    """The rarer fields. Upstream names some of them without the mount's position."""
    sub_path, expression = mount.get("subPath"), mount.get("subPathExpr")
    if sub_path:
        yield from local_descending_path(sub_path, path.child("subPath"))
    if expression:
        if sub_path:
            yield invalid(place.child("subPathExpr"), expression, "subPathExpr and subPath are mutually exclusive")
        yield from local_descending_path(expression, path.child("subPathExpr"))
    propagation = mount.get("mountPropagation")
    if propagation is not None:
        at = path.child("mountPropagation")
        if propagation not in _PROPAGATIONS:
            yield not_supported(at, propagation, _PROPAGATIONS)
        privileged = (container.get("securityContext") or {}).get("privileged")
        if propagation == "Bidirectional" and not privileged:
            yield forbidden(at, "Bidirectional mount propagation is available only to privileged containers")
    recursive = mount.get("recursiveReadOnly")
    if recursive is not None:
        yield from _validate_recursive_read_only(mount, recursive, path.child("recursiveReadOnly"))


def _validate_recursive_read_only(mount: Object, value: str, path: Path) -> Iterator[FieldError]:
    if value not in _RECURSIVE_READ_ONLY:
        yield not_supported(path, value, _RECURSIVE_READ_ONLY)
    elif value != "Disabled":
        if not mount.get("readOnly"):
            yield forbidden(path, "may only be specified when readOnly is true")
        if mount.get("mountPropagation") not in (None, "None"):
            yield forbidden(path, "may only be specified when mountPropagation is None or not specified")


def validate_volume_devices(container: Object, volumes: Mapping[str, Object], path: Path) -> Iterator[FieldError]:
    """Where a container sees its volumes as raw devices."""
    mounts = {mount.get("name"): mount.get("mountPath") for mount in container.get("volumeMounts") or ()}
    paths: set[str] = set()
    names: set[str] = set()
    for position, device in enumerate(container["volumeDevices"]):
        place, name, device_path = path.index(position), device.get("name") or "", device.get("devicePath") or ""
        yield from _validate_device_volume(name, names, volumes, place.child("name"))
        at = place.child("devicePath")
        if not device_path:
            yield required(at)
        if device_path in paths:
            yield invalid(at, device_path, "must be unique")
        if device_path and any(no_backsteps(device_path, at)):
            yield invalid(at, device_path, "can not contain backsteps ('..')")
        else:
            paths.add(device_path)
        if name in mounts:
            yield invalid(place.child("name"), name, "must not already exist in volumeMounts")
        if device_path in mounts.values():
            yield invalid(at, device_path, "must not already exist as a path in volumeMounts")
        if name:
            names.add(name)


def _validate_device_volume(
    name: str, names: set[str], volumes: Mapping[str, Object], path: Path
) -> Iterator[FieldError]:
    volume = volumes.get(name)
    if not name:
        yield required(path)
    if name in names:
        yield invalid(path, name, "must be unique")
    if volume is None:
        yield not_found(path, name)
    elif volume.get("persistentVolumeClaim") is None and volume.get("ephemeral") is None:
        text = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
        yield invalid(path, name, text)
