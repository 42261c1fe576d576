"""SPDY/3.1 on the wire: frames and compressed headers, without input and output; upstream: moby/spdystream/spdy.

A control frame is `0x8003 type(16) flags(8) length(24)` and its payload, a data frame `stream(31) flags(8) length(24)`.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from minikube_lite.kubelet.server.spdy.dictionary import DICTIONARY

SYN_STREAM, SYN_REPLY, RST_STREAM, SETTINGS, PING, GOAWAY, HEADERS, WINDOW_UPDATE = 1, 2, 3, 4, 6, 7, 8, 9
FIN = 0x01
HEAD_BYTES = 8
CONTROL_BYTES_MAX = 256 << 10
"""A larger control frame ends the connection."""
HEADER_BYTES_MAX = 64 << 10
"""What the headers of one stream may have when they are unpacked."""
STREAM_ID_MASK = 0x7FFFFFFF


class ProtocolError(Exception):
    """The other end does not speak SPDY."""


@dataclass(frozen=True, slots=True)
class Data:
    """Some bytes of a stream; `last` says that no more come."""

    stream: int
    data: bytes
    last: bool = False


@dataclass(frozen=True, slots=True)
class Control:
    """Any other frame: its type, the stream or ping that it names, and what else it says."""

    type: int
    id: int = 0
    flags: int = 0
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


Frame = Data | Control


class FrameReader:
    """Takes bytes as they come and gives frames. A data frame may be given in parts."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._inflating = zlib.decompressobj(zdict=DICTIONARY)
        self._data: tuple[int, bool, int] | None = None
        """Of the data frame that is under way: its stream, whether it is the last, and how many bytes are left."""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are whole now. Raises ProtocolError."""
        self._buffer += data
        frames: list[Frame] = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def _next(self) -> Frame | None:
        if self._data is not None:
            return self._some_data(*self._data)
        buffer = self._buffer
        if len(buffer) < HEAD_BYTES:
            return None
        first, flags_and_length = struct.unpack_from(">II", buffer)
        flags, length = flags_and_length >> 24, flags_and_length & 0xFFFFFF
        if not first >> 31:
            del buffer[:HEAD_BYTES]
            return self._some_data(first, bool(flags & FIN), length)
        if first >> 16 != 0x8003:
            raise ProtocolError(f"not SPDY/3.1: a frame begins with {first:#010x}")
        if length > CONTROL_BYTES_MAX:
            raise ProtocolError(f"a control frame of {length} bytes, more than {CONTROL_BYTES_MAX}")
        if len(buffer) < HEAD_BYTES + length:
            return None
        payload = bytes(buffer[HEAD_BYTES : HEAD_BYTES + length])
        del buffer[: HEAD_BYTES + length]
        try:
            return self._control(first & 0xFFFF, flags, payload)
        except (struct.error, zlib.error, UnicodeDecodeError) as error:
            raise ProtocolError(f"a frame cannot be read: {error}") from None

    def _some_data(self, stream: int, last: bool, left: int) -> Data | None:
        part = bytes(self._buffer[:left])
        if left and not part:
            self._data = (stream, last, left)
            return None
        del self._buffer[: len(part)]
        left -= len(part)
        self._data = (stream, last, left) if left else None
        return Data(stream, part, last and not left)

    def _control(self, frame_type: int, flags: int, payload: bytes) -> Control:
        if frame_type in (SETTINGS, WINDOW_UPDATE):
            return Control(frame_type, 0, flags)
        (number,) = struct.unpack_from(">I", payload)
        if frame_type in (PING, GOAWAY):
            return Control(frame_type, number, flags)
        stream = number & STREAM_ID_MASK
        if frame_type == RST_STREAM:
            return Control(frame_type, stream, flags, struct.unpack_from(">I", payload, 4)[0])
        if frame_type in (SYN_STREAM, SYN_REPLY, HEADERS):
            block = payload[10:] if frame_type == SYN_STREAM else payload[4:]
            return Control(frame_type, stream, flags, headers=self._headers(block))
        return Control(frame_type, 0, flags)

    def _headers(self, block: bytes) -> dict[str, str]:
        """Names and values; several values of one name stand behind each other, with a zero byte between them."""
        plain = self._inflating.decompress(block, HEADER_BYTES_MAX)
        if self._inflating.unconsumed_tail:
            raise ProtocolError(f"headers of more than {HEADER_BYTES_MAX} bytes")
        (count,) = struct.unpack_from(">I", plain)
        place, words = 4, []
        for _ in range(2 * min(count, HEADER_BYTES_MAX)):
            (length,) = struct.unpack_from(">I", plain, place)
            words.append(plain[place + 4 : place + 4 + length].decode())
            place += 4 + length
        return {name.lower(): value for name, value in zip(words[::2], words[1::2], strict=True)}


class FrameWriter:
    """Makes frames; headers are compressed in the order in which they are written."""

    def __init__(self) -> None:
        self._deflating = zlib.compressobj(zdict=DICTIONARY)

    def data(self, stream: int, data: bytes, *, last: bool = False) -> bytes:
        """Bytes of a stream: at most 16 MiB less one."""
        return struct.pack(">II", stream, (FIN if last else 0) << 24 | len(data)) + data

    def open(self, stream: int, headers: Mapping[str, str]) -> bytes:
        """SYN_STREAM: a new stream, as clients open it."""
        return self._frame(SYN_STREAM, struct.pack(">IIBB", stream, 0, 0, 0) + self._headers(headers))

    def reply(self, stream: int) -> bytes:
        """SYN_REPLY: the stream is accepted."""
        return self._frame(SYN_REPLY, struct.pack(">I", stream) + self._headers({}))

    def reset(self, stream: int, status: int) -> bytes:
        """RST_STREAM: the stream is over, at once."""
        return self._frame(RST_STREAM, struct.pack(">II", stream, status))

    def ping(self, number: int) -> bytes:
        """PING, or its answer."""
        return self._frame(PING, struct.pack(">I", number))

    def go_away(self, last_stream: int) -> bytes:
        """GOAWAY: no more streams are accepted."""
        return self._frame(GOAWAY, struct.pack(">II", last_stream, 0))

    def _frame(self, frame_type: int, payload: bytes, flags: int = 0) -> bytes:
        return struct.pack(">HHI", 0x8003, frame_type, flags << 24 | len(payload)) + payload

    def _headers(self, headers: Mapping[str, str]) -> bytes:
        words = [word.encode() for pair in headers.items() for word in pair]
        plain = struct.pack(">I", len(headers)) + b"".join(struct.pack(">I", len(word)) + word for word in words)
        return self._deflating.compress(plain) + self._deflating.flush(zlib.Z_SYNC_FLUSH)
