"""Browsers present a bearer token as a protocol of their WebSockets."""

from __future__ import annotations

import base64
from pathlib import Path

import aiohttp
import pytest

from minikube_lite import Cluster
from minikube_lite.api.authentication.websocket import PROTOCOLS, TOKEN_PREFIX, websocket_token, without_token
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import PODS
from minikube_lite.programs.image import Image
from minikube_lite.programs.program import PodContext

CHANNELS = "v5.channel.k8s.io"


def protocol(token: str) -> str:
    return TOKEN_PREFIX + base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("protocols", "token"),
    [
        ("", ""),
        (CHANNELS, ""),
        (f"{CHANNELS}, {protocol('secret')}", "secret"),
        (f"{protocol('sécret!')},{CHANNELS}", "sécret!"),
    ],
)
def test_tokens(protocols: str, token: str) -> None:
    assert websocket_token({"Upgrade": "WebSocket", PROTOCOLS: protocols}) == token
    assert websocket_token({PROTOCOLS: protocols}) == ""


@pytest.mark.parametrize(
    "protocols",
    [
        protocol("secret"),
        f"{CHANNELS}, {protocol('a')}, {protocol('b')}",
        f"{CHANNELS}, {TOKEN_PREFIX}",
        f"{CHANNELS}, {TOKEN_PREFIX}a",
        f"{CHANNELS}, {TOKEN_PREFIX}a+b=",
        f"{CHANNELS}, {TOKEN_PREFIX}_w",
    ],
)
def test_what_cannot_be_read_is_refused(protocols: str) -> None:
    with pytest.raises(ApiError) as caught:
        websocket_token({"Upgrade": "websocket", PROTOCOLS: protocols})
    assert caught.value.code == 401


def test_a_token_is_not_passed_on() -> None:
    assert without_token([f"a, {protocol('secret')}", " b"]) == "a, b"


async def show(context: PodContext) -> None:
    """Says something."""
    context.stdout.print("shown")


async def rest(context: PodContext) -> None:
    """Goes on for an hour."""
    await context.clock.sleep(3600)


async def test_exec_with_a_token_as_a_protocol(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('secret,admin,1,"system:masters"\nother,jane,2,""\n')
    async with Cluster(nodes=1, clock="stepped", token_auth_file=tokens, serve_dns=False) as cluster:
        cluster.programs.register("box", Image(rest, {"show": show}))
        pod = {"metadata": {"name": "box"}, "spec": {"containers": [{"name": "main", "image": "box"}]}}
        await cluster.client.create(PODS, "default", pod)
        await cluster.settle()
        url = f"{cluster.addresses.server}/api/v1/namespaces/default/pods/box/exec?command=show&stdout=1"
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(url, protocols=(CHANNELS, protocol("secret"))) as socket:
                assert socket.protocol == CHANNELS
                assert b"\x01shown\n" in [message.data async for message in socket]
            for token, status in (("other", 403), ("wrong", 401)):
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await session.ws_connect(url, protocols=(CHANNELS, protocol(token)))
                assert refused.value.status == status
