"""Tokens of service accounts live as long as what they are bound to."""

from __future__ import annotations

import pytest

from minikube_lite.api.authentication.service_account import Binding
from minikube_lite.api.authentication.tokens import TokenError, decode_json
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.resources import NODES, PODS, SECRETS, SERVICE_ACCOUNTS

ISSUER = "https://kubernetes.default.svc.cluster.local"
INVALIDATED = "service account token has been invalidated"


@pytest.fixture
def tokens(api):
    return api.access.tokens


@pytest.fixture
async def account(client):
    return await client.get(SERVICE_ACCOUNTS, "default", "default")


def claims_of(token: str) -> dict:
    claims = decode_json(token.split(".")[1])
    assert claims is not None
    return claims


def refusal(tokens, token: str, audiences=(ISSUER,)) -> str:
    with pytest.raises(TokenError) as caught:
        tokens.authenticate(token, audiences)
    return str(caught.value)


async def test_whose_a_token_is(tokens, account) -> None:
    token = tokens.issue(account, Binding(), [ISSUER, "other"], 600, None)
    user, audiences = tokens.authenticate(token, (ISSUER, "third"))
    claims = claims_of(token)
    assert user == User(
        "system:serviceaccount:default:default",
        ("system:serviceaccounts", "system:serviceaccounts:default"),
        account["metadata"]["uid"],
        {"authentication.kubernetes.io/credential-id": (f"JTI={claims['jti']}",)},
    )
    assert audiences == (ISSUER,)
    assert (claims["exp"] - claims["iat"], claims["nbf"], claims["aud"]) == (600, claims["iat"], [ISSUER, "other"])


async def test_a_pods_token_names_the_pod_and_its_node(tokens, account, client, pod) -> None:
    bound = await client.create(PODS, "default", pod("p", "n"))
    node = await client.create(NODES, "", {"metadata": {"name": "n"}})
    token = tokens.issue(account, Binding(pod=bound, node=node), [ISSUER], 600, 300)
    claim = claims_of(token)["kubernetes.io"]
    assert claim["pod"] == {"name": "p", "uid": bound["metadata"]["uid"]}
    assert claim["warnafter"] == claims_of(token)["iat"] + 300
    extra = dict(tokens.authenticate(token, (ISSUER,))[0].extra)
    extra.pop("authentication.kubernetes.io/credential-id")
    assert extra == {
        "authentication.kubernetes.io/pod-name": ("p",),
        "authentication.kubernetes.io/pod-uid": (bound["metadata"]["uid"],),
        "authentication.kubernetes.io/node-name": ("n",),
        "authentication.kubernetes.io/node-uid": (node["metadata"]["uid"],),
    }


async def test_a_token_is_for_its_audiences_only(tokens, account) -> None:
    token = tokens.issue(account, Binding(), ["a", "b"], 600, None)
    text = f'token audiences ["a" "b"] is invalid for the target audiences ["{ISSUER}"]'
    assert refusal(tokens, token) == text


async def test_a_token_ends_a_minute_after_its_time(tokens, account, clock) -> None:
    token = tokens.issue(account, Binding(), [ISSUER], 600, None)
    await clock.advance(660)
    assert tokens.authenticate(token, (ISSUER,)) is not None
    await clock.advance(2)
    assert refusal(tokens, token) == "service account token has expired"


async def test_a_token_of_the_future_is_not_valid_yet(tokens, account, clock) -> None:
    claims = claims_of(tokens.issue(account, Binding(), [ISSUER], 600, None))
    token = tokens.signer.sign({**claims, "nbf": claims["nbf"] + 61})
    assert refusal(tokens, token) == "service account token is not valid yet"


async def test_a_token_goes_with_its_account(tokens, account, client) -> None:
    token = tokens.issue(account, Binding(), [ISSUER], 600, None)
    await client.delete(SERVICE_ACCOUNTS, "default", "default")
    assert refusal(tokens, token) == 'serviceaccounts "default" not found'
    again = await client.create(SERVICE_ACCOUNTS, "default", {"metadata": {"name": "default"}})
    uids = again["metadata"]["uid"], account["metadata"]["uid"]
    assert refusal(tokens, token) == f"service account UID ({uids[0]}) does not match claim ({uids[1]})"


@pytest.mark.parametrize("name", ["pod", "secret", "node"])
async def test_a_token_goes_with_what_it_is_bound_to(tokens, account, client, pod, name) -> None:
    resource = {"pod": PODS, "secret": SECRETS, "node": NODES}[name]
    place = "" if resource is NODES else "default"
    body = pod("x") if resource is PODS else {"metadata": {"name": "x"}}
    bound = await client.create(resource, place, body)
    token = tokens.issue(account, Binding(**{name: bound}), [ISSUER], 600, None)
    assert tokens.authenticate(token, (ISSUER,)) is not None
    await client.delete(resource, place, "x", {"gracePeriodSeconds": 0})
    assert refusal(tokens, token) == INVALIDATED
    again = await client.create(resource, place, pod("x") if resource is PODS else {"metadata": {"name": "x"}})
    uids = again["metadata"]["uid"], bound["metadata"]["uid"]
    text = f"{name} UID ({uids[0]}) does not match service account {name} ref claim ({uids[1]})"
    assert refusal(tokens, token) == text


async def test_a_pod_that_is_going_keeps_its_token_for_its_grace_and_a_minute(
    tokens, account, client, pod, clock
) -> None:
    bound = await client.create(PODS, "default", pod("p", "n"))
    token = tokens.issue(account, Binding(pod=bound), [ISSUER], 3600, None)
    await client.delete(PODS, "default", "p", {"gracePeriodSeconds": 30})
    await clock.advance(90)
    assert tokens.authenticate(token, (ISSUER,)) is not None
    await clock.advance(2)
    assert refusal(tokens, token) == INVALIDATED
