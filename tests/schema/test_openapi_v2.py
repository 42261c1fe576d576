"""Version 2 of OpenAPI says what version 3 says, as far as it can."""

from __future__ import annotations

import pytest

from minikube_lite.schema.openapi_v2 import schema_of, swagger_of

REFERENCE = "#/components/schemas/a.B"
OPERATION = {"responses": {"200": {"description": "OK"}}, "x-kubernetes-action": "list"}
KIND_A = {"group": "", "kind": "A", "version": "v1"}
KIND_B = {"group": "g", "kind": "A", "version": "v1"}


@pytest.mark.parametrize(
    ("version_3", "version_2"),
    [
        ({"type": "string", "default": "x"}, {"type": "string"}),
        ({"$ref": REFERENCE}, {"$ref": "#/definitions/a.B"}),
        (
            {"allOf": [{"$ref": REFERENCE}], "default": {}, "description": "It.", "x-kubernetes-map-type": "atomic"},
            {"$ref": "#/definitions/a.B", "description": "It.", "x-kubernetes-map-type": "atomic"},
        ),
        (
            {"oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"},
            {"type": "string", "format": "int-or-string"},
        ),
        ({"oneOf": [{"type": "string"}, {"type": "number"}]}, {"type": "string"}),
        (
            {"type": "array", "items": {"allOf": [{"$ref": REFERENCE}], "default": {}}},
            {"type": "array", "items": {"$ref": "#/definitions/a.B"}},
        ),
        (
            {"type": "object", "properties": {"default": {"type": "string", "default": ""}}, "required": ["default"]},
            {"type": "object", "properties": {"default": {"type": "string"}}, "required": ["default"]},
        ),
        (
            {"type": "object", "additionalProperties": {"type": "string", "default": ""}},
            {"type": "object", "additionalProperties": {"type": "string"}},
        ),
        ({"type": "object", "additionalProperties": True}, {"type": "object", "additionalProperties": True}),
    ],
)
def test_a_schema(version_3, version_2) -> None:
    assert schema_of(version_3) == version_2


def document(path: str, operation: dict, **components: dict) -> dict:
    return {"paths": {path: {"post": operation}}, "components": {"schemas": components}}


def test_documents_become_one() -> None:
    kinds = "x-kubernetes-group-version-kind"
    first = document("/b", OPERATION, B={"type": "object", kinds: [KIND_A]})
    second = document("/a", OPERATION, A={"type": "string"}, B={"type": "object", kinds: [KIND_A, KIND_B]})
    made = swagger_of([first, second])
    assert (made["swagger"], list(made["paths"]), list(made["definitions"])) == ("2.0", ["/a", "/b"], ["A", "B"])
    assert made["definitions"]["B"][kinds] == [KIND_A, KIND_B]


def test_an_operation_has_its_body_as_a_parameter() -> None:
    content = {"*/*": {"schema": {"$ref": REFERENCE}}}
    query = {"name": "dryRun", "in": "query", "schema": {"type": "string", "uniqueItems": True}}
    operation = {**OPERATION, "requestBody": {"content": content}, "parameters": [query]}
    made = swagger_of([document("/a", operation)])["paths"]["/a"]["post"]
    assert made["parameters"] == [
        {"name": "body", "in": "body", "required": True, "schema": {"$ref": "#/definitions/a.B"}},
        {"name": "dryRun", "in": "query", "type": "string", "uniqueItems": True},
    ]
    assert (made["consumes"], made["x-kubernetes-action"]) == (["*/*"], "list")
