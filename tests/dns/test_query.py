"""Queries: what is read, what is refused, and what comes back of it. All of this is what a real CoreDNS said."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from minikube_lite.dns import names

HEADER = struct.Struct(">6H")
QUESTION = b"\x05kubia\x05dns-a\x03svc\x07cluster\x05local\0\0\x01\0\x01"
QR, AA, TC, RD, RA, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010


def packet(flags: int = RD, counts: tuple[int, ...] = (1, 0, 0, 0), body: bytes = QUESTION) -> bytes:
    return HEADER.pack(0xBEEF, flags, *counts) + body


def opt(size: int = 1232, ttl: int = 0, options: bytes = b"") -> bytes:
    return b"\0" + struct.pack(">HHIH", 41, size, ttl, len(options)) + options


def header(reply: bytes | None) -> tuple[int, ...]:
    assert reply is not None
    return HEADER.unpack_from(reply)


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 11, packet(QR | RD), packet(QR, (0, 0, 0, 0), b"")],
    ids=["nothing", "short header", "a reply", "an empty reply"],
)
def test_silence(data: bytes, golden: Any) -> None:
    assert golden.server.reply(data) is None


REFUSED_UNREAD = {
    "an update": (packet(5 << 11), 5 << 11 | names.NOTIMP),
    "a status query": (packet(2 << 11 | RD | TC | AD), 2 << 11 | RD | TC | AD | names.NOTIMP),
    "no question": (packet(counts=(0, 0, 0, 0), body=b""), RD | names.FORMERR),
    "two questions": (packet(counts=(2, 0, 0, 0), body=QUESTION * 2), RD | names.FORMERR),
    "two answers": (packet(counts=(1, 2, 0, 0)), RD | names.FORMERR),
    "two authorities": (packet(counts=(1, 0, 2, 0)), RD | names.FORMERR),
    "three additionals": (packet(counts=(1, 0, 0, 3)), RD | names.FORMERR),
    "all flags": (packet(0x07F0, (1, 0, 0, 3)), 0x0200 | RD | RA | AD | CD | names.FORMERR),
    "the header alone": (packet(body=b""), RD | names.SERVFAIL),
    "the header of a NOTIFY alone": (packet(4 << 11 | RD, body=b""), 4 << 11 | names.SERVFAIL),
    "a class that is cut": (packet(body=QUESTION[:-1]), RD | names.FORMERR),
    "a name that points at itself": (packet(body=b"\xc0\x0c\0\x01\0\x01"), RD | names.FORMERR),
    "a long label": (packet(body=b"\x40" + b"a" * 64 + b"\0\0\x01\0\x01"), RD | names.FORMERR),
    "a long name": (packet(body=(b"\x01a" * 128) + b"\0\0\x01\0\x01"), RD | names.FORMERR),
    "a name without end": (packet(body=b"\x05kubia"), RD | names.FORMERR),
}


@pytest.mark.parametrize("case", REFUSED_UNREAD)
def test_what_cannot_be_read_is_refused_with_a_header(case: str, golden: Any) -> None:
    data, flags = REFUSED_UNREAD[case]
    assert golden.server.reply(data) == HEADER.pack(0xBEEF, QR | flags, 0, 0, 0, 0)


def record(rtype: int, data: bytes, name: bytes = b"\0") -> bytes:
    return name + struct.pack(">HHIH", rtype, 1, 0, len(data)) + data


ZONE = b"\xc0\x1c"
"""A pointer at the zone in the question."""
MALFORMED = {
    "an OPT that is cut": opt()[:-1],
    "an option that is cut": opt(options=b"\0\x0a\0\x09short"),
    "an option without length": opt(options=b"\0\x0a"),
    "a lease of three bytes": opt(options=b"\0\x02\0\x03abc"),
    "a subnet of no family": opt(options=b"\0\x08\0\x04\0\x07\0\0"),
    "a subnet of 33 bits": opt(options=b"\0\x08\0\x04\0\x01\x21\0"),
    "a keepalive of a byte": opt(options=b"\0\x0b\0\x01a"),
    "a reporting name that is cut": opt(options=b"\0\x12\0\x03abc"),
    "a reserved label": b"\x80",
    "a pointer that is cut": b"\xc0",
    "a pointer behind the end": record(names.A, b"abcd", b"\xc0\xff"),
    "a loop of pointers": record(names.A, b"abcd", b"\xc0\x2f"),
    "a short A": record(names.A, b"abc"),
    "a long AAAA": record(names.AAAA, bytes(17)),
    "a text that is cut": record(names.TXT, b"\x05abc"),
    "a PTR to nowhere": record(names.PTR, b"\xc0\xff"),
    "a PTR and more": record(names.PTR, b"\0\0"),
    "an SOA that is cut": record(names.SOA, ZONE + ZONE + b"123"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_record_is_refused_with_the_question(case: str, golden: Any) -> None:
    reply = golden.server.reply(packet(counts=(1, 0, 0, 1), body=QUESTION + MALFORMED[case]))
    assert reply == HEADER.pack(0xBEEF, QR | RD | names.FORMERR, 1, 0, 0, 0) + QUESTION


WELL_FORMED = {
    "nothing": b"",
    "an A without data": record(names.A, b""),
    "an SOA without times": record(names.SOA, ZONE + ZONE),
    "an SOA": record(names.SOA, ZONE + ZONE + bytes(20)),
    "an SRV": record(names.SRV, bytes(6) + ZONE),
    "an MX": record(names.MX, b"\0\x0a" + ZONE),
    "a text": record(names.TXT, b"\x03abc\0"),
    "an unknown type": record(65400, b"abc"),
    "an owner by pointer": record(names.A, b"abcd", b"\x01a\xc0\x0c"),
}


@pytest.mark.parametrize("case", WELL_FORMED)
def test_other_records_do_not_matter(case: str, golden: Any) -> None:
    reply = golden.server.reply(packet(counts=(1, 0, 0, 1), body=QUESTION + WELL_FORMED[case]))
    assert header(reply)[1:] == (QR | AA | RD, 1, 2, 0, 0)


def test_a_type_or_class_that_is_left_out_is_zero(golden: Any) -> None:
    for left_out in (2, 4):
        question = QUESTION[:-left_out]
        reply = golden.server.reply(packet(body=question))
        assert reply == HEADER.pack(0xBEEF, QR | RD | names.REFUSED, 1, 0, 0, 0) + question + bytes(left_out)


def test_a_name_by_pointer_is_sent_back_in_full(golden: Any) -> None:
    reply = golden.server.reply(packet(body=b"\xc0\x0b\0\x01\0\x01"))
    assert reply == HEADER.pack(0xBEEF, QR | RD | names.REFUSED, 1, 0, 0, 0) + b"\0\0\x01\0\x01"


@pytest.mark.parametrize(
    ("data", "rcode"),
    [
        (packet(body=QUESTION[:-2] + b"\0\x03"), names.REFUSED),
        (packet(body=QUESTION[:-4] + b"\0\xfc\0\x01"), names.REFUSED),
        (packet(body=b"\x07example\x03com\0\0\x01\0\x01"), names.REFUSED),
        (packet(body=b"\0\0\x02\0\x01"), names.REFUSED),
    ],
    ids=["class CHAOS", "AXFR", "another zone", "the root"],
)
def test_refused(data: bytes, rcode: int, golden: Any) -> None:
    for tcp in (False, True):
        reply = golden.server.reply(data, tcp)
        _, flags, *counts = header(reply)
        assert (flags, counts, reply[12:]) == (QR | RD | rcode, [1, 0, 0, 0], data[12:])


def test_flags_of_the_query_that_are_kept(golden: Any) -> None:
    assert header(golden.server.reply(packet(0)))[1] == QR | AA
    assert header(golden.server.reply(packet(RD | CD)))[1] == QR | AA | RD | CD
    assert header(golden.server.reply(packet(TC | 0x0060)))[1] == QR | AA
    notify = 4 << 11
    assert header(golden.server.reply(packet(notify | RD)))[1] == QR | AA | notify


def test_edns(golden: Any) -> None:
    def reply(record: bytes) -> bytes:
        found = golden.server.reply(packet(counts=(1, 0, 0, 1), body=QUESTION + record))
        assert isinstance(found, bytes)
        return found

    assert reply(opt(4096)).endswith(opt(4096))
    assert reply(opt(100)).endswith(opt(100))
    assert reply(opt(ttl=0x8000)).endswith(opt(ttl=0x8000))
    assert reply(opt(ttl=0xFF007FFF)).endswith(opt(ttl=0x7F00))
    cookie, subnet = b"\0\x0a\0\x08abcdefgh", b"\0\x08\0\x04\0\x01\0\0"
    assert reply(opt(options=subnet + cookie)).endswith(opt(options=cookie))
    bad_version = reply(opt(ttl=0x00010000))
    assert header(bad_version)[1:] == (QR | RD, 1, 0, 0, 1)
    assert bad_version.endswith(opt(0, 0x01000000))
    assert golden.server.reply(packet()).count(b"\0\0\x29") == 0


def test_a_query_may_carry_other_records(golden: Any) -> None:
    record = b"\xc0\x0c\0\x01\0\x01\0\0\0\0\0\x04abcd"
    plain = golden.server.reply(packet())
    many = golden.server.reply(packet(counts=(1, 1, 1, 2), body=QUESTION + record * 3 + opt() + b"more"))
    assert header(plain)[2:] == (1, 2, 0, 0)
    assert header(many)[2:] == (1, 2, 0, 1)


def test_labels_may_be_any_bytes(golden: Any) -> None:
    label = bytes(range(0x80, 0xB0))
    name = bytes((len(label),)) + label + QUESTION[6:]
    reply = golden.server.reply(packet(body=name))
    assert header(reply)[1] == QR | AA | RD | names.NXDOMAIN
    assert reply[12:].startswith(name)
    dotted = b"\x0bkubia.dns-a" + QUESTION[12:]
    assert header(golden.server.reply(packet(body=dotted)))[1] & 0xF == names.NXDOMAIN
