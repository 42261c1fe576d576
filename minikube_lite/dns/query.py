"""Queries on the wire, read as leniently and as strictly as CoreDNS does; upstream: miekg/dns's acceptfunc.go and msg.go.

A packet that ends before its counts say so is complete. Data of records are checked, because a fault there is a fault of the query.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from minikube_lite.dns import names
from minikube_lite.dns.names import LABEL_BYTES_MAX, NAME_BYTES_MAX, Name, format_name

HEADER_BYTES = 12
ADDITIONALS_MAX = 2
"""How many a query may carry, besides one answer (of a NOTIFY) and one authority (of an IXFR), as upstream."""
POINTERS_MAX = 126
"""How often a name may go on elsewhere."""

HEADER = struct.Struct(">6H")
RECORD = struct.Struct(">HHIH")
"""A record behind its name: type, class, TTL, length of its data."""
POINTER = 0xC000
QR, AA, TC, RD, RA, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010
OPCODE_MASK = 0x7800
_QUERY, _NOTIFY = 0, 4 << 11
_OPTION = struct.Struct(">HH")
_EDNS_FLAGS = 0xFF00
"""DO and, of those that mean nothing yet, the seven that CoreDNS sends back."""
_FORMERR_KEEPS = TC | RD | RA | AD | CD


class FormatError(Exception):
    """The message cannot be read."""


@dataclass(frozen=True, slots=True)
class Edns:
    """The OPT record of a query; `options` are those that are sent back."""

    size: int
    version: int
    flags: int
    options: bytes

    def pack(self, rcode: int = 0, *, with_options: bool = True) -> bytes:
        """The OPT record of the reply."""
        options = self.options if with_options else b""
        return b"\0" + RECORD.pack(names.OPT, self.size, (rcode >> 4) << 24 | self.flags, len(options)) + options


@dataclass(slots=True)
class Query:
    """A query. `question` is the question without pointers: name, type and class; `serial` is that of an IXFR."""

    id: int
    flags: int
    question: bytes
    edns: Edns | None
    serial: int | None = None

    @property
    def name(self) -> Name:
        """The name that is asked for."""
        return split_name(self.question)

    @property
    def type(self) -> int:
        """The record type that is asked for."""
        return int.from_bytes(self.question[-4:-2], "big")

    @property
    def in_class(self) -> bool:
        """Whether the class is IN."""
        return self.question[-2:] == b"\0\x01"

    def __str__(self) -> str:
        return f"{format_name(self.name)} type {self.type}"


def parse_query(packet: bytes) -> Query | bytes | None:
    """The query; or the bytes that answer what is malformed or not implemented; or None for what deserves silence."""
    size = len(packet)
    if size < HEADER_BYTES:
        return None
    message_id, flags, questions, answers, authorities, additionals = HEADER.unpack_from(packet)
    if flags & QR:
        return None
    if flags & OPCODE_MASK not in (_QUERY, _NOTIFY):
        return _refusal(message_id, flags & (OPCODE_MASK | _FORMERR_KEEPS) | names.NOTIMP)
    if questions != 1 or answers > 1 or authorities > 1 or additionals > ADDITIONALS_MAX:
        return _refusal(message_id, flags & _FORMERR_KEEPS | names.FORMERR)
    if size == HEADER_BYTES:
        kept = flags & OPCODE_MASK or flags & (RD | CD)
        return _refusal(message_id, kept | names.SERVFAIL)
    question = b""
    try:
        question, offset = _question(packet)
        query = Query(message_id, flags, question, None)
        for place in range(answers + authorities + additionals):
            if offset == size:
                break
            offset = _read_record(packet, offset, query, place - answers, authorities)
    except FormatError:
        return _refusal(message_id, flags & _FORMERR_KEEPS | names.FORMERR, question)
    return query


def split_name(wire: bytes) -> Name:
    """The labels of an uncompressed name at the start of the bytes."""
    labels, offset = [], 0
    while length := wire[offset]:
        labels.append(wire[offset + 1 : offset + 1 + length].decode("latin-1"))
        offset += 1 + length
    return tuple(labels)


def _refusal(message_id: int, flags: int, question: bytes = b"") -> bytes:
    """A reply to what was not understood: the header, and the question if it could be read."""
    return HEADER.pack(message_id, QR | flags, bool(question), 0, 0, 0) + question


def _question(packet: bytes) -> tuple[bytes, int]:
    """The question, and where it ends. A type or class that is left out is 0."""
    wire, offset = _read_name(packet, HEADER_BYTES)
    rest = packet[offset : offset + 4]
    if len(rest) % 2:
        raise FormatError("the question is cut short")
    return wire + rest.ljust(4, b"\0"), offset + len(rest)


def _read_name(packet: bytes, offset: int) -> tuple[bytes, int]:
    """The name without pointers, and where it ends here."""
    wire, end, size, pointers, start = b"", 0, len(packet), 0, offset
    while True:
        if offset >= size:
            raise FormatError("a name is cut short")
        length = packet[offset]
        if not length:
            break
        if length <= LABEL_BYTES_MAX:
            offset += 1 + length
            if len(wire) + offset - start >= NAME_BYTES_MAX:
                raise FormatError("a name is too long")
            continue
        if length < POINTER >> 8 or offset + 2 > size or pointers == POINTERS_MAX:
            raise FormatError("a name goes on nowhere")
        wire += packet[start:offset]
        end = end or offset + 2
        offset = start = int.from_bytes(packet[offset : offset + 2], "big") & ~POINTER
        pointers += 1
    return wire + packet[start : offset + 1], end or offset + 1


def _read_record(packet: bytes, offset: int, query: Query, place: int, authorities: int) -> int:
    """Where the record ends; `place` counts from the first authority on. What the query needs of it is noted there."""
    _, offset = _read_name(packet, offset)
    data = offset + RECORD.size
    if data > len(packet):
        raise FormatError("a record is cut short")
    rtype, rclass, ttl, length = RECORD.unpack_from(packet, offset)
    end: int = data + length
    if end > len(packet):
        raise FormatError("a record's data are cut short")
    if rtype == names.OPT:
        edns = Edns(rclass, ttl >> 16 & 0xFF, ttl & _EDNS_FLAGS, _echoed_options(packet[data:end]))
        if place >= authorities:
            query.edns = edns
    elif rtype == names.TXT:
        _check_texts(packet, data, end)
    elif length and rtype in _FORMS:
        serial = _check_fields(packet[:end], data, _FORMS[rtype])
        if rtype == names.SOA and 0 <= place < authorities:
            query.serial = serial
    return end


_NAME = 0
_FORMS: dict[int, tuple[int, ...]] = {
    names.A: (4,),
    names.NS: (_NAME,),
    names.CNAME: (_NAME,),
    names.SOA: (_NAME, _NAME, 4, 4, 4, 4, 4),
    names.PTR: (_NAME,),
    names.MX: (2, _NAME),
    names.AAAA: (16,),
    names.SRV: (2, 2, 2, _NAME),
}
"""The fields of data: names, or so many bytes. The last ones may be left out."""


def _check_fields(packet: bytes, offset: int, form: tuple[int, ...]) -> int:
    """Read data that end with the packet. Returns the first number of four bytes, which is an SOA record's serial."""
    serial, end = None, len(packet)
    for width in form:
        if offset == end:
            break
        if width == 4 and serial is None:
            serial = int.from_bytes(packet[offset : offset + 4], "big")
        offset = offset + width if width else _read_name(packet, offset)[1]
    if offset != end:
        raise FormatError("a record's data have another length")
    return serial or 0


