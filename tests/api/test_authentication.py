"""Who asks: cluster admin, unless credentials are presented."""

from __future__ import annotations

import pytest

from minikube_lite.api.authentication import CLUSTER_ADMIN, Authentication
from minikube_lite.config import Options
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.kind import User

TOKENS = 'secret,alice,uid-1,"developers, testers"\n\nplain,bob,uid-2\nempty,carol,uid-3,""\n'


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "tokens.csv"
    path.write_text(TOKENS)
    return path


@pytest.fixture
def options(token_file) -> Options:
    return Options(token_auth_file=token_file)


@pytest.mark.parametrize(
    ("header", "user"),
    [
        ("", CLUSTER_ADMIN),
        ("Bearer secret", User("alice", ("developers", "testers", "system:authenticated"), "uid-1")),
        ("bearer  plain ", User("bob", ("system:authenticated",), "uid-2")),
        ("Bearer empty", User("carol", ("system:authenticated",), "uid-3")),
    ],
)
def test_users(token_file, header, user) -> None:
    assert Authentication(token_file).user(header) == user


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Bearer ", "Basic secret", "secret", "Bearer secret x"])
def test_credentials_that_nobody_has_are_refused(token_file, header) -> None:
    for authentication in (Authentication(token_file), Authentication(None)):
        with pytest.raises(ApiError) as caught:
            authentication.user(header)
        assert (caught.value.code, caught.value.reason) == (401, "Unauthorized")


def test_a_line_that_says_too_little_is_named(tmp_path) -> None:
    path = tmp_path / "tokens.csv"
    path.write_text("a,b,c\nd,e\n")
    with pytest.raises(ValueError, match=r"tokens.csv:2: a line needs a token, a user's name and a uid"):
        Authentication(path)


async def test_over_http(http) -> None:
    path = "/api/v1/namespaces"
    assert (await http.get(path)).status_code == 200
    assert (await http.get(path, headers={"Authorization": "Bearer secret"})).status_code == 200
    refused = await http.get(path, headers={"Authorization": "Bearer wrong"})
    assert (refused.status_code, refused.json()["reason"]) == (401, "Unauthorized")
