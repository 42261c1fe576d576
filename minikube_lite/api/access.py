"""What stands before every request: authenticate → impersonate → authorize; upstream: apiserver/pkg/server/config.go.

In process, the parts of the cluster itself (controllers, kubelets, DNS) are trusted, as upstream's loopback client is; a client that
acts as somebody else is authorized as over HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from multidict import CIMultiDictProxy

from minikube_lite.api.authentication import Authentication
from minikube_lite.api.authentication.impersonation import Impersonation, wanted_user
from minikube_lite.api.authentication.service_account import ServiceAccountTokens
from minikube_lite.api.authentication.token_file import read_tokens
from minikube_lite.api.authentication.websocket import websocket_token
from minikube_lite.api.authorization import MASTERS, Attributes, Authorizer
from minikube_lite.api.authorization.attributes import request_attributes
from minikube_lite.api.request import RequestInfo
from minikube_lite.clock import Clock
from minikube_lite.machinery import errors
from minikube_lite.machinery.kind import Reader, User
from minikube_lite.machinery.resources import PODS
from minikube_lite.store import Store

ADMIN_TOKEN_DIGITS = 32
RUNNING = ("attach", "exec", "portforward")
"""Subresources of a pod by which its containers are reached."""


class Access:
    """Who asks, and whether he may."""

    def __init__(self, store: Store, clock: Clock, reader: Reader, options: Any) -> None:
        issuer = f"https://kubernetes.default.svc.{options.cluster_domain}"
        self.tokens = ServiceAccountTokens(clock, reader, issuer)
        self.authorizer = Authorizer(store)
        self.admin_token = ""
        """Cluster admin's, where requests without credentials are not cluster admin."""
        if options.anonymous_auth is not None:
            self.admin_token = (
                f"{clock.random_stream('admin token').getrandbits(4 * ADMIN_TOKEN_DIGITS):0{ADMIN_TOKEN_DIGITS}x}"
            )
        tokens = read_tokens(options.token_auth_file) if options.token_auth_file else {}
        self.authentication = Authentication(
            tokens, self.tokens, anonymous=options.anonymous_auth, admin_token=self.admin_token
        )
        self._impersonation = Impersonation(self.authorizer)

    def user(
        self,
        method: str,
        path: str,
        info: RequestInfo | None,
        query: Mapping[str, str],
        headers: CIMultiDictProxy[str],
    ) -> User:
        """The user as whom a request goes on. Raises 401 and 403, and 400 for headers that make no sense."""
        user = self.authentication.user(_authorization(headers))
        wanted = wanted_user(headers)
        if wanted is None and MASTERS in user.groups:
            return user
        attributes = request_attributes(user, method, path, info, query)
        if wanted is not None:
            user = self._impersonation.impersonate(wanted, attributes)
            attributes = replace(attributes, user=user)
        self.authorizer.check(attributes)
        self._check_upgrade(attributes)
        return user

    def _check_upgrade(self, attributes: Attributes) -> None:
        """Whoever runs something in a pod by a GET, as WebSockets do, must be allowed to create it, too."""
        runs = attributes.resource == PODS.resource and not attributes.group and attributes.subresource in RUNNING
        if runs and attributes.verb == "get":
            decision = self.authorizer.authorize(replace(attributes, verb="create"))
            if not decision.allowed:
                raise errors.forbidden(PODS, attributes.name, decision.reason)


def _authorization(headers: CIMultiDictProxy[str]) -> str:
    """What a request presents, as an Authorization header says it."""
    given = headers.get("Authorization", "")
    if not given and (token := websocket_token(headers)):
        return f"Bearer {token}"
    return given
