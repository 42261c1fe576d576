"""The files of volumes that are made from config maps, secrets, fields of pods, and tokens; upstream: pkg/volume/configmap and others."""

from __future__ import annotations

import base64

from minikube_lite.kubelet.fields import FieldUnknown, field_value, resource_value
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.state import PodState
from minikube_lite.kubelet.tokens import fetch_token
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.resources import CONFIG_MAPS, SECRETS, GroupVersionResource
from minikube_lite.store import Object

OBJECT_KINDS = ("configMap", "secret", "projected", "downwardAPI")
"""The kinds of volumes that are made from objects."""


class MountError(Exception):
    """A volume is not there yet; the text is that of the event, whose reason is `reason`."""

    def __init__(self, text: str, reason: str = "FailedMount") -> None:
        super().__init__(text)
        self.reason = reason


async def object_files(
    volume: str, kind: str, source: Object, state: PodState, host: Host, *, tokens: bool = True
) -> dict[str, bytes]:
    """The files of a volume of one of these kinds; without new tokens if not wanted. Raises MountError, ApiError, Unreachable."""
    if kind == "downwardAPI":
        return _downward(volume, source, state, host)
    if kind != "projected":
        return await _from_object(volume, kind, source, state, host)
    files: dict[str, bytes] = {}
    for part in source.get("sources") or ():
        for part_kind in ("configMap", "secret"):
            if part_kind in part:
                files.update(await _from_object(volume, part_kind, part[part_kind], state, host))
        if "downwardAPI" in part:
            files.update(_downward(volume, part["downwardAPI"], state, host))
        if "serviceAccountToken" in part and tokens:
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


def _downward(volume: str, source: Object, state: PodState, host: Host) -> dict[str, bytes]:
    files, pod = {}, state.pod
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
