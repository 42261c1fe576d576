"""Secrets with the token of a service account."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from minikube_lite.controllers.serviceaccounttokens import NAME_ANNOTATION, TYPE, UID_ANNOTATION, TokensController
from minikube_lite.machinery.resources import SECRETS, SERVICE_ACCOUNTS
from minikube_lite.store import Object


def secret_for(account: str, name: str = "token", **annotations: str) -> Object:
    """A Secret as people write it."""
    return {"metadata": {"name": name, "annotations": {NAME_ANNOTATION: account, **annotations}}, "type": TYPE}


def text(secret: Object, key: str) -> str:
    """What a key of the Secret says."""
    return base64.b64decode(secret["data"][key]).decode()


async def make_account(world: Any, name: str = "robot") -> Object:
    account: Object = await world.create(SERVICE_ACCOUNTS, {"metadata": {"name": name}})
    return account


async def test_a_secret_is_filled(world: Any) -> None:
    await world.start(TokensController)
    account = await make_account(world)
    await world.create(SECRETS, secret_for("robot"))
    await world.settle()
    secret = await world.get(SECRETS, "token")
    assert secret["metadata"]["annotations"][UID_ANNOTATION] == account["metadata"]["uid"]
    assert (text(secret, "ca.crt"), text(secret, "namespace")) == ("the authority's certificate", "default")
    claims = json.loads(base64.urlsafe_b64decode(text(secret, "token").split(".")[1] + "=="))
    assert claims["sub"] == "system:serviceaccount:default:robot"
    assert claims["kubernetes.io"]["secret"] == {"name": "token", "uid": secret["metadata"]["uid"]}


async def test_what_is_removed_comes_back_and_nothing_else_changes(world: Any) -> None:
    await world.start(TokensController)
    await make_account(world)
    await world.create(SECRETS, {**secret_for("robot"), "data": {"more": "eA=="}})
    await world.settle()
    filled = await world.get(SECRETS, "token")
    await world.client.patch(SECRETS, "default", "token", {"data": {"ca.crt": None}})
    await world.settle()
    secret = await world.get(SECRETS, "token")
    assert secret["data"] == filled["data"]
    assert secret["data"]["more"] == "eA=="


async def test_a_secret_of_nobody_is_deleted(world: Any) -> None:
    await world.start(TokensController)
    await make_account(world)
    await world.create(SECRETS, secret_for("nobody", "a"))
    await world.create(SECRETS, secret_for("robot", "b", **{UID_ANNOTATION: "another"}))
    await world.create(SECRETS, {"metadata": {"name": "c"}, "type": "Opaque"})
    await world.settle()
    assert [secret["metadata"]["name"] for secret in await world.items(SECRETS)] == ["c"]


async def test_it_goes_with_its_account(world: Any) -> None:
    await world.start(TokensController)
    await make_account(world)
    await world.create(SECRETS, secret_for("robot"))
    await world.settle()
    await world.client.delete(SERVICE_ACCOUNTS, "default", "robot")
    await world.settle()
    assert await world.items(SECRETS) == []


async def test_any_write_may_fail(make_world: Callable[..., Any]) -> None:
    for nth in range(1, 4):
        world = make_world()
        world.failures.nth = nth
        await world.start(TokensController)
        await make_account(world)
        await world.create(SECRETS, secret_for("robot"))
        await world.create(SECRETS, secret_for("nobody", "lost"))
        await world.settle()
        [secret] = await world.items(SECRETS)
        assert text(secret, "token")
