"""Request bodies as objects: format, kind, types, unknown and repeated fields; upstream: runtime/serializer."""

from __future__ import annotations

import functools
from typing import Literal

from minikube_lite.api.custom_bodies import decode_custom, read_custom
from minikube_lite.api.negotiation import JSON, PROTOBUF, YAML
from minikube_lite.api.scheme import Decodable, Scheme
from minikube_lite.machinery import errors
from minikube_lite.schema.decode import DecodeError, decode
from minikube_lite.schema.field import FieldError, Path, not_supported
from minikube_lite.schema.model import Schema
from minikube_lite.schema.parse import find_kind, parse_json, parse_yaml, strict_errors, summarize
from minikube_lite.schema.protobuf import ProtobufTypes
from minikube_lite.schema.protobuf_wire import read_unknown
from minikube_lite.store import Object

FieldValidation = Literal["Strict", "Warn", "Ignore"]

TYPE_FIELDS = ("apiVersion", "kind")
SCHEME_NAME = "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"
"""How Kubernetes names its scheme in errors."""


OLD_VERSIONS = (("apps", "v1beta1"), ("apps", "v1beta2"), ("extensions", "v1beta1"))
"""Versions that Kubernetes still knows but serves no more."""


class Bodies:
    """Decodes bodies of the kinds that a scheme knows."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme

    @functools.cached_property
    def protobuf(self) -> ProtobufTypes:
        """The messages of the built-in types; read when the first client speaks so."""
        return ProtobufTypes.load(self._scheme.schemas)

    def decode(
        self, data: bytes, body_format: str, resource: Decodable, validation: FieldValidation, warnings: list[str]
    ) -> Object:
        """The object in a body, without its apiVersion and kind, which must be those named. Raises 400 and 415."""
        kind, expected = resource.kind, resource.api_version
        if body_format == PROTOBUF:
            return self._decode_protobuf(data, resource)
        try:
            parse = parse_yaml if body_format == YAML else parse_json
            value, repeated = parse(data, find_duplicates=validation != "Ignore")
        except DecodeError as error:
            reason = str(error) if body_format == YAML else f"couldn't get version/kind; json parse error: {error}"
            raise errors.bad_request(
                f"the object provided is unrecognized (must be of type {kind}): {reason} ({summarize(data)})"
            ) from None
        try:
            api_version, given = find_kind(value)
        except DecodeError as error:
            text = f"the object provided is unrecognized (must be of type {kind}): {error} ({summarize(data)})"
            raise errors.bad_request(text) from None
        if resource.custom:
            return decode_custom(value, data, resource, repeated, validation, warnings)
        api_version, given = api_version or expected, given or kind
        if given != kind or api_version not in (expected, *resource.older):
            self._refuse_type(api_version, given, expected, kind)
        prefix = f'{given} in version "{api_version.rpartition("/")[2]}" cannot be handled as a {kind}: '
        try:
            obj, unknown = read_typed(value or {}, resource.schema)
        except DecodeError as error:
            raise errors.bad_request(prefix + str(error)) from None
        faults = strict_errors(repeated, unknown)
        if faults and validation == "Strict":
            raise errors.bad_request(f"{prefix}strict decoding error: {', '.join(faults)}")
        if validation == "Warn":
            warnings.extend(faults)
        return obj

    def _decode_protobuf(self, data: bytes, resource: Decodable) -> Object:
        """As decode; messages repeat no field and drop unknown ones. Custom resources have no messages: 415."""
        kind, expected = resource.kind, resource.api_version
        if not self.protobuf.knows(resource.schema):
            raise errors.unsupported_media_type((JSON, YAML))
        try:
            body = read_unknown(data)
        except DecodeError as error:
            text = f"the object provided is unrecognized (must be of type {kind}): {error} ({summarize(data)})"
            raise errors.bad_request(text) from None
        api_version, given = body.api_version or expected, body.kind or kind
        if (api_version, given) != (expected, kind):
            self._refuse_type(api_version, given, expected, kind)
        try:
            return read_typed(self.protobuf.decode(resource.schema, body.raw), resource.schema)[0]
        except DecodeError as error:
            version = api_version.rpartition("/")[2]
            raise errors.bad_request(f'{given} in version "{version}" cannot be handled as a {kind}: {error}') from None

    def read_patched(
        self, patched: Object, resource: Decodable, validation: FieldValidation, warnings: list[str]
    ) -> Object:
        """The object that a patch made; raises DecodeError with the text that stands in upstream's answer."""
        kind, expected = resource.kind, resource.api_version
        api_version, given = find_kind(patched)
        if resource.custom:
            return read_custom(patched, resource, validation, warnings)
        if (api_version, given) != (expected, kind):
            raise DecodeError(self._type_text(api_version, given, expected, kind))
        obj, unknown = read_typed(patched, resource.schema)
        if unknown and validation == "Strict":
            raise DecodeError(f"strict decoding error: {', '.join(unknown)}")
        if validation == "Warn":
            warnings.extend(unknown)
        return obj

    def _refuse_type(self, api_version: str, given: str, expected: str, kind: str) -> None:
        if given == kind and self._known(api_version, given):
            text = f"the API version in the data ({api_version}) does not match the expected API version ({expected})"
            raise errors.bad_request(text)
        version = api_version.rpartition("/")[2]
        text = self._type_text(api_version, given, expected, kind)
        raise errors.bad_request(f'{given} in version "{version}" cannot be handled as a {kind}: {text}')

    def _known(self, api_version: str, kind: str) -> bool:
        group, _, version = api_version.rpartition("/")
        if kind in ("List", "Status", "DeleteOptions") and api_version == "v1":
            return True
        found = self._scheme.of_kind(group, version, kind) or self._scheme.of_kind(
            group, version, kind.removesuffix("List")
        )
        return found is not None or (group, version) in OLD_VERSIONS

    def _type_text(self, api_version: str, given: str, expected: str, kind: str) -> str:
        """Why an object of one kind is none of another, in Go's words."""
        if self._known(api_version, given):
            package = expected.rpartition("/")[0].split(".")[0] or "core"
            return f"converting ({api_version.rpartition('/')[2]}.{given}) to ({package}.{kind}): unknown conversion"
        return f'no kind "{given}" is registered for version "{api_version}" in scheme "{SCHEME_NAME}"'


def read_typed(value: Object, schema: Schema) -> tuple[Object, list[str]]:
    """A decoded value checked against its type, without apiVersion and kind, and its unknown fields; raises DecodeError."""
    decoded = decode(schema, value)
    obj: Object = decoded.value
    for name in TYPE_FIELDS:
        obj.pop(name, None)
    return obj, decoded.unknown


def field_validation(query: str, options_kind: str) -> FieldValidation:
    """The fieldValidation parameter; Warn where it is not given."""
    if query in ("", "Warn"):
        return "Warn"
    if query == "Strict":
        return "Strict"
    if query == "Ignore":
        return "Ignore"
    faults: list[FieldError] = [not_supported(Path("fieldValidation"), query, ("", "Ignore", "Strict", "Warn"))]
    raise errors.invalid("meta.k8s.io", options_kind, "", faults)
