"""The sizes of a client's terminal, as JSON objects one behind the other; upstream: remotecommand's handleResizeEvents."""

from __future__ import annotations

import json
from collections.abc import Callable

from minikube_lite.programs.streams import Input

BUFFER_BYTES_MAX = 4096
"""More than this without a whole object ends the reading."""


async def parse_sizes(source: Input, resize: Callable[[int, int], None]) -> None:
    """Call with columns and rows for each `{"Width":80,"Height":24}`, until the end or what is none."""
    decoder, buffer = json.JSONDecoder(), ""
    while part := await source.read(BUFFER_BYTES_MAX):
        buffer += part.decode(errors="replace")
        while buffer := buffer.lstrip():
            try:
                size, end = decoder.raw_decode(buffer)
            except ValueError:
                break
            buffer = buffer[end:]
            report_size(size, resize)
        if len(buffer) > BUFFER_BYTES_MAX:
            return


def report_size(size: object, resize: Callable[[int, int], None]) -> None:
    """One size; what is none is passed over."""
    if isinstance(size, dict):
        columns, rows = size.get("Width"), size.get("Height")
        if isinstance(columns, int) and isinstance(rows, int) and columns > 0 and rows > 0:
            resize(columns, rows)
