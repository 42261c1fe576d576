"""Discovery in its three forms: per version, per group, and aggregated; upstream: apiserver/pkg/endpoints/discovery."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import orjson

from minikube_lite.api.negotiation import ACCEPTED, JSON, YAML, parse_accept
from minikube_lite.api.render import Answer
from minikube_lite.api.scheme import Scheme, ServedResource
from minikube_lite.machinery import errors

AGGREGATED_VERSIONS = ("v2", "v2beta1")
AGGREGATED_GROUP = "apidiscovery.k8s.io"


class Discovery:
    """Tells what is served. e.g. GET /api, /apis, /apis/apps, /apis/apps/v1"""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self.address = ""
        """Where the API is reached, once it listens."""
        self._aggregated: dict[tuple[str, bool], bytes] = {}
        self._changes = scheme.changes

    def answer(self, parts: list[str], accept: str, if_none_match: str) -> Answer | None:
        """The answer for a path's parts; None where it is no discovery path that is known."""
        if parts in (["api"], ["apis"]):
            return self._root(parts[0] == "api", accept, if_none_match)
        if parts[0] == "api" and len(parts) == 2:
            return self._version("", parts[1], accept)
        if parts[0] == "apis" and len(parts) == 2 and parts[1] in self._groups():
            check_accept(accept)
            return Answer(200, orjson.dumps({"kind": "APIGroup", "apiVersion": "v1", **self._group(parts[1])}))
        if parts[0] == "apis" and len(parts) == 3 and parts[1] in self._groups():
            return self._version(parts[1], parts[2], accept)
        return None

    def _groups(self) -> list[str]:
        return [group for group in self._scheme.groups if group]

    def _root(self, core: bool, accept: str, if_none_match: str) -> Answer:
        for media in parse_accept(accept):
            parameters = media.parameters
            version = parameters.get("v", "")
            if (
                parameters.get("as") == "APIGroupDiscoveryList"
                and parameters.get("g") == AGGREGATED_GROUP
                and version in AGGREGATED_VERSIONS
            ):
                return self._aggregated_answer(core, version, if_none_match)
            if "as" not in parameters and media.name in (JSON, "*/*", "application/*", ""):
                break
        check_accept(accept)
        if core:
            address = [{"clientCIDR": "0.0.0.0/0", "serverAddress": self.address}]
            return Answer(
                200, orjson.dumps({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": address})
            )
        groups = [self._group(name) for name in self._groups()]
        return Answer(200, orjson.dumps({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))

    def _group(self, name: str) -> dict[str, Any]:
        versions = [{"groupVersion": f"{name}/{version}", "version": version} for version in self._scheme.groups[name]]
        return {"name": name, "versions": versions, "preferredVersion": versions[0]}

    def _version(self, group: str, version: str, accept: str) -> Answer | None:
        resources = self._scheme.of_version(group, version)
        if not resources:
            raise errors.page_not_found()
        check_accept(accept)
        shown: dict[str, Any] = {"kind": "APIResourceList"}
        if group:
            shown["apiVersion"] = "v1"
        shown["groupVersion"] = f"{group}/{version}" if group else version
        shown["resources"] = [entry for resource in resources for entry in _entries(resource)]
        return Answer(200, orjson.dumps(shown))

    def _aggregated_answer(self, core: bool, version: str, if_none_match: str) -> Answer:
        if self._changes != self._scheme.changes:
            self._changes = self._scheme.changes
            self._aggregated.clear()
        body = self._aggregated.get((version, core))
        if body is None:
            groups = [""] if core else self._groups()
            items = [_aggregated_group(self._scheme, group) for group in groups]
            shown = {
                "kind": "APIGroupDiscoveryList",
                "apiVersion": f"{AGGREGATED_GROUP}/{version}",
                "metadata": {},
                "items": items,
            }
            body = self._aggregated[(version, core)] = orjson.dumps(shown)
        tag = f'"{hashlib.sha512(body).hexdigest().upper()}"'
        headers = {"ETag": tag, "Vary": "Accept", "Cache-Control": "public"}
        content_type = f"application/json;g={AGGREGATED_GROUP};v={version};as=APIGroupDiscoveryList"
        if if_none_match == tag:
            return Answer(304, b"", content_type, headers)
        return Answer(200, body, content_type, headers)


def check_accept(accept: str) -> None:
    """406 in the words of the paths outside of resources."""
    if accept and not any(media.name in (JSON, YAML, "*/*", "application/*", "") for media in parse_accept(accept)):
        text = f"406: Not Acceptable\n\nAvailable representations: {', '.join(ACCEPTED)}"
        raise errors.ApiError(406, "NotAcceptable", text, {})


def _entries(resource: ServedResource) -> Iterator[dict[str, Any]]:
    info = resource.info
    entry: dict[str, Any] = {"name": info.name, "singularName": info.singular, "namespaced": info.namespaced}
    if info.response_group or info.response_version:
        entry.update(group=info.response_group, version=info.response_version)
    entry.update(kind=info.kind, verbs=list(info.verbs))
    if info.short_names:
        entry["shortNames"] = list(info.short_names)
    if info.categories:
        entry["categories"] = list(info.categories)
    if info.storage_version_hash:
        entry["storageVersionHash"] = info.storage_version_hash
    yield entry
    for sub in info.subresources:
        entry = {"name": f"{info.name}/{sub.name}", "singularName": "", "namespaced": info.namespaced}
        if sub.group or sub.version:
            entry.update(group=sub.group, version=sub.version)
        entry.update(kind=sub.kind, verbs=list(sub.verbs))
        yield entry


def _aggregated_group(scheme: Scheme, group: str) -> dict[str, Any]:
    versions = []
    for version in scheme.groups[group]:
        resources = [_aggregated_resource(resource) for resource in scheme.of_version(group, version)]
        versions.append({"version": version, "resources": resources, "freshness": "Current"})
    return {"metadata": {"name": group} if group else {}, "versions": versions}


def _aggregated_resource(resource: ServedResource) -> dict[str, Any]:
    info = resource.info
    kind = {"group": info.response_group, "version": info.response_version, "kind": info.kind}
    if resource.custom is not None:
        kind.update(group=info.group, version=info.version)
    shown: dict[str, Any] = {
        "resource": info.name,
        "responseKind": kind,
        "scope": "Namespaced" if info.namespaced else "Cluster",
        "singularResource": info.singular,
        "verbs": list(info.verbs),
    }
    if info.short_names:
        shown["shortNames"] = list(info.short_names)
    if info.categories:
        shown["categories"] = list(info.categories)
    if info.subresources:
        shown["subresources"] = [
            {
                "subresource": sub.name,
                "responseKind": {**kind, "kind": sub.kind}
                if resource.custom is not None and not sub.group
                else {"group": sub.group, "version": sub.version, "kind": sub.kind},
                "verbs": list(sub.verbs),
            }
            for sub in info.subresources
        ]
    return shown
