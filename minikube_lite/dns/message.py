"""Answers on the wire, packed once and cut to size; upstream: miekg/dns's msg.go and msg_truncate.go.

- A packed record points at nothing but the question and the aliases behind it, which keep their places, so records can change
  places, or be left out, as they are.
- Owner names that end as the question's name does point into it, and so have the asker's case of letters.
- SRV targets are never compressed (RFC 2782); an answer that must be cut points at them, so that as much fits as upstream.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from random import Random

from minikube_lite.dns import names
from minikube_lite.dns.names import LABEL_BYTES_MAX, NAME_BYTES_MAX, Name, format_name
from minikube_lite.dns.query import (
    AA,
    CD,
    HEADER,
    HEADER_BYTES,
    OPCODE_MASK,
    POINTER,
    QR,
    RD,
    RECORD,
    TC,
    Edns,
    Query,
    split_name,
)
from minikube_lite.dns.question import Authority, Record, ServiceTarget
from minikube_lite.dns.records import Answer

UDP_BYTES_MIN = 512
"""What every asker must be able to take in one datagram."""
UDP_BYTES_MAX = 65507
"""The largest datagram of IPv4."""
TCP_BYTES_MAX = 65535
SHUFFLED_RECORDS_MAX = 32
"""How many places of a section are drawn anew for each answer; those behind them keep what earlier draws left."""
POINTED_BYTES_MAX = 1 << 14
"""How far a pointer reaches."""
_TARGET_OFFSET = 2 + RECORD.size + 6
"""Where the target of an SRV record begins whose owner is a pointer."""


class Section:
    """Packed records of one section of an answer, which begins at `start`; aliases stay in front, the rest is shuffled."""

    __slots__ = ("fixed", "length", "records")

    def __init__(self, records: Iterable[Record], offsets: dict[Name, int], start: int) -> None:
        self.records: list[bytes] = []
        self.fixed = self.length = 0
        for record in records:
            packed = pack_record(record, offsets)
            if record.type == names.CNAME and self.fixed == len(self.records):
                assert isinstance(record.data, tuple)
                owner_bytes = len(pack_name(record.name, offsets))
                _note(record.data, start + self.length + owner_bytes + RECORD.size, offsets)
                self.fixed += 1
            self.records.append(packed)
            self.length += len(packed)

    def shuffle(self, random: Random) -> None:
        """Draw the first places anew, so that each record is as likely as any other to be there."""
        records, total = self.records, len(self.records)
        for place in range(self.fixed, min(total - 1, self.fixed + SHUFFLED_RECORDS_MAX)):
            other = place + int(random.random() * (total - place))
            records[place], records[other] = records[other], records[place]


class PackedAnswer:
    """An answer, packed for one question, for many queries."""

    __slots__ = ("count", "flags", "length", "points_at_targets", "sections")

    def __init__(self, question: bytes, answer: Answer) -> None:
        offsets: dict[Name, int] = {}
        _note(split_name(question), HEADER_BYTES, offsets)
        self.flags = QR | (AA if answer.authoritative else 0) | answer.rcode
        self.sections = [
            Section(part, offsets, HEADER_BYTES + len(question))
            for part in (answer.answer, answer.authority, answer.additional)
        ]
        self.length = sum(section.length for section in self.sections)
        self.count = sum(len(section.records) for section in self.sections)
        self.points_at_targets = any(record.type == names.SRV for record in answer.answer)

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
            parts = self._cut(query.question, room)
            if sum(map(len, parts)) < self.count:
                flags |= TC
        answer, authority, additional = parts
        header = pack_header(query, flags, len(answer), len(authority), len(additional) + bool(opt))
        return b"".join((header, query.question, *answer, *authority, *additional, opt))

    def _cut(self, question: bytes, room: int) -> list[list[bytes]]:
        """As many records, from the first on, as have room; behind one that has none nothing follows, however small."""
        parts: list[list[bytes]] = [[], [], []]
        start, taken = HEADER_BYTES + len(question), 0
        targets: dict[bytes, int] = {}
        for section, part in zip(self.sections, parts, strict=True):
            for record in section.records:
                shortened = _shortened(record, question, targets) if targets and part is parts[2] else record
                if taken + len(shortened) > room:
                    return parts
                part.append(shortened)
                if self.points_at_targets and part is parts[0]:
                    offset = start + taken + _TARGET_OFFSET
                    if offset < POINTED_BYTES_MAX:
                        targets.setdefault(record[_TARGET_OFFSET:], offset)
                taken += len(shortened)
        return parts


def pack_error(query: Query, rcode: int, size_max: int) -> bytes:
    """A reply that only says what is wrong."""
    edns = Edns(0, 0, 0, b"") if rcode == names.BADVERS else query.edns
    head = pack_header(query, QR | rcode & 0xF, 0, 0, int(edns is not None)) + query.question
    opt = b"" if edns is None else edns.pack(rcode)
    if edns is not None and len(head) + len(opt) > size_max:
        opt = edns.pack(rcode, with_options=False)
    return head + opt


def pack_header(query: Query, flags: int, answers: int, authorities: int, additionals: int) -> bytes:
    """The header of a reply."""
    opcode = query.flags & OPCODE_MASK
    if not opcode:
        flags |= query.flags & (RD | CD)
    return HEADER.pack(query.id, flags | opcode, 1, answers, authorities, additionals)


def pack_record(record: Record, offsets: dict[Name, int]) -> bytes:
    """A record, its names shortened by pointers to the names at `offsets`."""
    data = _pack_data(record, offsets)
    return pack_name(record.name, offsets) + RECORD.pack(record.type, names.CLASS_IN, record.ttl, len(data)) + data


def pack_name(name: Name, offsets: dict[Name, int]) -> bytes:
    """A name, or the labels in front of a pointer to its rest."""
    wire, length = b"", 1
    for place, label in enumerate(name):
        offset = offsets.get(name[place:])
        if offset is not None:
            return wire + (POINTER | offset).to_bytes(2, "big")
        text = label.encode("latin-1")
        length += 1 + len(text)
        if not text or len(text) > LABEL_BYTES_MAX or length > NAME_BYTES_MAX:
            raise ValueError(f"not a domain name: {format_name(name)}")
        wire += bytes((len(text),)) + text
    return wire + b"\0"


def _note(name: Name, offset: int, offsets: dict[Name, int]) -> None:
    """A name stands at that offset: it and its ends may be pointed at."""
    for place, label in enumerate(name):
        offsets.setdefault(name[place:], offset)
        offset += 1 + len(label)


def _shortened(record: bytes, question: bytes, targets: dict[bytes, int]) -> bytes:
    """The record with a pointer to its owner where that is the target of an earlier one."""
    end = 0
    while 0 < record[end] <= LABEL_BYTES_MAX:
        end += 1 + record[end]
    owner, rest = record[:end], end + 1
    if record[end]:
        place = (int.from_bytes(record[end : end + 2], "big") & ~POINTER) - HEADER_BYTES
        owner, rest = owner + question[place:-5], end + 2
    offset = targets.get(owner + b"\0")
    return record if offset is None else (POINTER | offset).to_bytes(2, "big") + record[rest:]


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