def _check_texts(packet: bytes, offset: int, end: int) -> None:
    while offset < end:
        offset += 1 + packet[offset]
    if offset != end:
        raise FormatError("a text is cut short")


def _echoed_options(data: bytes) -> bytes:
    """The options that CoreDNS sends back, as they came: NSID, EXPIRE, COOKIE, TCP keepalive and padding."""
    kept, offset = b"", 0
    while offset < len(data):
        if offset + _OPTION.size > len(data):
            raise FormatError("an option is cut short")
        code, length = _OPTION.unpack_from(data, offset)
        value = data[offset + _OPTION.size : offset + _OPTION.size + length]
        if len(value) < length or (code in _OPTIONS and not _OPTIONS[code](value)):
            raise FormatError("an option's data are malformed")
        if code in _ECHOED_OPTIONS:
            value = value[:4] if code == _EXPIRE else value
            value = b"" if code == _KEEPALIVE and not any(value) else value
            kept += _OPTION.pack(code, len(value)) + value
        offset += _OPTION.size + length
    return kept


def _is_subnet(value: bytes) -> bool:
    bits = {0: 0, 1: 32, 2: 128}.get(int.from_bytes(value[:2], "big"))
    return len(value) >= 4 and bits is not None and value[2] <= bits and (not bits or value[3] <= bits)


def _is_name(value: bytes) -> bool:
    _read_name(value, 0)
    return True


_EXPIRE, _KEEPALIVE = 9, 11
_ECHOED_OPTIONS = (3, _EXPIRE, 10, _KEEPALIVE, 12)
_OPTIONS: dict[int, Callable[[bytes], bool]] = {
    1: lambda value: len(value) >= 18,
    2: lambda value: len(value) in (4, 8),
    8: _is_subnet,
    _EXPIRE: lambda value: not value or len(value) >= 4,
    _KEEPALIVE: lambda value: len(value) in (0, 2),
    15: lambda value: len(value) >= 2,
    18: _is_name,
    19: lambda value: len(value) >= 2,
}
"""What the data of an option must be, by its code: long-lived queries, leases, client subnet, expire, TCP keepalive, extended errors,
reporting and zone version."""
