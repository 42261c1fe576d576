"""Containers of every sort; upstream: pkg/apis/core/validation/validation.go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from minikube_lite.api.kinds.core.pod_env import validate_env, validate_env_from
from minikube_lite.api.kinds.core.pod_fields import one_of
from minikube_lite.api.kinds.core.pod_mounts import validate_volume_devices, validate_volume_mounts
from minikube_lite.api.kinds.core.pod_probes import (
    validate_init_restart_policy,
    validate_lifecycle,
    validate_probes,
    validate_restart_policy,
)
from minikube_lite.api.kinds.core.pod_resources import validate_container_resources
from minikube_lite.api.kinds.core.pod_security import validate_container_security
from minikube_lite.machinery.names import (
    PORT_NUMBER_MAX,
    is_dns1123_label,
    is_valid_port_name,
    range_text,
)
from minikube_lite.machinery.pod_resources import is_sidecar
from minikube_lite.schema.field import (
    FieldError,
    Path,
    duplicate,
    forbidden,
    invalid,
    not_found,
    required,
)
from minikube_lite.store import Object

PULL_POLICIES = ("Always", "IfNotPresent", "Never")

_MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_RESIZE_RESOURCES = ("cpu", "memory")
_RESIZE_POLICIES = ("NotRequired", "RestartContainer")
_PROBES_AND_HOOKS = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
_NOT_FOR_EPHEMERAL = (
    "ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules",
    "livenessProbe", "readinessProbe", "startupProbe", "lifecycle",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ContainerScope:
    """What the rules of a container must know of its pod."""

    volumes: Mapping[str, Object]
    """The valid volumes by name."""
    claim_names: Sequence[str]
    grace_period: int | None
    restart_policy: str
    host_users: bool


def validate_containers(containers: Sequence[Object], scope: ContainerScope, path: Path) -> Iterator[FieldError]:
    """The containers of a pod."""
    if not containers:
        yield required(path)
        return
    names: set[str] = set()
    ports = 0
    for position, container in enumerate(containers):
        place, name = path.index(position), container.get("name") or ""
        yield from _validate_common(container, scope, place)
        if name in names:
            yield duplicate(place.child("name"), name)
        names.add(name)
        if container.get("lifecycle") is not None:
            yield from validate_lifecycle(container["lifecycle"], scope.grace_period, place.child("lifecycle"))
        yield from validate_probes(container, place)
        if "restartPolicy" in container or "restartPolicyRules" in container:
            yield from validate_restart_policy(container, place)
        ports += len(container.get("ports") or ())
    if ports > 1:
        yield from _validate_host_ports(containers, path)


def validate_init_containers(
    containers: Sequence[Object], others: Sequence[Object], scope: ContainerScope, path: Path
) -> Iterator[FieldError]:
    """The containers that run one after the other before those of the pod, or beside them."""
    names = {container.get("name") or "" for container in others}
    for position, container in enumerate(containers):
        place, name, sidecar = path.index(position), container.get("name") or "", is_sidecar(container)
        yield from _validate_common(container, scope, place)
        yield from validate_init_restart_policy(container, place)
        if name in names:
            yield duplicate(place.child("name"), name)
        elif name:
            names.add(name)
        yield from _validate_host_ports([container], path)
        if sidecar:
            if container.get("lifecycle") is not None:
                yield from validate_lifecycle(container["lifecycle"], scope.grace_period, place.child("lifecycle"))
            yield from validate_probes(container, place)
            continue
        for field in _PROBES_AND_HOOKS:
            if container.get(field) is not None:
                yield forbidden(place.child(field), "may not be set for init containers without restartPolicy=Always")
        for index, policy in enumerate(container.get("resizePolicy") or ()):
            if policy.get("restartPolicy") == "RestartContainer":
                at = place.child("resizePolicy").index(index).child("restartPolicy")
                text = "must not be set to 'RestartContainer' for non-sidecar initContainers"
                yield invalid(at, policy["restartPolicy"], text)


def validate_ephemeral_containers(spec: Object, scope: ContainerScope, path: Path) -> Iterator[FieldError]:
    """The containers that were added to a running pod to look into it."""
    others = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    other_names = {container.get("name") or "" for container in others}
    names = set(other_names)
    for position, container in enumerate(spec["ephemeralContainers"]):
        place, name, target = path.index(position), container.get("name") or "", container.get("targetContainerName")
        yield from _validate_common(container, scope, place)
        yield from validate_image_padding(container, place)
        if name in names:
            yield duplicate(place.child("name"), name)
        names.add(name)
        if target and target not in other_names:
            yield not_found(place.child("targetContainerName"), target)
        for field in _NOT_FOR_EPHEMERAL:
            if container.get(field):
                yield forbidden(place.child(field), "cannot be set for an Ephemeral Container")
        for index, mount in enumerate(container.get("volumeMounts") or ()):
            for field in ("subPath", "subPathExpr"):
                if mount.get(field):
                    at = place.child("volumeMounts").index(index).child(field)
                    yield forbidden(at, "cannot be set for an Ephemeral Container")


def validate_image_padding(container: Object, path: Path) -> Iterator[FieldError]:
    """A pod's images, other than a template's, have no space around their names."""
    image = container.get("image") or ""
    if image != image.strip():
        yield invalid(path.child("image"), image, "must not have leading or trailing whitespace")


def _validate_common(container: Object, scope: ContainerScope, path: Path) -> Iterator[FieldError]:
    """What holds for containers of every sort; most of it may be absent."""
    name = container.get("name") or ""
    if not name:
        yield required(path.child("name"))
    else:
        for message in is_dns1123_label(name):
            yield invalid(path.child("name"), name, message)
    if not container.get("image"):
        yield required(path.child("image"))
    if container.get("terminationMessagePolicy") not in _MESSAGE_POLICIES:
        policy = container.get("terminationMessagePolicy") or ""
        yield from one_of(policy, _MESSAGE_POLICIES, path.child("terminationMessagePolicy"))
    if container.get("ports"):
        yield from _validate_ports(container["ports"], path.child("ports"))
    if container.get("env"):
        yield from validate_env(container["env"], path.child("env"))
    if container.get("envFrom"):
        yield from validate_env_from(container["envFrom"], path.child("envFrom"))
    if container.get("volumeMounts"):
        yield from validate_volume_mounts(container, scope.volumes, path.child("volumeMounts"))
    if container.get("volumeDevices"):
        yield from validate_volume_devices(container, scope.volumes, path.child("volumeDevices"))
    if container.get("imagePullPolicy") not in PULL_POLICIES:
        yield from one_of(container.get("imagePullPolicy") or "", PULL_POLICIES, path.child("imagePullPolicy"))
    if container.get("resources"):
        yield from validate_container_resources(container["resources"], scope.claim_names, path.child("resources"))
    if container.get("resizePolicy"):
        yield from _validate_resize(container["resizePolicy"], scope.restart_policy, path.child("resizePolicy"))
    if container.get("securityContext"):
        place = path.child("securityContext")
        yield from validate_container_security(container["securityContext"], scope.host_users, place)


def _validate_ports(ports: Sequence[Object], path: Path) -> Iterator[FieldError]:
    names: set[str] = set()
    for position, port in enumerate(ports):
        name, place = port.get("name"), path.index(position)
        if name:
            messages = is_valid_port_name(name)
            for message in messages:
                yield invalid(place.child("name"), name, message)
            if not messages and name in names:
                yield duplicate(place.child("name"), name)
            elif not messages:
                names.add(name)
        number = port.get("containerPort") or 0
        if not number:
            yield required(place.child("containerPort"))
        elif not 1 <= number <= PORT_NUMBER_MAX:
            yield invalid(place.child("containerPort"), number, range_text(1, PORT_NUMBER_MAX))
        number = port.get("hostPort") or 0
        if number and not 1 <= number <= PORT_NUMBER_MAX:
            yield invalid(place.child("hostPort"), number, range_text(1, PORT_NUMBER_MAX))
        if port.get("protocol") not in _PROTOCOLS:
            yield from one_of(port.get("protocol") or "", _PROTOCOLS, place.child("protocol"))


def _validate_host_ports(containers: Sequence[Object], path: Path) -> Iterator[FieldError]:
    """No two ports take the same one of the node."""
    taken: set[str] = set()
    for position, container in enumerate(containers):
        for index, port in enumerate(container.get("ports") or ()):
            if not port.get("hostPort"):
                continue
            text = f"{port.get('protocol') or ''}/{port.get('hostIP') or ''}/{port['hostPort']}"
            if text in taken:
                yield duplicate(path.index(position).child("ports").index(index).child("hostPort"), text)
            taken.add(text)


def _validate_resize(policies: Sequence[Object], restart_policy: str, path: Path) -> Iterator[FieldError]:
    seen: set[str] = set()
    for position, policy in enumerate(policies):
        resource, restart = policy.get("resourceName") or "", policy.get("restartPolicy") or ""
        if resource in seen:
            yield duplicate(path.index(position), resource)
        seen.add(resource)
        if resource not in _RESIZE_RESOURCES:
            yield from one_of(resource, _RESIZE_RESOURCES, path)
        if restart not in _RESIZE_POLICIES:
            yield from one_of(restart, _RESIZE_POLICIES, path)
        if restart_policy == "Never" and restart != "NotRequired":
            yield invalid(path, restart, "must be 'NotRequired' when pod `restartPolicy` is 'Never'")


def validate_host_network_ports(containers: Sequence[Object], is_pod: bool, path: Path) -> Iterator[FieldError]:
    """In the node's network a container's port is the node's; a template may leave it open."""
    for position, container in enumerate(containers):
        for index, port in enumerate(container.get("ports") or ()):
            host, own = port.get("hostPort") or 0, port.get("containerPort") or 0
            if host != own and (is_pod or host):
                at = path.index(position).child("ports").index(index).child("hostPort")
                yield invalid(at, host, "must match `containerPort` when `hostNetwork` is true")
