"""OpenAPI: version 3 per group version with the paths that kubectl looks at, and version 2 as one document of them all.

Upstream: kube-openapi/pkg/handler3 and kube-openapi/pkg/handler.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import orjson

from minikube_lite.api.customresources.documents import component_name, custom_components
from minikube_lite.api.negotiation import JSON, parse_accept
from minikube_lite.api.render import Answer
from minikube_lite.api.scheme import Scheme, ServedResource
from minikube_lite.machinery import errors
from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.openapi import META, PREFIX, component_schemas, components_of, load_descriptions
from minikube_lite.schema.openapi_protobuf import encode_document
from minikube_lite.schema.openapi_v2 import swagger_of

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
OF_COLLECTIONS = ("list", "create", "deletecollection")
OPTIONS = ("dryRun", "fieldManager", "fieldValidation")


class OpenAPI:
    """Serves the documents; each is made when it is first asked for."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._documents: dict[str, tuple[bytes, str]] = {}
        self._changes = scheme.changes
        self._version_2_made: tuple[tuple[str, ...], bytes, str] | None = None

    def answer(self, parts: list[str], query: dict[str, str], accept: str, if_none_match: str) -> Answer:
        """e.g. GET /openapi/v3, /openapi/v3/apis/apps/v1?hash=…, /openapi/v2"""
        if self._changes != self._scheme.changes:
            self._forget_custom()
        if parts[1:] == ["v2"]:
            return self._version_2(accept, if_none_match)
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

    def _version_2(self, accept: str, if_none_match: str) -> Answer:
        """In JSON, or in protobuf for who names it first; made from the documents of version 3."""
        sources = [self._document(name) for name in self._names()]
        wanted = next((media for media in (_v2_type(media.name) for media in parse_accept(accept)) if media), "")
        if not wanted:
            raise errors.not_acceptable((JSON, V2_PROTOBUF))
        key = (wanted, *(tag for _, tag in sources))
        if self._version_2_made is None or self._version_2_made[0] != key:
            document = swagger_of(orjson.loads(body) for body, _ in sources)
            body = orjson.dumps(document) if wanted == JSON else encode_document(document)
            self._version_2_made = (key, body, hashlib.sha512(body).hexdigest().upper())
        _, body, tag = self._version_2_made
        headers = {"ETag": f'"{tag}"', "Vary": "Accept"}
        if if_none_match == f'"{tag}"':
            return Answer(304, b"", wanted, headers)
        return Answer(200, body, wanted, headers)

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
            paths.update(_paths(resource, name, self._scheme.schemas))
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


def _v2_type(name: str) -> str:
    """The Content-Type in which version 2 is answered to who accepts this one; empty for none."""
    if "proto-openapi" in name:
        return V2_PROTOBUF
    return JSON if name in (JSON, "*/*", "application/*", "") else ""


def _paths(resource: ServedResource, prefix: str, schemas: BuiltinSchemas) -> dict[str, Any]:
    info, is_custom = resource.info, resource.custom is not None
    gvk = (info.group, info.version, info.kind)
    own = component_name(info) if is_custom else resource.schema.name
    types = CUSTOM_PATCH_TYPES if is_custom else PATCH_TYPES

    def operations(verbs: Iterable[str], shown: tuple[str, str, str] = gvk, name: str = own) -> dict[str, Any]:
        return {VERB_METHODS[verb]: _operation(verb, shown, name, types) for verb in verbs if verb in VERB_METHODS}

    base = f"/{prefix}/namespaces/{{namespace}}/{info.name}" if info.namespaced else f"/{prefix}/{info.name}"
    paths = {
        base: operations(verb for verb in info.verbs if verb in OF_COLLECTIONS),
        f"{base}/{{name}}": operations(verb for verb in info.verbs if verb not in OF_COLLECTIONS),
    }
    for sub in info.subresources:
        shown = (sub.group, sub.version, sub.kind) if sub.group else gvk
        schema = schemas.type_for(*shown) if not is_custom else None
        name = own if shown == gvk else schema.name if schema is not None else ""
        paths[f"{base}/{{name}}/{sub.name}"] = operations(sub.verbs, shown, name)
    return {path: item for path, item in paths.items() if item}


def _operation(verb: str, gvk: tuple[str, str, str], name: str, patch_types: tuple[str, ...]) -> dict[str, Any]:
    """What a verb does with objects of that kind, whose type has that name, if it has one."""
    group, version, kind = gvk
    operation: dict[str, Any] = {
        "x-kubernetes-action": {"update": "put", "create": "post"}.get(verb, verb),
        "x-kubernetes-group-version-kind": {"group": group, "version": version, "kind": kind},
        "responses": {"200": {"description": "OK"}},
    }
    reference = {"schema": {"$ref": PREFIX + name}} if name else {}
    if reference and verb in ("get", "create", "update", "patch"):
        operation["responses"] = {"200": {"description": "OK", "content": {JSON: reference}}}
    if reference and verb in ("create", "update"):
        operation["requestBody"] = {"content": {"*/*": reference}}
    if verb in ("create", "update", "patch"):
        operation["parameters"] = [
            {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}} for name in OPTIONS
        ]
    if verb == "patch":
        operation["requestBody"] = {"content": {each: {"schema": {"type": "object"}} for each in patch_types}}
    return operation
