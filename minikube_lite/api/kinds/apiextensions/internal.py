"""A definition as upstream's validation sees it: what all versions have in common stands above them; upstream: v1/conversion.go.

Also how Go prints such versions in errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

HOISTED = (
    ("schema", "validation"),
    ("subresources", "subresources"),
    ("additionalPrinterColumns", "additionalPrinterColumns"),
    ("selectableFields", "selectableFields"),
)
"""What moves up if it is the same in every version, and how it is called there."""

_SCHEMA_TEXTS = (("ID", "id"), ("Schema", "$schema"))
_SCHEMA_FIELDS: Sequence[tuple[str, str, Any]] = (
    ("Ref", "$ref", None), ("Description", "description", ""), ("Type", "type", ""), ("Nullable", "nullable", False),
    ("Format", "format", ""), ("Title", "title", ""), ("Default", "default", None), ("Maximum", "maximum", None),
    ("ExclusiveMaximum", "exclusiveMaximum", False), ("Minimum", "minimum", None), ("ExclusiveMinimum", "exclusiveMinimum", False),
    ("MaxLength", "maxLength", None), ("MinLength", "minLength", None), ("Pattern", "pattern", ""), ("MaxItems", "maxItems", None),
    ("MinItems", "minItems", None), ("UniqueItems", "uniqueItems", False), ("MultipleOf", "multipleOf", None), ("Enum", "enum", None),
    ("MaxProperties", "maxProperties", None), ("MinProperties", "minProperties", None), ("Required", "required", None),
)  # fmt: skip
_EXTENSIONS: Sequence[tuple[str, str, Any]] = (
    ("XPreserveUnknownFields", "x-kubernetes-preserve-unknown-fields", None),
    ("XEmbeddedResource", "x-kubernetes-embedded-resource", False),
    ("XIntOrString", "x-kubernetes-int-or-string", False),
    ("XListMapKeys", "x-kubernetes-list-map-keys", None),
    ("XListType", "x-kubernetes-list-type", None),
    ("XMapType", "x-kubernetes-map-type", None),
)
_RULE: Sequence[tuple[str, str, Any]] = (
    ("Rule", "rule", ""), ("Message", "message", ""), ("MessageExpression", "messageExpression", ""), ("Reason", "reason", None),
    ("FieldPath", "fieldPath", ""), ("OptionalOldSelf", "optionalOldSelf", None),
)  # fmt: skip
_COLUMN: Sequence[tuple[str, str, Any]] = (
    ("Name", "name", ""), ("Type", "type", ""), ("Format", "format", ""), ("Description", "description", ""),
    ("Priority", "priority", 0), ("JSONPath", "jsonPath", ""),
)  # fmt: skip
_SCALE: Sequence[tuple[str, str, Any]] = (
    ("SpecReplicasPath", "specReplicasPath", ""), ("StatusReplicasPath", "statusReplicasPath", ""),
    ("LabelSelectorPath", "labelSelectorPath", None),
)  # fmt: skip


def internal_spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec with what its versions share moved up; parts are shared with the one given."""
    versions = [dict(version) for version in spec.get("versions") or ()]
    result = {**spec, "versions": versions}
    for name, above in HOISTED:
        first = versions[0].get(name) if versions else None
        if first is not None and all(version.get(name) == first for version in versions):
            result[above] = first
            for version in versions:
                version.pop(name)
    return result


def go_versions(versions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    """Versions as Go writes its internal type as JSON."""
    return [_go_version(version) for version in versions] or None


def _go_version(version: Mapping[str, Any]) -> dict[str, Any]:
    schema, subresources = version.get("schema"), version.get("subresources")
    columns, selectable = version.get("additionalPrinterColumns"), version.get("selectableFields")
    return {
        "Name": version.get("name", ""),
        "Served": version.get("served", False),
        "Storage": version.get("storage", False),
        "Deprecated": version.get("deprecated", False),
        "DeprecationWarning": version.get("deprecationWarning"),
        "Schema": None if schema is None else {"OpenAPIV3Schema": go_schema(schema.get("openAPIV3Schema"))},
        "Subresources": None if subresources is None else _go_subresources(subresources),
        "AdditionalPrinterColumns": [_go_fields(column, _COLUMN) for column in columns] if columns else None,
        "SelectableFields": [{"JSONPath": one.get("jsonPath", "")} for one in selectable] if selectable else None,
    }


def _go_subresources(subresources: Mapping[str, Any]) -> dict[str, Any]:
    scale = subresources.get("scale")
    return {"Status": subresources.get("status"), "Scale": None if scale is None else _go_fields(scale, _SCALE)}


def _go_fields(value: Mapping[str, Any], fields: Sequence[tuple[str, str, Any]]) -> dict[str, Any]:
    return {name: value.get(key, empty) for name, key, empty in fields}


def go_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A validation rule as Go writes it."""
    return _go_fields(rule, _RULE)


def go_schema(schema: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A JSON schema as Go writes its internal type as JSON."""
    if schema is None:
        return None
    shown: dict[str, Any] = {name: schema.get(key, "") for name, key in _SCHEMA_TEXTS}
    shown.update(_go_fields(schema, _SCHEMA_FIELDS))
    items, additional = schema.get("items"), schema.get("additionalProperties")
    if isinstance(items, list):
        shown["Items"] = {"Schema": None, "JSONSchemas": [go_schema(item) for item in items]}
    else:
        shown["Items"] = None if items is None else {"Schema": go_schema(items), "JSONSchemas": None}
    for name, key in (("AllOf", "allOf"), ("OneOf", "oneOf"), ("AnyOf", "anyOf")):
        shown[name] = [go_schema(each) for each in schema[key]] if schema.get(key) else None
    shown["Not"] = go_schema(schema.get("not"))
    shown["Properties"] = _go_map(schema.get("properties"))
    shown["AdditionalProperties"] = _go_or_bool(additional)
    shown["PatternProperties"] = _go_map(schema.get("patternProperties"))
    shown["Dependencies"] = schema.get("dependencies")
    shown["AdditionalItems"] = _go_or_bool(schema.get("additionalItems"))
    shown["Definitions"] = _go_map(schema.get("definitions"))
    documents = schema.get("externalDocs")
    shown["ExternalDocs"] = documents and {
        "Description": documents.get("description", ""),
        "URL": documents.get("url", ""),
    }
    shown["Example"] = schema.get("example")
    shown.update(_go_fields(schema, _EXTENSIONS))
    rules = schema.get("x-kubernetes-validations")
    shown["XValidations"] = [go_rule(rule) for rule in rules] if rules else None
    return shown


def _go_map(schemas: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {name: go_schema(schemas[name]) for name in sorted(schemas)} if schemas else None


def _go_or_bool(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return {"Allows": value, "Schema": None}
    return {"Allows": True, "Schema": go_schema(value)}
