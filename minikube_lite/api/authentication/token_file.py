"""Bearer tokens of a `--token-auth-file`; upstream: apiserver/pkg/authentication/token/tokenfile."""

from __future__ import annotations

import csv
from pathlib import Path

from minikube_lite.machinery.kind import User


def read_tokens(path: Path) -> dict[str, User]:
    """The users by their tokens, from lines of token,user,uid,"group1,group2". Raises ValueError and OSError."""
    users = {}
    with path.open(newline="", encoding="utf-8") as lines:
        for number, row in enumerate(csv.reader(lines), 1):
            if not row:
                continue
            if len(row) < 3:
                raise ValueError(f"{path}:{number}: a line needs a token, a user's name and a uid")
            groups = tuple(group.strip() for group in row[3].split(",")) if len(row) > 3 and row[3] else ()
            users[row[0]] = User(row[1], groups, row[2])
    return users
