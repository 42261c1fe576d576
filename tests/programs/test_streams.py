"""Pipes between processes keep order, end, break and hold back their writers."""

from __future__ import annotations

import asyncio

import pytest

from minikube_lite.programs.streams import PIPE_BYTES_MAX, BytesInput, Collector, NoInput, Pipe


async def test_a_pipe_is_read_as_it_is_written_and_ends():
    pipe = Pipe()
    reading = asyncio.create_task(pipe.read(100))
    await asyncio.sleep(0)
    pipe.print("a", 1)
    pipe.write(b"b")
    assert await reading == b"a 1\nb"
    pipe.write("rest")
    pipe.end()
    assert await pipe.read(2) == b"re"
    assert await pipe.read(-1) == b"st"
    assert await pipe.read(5) == b""


async def test_a_writer_waits_for_its_reader():
    pipe = Pipe()
    pipe.write(b"x" * PIPE_BYTES_MAX)
    draining = asyncio.create_task(pipe.drain())
    await asyncio.sleep(0)
    assert not draining.done()
    assert len(await pipe.read(PIPE_BYTES_MAX)) == PIPE_BYTES_MAX
    await draining


async def test_nobody_reads_any_more():
    pipe = Pipe()
    pipe.write(b"x" * PIPE_BYTES_MAX)
    draining = asyncio.create_task(pipe.drain())
    await asyncio.sleep(0)
    pipe.break_off()
    with pytest.raises(BrokenPipeError):
        await draining
    with pytest.raises(BrokenPipeError):
        pipe.write(b"x")


async def test_inputs_and_collectors_that_do_not_wait():
    given = BytesInput(b"abcdef")
    assert [await given.read(4), await given.read(4), await given.read(4)] == [b"abcd", b"ef", b""]
    assert await BytesInput(b"abc").read() == b"abc"
    assert await NoInput().read() == b""
    kept = Collector(4)
    kept.write("abc")
    assert kept.data == b"abc"
    with pytest.raises(BrokenPipeError):
        kept.write(b"de")
