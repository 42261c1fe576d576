"""Messages on the wire: queries read, answers packed and cut to size; upstream: miekg/dns and CoreDNS's request/.

- A packed record points at nothing but the question, so records can change places, or be left out, as they are.
- Owner names that end as the question's name does point into it, and so have the asker's case of letters.
- SRV targets are never compressed (RFC 2782).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from minikube_lite.dns import names
from minikube_lite.dns.names import LABEL_BYTES_MAX, Name, format_name
from minikube_lite.dns.question import Authority, Record, ServiceTarget
from minikube_lite.dns.records import Answer

HEADER_BYTES = 12
ADDITIONALS_MAX = 2
"""How many a query may carry, besides one answer (of a NOTIFY) and one authority (of an IXFR), as upstream."""
NAME_BYTES_MAX = 255
UDP_BYTES_MIN = 512
"""What every asker must be able to take in one datagram."""
UDP_BYTES_MAX = 65507
"""The largest datagram of IPv4."""
TCP_BYTES_MAX = 65535
SHUFFLED_RECORDS_MAX = 32
"""How many places of a section are drawn anew for each answer; those behind them keep what earlier draws left."""

_HEADER = struct.Struct(">6H")
_RECORD = struct.Struct(">HHIH")
_OPTION = struct.Struct(">HH")
_POINTER = 0xC000
_QR, _AA, _TC, _RD, _CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0010
_OPCODE_SHIFT, _OPCODE_MASK = 11, 0xF
_QUERY, _NOTIFY = 0, 4
_DNSSEC_OK = 0x8000
_ECHOED_OPTIONS = (3, 9, 10, 11, 12)
"""NSID, EXPIRE, COOKIE, TCP keepalive and padding, which CoreDNS sends back as they came."""


class FormatError(Exception):
    """The message cannot be read."""


@dataclass(frozen=True, slots=True)
class Edns:
    """The OPT record of a query; `options` are those that are sent back."""

    size: int
    version: int
    dnssec_ok: bool
    options: bytes

    def pack(self, rcode: int = 0, *, with_options: bool = True) -> bytes:
        """The OPT record of the reply."""
        options = self.options if with_options else b""
        ttl = (rcode >> 4) << 24 | (_DNSSEC_OK if self.dnssec_ok else 0)
        return b"\0" + _RECORD.pack(names.OPT, self.size, ttl, len(options)) + options


@dataclass(slots=True)
class Query:
    """A query. `question` is the question as it came: name, type and class."""

    id: int
    flags: int
    question: bytes
    edns: Edns | None

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
    if len(packet) < HEADER_BYTES:
        return None
    message_id, flags, questions, answers, authorities, additionals = _HEADER.unpack_from(packet)
    if flags & _QR:
        return None
    opcode = flags >> _OPCODE_SHIFT & _OPCODE_MASK
    if opcode not in (_QUERY, _NOTIFY):
        return _refuse(message_id, flags, names.NOTIMP)
    if questions != 1 or answers > 1 or authorities > 1 or additionals > ADDITIONALS_MAX:
        return _refuse(message_id, flags, names.FORMERR)
    try:
        end = _question_end(packet)
        offset, edns = end, None
        for place in range(answers + authorities + additionals):
            offset, found = _skip_record(packet, offset)
            edns = found if found is not None and place >= answers + authorities else edns
    except FormatError:
        return _refuse(message_id, flags, names.FORMERR)
    return Query(message_id, flags, packet[HEADER_BYTES:end], edns)


def split_name(wire: bytes) -> Name:
    """The labels of an uncompressed name at the start of the bytes."""
    labels, offset = [], 0
    while length := wire[offset]:
        labels.append(wire[offset + 1 : offset + 1 + length].decode("latin-1"))
        offset += 1 + length
    return tuple(labels)


def _refuse(message_id: int, flags: int, rcode: int) -> bytes:
    """A reply to what was not understood: the header alone."""
    kept = flags & (_OPCODE_MASK << _OPCODE_SHIFT if rcode == names.NOTIMP else 0) | flags & (_RD | _CD)
    return _HEADER.pack(message_id, _QR | kept | rcode, 0, 0, 0, 0)


def _question_end(packet: bytes) -> int:
    offset, size = HEADER_BYTES, len(packet)
    while offset < size and (length := packet[offset]):
        if length > LABEL_BYTES_MAX:
            raise FormatError("a question's name is not compressed")
        offset += 1 + length
    end = offset + 5
    if end > size or offset + 1 - HEADER_BYTES > NAME_BYTES_MAX:
        raise FormatError("the question is cut short, or too long")
    return end


def _skip_record(packet: bytes, offset: int) -> tuple[int, Edns | None]:
    size = len(packet)
    while offset < size and 0 < packet[offset] <= LABEL_BYTES_MAX:
        offset += 1 + packet[offset]
    if offset >= size or LABEL_BYTES_MAX < packet[offset] < _POINTER >> 8:
        raise FormatError("a record's name is malformed")
    offset += 1 if packet[offset] == 0 else 2
    data = offset + _RECORD.size
    if data > size:
        raise FormatError("a record is cut short")
    rtype, rclass, ttl, length = _RECORD.unpack_from(packet, offset)
    if data + length > size:
        raise FormatError("a record's data are cut short")
    if rtype != names.OPT:
        return data + length, None
    options = _echoed_options(packet[data : data + length])
    return data + length, Edns(rclass, ttl >> 16 & 0xFF, bool(ttl & _DNSSEC_OK), options)


def _echoed_options(data: bytes) -> bytes:
    kept, offset = b"", 0
    while offset < len(data):
        if offset + _OPTION.size > len(data):
            raise FormatError("an option is cut short")
        code, length = _OPTION.unpack_from(data, offset)
        end = offset + _OPTION.size + length
        if end > len(data):
            raise FormatError("an option's data are cut short")
        if code in _ECHOED_OPTIONS:
            kept += data[offset:end]
        offset = end
    return kept


class Section:
    """Packed records of one section of an answer; aliases stay in front, the rest is shuffled."""

    __slots__ = ("fixed", "length", "records")

    def __init__(self, records: Iterable[Record], offsets: dict[Name, int]) -> None:
        listed = list(records)
        self.fixed = sum(record.type == names.CNAME for record in listed)
        self.records = [pack_record(record, offsets) for record in listed]
        self.length = sum(map(len, self.records))

    def shuffle(self, random: Random) -> None:
        """Draw the first places anew, so that each record is as likely as any other to be there."""
        records, total = self.records, len(self.records)
        for place in range(self.fixed, min(total - 1, self.fixed + SHUFFLED_RECORDS_MAX)):
            other = place + int(random.random() * (total - place))
            records[place], records[other] = records[other], records[place]

    def take(self, room: int) -> tuple[list[bytes], int]:
        """As many records, from the first on, as have room, and what they take of it."""
        taken = 0
        for count, record in enumerate(self.records):
            if taken + len(record) > room:
                return self.records[:count], taken
            taken += len(record)
        return self.records, taken


class PackedAnswer:
    """An answer, packed for one question, for many queries."""

    __slots__ = ("count", "flags", "length", "sections")

    def __init__(self, question: bytes, answer: Answer) -> None:
        offsets = _name_offsets(question)
        self.flags = _QR | (_AA if answer.authoritative else 0) | answer.rcode
        self.sections = [Section(part, offsets) for part in (answer.answer, answer.authority, answer.additional)]
        self.length = sum(section.length for section in self.sections)
        self.count = sum(len(section.records) for section in self.sections)

    def pack(self, query: Query, size_max: int, random: Random) -> bytes:
        """The reply to a query, never longer than `size_max`; what does not fit is left out, and TC says so."""
        for section in self.sections:
            if len(section.records) > 1:
                section.shuffle(random)
        opt = b"" if query.edns is None else query.edns.pack()
        room = size_max - HEADER_BYTES - len(query.question) - len(opt)
        if room < 0 and query.edns is not None:
            opt = query.edns.pack(with_options=False)
            room = size_max - HEADER_BYTES - len(query.question) - len(opt)
        flags, parts = self.flags, [section.records for section in self.sections]
        if self.length > room:
            flags |= _TC
            parts = self._cut(room)
        answer, authority, additional = parts
        header = pack_header(query, flags, len(answer), len(authority), len(additional) + bool(opt))
        return b"".join((header, query.question, *answer, *authority, *additional, opt))

    def _cut(self, room: int) -> list[list[bytes]]:
        parts = []
        for section in self.sections:
            records, taken = section.take(room)
            # Behind a record that did not fit nothing may follow, however small.
            room = room - taken if len(records) == len(section.records) else 0
            parts.append(records)
        return parts


def pack_error(query: Query, rcode: int) -> bytes:
    """A reply that only says what is wrong."""
    edns = Edns(0, 0, False, b"") if rcode == names.BADVERS else query.edns
    opt = b"" if edns is None else edns.pack(rcode, with_options=False)
    return pack_header(query, _QR | rcode & 0xF, 0, 0, int(bool(opt))) + query.question + opt


def pack_header(query: Query, flags: int, answers: int, authorities: int, additionals: int) -> bytes:
    """The header of a reply."""
    opcode = query.flags & _OPCODE_MASK << _OPCODE_SHIFT
    if not opcode:
        flags |= query.flags & (_RD | _CD)
    return _HEADER.pack(query.id, flags | opcode, 1, answers, authorities, additionals)


def pack_record(record: Record, offsets: dict[Name, int]) -> bytes:
    """A record, its names shortened by pointers to the names at `offsets`."""
    data = _pack_data(record, offsets)
    return pack_name(record.name, offsets) + _RECORD.pack(record.type, names.CLASS_IN, record.ttl, len(data)) + data


def pack_name(name: Name, offsets: dict[Name, int]) -> bytes:
    """A name, or the labels in front of a pointer to its rest."""
    wire, length = b"", 1
    for place, label in enumerate(name):
        offset = offsets.get(name[place:])
        if offset is not None:
            return wire + (_POINTER | offset).to_bytes(2, "big")
        text = label.encode("latin-1")
        length += 1 + len(text)
        if not text or len(text) > LABEL_BYTES_MAX or length > NAME_BYTES_MAX:
            raise ValueError(f"not a domain name: {format_name(name)}")
        wire += bytes((len(text),)) + text
    return wire + b"\0"


def _name_offsets(question: bytes) -> dict[Name, int]:
    name, offset, offsets = split_name(question), HEADER_BYTES, {}
    for place, label in enumerate(name):
        offsets[name[place:]] = offset
        offset += 1 + len(label)
    return offsets


def _pack_data(record: Record, offsets: dict[Name, int]) -> bytes:
    match record.data:
        case ServiceTarget(priority, weight, port, target):
            return struct.pack(">3H", priority, weight, port) + pack_name(target, {})
        case Authority() as soa:
            times = struct.pack(">5I", soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum)
            return pack_name(soa.primary, offsets) + pack_name(soa.mailbox, offsets) + times
        case str(text):
            return bytes((len(text),)) + text.encode("ascii")
        case tuple(target):
            return pack_name(target, offsets)
        case address:
            return address.packed
