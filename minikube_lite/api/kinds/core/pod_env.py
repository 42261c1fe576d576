"""Environment variables and what they may refer to; upstream: pkg/apis/core/validation/validation.go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from minikube_lite.api.kinds.core.pod_fields import named, no_backsteps, visit_containers
from minikube_lite.machinery.names import (
    is_config_map_key,
    is_dns1123_label,
    is_qualified_name,
    is_relaxed_env_var_name,
    name_is_dns_subdomain,
)
from minikube_lite.schema.field import FieldError, Path, invalid, not_found, not_supported, required
from minikube_lite.schema.quantity import Quantity
from minikube_lite.store import Object

_ENV_FIELD_PATHS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
    "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
VOLUME_FIELD_PATHS = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
_POD_FIELD_PATHS = frozenset(
    {*_ENV_FIELD_PATHS, *VOLUME_FIELD_PATHS, "spec.restartPolicy", "spec.schedulerName", "status.phase"}
)
_SUBSCRIPTED_FIELDS = ("metadata.annotations", "metadata.labels")
_RESOURCE_FIELDS = (
    "limits.cpu", "limits.ephemeral-storage", "limits.memory",
    "requests.cpu", "requests.ephemeral-storage", "requests.memory",
)  # fmt: skip
_HUGE_PAGE_FIELDS = ("limits.hugepages-", "requests.hugepages-")
_CPU_DIVISORS = ("1m", "1")
_BYTE_DIVISORS = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
_DIVISORS = {
    "cpu": (_CPU_DIVISORS, "only divisor's values 1m and 1 are supported with the cpu resource"),
    "memory": (
        _BYTE_DIVISORS,
        f"only divisor's values {', '.join(_BYTE_DIVISORS)} are supported with the memory resource",
    ),
    "ephemeral-storage": (
        _BYTE_DIVISORS,
        f"only divisor's values {', '.join(_BYTE_DIVISORS)} are supported with the local ephemeral storage resource",
    ),
    "hugepages": (
        _BYTE_DIVISORS,
        f"only divisor's values {', '.join(_BYTE_DIVISORS)} are supported with the hugepages resource",
    ),
}


def validate_env(variables: Sequence[Object], path: Path) -> Iterator[FieldError]:
    """The environment variables of a container."""
    for position, variable in enumerate(variables):
        name, source = variable.get("name") or "", variable.get("valueFrom")
        if not name:
            yield required(path.index(position).child("name"))
        elif not (name.isascii() and name.isidentifier()):
            yield from named(is_relaxed_env_var_name, name, path.index(position).child("name"))
        if source is not None:
            yield from _validate_value_from(
                source, variable.get("value") or "", path.index(position).child("valueFrom")
            )


def _validate_value_from(source: Object, value: str, path: Path) -> Iterator[FieldError]:
    given = 0
    for name, rule in _SOURCE_RULES.items():
        if source.get(name) is not None:
            given += 1
            yield from rule(source[name], path.child(name))
    if not given:
        sources = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        yield invalid(path, "", f"must specify one of: {sources}")
    elif value:
        yield invalid(path, "", "may not be specified when `value` is not empty")
    elif given > 1:
        yield invalid(path, "", "may not have more than one field specified at a time")


def _validate_env_field(reference: Object, path: Path) -> Iterator[FieldError]:
    yield from validate_field_reference(reference, _ENV_FIELD_PATHS, path)


def _validate_env_resource(reference: Object, path: Path) -> Iterator[FieldError]:
    yield from validate_resource_reference(reference, path, volume=False)


def validate_field_reference(reference: Object, supported: Sequence[str], path: Path) -> Iterator[FieldError]:
    """A reference to a field of the pod itself."""
    version, text = reference.get("apiVersion") or "", reference.get("fieldPath") or ""
    if not version:
        yield required(path.child("apiVersion"))
        return
    if not text:
        yield required(path.child("fieldPath"))
        return
    field, subscript = _split_subscript(text)
    problem = _conversion_problem(version, text, field, subscript)
    if problem:
        yield invalid(path.child("fieldPath"), text, f"error converting fieldPath: {problem}")
    elif subscript is not None:
        key = subscript.lower() if field == "metadata.annotations" else subscript
        yield from named(is_qualified_name, key, path)
    else:
        field = "spec.nodeName" if field == "spec.host" else field
        if field not in supported:
            yield not_supported(path.child("fieldPath"), field, supported)


def _conversion_problem(version: str, text: str, field: str, subscript: str | None) -> str:
    if version != "v1":
        return f"unsupported pod version: {version}"
    if subscript is not None:
        return "" if field in _SUBSCRIPTED_FIELDS else f"field label does not support subscript: {text}"
    return "" if field in _POD_FIELD_PATHS or field == "spec.host" else f"field label not supported: {text}"


def _split_subscript(text: str) -> tuple[str, str | None]:
    """`metadata.labels['a']` is ("metadata.labels", "a")."""
    field, bracket, rest = text.partition("['")
    if bracket and field and rest.endswith("']"):
        return field, rest.removesuffix("']")
    return text, None


def validate_resource_reference(reference: Object, path: Path, *, volume: bool) -> Iterator[FieldError]:
    """A reference to what a container asks for. A volume must name the container."""
    resource = reference.get("resource") or ""
    if volume and not reference.get("containerName"):
        yield required(path.child("containerName"))
    elif not resource:
        yield required(path.child("resource"))
    elif resource not in _RESOURCE_FIELDS and not resource.startswith(_HUGE_PAGE_FIELDS):
        yield not_supported(path.child("resource"), resource, _RESOURCE_FIELDS)
    divisor = reference.get("divisor")
    if divisor and not (quantity := Quantity.parse(divisor)).is_zero:
        sort = resource.partition(".")[2]
        supported, text = _DIVISORS.get("hugepages" if sort.startswith("hugepages-") else sort, ((), ""))
        if supported and str(quantity) not in supported:
            yield invalid(path.child("divisor"), resource, text)


def _validate_key_reference(reference: Object, path: Path) -> Iterator[FieldError]:
    name, key = reference.get("name") or "", reference.get("key") or ""
    yield from named(name_is_dns_subdomain, name, path.child("name"))
    if key:
        yield from named(is_config_map_key, key, path.child("key"))
    else:
        yield required(path.child("key"))


def _validate_file_key(reference: Object, path: Path) -> Iterator[FieldError]:
    key, volume, file = reference.get("key") or "", reference.get("volumeName") or "", reference.get("path") or ""
    if key:
        yield from named(is_relaxed_env_var_name, key, path.child("key"))
    else:
        yield required(path.child("key"))
    if volume:
        yield from named(is_dns1123_label, volume, path.child("volumeName"))
    else:
        yield required(path.child("volumeName"))
    if file:
        yield from no_backsteps(file, path.child("path"))
    else:
        yield required(path.child("path"))


_SOURCE_RULES: dict[str, Callable[[Object, Path], Iterator[FieldError]]] = {
    "fieldRef": _validate_env_field,
    "resourceFieldRef": _validate_env_resource,
    "configMapKeyRef": _validate_key_reference,
    "secretKeyRef": _validate_key_reference,
    "fileKeyRef": _validate_file_key,
}


def validate_env_from(sources: Sequence[Object], path: Path) -> Iterator[FieldError]:
    """The config maps and secrets whose keys all become variables."""
    for position, source in enumerate(sources):
        place = path.index(position)
        if source.get("prefix"):
            yield from named(is_relaxed_env_var_name, source["prefix"], place.child("prefix"))
        given = 0
        for name in ("configMapRef", "secretRef"):
            if source.get(name) is not None:
                given += 1
                yield from _validate_source_name(source[name].get("name") or "", place.child(name, "name"))
        if not given:
            yield invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
        elif given > 1:
            yield invalid(path, "", "may not have more than one field specified at a time")


def _validate_source_name(name: str, path: Path) -> Iterator[FieldError]:
    if not name:
        yield required(path)
    else:
        # Upstream judges it as a prefix, so a dash at the end passes.
        for message in name_is_dns_subdomain(name, True):
            yield invalid(path, name, message)


def validate_file_key_volumes(spec: Object, path: Path) -> Iterator[FieldError]:
    """Variables read from files need an emptyDir volume."""
    for container, place in visit_containers(spec, path):
        for position, variable in enumerate(container.get("env") or ()):
            source = variable.get("valueFrom")
            reference = source.get("fileKeyRef") if source else None
            if reference is None:
                continue
            name = reference.get("volumeName") or ""
            at = place.child("env").index(position).child("valueFrom", "fileKeyRef", "volumeName")
            volume = next((volume for volume in spec.get("volumes") or () if volume.get("name") == name), None)
            if volume is None:
                yield not_found(at, name)
            elif volume.get("emptyDir") is None:
                yield invalid(at, name, "referenced volume must be of type emptyDir")
