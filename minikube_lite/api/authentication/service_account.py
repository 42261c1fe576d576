"""Tokens of service accounts: what they claim, and whether it still holds; upstream: pkg/serviceaccount/claims.go.

A token lives no longer than its service account and the pod, secret or node that it is bound to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from minikube_lite.api.authentication.tokens import Signer, TokenError
from minikube_lite.api.authorization.rules import quoted_list
from minikube_lite.clock import Clock, parse_time
from minikube_lite.machinery.errors import not_found
from minikube_lite.machinery.kind import Reader, User
from minikube_lite.machinery.meta import is_deleting
from minikube_lite.machinery.resources import NODES, PODS, SECRETS, SERVICE_ACCOUNTS, GroupVersionResource
from minikube_lite.machinery.service_accounts import service_account_groups, service_account_name
from minikube_lite.store import Object

LEEWAY_SECONDS = 60.0
"""How far clocks may differ, and how long a deletion may take to be noticed (jwt.DefaultLeeway)."""
INVALIDATED = "service account token has been invalidated"
CLAIM = "kubernetes.io"
EXTRA = "authentication.kubernetes.io/"


@dataclass(frozen=True, slots=True)
class Binding:
    """What a token is bound to, and the node of the pod that it is bound to."""

    pod: Object | None = None
    secret: Object | None = None
    node: Object | None = None


class ServiceAccountTokens:
    """Gives out tokens of service accounts, and says whose they are."""

    def __init__(self, clock: Clock, reader: Reader, issuer: str) -> None:
        self.issuer = issuer
        self.audiences = (issuer,)
        """For whom tokens are that are for this API server."""
        self.signer = Signer(clock)
        self._clock = clock
        self._reader = reader

    def issue(
        self, account: Object, binding: Binding, audiences: Sequence[str], seconds: int, warn_after: int | None
    ) -> str:
        """A token; `seconds` is how long it lives, `warn_after` when using it becomes stale."""
        now, metadata = int(self._clock.now()), account["metadata"]
        claim: dict[str, Any] = {"namespace": metadata["namespace"], "serviceaccount": _reference(account)}
        for name, bound in (("pod", binding.pod), ("secret", binding.secret), ("node", binding.node)):
            if bound is not None:
                claim[name] = _reference(bound)
        if warn_after is not None:
            claim["warnafter"] = now + warn_after
        return self.signer.sign(
            {
                "iss": self.issuer,
                "sub": service_account_name(metadata["namespace"], metadata["name"]),
                "aud": list(audiences),
                "iat": now,
                "nbf": now,
                "exp": now + seconds,
                "jti": self._clock.uid(),
                CLAIM: claim,
            }
        )

    def authenticate(self, token: str, audiences: Sequence[str]) -> tuple[User, tuple[str, ...]] | None:
        """Whose token it is, and for which of the audiences; None where it is no such token. Raises TokenError."""
        claims = self.signer.claims(token, self.issuer)
        if claims is None:
            return None
        meant = tuple(audience for audience in claims["aud"] if audience in audiences)
        if not meant:
            wanted, given = quoted_list(audiences), quoted_list(claims["aud"])
            raise TokenError(f"token audiences {given} is invalid for the target audiences {wanted}")
        self._check_times(claims)
        claim = claims[CLAIM]
        self._check_account(claim)
        for name, resource in (("secret", SECRETS), ("pod", PODS), ("node", NODES)):
            if name in claim and not (name == "node" and "pod" in claim):
                self._check_bound(claim, name, resource)
        return _user(claims), meant

    def _check_times(self, claims: dict[str, Any]) -> None:
        now = self._clock.now()
        if now + LEEWAY_SECONDS < claims["nbf"]:
            raise TokenError("service account token is not valid yet")
        if now - LEEWAY_SECONDS > claims["exp"]:
            raise TokenError("service account token has expired")

    def _check_account(self, claim: dict[str, Any]) -> None:
        namespace, reference = claim["namespace"], claim["serviceaccount"]
        account = self._reader.get(SERVICE_ACCOUNTS, namespace, reference["name"])
        if account is None:
            raise TokenError(not_found(SERVICE_ACCOUNTS, reference["name"]).message)
        if account["metadata"]["uid"] != reference["uid"]:
            found = account["metadata"]["uid"]
            raise TokenError(f"service account UID ({found}) does not match claim ({reference['uid']})")
        if self._is_deleted(account):
            raise TokenError(f"service account {namespace}/{reference['name']} has been deleted")

    def _check_bound(self, claim: dict[str, Any], name: str, resource: GroupVersionResource) -> None:
        reference = claim[name]
        bound = self._reader.get(resource, "" if resource is NODES else claim["namespace"], reference["name"])
        if bound is None:
            raise TokenError(INVALIDATED)
        found = bound["metadata"]["uid"]
        if found != reference["uid"]:
            text = f"{name} UID ({found}) does not match service account {name} ref claim ({reference['uid']})"
            raise TokenError(text)
        if self._is_deleted(bound):
            raise TokenError(INVALIDATED)

    def _is_deleted(self, obj: Object) -> bool:
        """Whether the object's deletion time, with its grace period, is past for longer than the leeway."""
        if not is_deleting(obj):
            return False
        return parse_time(obj["metadata"]["deletionTimestamp"]) < self._clock.now() - LEEWAY_SECONDS


def _reference(obj: Object) -> dict[str, str]:
    metadata = obj["metadata"]
    return {"name": metadata["name"], "uid": metadata["uid"]} if "uid" in metadata else {"name": metadata["name"]}


def _user(claims: dict[str, Any]) -> User:
    claim = claims[CLAIM]
    namespace, account = claim["namespace"], claim["serviceaccount"]
    extra = {f"{EXTRA}credential-id": (f"JTI={claims['jti']}",)}
    for kind in ("pod", "node"):
        for part in ("name", "uid"):
            if part in claim.get(kind, {}):
                extra[f"{EXTRA}{kind}-{part}"] = (claim[kind][part],)
    name = service_account_name(namespace, account["name"])
    return User(name, service_account_groups(namespace), account["uid"], extra)
