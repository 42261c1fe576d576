"""Sizes of terminals as they come."""

from __future__ import annotations

import pytest

from minikube_lite.kubelet.server.resizing import parse_sizes
from minikube_lite.programs.streams import BytesInput


@pytest.mark.parametrize(
    ("sent", "sizes"),
    [
        (b'{"Width":80,"Height":24}', [(80, 24)]),
        (b'{"Width":80,"Height":24}\n {"Width":100,"Height":30}', [(80, 24), (100, 30)]),
        (b'{"Width":0,"Height":24}{"Width":1}[1]"x"{"Width":"a","Height":1}', []),
        (b'{"Width":80,', []),
        (b"no JSON", []),
        (b"", []),
    ],
)
async def test_sizes(sent: bytes, sizes: list[tuple[int, int]]) -> None:
    seen: list[tuple[int, int]] = []
    await parse_sizes(BytesInput(sent), lambda columns, rows: seen.append((columns, rows)))
    assert seen == sizes


async def test_what_never_ends_is_given_up() -> None:
    source = BytesInput(b"[" + b"1," * 100_000)
    await parse_sizes(source, lambda columns, rows: None)
    assert await source.read(1)
