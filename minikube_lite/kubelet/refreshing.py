"""Keeps volumes that are made from objects as the objects are; upstream: the kubelet's periodic sync, which mounts them anew.

A change of the pod itself shows at once. A change of a config map or secret shows when the pod's minute is over, as upstream,
where a kubelet looks at each pod once a minute. What a container has mounted by subPath never changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.object_files import OBJECT_KINDS, MountError, object_files
from minikube_lite.kubelet.state import PodState
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import CONFIG_MAPS, SECRETS
from minikube_lite.network.link import Unreachable
from minikube_lite.programs.volumes import update_files
from minikube_lite.store import Object

SYNC_SECONDS = 60.0
"""How often a kubelet looks at a pod anyhow; upstream: --sync-frequency."""


def source_changed(state: PodState, resource_key: str, name: str, host: Host) -> bool:
    """Plan for a config map or secret that changed; whether the pod has a volume of it."""
    if not state.mounted or (resource_key, name) not in set(_sources(state.pod)):
        return False
    now = host.clock.now()
    periods = math.floor((now - state.start_time) / SYNC_SECONDS) + 1
    due = state.start_time + periods * SYNC_SECONDS
    state.refresh_at = due if state.refresh_at is None else min(due, state.refresh_at)
    return True


def pod_changed(state: PodState, before: Object, host: Host) -> None:
    """Plan for a pod whose own fields changed, which its volumes may show."""
    old, new = before["metadata"], state.pod["metadata"]
    if any(old.get(part) != new.get(part) for part in ("labels", "annotations")):
        state.refresh_at = host.clock.now()


async def refresh_volumes(state: PodState, host: Host) -> None:
    """Write the files anew that are due. What cannot be had keeps the files that it has, and is tried again."""
    if state.refresh_at is None or not state.mounted or state.refresh_at > host.clock.now():
        return
    state.refresh_at = None
    for name, kind, source in _volumes(state.pod):
        try:
            files = await object_files(name, kind, source, state, host, tokens=False)
        except MountError as error:
            host.events.pod(state, "Warning", error.reason, str(error))
            state.refresh_at = host.clock.now() + SYNC_SECONDS
        except (ApiError, Unreachable):
            state.refresh_at = host.clock.now() + SYNC_SECONDS
        else:
            update_files(host.volumes.pod_volume(state.uid, kind, name), files, keep=_token_paths(source))


def _volumes(pod: Object) -> Iterator[tuple[str, str, Object]]:
    """The volumes that are made from objects: name, kind, source."""
    for volume in pod["spec"].get("volumes") or ():
        for kind in OBJECT_KINDS:
            if kind in volume:
                yield volume["name"], kind, volume[kind]


def _sources(pod: Object) -> Iterator[tuple[str, str]]:
    """The config maps and secrets in a pod's volumes, by resource and name."""
    for _, kind, source in _volumes(pod):
        for part in source.get("sources") or () if kind == "projected" else ({kind: source},):
            if "configMap" in part:
                yield CONFIG_MAPS.key, part["configMap"].get("name", "")
            if "secret" in part:
                yield SECRETS.key, part["secret"].get("secretName") or part["secret"].get("name", "")


def _token_paths(source: Object) -> set[str]:
    return {
        part["serviceAccountToken"]["path"] for part in source.get("sources") or () if "serviceAccountToken" in part
    }
