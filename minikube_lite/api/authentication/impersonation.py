"""Acting as somebody else: the Impersonate headers, and who may use them.

Upstream: apiserver/pkg/endpoints/filters/impersonation. The modes are tried in order, from the one that gives least; the error
of the first that applies is the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import unquote

from multidict import CIMultiDictProxy

from minikube_lite.api.authorization import MASTERS, Attributes, Authorizer, forbidden
from minikube_lite.machinery import errors
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.names import is_dns1123_subdomain
from minikube_lite.machinery.service_accounts import (
    service_account_groups,
    split_service_account_name,
)
from minikube_lite.schema.field import FieldError, Path, go_quote, invalid

AUTHENTICATION_GROUP = "authentication.k8s.io"
EXTRA_HEADER = "impersonate-extra-"
NODE = "system:node:"
NODES_GROUP = "system:nodes"
NODE_NAME_EXTRA = "authentication.kubernetes.io/node-name"
ANONYMOUS_NAME = "system:anonymous"
HTTP_PATH = re.compile(r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+")
MANY_CHECKS = 4
"""So many groups, or values of extras, are first asked for as one."""


def wanted_user(headers: CIMultiDictProxy[str]) -> User | None:
    """The user whom the headers ask to be; None where they do not. 400 where they name none."""
    name, uid = headers.get("Impersonate-User", ""), headers.get("Impersonate-Uid", "")
    groups = tuple(headers.getall("Impersonate-Group", ()))
    extra: dict[str, tuple[str, ...]] = {}
    for header, value in headers.items():
        if header.lower().startswith(EXTRA_HEADER):
            key = unquote(header[len(EXTRA_HEADER) :].lower())
            extra[key] = (*extra.get(key, ()), value)
    if not name and (uid or groups or extra):
        text = f"requested {_go_user(uid, groups, extra)} without impersonating a user name"
        raise errors.bad_request(text)
    return User(name, groups, uid, extra) if name else None


def _go_user(uid: str, groups: Sequence[str], extra: Mapping[str, Sequence[str]]) -> str:
    """The user as Go's %#v shows it."""
    entries = ", ".join(f"{go_quote(key)}:{_go_strings(extra[key])}" for key in sorted(extra))
    shown = f"map[string][]string{{{entries}}}" if extra else "map[string][]string(nil)"
    return f'&user.DefaultInfo{{Name:"", UID:{go_quote(uid)}, Groups:{_go_strings(groups)}, Extra:{shown}}}'


def _go_strings(texts: Sequence[str]) -> str:
    return f"[]string{{{', '.join(map(go_quote, texts))}}}" if texts else "[]string(nil)"


class _Mode(NamedTuple):
    """A way of impersonating; "" is the one that Kubernetes always had, with rights of its own."""

    name: str

    @property
    def verb(self) -> str:
        return f"impersonate:{self.name}" if self.name else "impersonate"

    @property
    def group(self) -> str:
        """The API group of users and groups in questions about them."""
        return AUTHENTICATION_GROUP if self.name else ""


