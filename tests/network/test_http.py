"""HTTP over the switch."""

from __future__ import annotations

import pytest
from aiohttp import ClientError, web

from minikube_lite.network.http import http_session
from minikube_lite.network.switch import Origin


async def test_requests_answers_and_large_bodies(network, clock):
    async def handle(request):
        return web.Response(text=f"{request.method} {request.path} {len(await request.read())}")

    server = web.Server(handle, access_log=None)
    network.switch.listen("10.244.0.2", 8080, server)
    async with http_session(network.switch, Origin("node-2", "10.244.1.2")) as session:
        async with session.post("http://10.244.0.2:8080/a?b=c", data=b"x" * 900_000) as response:
            assert (response.status, await response.text()) == (200, "POST /a 900000")
        with pytest.raises(ClientError, match="connection refused"):
            await session.get("http://10.244.0.2:81/")
    await server.shutdown(0)
    await clock.settle()
