"""A pod's volumes: which directory each one is, and what stands in it; upstream: pkg/kubelet/volumemanager, pkg/volume.

A pod waits until all its volumes are there; a claim must be bound to a volume that is bound to it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from minikube_lite.kubelet.environment import expand
from minikube_lite.kubelet.fields import FieldUnknown, field_value, resource_value
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.state import PodState
from minikube_lite.kubelet.tokens import fetch_token
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.pod_faults import VolumeFault
from minikube_lite.machinery.resources import CONFIG_MAPS, SECRETS, GroupVersionResource
from minikube_lite.network.link import Unreachable
from minikube_lite.programs.program import Mount
from minikube_lite.programs.volumes import OutsideOfVolume, inside, make, write_files
from minikube_lite.store import Object

FAULT_ERROR = "rpc error: code = Unavailable desc = a fault lets it fail"


class MountError(Exception):
    """A volume is not there yet; the text is that of the event, whose reason is `reason`."""

    def __init__(self, text: str, reason: str = "FailedMount") -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class MountedVolume:
    """The directory that is a pod's volume."""

    directory: Path
    read_only: bool = False


async def mount_volumes(pod: Object, state: PodState, host: Host) -> dict[str, MountedVolume]:
    """Make all volumes of a pod ready, by name. Raises MountError."""
    mounted: dict[str, MountedVolume] = {}
    state.renew_tokens_at = None
    for volume in pod["spec"].get("volumes") or ():
        try:
            _check_faults(volume, state, host)
            mounted[volume["name"]] = await _mount(volume, pod, state, host)
        except Unreachable:
            raise
        except (OutsideOfVolume, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise MountError(f'MountVolume.SetUp failed for volume "{volume["name"]}" : {reason}') from error
    return mounted


def _check_faults(volume: Object, state: PodState, host: Host) -> None:
    """Raise MountError for a volume that is broken on purpose."""
    if VolumeFault not in host.faults:
        return
    name, claim = volume["name"], _claim_name(volume, state)
    what = f"volume {name} of {state.key} on {host.name}"
    fault = host.faults.find(
        VolumeFault, lambda one: one.fits(state.namespace, state.name, host.name, name, claim), what
    )
    if fault is None:
        return
    if fault.type == "MountFailure":
        raise MountError(f'MountVolume.SetUp failed for volume "{name}" : {FAULT_ERROR}')
    bound = (host.caches.claims.get(state.namespace, claim) or {}).get("spec", {}).get("volumeName", name)
    raise MountError(f'AttachVolume.Attach failed for volume "{bound}" : {FAULT_ERROR}', "FailedAttachVolume")


def _claim_name(volume: Object, state: PodState) -> str:
    """The claim behind a volume, "" where there is none."""
    if "persistentVolumeClaim" in volume:
        return str(volume["persistentVolumeClaim"]["claimName"])
    return f"{state.name}-{volume['name']}" if "ephemeral" in volume else ""


async def _mount(volume: Object, pod: Object, state: PodState, host: Host) -> MountedVolume:
    name = volume["name"]
    if "persistentVolumeClaim" in volume:
        read_only = bool(volume["persistentVolumeClaim"].get("readOnly"))
        return _claimed(name, _claim_name(volume, state), state, host, read_only)
    if "ephemeral" in volume:
        return _claimed(name, _claim_name(volume, state), state, host, False)
    if "hostPath" in volume:
        return MountedVolume(_made(host.volumes.host_path(host.name, volume["hostPath"]["path"])))
    if "emptyDir" in volume:
        return MountedVolume(_made(host.volumes.pod_volume(state.uid, "emptyDir", name)))
    for kind in ("configMap", "secret", "projected", "downwardAPI"):
        if kind in volume:
            directory = host.volumes.pod_volume(state.uid, kind, name)
            write_files(directory, await _files(name, kind, volume[kind], pod, state, host))
            return MountedVolume(directory, read_only=True)
    kinds = ", ".join(key for key in volume if key != "name")
    raise MountError(f'MountVolume.SetUp failed for volume "{name}" : volumes of kind {kinds} are not emulated')


def _made(directory: Path) -> Path:
    make(directory)
    return directory


def _claimed(name: str, claim_name: str, state: PodState, host: Host, read_only: bool) -> MountedVolume:
    """The directory of the volume that a claim is bound to."""
    claim = host.caches.claims.get(state.namespace, claim_name)
    fault = ""
    if claim is None:
        fault = f'persistentvolumeclaim "{claim_name}" not found'
    elif "deletionTimestamp" in claim["metadata"]:
        fault = "PVC is being deleted"
    elif claim.get("status", {}).get("phase") != "Bound" or not claim["spec"].get("volumeName"):
        fault = "PVC is not bound"
    else:
        volume = host.caches.volumes.get("", claim["spec"]["volumeName"])
        bound_to = (volume or {}).get("spec", {}).get("claimRef", {}).get("uid")
        if volume is None:
            fault = f'persistentvolume "{claim["spec"]["volumeName"]}" not found'
        elif bound_to != claim["metadata"]["uid"]:
            fault = f"PV {volume['metadata']['name']} is not bound to this PVC"
        else:
            return MountedVolume(_made(host.volumes.persistent(volume["metadata"]["name"])), read_only)
    failed = f"error processing PVC {state.namespace}/{claim_name}: {fault}"
    raise MountError(
        "Unable to attach or mount volumes: "
        f"unmounted volumes=[{name}], unattached volumes=[], failed to process volumes=[{name}]: {failed}"
    )


# Files made from objects


async def _files(volume: str, kind: str, source: Object, pod: Object, state: PodState, host: Host) -> dict[str, bytes]:
    if kind == "downwardAPI":
        return _downward(volume, source, pod, state, host)
    if kind != "projected":
        return await _from_object(volume, kind, source, state, host)
    files: dict[str, bytes] = {}
    for part in source.get("sources") or ():
        for part_kind in ("configMap", "secret"):
            if part_kind in part:
                files.update(await _from_object(volume, part_kind, part[part_kind], state, host))
        if "downwardAPI" in part:
            files.update(_downward(volume, part["downwardAPI"], pod, state, host))
        if "serviceAccountToken" in part:
            files.update(await _token(volume, part["serviceAccountToken"], state, host))
    return files


async def _from_object(volume: str, kind: str, source: Object, state: PodState, host: Host) -> dict[str, bytes]:
    """The entries of a config map or secret, all or the items that are chosen."""
    name = source.get("name") or source.get("secretName", "")
    resource = CONFIG_MAPS if kind == "configMap" else SECRETS
    obj = await _get(host, resource, state.namespace, name)
    if obj is None:
        if source.get("optional"):
            return {}
        raise MountError(f'MountVolume.SetUp failed for volume "{volume}" : {kind.lower()} "{name}" not found')
    plain = obj.get("data", {}) if kind == "configMap" else {}
    encoded = obj.get("binaryData", {}) if kind == "configMap" else obj.get("data", {})
    entries = {key: str(plain[key]).encode() for key in plain} | {
        key: base64.b64decode(encoded[key]) for key in encoded
    }
    if not source.get("items"):
        return entries
    files: dict[str, bytes] = {}
    for item in source["items"]:
        if item["key"] in entries:
            files[item["path"]] = entries[item["key"]]
        elif not source.get("optional"):
            text = f"references non-existent {'config' if kind == 'configMap' else 'secret'} key: {item['key']}"
            raise MountError(f'MountVolume.SetUp failed for volume "{volume}" : {text}')
    return files


async def _get(host: Host, resource: GroupVersionResource, namespace: str, name: str) -> Object | None:
    try:
        return await host.client.get(resource, namespace, name)
    except ApiError as error:
        if is_not_found(error):
            return None
        raise


def _downward(volume: str, source: Object, pod: Object, state: PodState, host: Host) -> dict[str, bytes]:
    files = {}
    for item in source.get("items") or ():
        try:
            if "fieldRef" in item:
                value = field_value(item["fieldRef"]["fieldPath"], pod, state, host)
            else:
                value = resource_value(item["resourceFieldRef"], pod, pod["spec"]["containers"][0], host)
        except FieldUnknown as error:
            raise MountError(f'MountVolume.SetUp failed for volume "{volume}" : {error}') from None
        files[item["path"]] = value.encode()
    return files


async def _token(volume: str, source: Object, state: PodState, host: Host) -> dict[str, bytes]:
    try:
        token, renewed_at = await fetch_token(source, state, host)
    except ApiError as error:
        text = f'MountVolume.SetUp failed for volume "{volume}" : failed to fetch token: {error.message}'
        raise MountError(text) from None
    state.renew_tokens_at = min(renewed_at, state.renew_tokens_at or renewed_at)
    return {source["path"]: token}


def container_mounts(container: Object, volumes: dict[str, MountedVolume], variables: dict[str, str]) -> list[Mount]:
    """Where a container sees the pod's volumes."""
    mounts = []
    for mount in container.get("volumeMounts") or ():
        volume = volumes.get(mount["name"])
        if volume is None:
            continue
        below = expand(mount["subPathExpr"], variables) if mount.get("subPathExpr") else mount.get("subPath", "")
        try:
            directory = inside(volume.directory, below) if below else volume.directory
        except OutsideOfVolume:
            continue
        mounts.append(Mount(mount["mountPath"], directory, volume.read_only or bool(mount.get("readOnly"))))
    return mounts
