"""What a request's path asks for; upstream: apiserver/pkg/endpoints/request/requestinfo.go."""

from __future__ import annotations

from dataclasses import dataclass

from minikube_lite.api.negotiation import Form, body_format, negotiate
from minikube_lite.api.scheme import ServedResource
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.resources import GroupVersionResource


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """A path below /api or /apis, taken apart. `rest` is what follows the subresource, as in proxies."""

    resource: GroupVersionResource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""
    watch: bool = False


@dataclass(slots=True)
class Request:
    """One request to a resource, taken apart."""

    method: str
    info: RequestInfo
    resource: ServedResource
    query: dict[str, str]
    user: User
    manager: str
    content_type: str
    accept: str
    body: bytes
    warnings: list[str]

    @property
    def form(self) -> Form:
        """The form in which the answer is wanted."""
        return negotiate(self.accept)

    @property
    def body_format(self) -> str:
        """The format of the body."""
        return body_format(self.content_type)


def parse_path(path: str) -> RequestInfo | None:
    """The resource request that a path stands for; None where it is no resource's, as discovery.

    e.g. /api/v1/namespaces/default/pods/kubia-0/log, /apis/apps/v1/statefulsets, /api/v1/watch/pods
    """
    parts = [part for part in path.split("/") if part] if "//" in path else path.strip("/").split("/")
    if parts[0] == "api":
        group, rest = "", parts[1:]
    elif parts[0] == "apis" and len(parts) > 1:
        group, rest = parts[1], parts[2:]
    else:
        return None
    if len(rest) < 2:
        return None
    version, rest = rest[0], rest[1:]
    watch = rest[0] == "watch" and len(rest) > 1
    if watch:
        rest = rest[1:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        # a namespace's own status, finalize and so on are subresources of it, everything else is in it
        if len(rest) > 2 and rest[2] not in ("status", "finalize"):
            rest = rest[2:]
    resource = GroupVersionResource(group, version, rest[0])
    if resource.resource == "namespaces":
        namespace = ""
    return RequestInfo(
        resource,
        namespace,
        rest[1] if len(rest) > 1 else "",
        rest[2] if len(rest) > 2 else "",
        "/".join(rest[3:]),
        watch,
    )
