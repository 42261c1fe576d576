"""The program of the image luksa/kubia-pet-peers: it finds its peers by SRV records, and asks each what it stores."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from minikube_lite.programs.asgi import Receive, Send, serve_asgi
from minikube_lite.programs.kubia_pet import DATA_FILE, PORT, announce, read_body, stored
from minikube_lite.programs.program import PodContext
from minikube_lite.programs.resolver.message import NXDOMAIN, TYPES

IMAGE = "luksa/kubia-pet-peers"
SERVICE = "kubia"
"""The headless Service of the pods, in their own namespace."""


async def kubia_pet_peers(context: PodContext) -> int:
    """Serve until stopped."""

    async def application(scope: Any, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            body = await read_body(receive)
            context.path(DATA_FILE).write_bytes(body)
            answer = f"Data stored on pod {context.hostname}\n"
        elif scope["path"] == "/data":
            answer = stored(context)
        else:
            answer = f"You've hit {context.hostname}\nData stored in the cluster:\n{await _all_data(context)}"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer.encode()})

    announce(context)
    return await serve_asgi(application, context, PORT)


async def _all_data(context: PodContext) -> str:
    """A line for each peer, in the order in which they answer."""
    name = f"{SERVICE}.{context.namespace}.svc.cluster.local"
    message = await context.network.resolver.lookup(f"{name}.", TYPES["SRV"])
    if message is None or message.rcode:
        code = "ETIMEOUT" if message is None else "ENOTFOUND" if message.rcode == NXDOMAIN else "ESERVFAIL"
        return f"Could not look up DNS SRV records: Error: querySrv {code} {name}"
    targets = [record.text.split()[-1].rstrip(".") for record in message.answers if record.type == TYPES["SRV"]]
    if not targets:
        return "No peers discovered."
    async with context.network.http() as session:
        asked = [asyncio.ensure_future(_ask(session, target)) for target in targets]
        try:
            lines = [await one for one in asyncio.as_completed(asked)]
        finally:
            for one in asked:
                one.cancel()
    return "".join(lines)


async def _ask(session: aiohttp.ClientSession, target: str) -> str:
    try:
        async with session.get(f"http://{target}:{PORT}/data") as response:
            return f"- {target}: {await response.text()}\n"
    except (OSError, aiohttp.ClientError) as error:
        return f"- {target}: {error}\n"
