"""The authenticators of a cluster, asked one after the other; upstream: pkg/kubeapiserver/authenticator/config.go.

Who presents nothing is cluster admin, as only this host reaches the API; with `--anonymous-auth` it is as upstream.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from minikube_lite.api.authentication.service_account import ServiceAccountTokens
from minikube_lite.api.authentication.tokens import TokenError
from minikube_lite.api.authorization import MASTERS
from minikube_lite.machinery import errors
from minikube_lite.machinery.kind import User

AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
CLUSTER_ADMIN = User("kubernetes-admin", (MASTERS, AUTHENTICATED))
ANONYMOUS = User("system:anonymous", (UNAUTHENTICATED,))
INVALID_TOKEN = "invalid bearer token"


class Authenticated(NamedTuple):
    """Who a token stands for, and for which of the audiences asked for."""

    user: User
    audiences: tuple[str, ...]


class Authentication:
    """Finds the user of a request.

    `anonymous` is upstream's `--anonymous-auth`: True makes requests without credentials anonymous, False refuses them, and None,
    which upstream does not have, makes them cluster admin. `admin_token` is cluster admin's, "" where there is none.
    """

    def __init__(
        self,
        tokens: Mapping[str, User],
        service_accounts: ServiceAccountTokens,
        *,
        anonymous: bool | None = None,
        admin_token: str = "",
    ) -> None:
        self._tokens = tokens
        self._service_accounts = service_accounts
        self._anonymous = anonymous
        self._admin_token = admin_token

    @property
    def audiences(self) -> tuple[str, ...]:
        """For whom tokens are that are for this API server."""
        return self._service_accounts.audiences

    def user(self, authorization: str) -> User:
        """The user of an Authorization header; 401 for credentials that nobody has."""
        scheme, _, rest = authorization.strip().partition(" ")
        token = rest.split(" ")[0]
        if scheme.lower() == "bearer" and token:
            try:
                return self.review(token, self.audiences).user
            except TokenError:
                raise errors.unauthorized() from None
        if self._anonymous is None and not authorization:
            return CLUSTER_ADMIN
        if self._anonymous:
            return ANONYMOUS
        raise errors.unauthorized()

    def review(self, token: str, audiences: Sequence[str]) -> Authenticated:
        """Whose a token is. Raises TokenError, which says what is wrong with it."""
        user = self._tokens.get(token)
        if user is None and self._admin_token and hmac.compare_digest(token.encode(), self._admin_token.encode()):
            user = CLUSTER_ADMIN
        if user is not None:
            return Authenticated(_authenticated(user), tuple(one for one in audiences if one in self.audiences))
        found = self._service_accounts.authenticate(token, audiences)
        if found is None:
            raise TokenError(INVALID_TOKEN)
        return Authenticated(_authenticated(found[0]), found[1])


def _authenticated(user: User) -> User:
    if AUTHENTICATED in user.groups:
        return user
    return replace(user, groups=(*user.groups, AUTHENTICATED))
