"""OpenAPI v3 component schemas made from Schema objects. Upstream: kube-openapi's builder3 and openapi-gen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

import orjson

from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.model import Field, Schema
from minikube_lite.schema.resources import ResourceInfo

PREFIX = "#/components/schemas/"
DESCRIPTIONS_PACKAGE = "kubernetes_validate"
DESCRIPTIONS_FILE = "kubernetes-json-schema/v1.36.0-local/_definitions.json"

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
TYPES_OF_EVERY_VERSION = tuple(
    META + name for name in ("APIResourceList", "DeleteOptions", "Patch", "Status", "WatchEvent")
)
"""Types that the paths of every group version refer to."""

Descriptions = Mapping[str, Mapping[str, Any]]
"""By type name: `description` and `properties`, as in a swagger definition."""

_SCALARS: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "bytes": {"type": "string", "format": "byte"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "time": {"type": "string", "format": "date-time"},
    "micro-time": {"type": "string", "format": "date-time"},
    "duration": {"type": "string"},
    "quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    "int-or-string": {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    "any": {},
}
_ZEROES: dict[str, Any] = {"string": "", "boolean": False, "integer": 0, "number": 0}
_GO_FORMATS = {"float64": "double", "float32": "float", "int": "int32", "uint32": "int64"}
_OBJECTS = ("FieldsV1", "RawExtension", "Patch")
"""Types without fields of their own that are objects all the same."""


@cache
def load_descriptions() -> Descriptions:
    """What `kubectl explain` shows, from the optional package; empty where that is not installed."""
    if find_spec(DESCRIPTIONS_PACKAGE) is None:
        return {}
    file = files(DESCRIPTIONS_PACKAGE).joinpath(DESCRIPTIONS_FILE)
    if not file.is_file():
        return {}
    definitions: Descriptions = orjson.loads(file.read_bytes())["$defs"]
    return definitions


def field_description(type_name: str, field: str) -> str:
    """The description of a field of a built-in type, from the optional package; empty where there is none."""
    described: Mapping[str, Any] = load_descriptions().get(type_name, {}).get("properties", {}).get(field, {})
    return str(described.get("description", ""))


def components_of(
    schemas: BuiltinSchemas,
    resources: Iterable[ResourceInfo],
    group: str,
    version: str,
    descriptions: Descriptions | None = None,
) -> dict[str, Any]:
    """`components.schemas` of a built-in group version's document, sorted by name.

    The resources tell which kinds of other groups its subresources answer with (Scale, Eviction, TokenRequest).
    """
    kinds = [kind for kind in schemas.kinds() if kind[:2] == (group, version)]
    for resource in resources:
        if (resource.group, resource.version) == (group, version):
            kinds.extend((each.group, each.version, each.kind) for each in resource.subresources if each.group)
    found = [schemas.type_for(*kind) for kind in kinds]
    roots = [schema for schema in found if schema is not None and not schema.name.startswith(META)]
    roots.extend(schemas.type_named(name) for name in TYPES_OF_EVERY_VERSION)
    components = component_schemas(roots, {**(descriptions or {}), **schemas.descriptions})
    for name, component in components.items():
        component.update(_kind_extension(schemas, name, group, version))
    return components


def component_schemas(roots: Iterable[Schema], descriptions: Descriptions | None = None) -> dict[str, Any]:
    """The named types among these and all that they refer to, sorted by name; without any kinds."""
    texts = descriptions or {}
    components: dict[str, Any] = {}
    waiting = list(roots)
    while waiting:
        schema = waiting.pop()
        if schema.name and schema.name not in components:
            components[schema.name] = _component(schema, texts.get(schema.name, {}), waiting)
    return dict(sorted(components.items()))


def _kind_extension(schemas: BuiltinSchemas, name: str, group: str, version: str) -> dict[str, Any]:
    kinds = list(schemas.kinds_of(name))
    shared = schemas.shared_kinds().get(name)
    if shared:
        kinds = [("", "v1", shared)]
        if (group, version) != ("", "v1"):
            kinds.append((group, version, shared))
    if not kinds:
        return {}
    listed = [{"group": group, "kind": kind, "version": version} for group, version, kind in kinds]
    return {"x-kubernetes-group-version-kind": listed}


def _component(schema: Schema, texts: Mapping[str, Any], waiting: list[Schema]) -> dict[str, Any]:
    is_object = schema.form == "object"
    answer = {"type": "object", **_properties(schema, texts, waiting)} if is_object else _scalar(schema)
    if "description" in texts:
        answer["description"] = texts["description"]
    answer.update(_extensions(schema))
    return answer


def _properties(schema: Schema, texts: Mapping[str, Any], waiting: list[Schema]) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    described = texts.get("properties", {})
    if schema.fields:
        answer["properties"] = {
            name: _property(fact, described.get(name, {}), waiting) for name, fact in sorted(schema.fields.items())
        }
    if schema.required:
        answer["required"] = list(schema.required)
    return answer


def _property(fact: Field, texts: Mapping[str, Any], waiting: list[Schema]) -> dict[str, Any]:
    beside: dict[str, Any] = {}
    if "description" in texts:
        beside["description"] = texts["description"]
    if fact.default is not None:
        beside["default"] = fact.default
    elif not fact.pointer:
        beside.update(_zero_default(fact.schema, written=not fact.omit_empty))
    if fact.patch_merge_key:
        beside["x-kubernetes-patch-merge-key"] = fact.patch_merge_key
    if fact.patch_strategy:
        beside["x-kubernetes-patch-strategy"] = ",".join(fact.patch_strategy)
    if fact.map_type:
        beside["x-kubernetes-map-type"] = fact.map_type
        return _type(fact.resolve(), beside, waiting)
    return _type(fact.schema, beside, waiting)


def _zero_default(schema: Schema, *, written: bool) -> dict[str, Any]:
    """What openapi-gen derives from Go: structs default to empty, scalars to zero where they are always written."""
    if schema.form == "object" and schema.name:
        return {"default": {}}
    if written and schema.form in _ZEROES:
        return {"default": _ZEROES[schema.form]}
    return {}


def _type(schema: Schema, beside: dict[str, Any], waiting: list[Schema]) -> dict[str, Any]:
    """A type where it is used; what stands beside a reference makes it an `allOf`."""
    if schema.name:
        waiting.append(schema)
        reference = {"$ref": PREFIX + schema.name}
        return {"allOf": [reference], **beside} if beside else reference
    answer: dict[str, Any] = {}
    if schema.form == "list" and schema.items is not None:
        answer = {"type": "array", "items": _item(schema.items, waiting)}
    elif schema.form == "map" and schema.items is not None:
        answer = {"type": "object", "additionalProperties": _item(schema.items, waiting)}
    elif schema.form == "object":
        answer = {"type": "object", **_properties(schema, {}, waiting)}
    else:
        answer = _scalar(schema)
    return {**answer, **beside, **_extensions(schema)}


def _item(schema: Schema, waiting: list[Schema]) -> dict[str, Any]:
    return _type(schema, _zero_default(schema, written=True), waiting)


def _scalar(schema: Schema) -> dict[str, Any]:
    answer = dict(_SCALARS[schema.form])
    if schema.form in ("integer", "number"):
        answer["format"] = schema.format or _GO_FORMATS.get(schema.go_type, schema.go_type)
    elif schema.form == "any" and schema.go_type.rpartition(".")[2] in _OBJECTS:
        answer["type"] = "object"
    if schema.enum:
        answer["enum"] = list(schema.enum)
    if schema.minimum is not None:
        answer["minimum"] = schema.minimum
    if schema.maximum is not None:
        answer["maximum"] = schema.maximum
    return answer


def _extensions(schema: Schema) -> dict[str, Any]:
    answer: dict[str, Any] = dict(schema.extensions)
    if schema.list_type:
        answer["x-kubernetes-list-type"] = schema.list_type
    if schema.list_map_keys:
        answer["x-kubernetes-list-map-keys"] = list(schema.list_map_keys)
    if schema.map_type:
        answer["x-kubernetes-map-type"] = schema.map_type
    if schema.preserve_unknown:
        answer["x-kubernetes-preserve-unknown-fields"] = True
    if schema.embedded:
        answer["x-kubernetes-embedded-resource"] = True
    return answer
