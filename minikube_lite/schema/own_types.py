"""Types of our own API group, from the JSON schemas that pydantic makes of their models; upstream: controller-gen, the other way round.

Only what such schemas consist of is read: objects, lists, references, enums and scalars. Go's names are made up in Go's manner,
since they show in decoding errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from minikube_lite.schema.model import Field, Form, Schema

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
TYPE_EXTENSION = "x-kubernetes-type"
"""Says that a field has a built-in type, by its OpenAPI name."""
_FORMS: Mapping[str, tuple[Form, str]] = {
    "string": ("string", "string"),
    "integer": ("integer", "int64"),
    "number": ("number", "float64"),
    "boolean": ("boolean", "bool"),
}
Named = Callable[[str], Schema]


@dataclass(slots=True)
class OwnTypes:
    """The types of one kind, by their OpenAPI names, and what is to be read about them."""

    root: str
    schemas: dict[str, Schema] = field(default_factory=dict)
    descriptions: dict[str, dict[str, Any]] = field(default_factory=dict)


def own_types(group: str, version: str, kind: str, model: Mapping[str, Any], named: Named) -> OwnTypes:
    """The types of a kind whose JSON schema has `spec` and `status`; `named` gives built-in types."""
    prefix = ".".join((*reversed(group.split(".")), version))
    reader = _Reader(prefix, version, model.get("$defs", {}), named)
    root = reader.object(kind, model)
    text = reader.scalar("string", "string")
    head = {
        "kind": _field("kind", lambda: text, embedded=("TypeMeta",)),
        "apiVersion": _field("apiVersion", lambda: text, go_name="APIVersion", embedded=("TypeMeta",)),
        "metadata": _field("metadata", partial(named, META + "ObjectMeta"), go_name="ObjectMeta"),
    }
    root.fields = {**head, **root.fields}
    reader.types.root = root.name
    return reader.types


class _Reader:
    def __init__(self, prefix: str, version: str, definitions: Mapping[str, Any], named: Named) -> None:
        self._prefix = prefix
        self._version = version
        self._definitions = definitions
        self._named = named
        self.types = OwnTypes("")

    def object(self, name: str, node: Mapping[str, Any]) -> Schema:
        """An object with a name; made once."""
        full = f"{self._prefix}.{name}"
        known = self.types.schemas.get(full)
        if known is not None:
            return known
        properties: Mapping[str, Any] = node["properties"]
        schema = Schema(
            "object", name=full, go_type=f"{self._version}.{name}", required=tuple(node.get("required", ()))
        )
        self.types.schemas[full] = schema
        schema.fields = {key: self._property(key, fact) for key, fact in properties.items()}
        self.types.descriptions[full] = {
            "description": node.get("description", ""),
            "properties": {key: {"description": fact.get("description", "")} for key, fact in properties.items()},
        }
        return schema

    def scalar(self, form: Form, go_type: str, enum: tuple[str, ...] = ()) -> Schema:
        """A type without parts."""
        return Schema(form, go_type=go_type, enum=enum)

    def _property(self, key: str, node: Mapping[str, Any]) -> Field:
        schema = self._type(node)
        default = None if schema.form == "object" else node.get("default")
        pointer = "anyOf" in node or schema.form not in ("object", "list")
        return _field(key, lambda: schema, pointer=pointer, default=default)

    def _type(self, node: Mapping[str, Any]) -> Schema:
        if TYPE_EXTENSION in node:
            return self._named(node[TYPE_EXTENSION])
        if "anyOf" in node and "type" not in node:  # what may be left out: the type, or null
            [node] = [one for one in node["anyOf"] if one.get("type") != "null"]
        if "$ref" in node:
            name = node["$ref"].rpartition("/")[2]
            return self.object(name, self._definitions[name])
        if node["type"] == "object":
            values = self._type(node["additionalProperties"])
            return Schema("map", go_type=f"map[string]{values.go_type}", items=values)
        if node["type"] == "array":
            items = self._type(node["items"])
            return Schema(
                "list",
                go_type=f"[]{items.go_type}",
                items=items,
                list_type=node.get("x-kubernetes-list-type", ""),
                list_map_keys=tuple(node.get("x-kubernetes-list-map-keys", ())),
            )
        if node.get("format") == "date-time":
            return self.scalar("micro-time", "v1.MicroTime")
        return self.scalar(*_FORMS[node["type"]], tuple(node.get("enum", ())))


def _field(name: str, resolve: Callable[[], Schema], **facts: Any) -> Field:
    return Field(name, resolve, **{"go_name": name[:1].upper() + name[1:], **facts})
