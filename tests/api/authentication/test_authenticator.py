"""Who asks: cluster admin, unless credentials are presented or `--anonymous-auth` says otherwise."""

from __future__ import annotations

import pytest

from minikube_lite.api.authentication import ANONYMOUS, CLUSTER_ADMIN, Authentication
from minikube_lite.api.authentication.service_account import ServiceAccountTokens
from minikube_lite.api.authentication.token_file import read_tokens
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.kind import User

TOKENS = 'secret,alice,uid-1,"developers, testers"\n\nplain,bob,uid-2\nempty,carol,uid-3,""\n'
REFUSED = ["Bearer wrong", "Bearer", "Bearer ", "bearer  plain", "Basic secret", "secret"]


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "tokens.csv"
    path.write_text(TOKENS)
    return path


@pytest.fixture
def authentication(token_file, clock, api):
    """Makes authentications with those tokens."""
    tokens = ServiceAccountTokens(clock, api.registry.reader, "https://issuer")
    return lambda **options: Authentication(read_tokens(token_file), tokens, **options)


@pytest.mark.parametrize(
    ("header", "user"),
    [
        ("", CLUSTER_ADMIN),
        ("Bearer secret", User("alice", ("developers", "testers", "system:authenticated"), "uid-1")),
        ("bearer plain ", User("bob", ("system:authenticated",), "uid-2")),
        ("Bearer empty", User("carol", ("system:authenticated",), "uid-3")),
        ("Bearer secret and more", User("alice", ("developers", "testers", "system:authenticated"), "uid-1")),
    ],
)
def test_users(authentication, header, user) -> None:
    assert authentication().user(header) == user


@pytest.mark.parametrize("header", REFUSED)
def test_credentials_that_nobody_has_are_refused(authentication, header) -> None:
    with pytest.raises(ApiError) as caught:
        authentication().user(header)
    assert (caught.value.code, caught.value.reason) == (401, "Unauthorized")


def test_who_presents_nothing_is_anonymous_if_asked(authentication) -> None:
    asked = authentication(anonymous=True, admin_token="0123")
    assert [asked.user(header) for header in ("", "Basic secret", "Bearer  x")] == [ANONYMOUS] * 3
    assert asked.user("Bearer 0123") == CLUSTER_ADMIN
    with pytest.raises(ApiError):
        asked.user("Bearer wrong")


@pytest.mark.parametrize("header", ["", *REFUSED])
def test_who_presents_nothing_is_refused_if_asked(authentication, header) -> None:
    with pytest.raises(ApiError) as caught:
        authentication(anonymous=False, admin_token="0123").user(header)
    assert caught.value.code == 401


def test_without_an_admin_token_nothing_stands_for_it(authentication) -> None:
    with pytest.raises(ApiError):
        authentication(anonymous=False).user("Bearer ")


def test_a_line_that_says_too_little_is_named(tmp_path) -> None:
    path = tmp_path / "tokens.csv"
    path.write_text("a,b,c\nd,e\n")
    with pytest.raises(ValueError, match=r"tokens.csv:2: a line needs a token, a user's name and a uid"):
        read_tokens(path)
