"""What an authorizer is asked, and how it is said that the answer is no.

Upstream: apiserver/pkg/authorization/authorizer, endpoints/request/requestinfo.go, endpoints/handlers/responsewriters/errors.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from minikube_lite.api.list_options import parse_bool, parse_fields
from minikube_lite.api.request import RequestInfo
from minikube_lite.machinery import errors
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.names import path_segment_name
from minikube_lite.machinery.resources import NAMESPACES, GroupVersionResource
from minikube_lite.schema.field import go_quote

VERBS = {"POST": "create", "GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Attributes:
    """One question: may that user do this? `path` counts where it is no question about a resource."""

    user: User
    verb: str
    namespace: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    path: str = ""
    is_resource: bool = True

    @property
    def combined_resource(self) -> str:
        """The resource with its subresource, as rules name it."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


class Decision(NamedTuple):
    """The answer. `reason` says by which binding somebody may, or what was wrong with the rules."""

    allowed: bool
    reason: str = ""


def request_attributes(
    user: User, method: str, path: str, info: RequestInfo | None, query: Mapping[str, str]
) -> Attributes:
    """What a request asks for; `info` is None where it is for no resource."""
    if info is None:
        return Attributes(user, method.lower(), path=path, is_resource=False)
    resource, name = info.resource, info.name
    verb = "watch" if info.watch else VERBS.get(method, "")
    if not name and verb == "get":
        verb = "watch" if _watches(query) else "list"
        name = _selected_name(query)
    elif not name and verb == "delete":
        verb = "deletecollection"
    # A namespace is a resource in itself: rules of that namespace hold for it.
    namespace = info.name if resource.resource == NAMESPACES.resource else info.namespace
    subresource = "" if info.watch else info.subresource
    return Attributes(user, verb, namespace, resource.group, resource.resource, subresource, name)


def _watches(query: Mapping[str, str]) -> bool:
    return "watch" in query and parse_bool(query["watch"])


def _selected_name(query: Mapping[str, str]) -> str:
    """The one name that a field selector lets through, so that rules with resourceNames hold for lists, too."""
    try:
        name = parse_fields(query.get("fieldSelector", "")).requires_exact_match("metadata.name")
    except ApiError:
        return ""
    return "" if name is None or path_segment_name(name) else name


def forbidden(attributes: Attributes, reason: str = "") -> ApiError:
    """403 in the words of the request path."""
    text = _forbidden_text(attributes).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    resource = GroupVersionResource(attributes.group, "", attributes.resource)
    return errors.forbidden(resource, attributes.name, f"{text}: {reason}" if reason else text)


def _forbidden_text(attributes: Attributes) -> str:
    user = f"User {go_quote(attributes.user.name)} cannot {attributes.verb}"
    if not attributes.is_resource:
        return f"{user} path {go_quote(attributes.path)}"
    what = f"resource {go_quote(attributes.combined_resource)} in API group {go_quote(attributes.group)}"
    if attributes.namespace:
        return f"{user} {what} in the namespace {go_quote(attributes.namespace)}"
    return f"{user} {what} at the cluster scope"
