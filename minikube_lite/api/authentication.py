"""Who asks: cluster admin on the plain port, unless credentials are presented, which then count; upstream: token files."""

from __future__ import annotations

import csv
from pathlib import Path

from minikube_lite.machinery import errors
from minikube_lite.machinery.kind import User

CLUSTER_ADMIN = User("kubernetes-admin", ("kubeadm:cluster-admins", "system:authenticated"))


class Authentication:
    """Bearer tokens of a `--token-auth-file`: lines of token,user,uid,"group1,group2"."""

    def __init__(self, token_file: Path | None) -> None:
        self._users = _read_tokens(token_file) if token_file else {}

    def user(self, authorization: str) -> User:
        """The user of an Authorization header; 401 for a token that nobody has."""
        if not authorization:
            return CLUSTER_ADMIN
        scheme, _, token = authorization.partition(" ")
        user = self._users.get(token.strip()) if scheme.lower() == "bearer" else None
        if user is None:
            raise errors.unauthorized()
        return user


def _read_tokens(path: Path) -> dict[str, User]:
    users = {}
    with path.open(newline="", encoding="utf-8") as lines:
        for number, row in enumerate(csv.reader(lines), 1):
            if not row:
                continue
            if len(row) < 3:
                raise ValueError(f"{path}:{number}: a line needs a token, a user's name and a uid")
            groups = tuple(group.strip() for group in row[3].split(",")) if len(row) > 3 and row[3] else ()
            users[row[0]] = User(row[1], (*groups, "system:authenticated"), row[2])
    return users