@dataclass(frozen=True, slots=True)
class Impersonation:
    """Decides who may act as whom."""

    authorizer: Authorizer

    def impersonate(self, wanted: User, attributes: Attributes) -> User:
        """The user as whom the request goes on. Raises 403."""
        first: ApiError | None = None
        for mode in _modes(wanted, attributes.user):
            try:
                return self._as(mode, wanted, attributes)
            except ApiError as error:
                first = first or error
        assert first is not None
        raise first

    def _as(self, mode: _Mode, wanted: User, attributes: Attributes) -> User:
        requestor = attributes.user
        if mode.name:
            self.authorizer.check(replace(attributes, verb=f"impersonate-on:{mode.name}:{attributes.verb}"))
        groups = self._check_name(mode, wanted, requestor)
        if wanted.uid:
            uids = Attributes(requestor, mode.verb, group=AUTHENTICATION_GROUP, resource="uids", name=wanted.uid)
            self.authorizer.check(uids)
        self._check_groups(mode, wanted.groups, requestor)
        self._check_extra(mode, wanted.extra, requestor)
        return replace(wanted, groups=_with_everybody(wanted.name, groups))

    def _check_name(self, mode: _Mode, wanted: User, requestor: User) -> tuple[str, ...]:
        """The groups of the user who may be impersonated."""
        question = Attributes(requestor, mode.verb, group=mode.group, resource="users", name=wanted.name)
        groups, node = wanted.groups, node_name(wanted.name)
        if mode.name and node:
            name = "*" if mode.name == "associated-node" else node
            question = replace(question, resource="nodes", name=name)
            groups = (NODES_GROUP,)
        account = split_service_account_name(wanted.name)
        if account is not None:
            namespace, name = account
            question = replace(question, resource="serviceaccounts", namespace=namespace, name=name)
            groups = groups or service_account_groups(namespace)
        self.authorizer.check(question)
        return groups

    def _check_groups(self, mode: _Mode, groups: Sequence[str], requestor: User) -> None:
        question = Attributes(requestor, mode.verb, group=mode.group, resource="groups")
        if mode.name and "" in groups:
            raise forbidden(question, "impersonating the empty string group is not allowed")
        if mode.name and MASTERS in groups:
            raise forbidden(replace(question, name=MASTERS), f"impersonating the {MASTERS} group is not allowed")
        if mode.name and len(groups) >= MANY_CHECKS and self._may(replace(question, name="*")):
            return
        for group in groups:
            self.authorizer.check(replace(question, name=group))

    def _check_extra(self, mode: _Mode, extra: Mapping[str, Sequence[str]], requestor: User) -> None:
        question = Attributes(requestor, mode.verb, group=AUTHENTICATION_GROUP, resource="userextras")
        if mode.name:
            fault = next(filter(None, (_extra_fault(key, values) for key, values in extra.items())), "")
            if fault:
                raise forbidden(question, fault)
            many = len(extra) >= MANY_CHECKS or sum(map(len, extra.values())) >= MANY_CHECKS
            if many and self._may(replace(question, subresource="*", name="*")):
                return
        for key, values in extra.items():
            for value in values:
                self.authorizer.check(replace(question, subresource=key, name=value))

    def _may(self, attributes: Attributes) -> bool:
        return self.authorizer.authorize(attributes).allowed


def _modes(wanted: User, requestor: User) -> list[_Mode]:
    """The modes that apply."""
    alone = not (wanted.groups or wanted.uid or wanted.extra)
    node, account = node_name(wanted.name), split_service_account_name(wanted.name)
    modes = []
    if node and alone:
        own = tuple(requestor.extra.get(NODE_NAME_EXTRA, ())) == (node,)
        if own and split_service_account_name(requestor.name) is not None:
            modes.append(_Mode("associated-node"))
        modes.append(_Mode("arbitrary-node"))
    elif account is not None and alone:
        modes.append(_Mode("serviceaccount"))
    elif not node and account is None:
        modes.append(_Mode("user-info"))
    return [*modes, _Mode("")]


def node_name(user: str) -> str:
    """The name of the node that a user is; "" for other users."""
    name = user.removeprefix(NODE)
    return name if user.startswith(NODE) and not is_dns1123_subdomain(name) else ""


def _with_everybody(name: str, groups: tuple[str, ...]) -> tuple[str, ...]:
    """The groups with that of all who are known, or of all who are not."""
    if name == ANONYMOUS_NAME:
        everybody = "system:unauthenticated"
    elif "system:unauthenticated" in groups:
        return groups
    else:
        everybody = "system:authenticated"
    return groups if everybody in groups else (*groups, everybody)


def _extra_fault(key: str, values: Sequence[str]) -> str:
    if not key:
        return "impersonating the empty string key in extra is not allowed"
    faults = errors.aggregate_text([str(fault) for fault in _key_faults(key)])
    if faults:
        return f"impersonating an invalid key in extra is not allowed: {faults}"
    if "" in values:
        return "impersonating the empty string value in extra is not allowed"
    return ""


def _key_faults(key: str) -> Iterator[FieldError]:
    path = Path("extra.key")
    domain, _, rest = key.partition("/")
    if not domain or not rest:
        yield invalid(path, key, 'must be a domain-prefixed path (such as "acme.io/foo")')
        return
    yield from (invalid(path, domain, message) for message in is_dns1123_subdomain(domain))
    if HTTP_PATH.fullmatch(rest) is None:
        yield invalid(path, rest, f"Invalid path (regex used for validation is '{HTTP_PATH.pattern}')")
