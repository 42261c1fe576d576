"""What a pod and a pod template say when they say nothing; upstream: pkg/apis/core/v1/defaults.go."""

from __future__ import annotations

import re
from typing import Any

from minikube_lite.api.kinds.core.pod_fields import spec_of
from minikube_lite.api.kinds.core.pod_resources import default_pod_level_resources, round_up_resources
from minikube_lite.store import Object

_DOMAIN_PART = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PATH_PART = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_match_image = re.compile(
    rf"(?:{_DOMAIN}/)?{_PATH_PART}(?:/{_PATH_PART})*(?::(\w[\w.-]{{0,127}}))?(?:@({_DIGEST}))?", re.ASCII
).fullmatch

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_FILE_MODE = 0o644
_TOKEN_SECONDS = 3600
_MODE_SOURCES = ("secret", "downwardAPI", "configMap", "projected")
_RBD = {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"}
_AZURE_DISK = {"cachingMode": "ReadWrite", "fsType": "ext4", "readOnly": False, "kind": "Shared"}
_SCALE_IO = {"storageMode": "ThinProvisioned", "fsType": "xfs"}


def image_tag(image: str) -> str:
    """The tag of an image's name; `latest` where neither tag nor digest is given, "" for what is no name."""
    found = _match_image(image)
    if not found:
        return ""
    tag, digest = found.groups()
    return tag or ("" if digest else "latest")


def pull_policy(image: str) -> str:
    """When an image is pulled if nobody says."""
    return "Always" if image_tag(image) == "latest" else "IfNotPresent"


def default_pod(pod: Object) -> None:
    """Fill in a Pod."""
    spec = spec_of(pod)
    containers, init_containers = spec.get("containers") or (), spec.get("initContainers") or ()
    for container in (*containers, *init_containers):
        resources = container.get("resources")
        limits = resources.get("limits") if resources else None
        if limits:
            container["resources"] = {**resources, "requests": {**limits, **(resources.get("requests") or {})}}
    if spec.get("resources"):
        default_pod_level_resources(spec)
    if spec.get("enableServiceLinks") is None:
        spec["enableServiceLinks"] = True
    if spec.get("hostNetwork"):
        _default_host_ports((*containers, *init_containers))
    default_pod_spec(spec)


def default_pod_template(template: Object) -> None:
    """Fill in a pod template."""
    default_pod_spec(spec_of(template))


def default_pod_spec(spec: Object) -> None:
    """Fill in a pod's spec, its own or a template's."""
    if not spec.get("dnsPolicy"):
        spec["dnsPolicy"] = "ClusterFirst"
    if not spec.get("restartPolicy"):
        spec["restartPolicy"] = "Always"
    if spec.get("securityContext") is None:
        spec["securityContext"] = {}
    if spec.get("terminationGracePeriodSeconds") is None:
        spec["terminationGracePeriodSeconds"] = 30
    if not spec.get("schedulerName"):
        spec["schedulerName"] = "default-scheduler"
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        # The old name of the field is kept the same as the new one.
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for volume in spec.get("volumes") or ():
        _default_volume(volume)
    for name in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(name) or ():
            default_container(container)
    if spec.get("overhead"):
        round_up_resources(spec["overhead"])
    default_resources(spec)


def default_container(container: Object) -> None:
    """Fill in a container of any sort."""
    if not container.get("imagePullPolicy"):
        container["imagePullPolicy"] = pull_policy(container.get("image") or "")
    if not container.get("terminationMessagePath"):
        container["terminationMessagePath"] = "/dev/termination-log"
    if not container.get("terminationMessagePolicy"):
        container["terminationMessagePolicy"] = "File"
    for port in container.get("ports") or ():
        if not port.get("protocol"):
            port["protocol"] = "TCP"
    for variable in container.get("env") or ():
        source = variable.get("valueFrom")
        if source:
            _default_value_source(source)
    if container.get("resources"):
        default_resources(container)
    else:
        container["resources"] = {}
    for name in _PROBES:
        if container.get(name) is not None:
            _default_probe(container[name])
    lifecycle = container.get("lifecycle")
    if lifecycle:
        for name in ("postStart", "preStop"):
            _default_http_get((lifecycle.get(name) or {}).get("httpGet"))


def _default_value_source(source: Object) -> None:
    _default_field_reference(source.get("fieldRef"))
    file_key = source.get("fileKeyRef")
    if file_key is not None and file_key.get("optional") is None:
        file_key["optional"] = False


def _default_field_reference(reference: Object | None) -> None:
    if reference is not None and not reference.get("apiVersion"):
        reference["apiVersion"] = "v1"


def _default_probe(probe: Object) -> None:
    if not probe.get("timeoutSeconds"):
        probe["timeoutSeconds"] = 1
    if not probe.get("periodSeconds"):
        probe["periodSeconds"] = 10
    if not probe.get("successThreshold"):
        probe["successThreshold"] = 1
    if not probe.get("failureThreshold"):
        probe["failureThreshold"] = 3
    _default_http_get(probe.get("httpGet"))
    grpc = probe.get("grpc")
    if grpc is not None and grpc.get("service") is None:
        grpc["service"] = ""


def _default_http_get(action: Object | None) -> None:
    if action is not None:
        if not action.get("path"):
            action["path"] = "/"
        if not action.get("scheme"):
            action["scheme"] = "HTTP"


def _default_host_ports(containers: tuple[Object, ...]) -> None:
    for container in containers:
        for port in container.get("ports") or ():
            if not port.get("hostPort") and port.get("containerPort"):
                port["hostPort"] = port["containerPort"]


def default_resources(holder: Object) -> None:
    """Round up what the holder of requests and limits asks for, as the API stores amounts in thousandths."""
    resources = holder.get("resources") or {}
    for name in ("limits", "requests"):
        amounts = resources.get(name)
        if amounts:
            resources[name] = round_up_resources(dict(amounts))


def _default_volume(volume: Object) -> None:
    if not any(value is not None for name, value in volume.items() if name != "name"):
        volume["emptyDir"] = {}
        return
    for name in _MODE_SOURCES:
        source = volume.get(name)
        if source is not None and source.get("defaultMode") is None:
            source["defaultMode"] = _FILE_MODE
    for name, default in _SOURCE_DEFAULTS.items():
        if volume.get(name) is not None:
            default(volume[name])


def _default_host_path(source: Object) -> None:
    if source.get("type") is None:
        source["type"] = ""


def _default_image_volume(source: Object) -> None:
    if not source.get("pullPolicy"):
        source["pullPolicy"] = pull_policy(source.get("reference") or "")


def _default_iscsi(source: Object) -> None:
    if not source.get("iscsiInterface"):
        source["iscsiInterface"] = "default"


def _fill(source: Object, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if source.get(name) in (None, ""):
            source[name] = value


def _default_rbd(source: Object) -> None:
    _fill(source, _RBD)


def _default_azure_disk(source: Object) -> None:
    _fill(source, _AZURE_DISK)


def _default_scale_io(source: Object) -> None:
    _fill(source, _SCALE_IO)


def _default_downward_api(source: Object) -> None:
    for item in source.get("items") or ():
        _default_field_reference(item.get("fieldRef"))


def _default_projected(source: Object) -> None:
    for projection in source.get("sources") or ():
        if projection.get("downwardAPI"):
            _default_downward_api(projection["downwardAPI"])
        token = projection.get("serviceAccountToken")
        if token is not None and token.get("expirationSeconds") is None:
            token["expirationSeconds"] = _TOKEN_SECONDS


def _default_ephemeral(source: Object) -> None:
    template = source.get("volumeClaimTemplate")
    if template is not None:
        spec = spec_of(template)
        if spec.get("volumeMode") is None:
            spec["volumeMode"] = "Filesystem"
        default_resources(spec)


_SOURCE_DEFAULTS = {
    "hostPath": _default_host_path,
    "image": _default_image_volume,
    "iscsi": _default_iscsi,
    "rbd": _default_rbd,
    "azureDisk": _default_azure_disk,
    "scaleIO": _default_scale_io,
    "downwardAPI": _default_downward_api,
    "projected": _default_projected,
    "ephemeral": _default_ephemeral,
}
