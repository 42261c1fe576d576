"""OpenAPI: version 3 per group version with the paths that kubectl looks at, and version 2 as an empty document.

Upstream: kube-openapi/pkg/handler3. An empty body is a valid protobuf document of version 2: old kubectls then leave
validation to the server.
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from minikube_lite.api.customresources.documents import custom_components
from minikube_lite.api.negotiation import parse_accept
from minikube_lite.api.render import Answer
from minikube_lite.api.scheme import Scheme, ServedResource
from minikube_lite.machinery import errors
from minikube_lite.schema.openapi import META, component_schemas, components_of, load_descriptions

V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
VERB_METHODS = {
    "get": "get",
    "list": "get",
    "create": "post",
    "update": "put",
    "patch": "patch",
    "delete": "delete",
    "deletecollection": "delete",
}
PATCH_TYPES = (
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)
CUSTOM_PATCH_TYPES = PATCH_TYPES[:-1]
OPTIONS = ("dryRun", "fieldManager", "fieldValidation")


class OpenAPI:
    """Serves the documents; each is made when it is first asked for."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._documents: dict[str, tuple[bytes, str]] = {}
        self._changes = scheme.changes

    def answer(self, parts: list[str], query: dict[str, str], accept: str, if_none_match: str) -> Answer:
        """e.g. GET /openapi/v3, /openapi/v3/apis/apps/v1?hash=…, /openapi/v2"""
        if self._changes != self._scheme.changes:
            self._forget_custom()
        if parts[1:] == ["v2"]:
            return self._version_2(accept)
        if parts[1:2] != ["v3"]:
            raise errors.page_not_found()
        if len(parts) == 2:
            paths = {
                name: {"serverRelativeURL": f"/openapi/v3/{name}?hash={self._document(name)[1]}"}
                for name in self._names()
            }
            return Answer(200, orjson.dumps({"paths": paths}))
        name = "/".join(parts[2:])
        if name not in self._names():
            raise errors.page_not_found()
        body, tag = self._document(name)
        asked = query.get("hash", "")
        if asked and asked != tag:
            return Answer(301, b"", "application/json", {"Location": f"/openapi/v3/{name}?hash={tag}"})
        headers = {
            "ETag": f'"{tag}"',
            "Vary": "Accept",
            "Cache-Control": "public, immutable" if asked else "no-cache, private",
        }
        if if_none_match == f'"{tag}"':
            return Answer(304, b"", "application/json", headers)
        return Answer(200, body, "application/json", headers)

    def _forget_custom(self) -> None:
        """The documents of groups that a definition has a part in are made anew."""
        self._changes = self._scheme.changes
        kept = {f"api/{version}" for version in self._scheme.groups.get("", ())}
        for resource in self._scheme:
            if resource.custom is None and resource.info.group:
                kept.add(f"apis/{resource.api_version}")
        self._documents = {name: document for name, document in self._documents.items() if name in kept}

    def _version_2(self, accept: str) -> Answer:
        if any("proto-openapi" in media.name for media in parse_accept(accept)):
            return Answer(200, b"", V2_PROTOBUF)
        raise errors.ApiError(406, "NotAcceptable", "OpenAPI version 2 is not emulated: ask for /openapi/v3", {})

    def _names(self) -> list[str]:
        return [
            f"apis/{group}/{version}" if group else f"api/{version}"
            for group, versions in self._scheme.groups.items()
            for version in versions
        ]

    def _document(self, name: str) -> tuple[bytes, str]:
        found = self._documents.get(name)
        if found is None:
            group, version = name.split("/")[-2:] if name.startswith("apis/") else ("", name.split("/")[1])
            body = orjson.dumps(self._build(group, version, name))
            found = self._documents[name] = (body, hashlib.sha512(body).hexdigest().upper())
        return found

    def _build(self, group: str, version: str, name: str) -> dict[str, Any]:
        resources = self._scheme.of_version(group, version)
        paths: dict[str, Any] = {}
        for resource in resources:
            paths.update(_paths(resource, name))
        infos = [resource.info for resource in self._scheme]
        components = components_of(self._scheme.schemas, infos, group, version, load_descriptions())
        custom = custom_components(resources)
        if custom:
            metadata = [self._scheme.schemas.type_named(META + name) for name in ("ListMeta", "ObjectMeta")]
            components.update(component_schemas(metadata, load_descriptions()))
            components.update(custom)
            components = dict(sorted(components.items()))
        return {
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": "v1.36.3"},
            "paths": paths,
            "components": {"schemas": components},
        }


def _paths(resource: ServedResource, prefix: str) -> dict[str, Any]:
    info = resource.info
    base = f"/{prefix}/namespaces/{{namespace}}/{info.name}" if info.namespaced else f"/{prefix}/{info.name}"
    collection = {
        VERB_METHODS[verb]: _operation(resource, verb)
        for verb in info.verbs
        if verb in ("list", "create", "deletecollection")
    }
    single = {
        VERB_METHODS[verb]: _operation(resource, verb)
        for verb in info.verbs
        if verb in ("get", "update", "patch", "delete")
    }
    paths = {}
    if collection:
        paths[base] = collection
    if single:
        paths[f"{base}/{{name}}"] = single
    for sub in info.subresources:
        operations = {VERB_METHODS[verb]: _operation(resource, verb) for verb in sub.verbs if verb in VERB_METHODS}
        if operations:
            paths[f"{base}/{{name}}/{sub.name}"] = operations
    return paths


def _operation(resource: ServedResource, verb: str) -> dict[str, Any]:
    info = resource.info
    operation: dict[str, Any] = {
        "x-kubernetes-action": {"update": "put", "create": "post"}.get(verb, verb),
        "x-kubernetes-group-version-kind": {"group": info.group, "version": info.version, "kind": info.kind},
        "responses": {"200": {"description": "OK"}},
    }
    if verb in ("create", "update", "patch"):
        operation["parameters"] = [
            {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}} for name in OPTIONS
        ]
    if verb == "patch":
        types = PATCH_TYPES if resource.custom is None else CUSTOM_PATCH_TYPES
        operation["requestBody"] = {"content": {patch_type: {"schema": {"type": "object"}} for patch_type in types}}
    return operation
