"""OpenAPI version 2 made from documents of version 3. Upstream: kube-openapi's builder and schemaconversion.

What version 2 cannot say is left out: a reference has nothing beside it but a description, nothing has a default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

V3_PREFIX = "#/components/schemas/"
V2_PREFIX = "#/definitions/"
KINDS = "x-kubernetes-group-version-kind"
PRODUCES = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
_DROPPED = ("default", "nullable", "oneOf", "anyOf", "not")
"""Keywords that version 2 lacks, or that upstream prunes because clients choke on them."""


def swagger_of(documents: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The one document of version 2 that says what these of version 3 say."""
    definitions: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for document in documents:
        paths.update({path: _path(item) for path, item in document["paths"].items()})
        for name, component in document["components"]["schemas"].items():
            _add_definition(definitions, name, component)
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": "v1.36.3"},
        "paths": dict(sorted(paths.items())),
        "definitions": dict(sorted(definitions.items())),
    }


def schema_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema of version 3 in version 2."""
    references = schema.get("allOf", ())
    if len(references) == 1 and "$ref" in references[0]:
        beside = {"description": schema["description"]} if "description" in schema else {}
        return {"$ref": _reference(references[0]["$ref"]), **beside, **_extensions(schema)}
    if "$ref" in schema:
        return {**schema, "$ref": _reference(schema["$ref"])}
    if schema.get("format") == "int-or-string" or schema.get("x-kubernetes-int-or-string"):
        return {**_plain(schema), "type": "string", "format": "int-or-string"}
    if len(schema.get("oneOf", ())) > 1 and "type" not in schema:
        return {**_plain(schema), "type": "string"}
    return _plain(schema)


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    answer = {key: value for key, value in schema.items() if key not in _DROPPED}
    if "properties" in answer:
        answer["properties"] = {name: schema_of(value) for name, value in answer["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(answer.get(key), dict):
            answer[key] = schema_of(answer[key])
    if "allOf" in answer:
        answer["allOf"] = [schema_of(each) for each in answer["allOf"]]
    return answer


def _add_definition(definitions: dict[str, Any], name: str, component: Mapping[str, Any]) -> None:
    """Types that several groups share are of the kinds that any of them says."""
    made = schema_of(component)
    known = definitions.setdefault(name, made)
    if known is not made and KINDS in made:
        kinds = known.setdefault(KINDS, [])
        known[KINDS] = kinds + [kind for kind in made[KINDS] if kind not in kinds]


def _path(item: Mapping[str, Any]) -> dict[str, Any]:
    return {method: _operation(operation) for method, operation in item.items()}


def _operation(operation: Mapping[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    parameters = [_parameter(parameter) for parameter in operation.get("parameters", ())]
    if content:
        body = schema_of(next(iter(content.values()))["schema"])
        parameters.insert(0, {"name": "body", "in": "body", "required": True, "schema": body})
    answer = {
        "consumes": list(content) or ["*/*"],
        "produces": list(PRODUCES),
        "responses": {code: _response(response) for code, response in operation["responses"].items()},
        **_extensions(operation),
    }
    if parameters:
        answer["parameters"] = parameters
    return answer


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    return {**{key: value for key, value in parameter.items() if key != "schema"}, **parameter["schema"]}


def _response(response: Mapping[str, Any]) -> dict[str, Any]:
    answer = {"description": response["description"]}
    for media in list(response.get("content", {}).values())[:1]:
        answer["schema"] = schema_of(media["schema"])
    return answer


def _extensions(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in value.items() if key.startswith("x-")}


def _reference(reference: str) -> str:
    return reference.replace(V3_PREFIX, V2_PREFIX)
