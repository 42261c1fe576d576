"""Bodies of custom resources, which say themselves what they are; upstream: apiextensions-apiserver's unstructured serializers."""

from __future__ import annotations

from typing import Any

from minikube_lite.api.scheme import Decodable
from minikube_lite.machinery import errors
from minikube_lite.schema.decode import decode
from minikube_lite.schema.parse import DecodeError, strict_errors
from minikube_lite.store import Object

TYPE_FIELDS = ("apiVersion", "kind")


def decode_custom(
    value: Any, data: bytes, resource: Decodable, repeated: list[str], validation: str, warnings: list[str]
) -> Object:
    """The object in a parsed body. One of another kind keeps its kind, which validation then tells. Raises 400."""
    api_version, kind = (value.get(name) or "" for name in TYPE_FIELDS) if isinstance(value, dict) else ("", "")
    version = (api_version or resource.api_version).rpartition("/")[2]
    prefix = f'{kind or resource.kind} in version "{version}" cannot be handled as a {resource.kind}: '
    if not kind:
        text = data.decode(errors="replace").rstrip("\n")
        raise errors.bad_request(f"{prefix}Object 'Kind' is missing in '{text}'")
    _check_version(api_version, resource)
    try:
        obj, unknown = _read(value, kind, resource)
    except DecodeError as error:
        raise errors.bad_request(prefix + str(error)) from None
    faults = strict_errors(repeated, unknown)
    if faults and validation == "Strict":
        raise errors.bad_request(f"{prefix}strict decoding error: {', '.join(faults)}")
    if validation == "Warn":
        warnings.extend(faults)
    return obj


def read_custom(patched: Object, resource: Decodable, validation: str, warnings: list[str]) -> Object:
    """The object that a patch made; raises DecodeError, and 400 for another version."""
    _check_version(patched.get("apiVersion") or "", resource)
    obj, unknown = _read(patched, patched.get("kind") or "", resource)
    if unknown and validation == "Strict":
        raise DecodeError(f"strict decoding error: {', '.join(unknown)}")
    if validation == "Warn":
        warnings.extend(unknown)
    return obj


def _check_version(api_version: str, resource: Decodable) -> None:
    if api_version != resource.api_version:
        raise errors.bad_request(
            f"the API version in the data ({api_version}) does not match the expected API version ({resource.api_version})"
        )


def _read(value: Object, kind: str, resource: Decodable) -> tuple[Object, list[str]]:
    if kind != resource.kind:
        metadata = resource.schema.fields["metadata"].schema
        read = decode(metadata, value.get("metadata") or {}).value
        return {**{name: item for name, item in value.items() if name != "apiVersion"}, "metadata": read}, []
    decoded = decode(resource.schema, value)
    obj: Object = decoded.value
    for name in TYPE_FIELDS:
        obj.pop(name, None)
    return obj, decoded.unknown
