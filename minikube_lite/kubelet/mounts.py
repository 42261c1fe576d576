"""A pod's volumes: which directory each one is, and what stands in it; upstream: pkg/kubelet/volumemanager, pkg/volume.

A pod waits until all its volumes are there; a claim must be bound to a volume that is bound to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from minikube_lite.kubelet.environment import expand
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.object_files import OBJECT_KINDS, MountError, object_files
from minikube_lite.kubelet.state import PodState
from minikube_lite.machinery.pod_faults import VolumeFault
from minikube_lite.network.link import Unreachable
from minikube_lite.programs.program import Mount
from minikube_lite.programs.volumes import OutsideOfVolume, copy_tree, inside, make, write_files
from minikube_lite.store import Object

FAULT_ERROR = "rpc error: code = Unavailable desc = a fault lets it fail"


@dataclass(frozen=True, slots=True)
class MountedVolume:
    """The directory that is a pod's volume."""

    directory: Path
    read_only: bool = False
    changes: bool = False
    """Whether the kubelet writes its files anew; who has mounted a part of it by subPath does not see that."""


async def mount_volumes(state: PodState, host: Host) -> dict[str, MountedVolume]:
    """Make all volumes of a pod ready, by name. Raises MountError."""
    mounted: dict[str, MountedVolume] = {}
    state.renew_tokens_at = None
    for volume in state.pod["spec"].get("volumes") or ():
        try:
            _check_faults(volume, state, host)
            mounted[volume["name"]] = await _mount(volume, state, host)
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


async def _mount(volume: Object, state: PodState, host: Host) -> MountedVolume:
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
    for kind in OBJECT_KINDS:
        if kind in volume:
            directory = host.volumes.pod_volume(state.uid, kind, name)
            write_files(directory, await object_files(name, kind, volume[kind], state, host))
            return MountedVolume(directory, read_only=True, changes=True)
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


def container_mounts(
    container: Object, volumes: dict[str, MountedVolume], variables: dict[str, str], snapshot: Callable[[int], Path]
) -> list[Mount]:
    """Where a container sees the pod's volumes. `snapshot` says where it keeps its part of a volume that changes."""
    mounts = []
    for number, mount in enumerate(container.get("volumeMounts") or ()):
        volume = volumes.get(mount["name"])
        if volume is None:
            continue
        below = expand(mount["subPathExpr"], variables) if mount.get("subPathExpr") else mount.get("subPath", "")
        try:
            directory = inside(volume.directory, below) if below else volume.directory
            if below and volume.changes and directory.exists():
                copy_tree(directory, snapshot(number))
                directory = snapshot(number)
        except (OutsideOfVolume, OSError):
            continue
        mounts.append(Mount(mount["mountPath"], directory, volume.read_only or bool(mount.get("readOnly"))))
    return mounts
