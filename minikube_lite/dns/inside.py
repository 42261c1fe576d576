"""The DNS server inside the cluster's own network, at the address of the Service kube-dns; upstream: CoreDNS's pods."""

from __future__ import annotations

import asyncio

from minikube_lite.dns.server import Replies, Reply
from minikube_lite.network.fabric import API
from minikube_lite.network.switch import Switch

DNS_PORT = 53


def listen_inside(switch: Switch, address: str, reply: Reply, replies: Replies) -> None:
    """Answer what pods ask, by datagrams and by TCP. It has its place beside the API: a node that is cut off cannot ask."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                answers = await replies(await reader.readexactly(length))
                if not answers:
                    return
                for answer in answers:
                    writer.write(len(answer).to_bytes(2, "big") + answer)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone
        finally:
            writer.close()

    switch.add_address(address, API)
    switch.listen_datagrams(address, DNS_PORT, lambda packet, peer: reply(packet))
    switch.listen_streams(address, DNS_PORT, serve)
