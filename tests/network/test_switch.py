"""Connections in memory: order, windows, cuts, and who listens."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.network.link import Unreachable
from minikube_lite.network.streams import STREAM_WINDOW_BYTES_MAX
from minikube_lite.network.switch import Origin

NODE_2 = Origin("node-2", "10.244.1.2")


async def echo(reader, writer):
    while data := await reader.read(1000):
        writer.write(data)
        await writer.drain()
    writer.close()


async def test_what_is_sent_comes_back(network, clock):
    network.switch.listen_streams("10.244.0.2", 7, echo)
    reader, writer = network.switch.connect(NODE_2, "10.244.0.2", 7)
    assert writer.get_extra_info("peername") == ("10.244.0.2", 7)
    writer.write(b"abc")
    writer.write_eof()
    assert await reader.read() == b"abc"
    writer.close()
    await clock.settle()
    assert clock.ledger.idle


async def test_nobody_and_nowhere(network):
    with pytest.raises(ConnectionRefusedError, match="dial tcp 10.244.0.2:7: connect: connection refused"):
        network.switch.connect(NODE_2, "10.244.0.2", 7)
    with pytest.raises(Unreachable, match="no route to host"):
        network.switch.connect(NODE_2, "10.244.9.9", 7)


async def test_a_port_is_taken_once_and_freed(network):
    listener = network.switch.listen_streams("10.244.0.2", 7, echo)
    with pytest.raises(OSError, match="address already in use"):
        network.switch.listen_streams("10.244.0.2", 7, echo)
    listener.close()
    network.switch.listen_streams("10.244.0.2", 7, echo)
    network.switch.remove_address("10.244.0.2")
    with pytest.raises(Unreachable):
        network.switch.connect(NODE_2, "10.244.0.2", 7)


async def test_a_cut_holds_up_what_is_on_the_way(network, clock):
    network.switch.listen_streams("10.244.0.2", 7, echo)
    reader, writer = network.switch.connect(NODE_2, "10.244.0.2", 7)
    network.isolate("node-1")
    writer.write(b"late")
    await clock.settle()
    with pytest.raises(Unreachable):
        network.switch.connect(NODE_2, "10.244.0.2", 7)
    assert reader.at_eof() is False
    network.rejoin("node-1")
    assert await reader.read(4) == b"late"
    writer.close()
    await clock.settle()


async def test_a_writer_waits_for_a_slow_reader(network, clock):
    arrived = asyncio.Event()

    async def slow(reader, writer):
        await arrived.wait()
        await echo(reader, writer)

    network.switch.listen_streams("10.244.0.2", 7, slow)
    reader, writer = network.switch.connect(NODE_2, "10.244.0.2", 7)
    sent = 0

    async def send():
        nonlocal sent
        for _ in range(64):
            writer.write(b"x" * 65536)
            sent += 65536
            await writer.drain()
        writer.write_eof()

    sending = asyncio.create_task(send())
    await clock.settle()
    assert sent < 6 * STREAM_WINDOW_BYTES_MAX
    arrived.set()
    received = len(await reader.read())
    await sending
    assert received == 64 * 65536
    writer.close()
    await clock.settle()


async def test_an_aborted_connection_is_seen_at_the_other_end(network, clock):
    lost = asyncio.Event()

    async def handler(reader, writer):
        with pytest.raises(ConnectionResetError):
            await reader.read()
        lost.set()

    network.switch.listen_streams("10.244.0.2", 7, handler)
    _, writer = network.switch.connect(NODE_2, "10.244.0.2", 7)
    await clock.settle()
    writer.transport.abort()
    await lost.wait()


@given(st.lists(st.binary(max_size=5000), max_size=20))
def test_bytes_arrive_whole_and_in_order(parts):
    async def send_all():
        from ipaddress import IPv4Network

        from minikube_lite.clock import Clock
        from minikube_lite.network.fabric import Network

        network = Network(Clock("stepped", seed=1), IPv4Network("10.244.0.0/16"))
        network.switch.add_address("10.244.0.2", "node-1")
        network.switch.listen_streams("10.244.0.2", 7, echo)
        reader, writer = network.switch.connect(NODE_2, "10.244.0.2", 7)
        for position, part in enumerate(parts):
            writer.write(part)
            if position % 3 == 0:
                network.isolate("node-1")
                await asyncio.sleep(0)
                network.rejoin("node-1")
        writer.write_eof()
        assert await reader.read() == b"".join(parts)
        writer.close()
        await asyncio.sleep(0)

    asyncio.run(send_all())


async def test_datagrams_are_answered_once_refused_or_lost(network, clock):
    listener = network.switch.listen_datagrams("10.244.0.2", 53, lambda data, peer: data[::-1] if data else None)
    assert await network.switch.ask(NODE_2, "10.244.0.2", 53, b"abc") == b"cba"
    assert await network.switch.ask(NODE_2, "10.244.0.2", 53, b"") is None
    assert await network.switch.ask(NODE_2, "10.244.9.9", 53, b"abc") is None
    with pytest.raises(OSError, match="listen udp 10.244.0.2:53: bind: address already in use"):
        network.switch.listen_datagrams("10.244.0.2", 53, None)
    network.isolate("node-2")
    assert await network.switch.ask(NODE_2, "10.244.0.2", 53, b"abc") is None
    network.rejoin("node-2")
    listener.close()
    with pytest.raises(ConnectionRefusedError, match="dial udp 10.244.0.2:53: connect: connection refused"):
        await network.switch.ask(NODE_2, "10.244.0.2", 53, b"abc")
    assert clock.ledger.idle


async def test_a_virtual_address_leads_to_a_real_one_and_both_ends_see_what_they_should(network):
    seen = {}

    async def answer(reader, writer):
        seen["server"] = writer.get_extra_info("sockname"), writer.get_extra_info("peername")[0]
        writer.close()

    network.switch.listen_streams("10.244.0.2", 8080, answer)
    network.switch.route = lambda origin, address, protocol: (
        ("10.244.0.2", 8080) if address[0] == "10.96.0.9" else address
    )
    reader, writer = network.switch.connect(NODE_2, "10.96.0.9", 80)
    assert await reader.read() == b""
    assert writer.get_extra_info("peername") == ("10.96.0.9", 80)
    assert seen["server"] == (("10.244.0.2", 8080), "10.244.1.2")
    writer.close()
    network.isolate("node-2")
    with pytest.raises(Unreachable, match=r"dial tcp 10\.96\.0\.9:80: connect: no route to host"):
        network.switch.connect(NODE_2, "10.96.0.9", 80)


async def test_a_listener_hangs_up_on_what_it_accepted(network, clock):
    listener = network.switch.listen_streams("10.244.0.2", 7, echo)
    reader, writer = network.switch.connect(NODE_2, "10.244.0.2", 7)
    writer.write(b"abc")
    assert await reader.read(10) == b"abc"
    listener.close()
    assert len(listener.connections) == 1
    listener.hang_up()
    assert await reader.read() == b""
    writer.close()
    await clock.settle()
