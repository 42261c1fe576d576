"""SPDY frames: bytes as Go writes them, anything cut anywhere, and what is no SPDY."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.kubelet.server.spdy.dictionary import ADLER32, DICTIONARY
from minikube_lite.kubelet.server.spdy.frames import (
    CONTROL_BYTES_MAX,
    FIN,
    GOAWAY,
    HEADER_BYTES_MAX,
    PING,
    RST_STREAM,
    SETTINGS,
    SYN_REPLY,
    SYN_STREAM,
    Control,
    Data,
    Frame,
    FrameReader,
    FrameWriter,
    ProtocolError,
)


def read(*pieces: bytes) -> list[Frame]:
    reader = FrameReader()
    return [frame for piece in pieces for frame in reader.feed(piece)]


def test_the_dictionary_is_the_protocols() -> None:
    assert (len(DICTIONARY), zlib.adler32(DICTIONARY)) == (1423, ADLER32)


def test_what_is_written_on_the_wire() -> None:
    writer = FrameWriter()
    assert writer.data(5, b"ab", last=True) == b"\x00\x00\x00\x05\x01\x00\x00\x02ab"
    assert writer.ping(7) == b"\x80\x03\x00\x06\x00\x00\x00\x04\x00\x00\x00\x07"
    assert writer.reset(3, 5) == b"\x80\x03\x00\x03\x00\x00\x00\x08\x00\x00\x00\x03\x00\x00\x00\x05"
    assert writer.go_away(9) == b"\x80\x03\x00\x07\x00\x00\x00\x08\x00\x00\x00\x09\x00\x00\x00\x00"
    reply = writer.reply(1)
    assert reply[:8] == struct.pack(">HHI", 0x8003, SYN_REPLY, len(reply) - 8)
    assert zlib.decompressobj(zdict=DICTIONARY).decompress(reply[12:]) == b"\0\0\0\0"


@given(
    st.lists(
        st.tuples(st.binary(max_size=300), st.booleans(), st.dictionaries(st.text("abc-", min_size=1), st.text())),
        max_size=6,
    ),
    st.lists(st.integers(1, 40), min_size=1, max_size=5),
)
def test_frames_survive_any_cut(parts: list[tuple[bytes, bool, dict[str, str]]], cuts: list[int]) -> None:
    """Streams with their headers, which are compressed in one row, and their data, in pieces of any size."""
    writer, wire = FrameWriter(), b""
    for number, (data, last, headers) in enumerate(parts):
        wire += writer.open(2 * number + 1, headers) + writer.data(2 * number + 1, data, last=last) + writer.ping(1)
    pieces, place, turn = [], 0, 0
    while place < len(wire):
        size = cuts[turn % len(cuts)]
        pieces.append(wire[place : place + size])
        place, turn = place + size, turn + 1
    frames = read(*pieces)
    for number, (data, last, headers) in enumerate(parts):
        stream = 2 * number + 1
        assert Control(SYN_STREAM, stream, headers=headers) in frames
        pieces_of_data = [frame for frame in frames if isinstance(frame, Data) and frame.stream == stream]
        assert b"".join(frame.data for frame in pieces_of_data) == data
        assert [frame.last for frame in pieces_of_data] == [False] * (len(pieces_of_data) - 1) + [last]
    assert frames.count(Control(PING, 1)) == len(parts)


def test_other_frames() -> None:
    settings = struct.pack(">HHI", 0x8003, SETTINGS, 12) + struct.pack(">III", 1, 4, 100)
    reset = FrameWriter().reset(3, 5)
    assert read(settings + reset + FrameWriter().go_away(3)) == [
        Control(SETTINGS),
        Control(RST_STREAM, 3, status=5),
        Control(GOAWAY, 3),
    ]
    half = FrameWriter().open(1, {})
    assert read(half[:4] + bytes((FIN,)) + half[5:]) == [Control(SYN_STREAM, 1, FIN)]


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        (b"\x80\x02\x00\x01\x00\x00\x00\x00", "not SPDY/3.1"),
        (struct.pack(">HHI", 0x8003, SYN_STREAM, CONTROL_BYTES_MAX + 1), "a control frame of 262145 bytes"),
        (struct.pack(">HHI", 0x8003, PING, 2) + b"\0\0", "cannot be read"),
        (struct.pack(">HHI", 0x8003, SYN_STREAM, 14) + b"\0\0\0\1" + b"\0" * 6 + b"junk", "cannot be read"),
    ],
)
def test_what_is_no_spdy(wire: bytes, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        read(wire)


def test_headers_that_unpack_to_too_much() -> None:
    with pytest.raises(ProtocolError, match=f"more than {HEADER_BYTES_MAX}"):
        read(FrameWriter().open(1, {"a": "x" * (HEADER_BYTES_MAX + 1)}))


@given(st.binary(max_size=200))
def test_noise_never_crashes(noise: bytes) -> None:
    try:
        read(noise)
    except ProtocolError as error:
        assert str(error)
