"""A container's environment variables; upstream: makeEnvironmentVariables in kubelet_pods.go, pkg/kubelet/envvars."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence

from minikube_lite.kubelet.fields import FieldUnknown, field_value, resource_value
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.state import PodState
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.resources import CONFIG_MAPS, SECRETS
from minikube_lite.store import Object

_REFERENCE = re.compile(r"\$(\$|\(([^)]*)\)|)")


class ConfigurationError(Exception):
    """A container cannot be made as its spec asks (reason CreateContainerConfigError)."""


class Sources:
    """The config maps and secrets that one container's variables come from, each asked for once."""

    def __init__(self, host: Host, namespace: str) -> None:
        self._host = host
        self._namespace = namespace
        self._config_maps: dict[str, Mapping[str, str] | None] = {}
        self._secrets: dict[str, Mapping[str, str] | None] = {}

    async def config_map(self, reference: Object) -> Mapping[str, str] | None:
        """The data of a config map; None when it is missing and may be."""
        name = reference.get("name", "")
        if name not in self._config_maps:
            obj = await self._get(CONFIG_MAPS, name)
            self._config_maps[name] = obj.get("data", {}) if obj is not None else None
        return self._present(self._config_maps[name], reference, f'configmap "{name}" not found')

    async def secret(self, reference: Object) -> Mapping[str, str] | None:
        """The decoded data of a secret; None when it is missing and may be."""
        name = reference.get("name", "")
        if name not in self._secrets:
            obj = await self._get(SECRETS, name)
            data = obj.get("data", {}) if obj is not None else None
            self._secrets[name] = (
                {key: base64.b64decode(data[key]).decode(errors="replace") for key in data}
                if data is not None
                else None
            )
        return self._present(self._secrets[name], reference, f'secret "{name}" not found')

    async def _get(self, resource: object, name: str) -> Object | None:
        try:
            return await self._host.client.get(resource, self._namespace, name)  # type: ignore[arg-type]
        except ApiError as error:
            if is_not_found(error):
                return None
            raise

    def _present(self, data: Mapping[str, str] | None, reference: Object, message: str) -> Mapping[str, str] | None:
        if data is None and not reference.get("optional"):
            raise ConfigurationError(message)
        return data


async def environment(pod: Object, container: Object, state: PodState, host: Host) -> dict[str, str]:
    """All variables: those of the image's own first, then envFrom, env, and Services. Raises ConfigurationError."""
    sources = Sources(host, state.namespace)
    services = service_variables(
        host.caches.services.list_objects(), state.namespace, pod["spec"].get("enableServiceLinks", True)
    )
    variables: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        for kind, find in (("configMapRef", sources.config_map), ("secretRef", sources.secret)):
            if kind in source:
                data = await find(source[kind]) or {}
                variables.update({f"{source.get('prefix', '')}{key}": data[key] for key in sorted(data)})
    for variable in container.get("env") or ():
        if variable.get("value"):
            variables[variable["name"]] = expand(variable["value"], {**services, **variables})
        elif variable.get("valueFrom"):
            value = await _value_from(variable["valueFrom"], pod, container, state, host, sources)
            if value is not None:
                variables[variable["name"]] = value
        else:
            variables[variable["name"]] = ""
    home = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME": pod_hostname(pod)}
    return {**home, **services, **variables}


async def _value_from(
    source: Object, pod: Object, container: Object, state: PodState, host: Host, sources: Sources
) -> str | None:
    """The value, or None when it is missing and may be."""
    if "fieldRef" in source:
        try:
            return field_value(source["fieldRef"]["fieldPath"], pod, state, host)
        except FieldUnknown as error:
            raise ConfigurationError(str(error)) from None
    if "resourceFieldRef" in source:
        return resource_value(source["resourceFieldRef"], pod, container, host)
    for kind, find, shown in (
        ("configMapKeyRef", sources.config_map, "ConfigMap"),
        ("secretKeyRef", sources.secret, "Secret"),
    ):
        if kind in source:
            reference = source[kind]
            data = await find(reference)
            if data is None:
                return None
            if reference["key"] not in data:
                if reference.get("optional"):
                    return None
                name = f"{state.namespace}/{reference.get('name', '')}"
                raise ConfigurationError(f"couldn't find key {reference['key']} in {shown} {name}")
            return data[reference["key"]]
    raise ConfigurationError(f"variables from {', '.join(source)} are not emulated")


def expand(text: str, variables: Mapping[str, str]) -> str:
    """`$(NAME)` replaced by variables that are known, `$$` by `$`."""

    def replace(match: re.Match[str]) -> str:
        if match[1] == "$":
            return "$"
        if match[2] is None or match[2] not in variables:
            return match[0]
        return variables[match[2]]

    return _REFERENCE.sub(replace, text)


def service_variables(services: Sequence[Object], namespace: str, links: bool) -> dict[str, str]:
    """Where the Services of the pod's namespace are found, and the API's always."""
    variables: dict[str, str] = {}
    for service in services:
        metadata, spec = service["metadata"], service["spec"]
        is_api = metadata["namespace"] == "default" and metadata["name"] == "kubernetes"
        address = spec.get("clusterIP", "")
        if (
            address in ("", "None")
            or not spec.get("ports")
            or not (is_api or (links and metadata["namespace"] == namespace))
        ):
            continue
        _add_service(variables, metadata["name"], address, spec["ports"])
    return variables


def _add_service(variables: dict[str, str], name: str, address: str, ports: Sequence[Object]) -> None:
    prefix = _variable_name(name)
    variables[f"{prefix}_SERVICE_HOST"] = address
    variables[f"{prefix}_SERVICE_PORT"] = str(ports[0]["port"])
    for port in ports:
        if port.get("name"):
            variables[f"{prefix}_SERVICE_PORT_{_variable_name(port['name'])}"] = str(port["port"])
    for position, port in enumerate(ports):
        protocol = port.get("protocol", "TCP").lower()
        url = f"{protocol}://{address}:{port['port']}"
        if position == 0:
            variables[f"{prefix}_PORT"] = url
        head = f"{prefix}_PORT_{port['port']}_{protocol.upper()}"
        variables[head] = url
        variables[f"{head}_PROTO"] = protocol
        variables[f"{head}_PORT"] = str(port["port"])
        variables[f"{head}_ADDR"] = address


def _variable_name(name: str) -> str:
    return name.replace("-", "_").upper()


HOSTNAME_LENGTH_MAX = 63


def pod_hostname(pod: Object) -> str:
    """What the pod calls itself."""
    spec = pod["spec"]
    if spec.get("hostNetwork"):
        return str(spec.get("nodeName", ""))
    name = str(spec.get("hostname") or pod["metadata"]["name"])
    return name if len(name) <= HOSTNAME_LENGTH_MAX else name[:HOSTNAME_LENGTH_MAX].rstrip("-.")
