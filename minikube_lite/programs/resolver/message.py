"""DNS messages as a client makes and reads them; upstream: the resolver of a C library, BIND's dig.

The server's side, in the room `dns`, packs; this side reads what any server may send, and writes it as text.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

TYPES = {
    "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "OPT": 41, "CAA": 257,
    "AXFR": 252, "ANY": 255,
}  # fmt: skip
CLASSES = {"IN": 1, "CH": 3, "HS": 4, "ANY": 255}
RCODES = (
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH",
    "NOTZONE",
)  # fmt: skip
BADVERS = 16
NXDOMAIN = 3
OPCODES = ("QUERY", "IQUERY", "STATUS", "RESERVED3", "NOTIFY", "UPDATE")
FLAGS = (("qr", 0x8000), ("aa", 0x0400), ("tc", 0x0200), ("rd", 0x0100), ("ra", 0x0080), ("ad", 0x0020), ("cd", 0x0010))
RECURSION_DESIRED, AUTHENTIC_DATA, TRUNCATED = 0x0100, 0x0020, 0x0200

EDNS_BYTES = 4096
"""The datagram size that dig offers."""
DNSSEC_OK = 0x8000
NAME_BYTES_MAX = 255
LABEL_BYTES_MAX = 63
JUMPS_MAX = 128

_HEADER = struct.Struct(">6H")
_RECORD = struct.Struct(">HHIH")


class BadMessage(ValueError):
    """Bytes that are no DNS message, or a name that is none."""


class Record(NamedTuple):
    """A resource record; `text` is its data as zone files show them, `names` the names in them."""

    name: str
    type: int
    record_class: int
    ttl: int
    data: bytes
    text: str


@dataclass(slots=True)
class Edns:
    """An OPT record, without options where it is a query's. `size` in bytes."""

    version: int = 0
    dnssec_ok: bool = False
    size: int = EDNS_BYTES
    options: list[tuple[int, bytes]] = field(default_factory=list)


@dataclass(slots=True)
class Message:
    """A reply. `size` in bytes."""

    id: int
    flags: int
    rcode: int
    questions: list[tuple[str, int, int]]
    answers: list[Record]
    authorities: list[Record]
    additionals: list[Record]
    edns: Edns | None
    size: int

    @property
    def opcode(self) -> int:
        """What kind of message it is."""
        return self.flags >> 11 & 0xF


def pack_query(
    message_id: int, name: str, qtype: int, *, flags: int, edns: Edns | None = None, qclass: int = 1
) -> bytes:
    """A query; `edns` is its OPT record. Raises BadMessage."""
    additional = b""
    if edns is not None:
        ttl = edns.version << 16 | (DNSSEC_OK if edns.dnssec_ok else 0)
        additional = b"\0" + _RECORD.pack(TYPES["OPT"], edns.size, ttl, 0)
    head = _HEADER.pack(message_id, flags, 1, 0, 0, 1 if additional else 0)
    return head + pack_name(name) + struct.pack(">HH", qtype, qclass) + additional


def pack_name(name: str) -> bytes:
    """A name on the wire. Raises BadMessage."""
    wire = b""
    for label in name.rstrip(".").split(".") if name not in ("", ".") else ():
        encoded = label.encode()
        if not encoded:
            raise BadMessage("empty label")
        if len(encoded) > LABEL_BYTES_MAX:
            raise BadMessage("label too long")
        wire += bytes((len(encoded),)) + encoded
    if len(wire) + 1 > NAME_BYTES_MAX:
        raise BadMessage("ran out of space")
    return wire + b"\0"


def parse_message(packet: bytes) -> Message:
    """Read a reply. Raises BadMessage."""
    try:
        return _parse(packet)
    except (struct.error, IndexError) as error:
        raise BadMessage("the message is cut short") from error


def _parse(packet: bytes) -> Message:
    message_id, flags, *counts = _HEADER.unpack_from(packet)
    offset = _HEADER.size
    questions = []
    for _ in range(counts[0]):
        name, offset = _name(packet, offset)
        qtype, qclass = struct.unpack_from(">HH", packet, offset)
        questions.append((name, qtype, qclass))
        offset += 4
    sections: list[list[Record]] = []
    for count in counts[1:]:
        records = []
        for _ in range(count):
            record, offset = _record(packet, offset)
            records.append(record)
        sections.append(records)
    rcode, edns = flags & 0xF, None
    for record in sections[2]:
        if record.type == TYPES["OPT"]:
            edns = Edns(
                record.ttl >> 16 & 0xFF, bool(record.ttl & DNSSEC_OK), record.record_class, _options(record.data)
            )
            rcode |= (record.ttl >> 24) << 4
    additionals = [record for record in sections[2] if record.type != TYPES["OPT"]]
    return Message(message_id, flags, rcode, questions, sections[0], sections[1], additionals, edns, len(packet))


def _options(data: bytes) -> list[tuple[int, bytes]]:
    options, offset = [], 0
    while offset + 4 <= len(data):
        code, length = struct.unpack_from(">HH", data, offset)
        options.append((code, data[offset + 4 : offset + 4 + length]))
        offset += 4 + length
    return options


def _name(packet: bytes, offset: int) -> tuple[str, int]:
    """A name, as text with its last dot, and where it ends."""
    labels: list[str] = []
    end = -1
    for _ in range(JUMPS_MAX):
        length = packet[offset]
        if length >= 0xC0:
            if end < 0:
                end = offset + 2
            offset = int.from_bytes(packet[offset : offset + 2], "big") & 0x3FFF
        elif length > LABEL_BYTES_MAX:
            raise BadMessage("bad label type")
        elif length:
            labels.append(_label_text(packet[offset + 1 : offset + 1 + length]))
            offset += 1 + length
        else:
            return ".".join(labels) + ".", offset + 1 if end < 0 else end
    raise BadMessage("bad compression pointer")


def _label_text(label: bytes) -> str:
    return "".join(
        f"\\{chr(byte)}" if chr(byte) in '."();@$\\' else chr(byte) if 0x21 <= byte <= 0x7E else f"\\{byte:03}"
        for byte in label
    )


def _record(packet: bytes, offset: int) -> tuple[Record, int]:
    name, offset = _name(packet, offset)
    rtype, rclass, ttl, length = _RECORD.unpack_from(packet, offset)
    start = offset + _RECORD.size
    data = packet[start : start + length]
    if len(data) < length:
        raise BadMessage("a record is cut short")
    return Record(name, rtype, rclass, ttl, data, _data_text(packet, rtype, start, data)), start + length


def _data_text(packet: bytes, rtype: int, start: int, data: bytes) -> str:
    kind = type_name(rtype)
    if kind == "A" and len(data) == 4:
        return str(IPv4Address(data))
    if kind == "AAAA" and len(data) == 16:
        return str(IPv6Address(data))
    if kind in ("NS", "CNAME", "PTR"):
        return _name(packet, start)[0]
    if kind == "SRV":
        priority, weight, port = struct.unpack_from(">HHH", data)
        return f"{priority} {weight} {port} {_name(packet, start + 6)[0]}"
    if kind == "MX":
        return f"{int.from_bytes(data[:2], 'big')} {_name(packet, start + 2)[0]}"
    if kind == "SOA":
        primary, offset = _name(packet, start)
        mailbox, offset = _name(packet, offset)
        return " ".join((primary, mailbox, *map(str, struct.unpack_from(">5I", packet, offset))))
    if kind == "TXT":
        return " ".join(_strings(data))
    return f"\\# {len(data)} {data.hex().upper()}".rstrip()


def _strings(data: bytes) -> list[str]:
    strings, offset = [], 0
    while offset < len(data):
        part = data[offset + 1 : offset + 1 + data[offset]]
        text = "".join(
            f"\\{chr(byte)}" if chr(byte) in '"\\' else chr(byte) if 0x20 <= byte <= 0x7E else f"\\{byte:03}"
            for byte in part
        )
        strings.append(f'"{text}"')
        offset += 1 + data[offset]
    return strings


def type_name(number: int) -> str:
    """`SRV` of 33."""
    return next((name for name in TYPES if TYPES[name] == number), f"TYPE{number}")


def class_name(number: int) -> str:
    """`IN` of 1."""
    return next((name for name in CLASSES if CLASSES[name] == number), f"CLASS{number}")


def rcode_name(rcode: int) -> str:
    """`NXDOMAIN` of 3."""
    return RCODES[rcode] if rcode < len(RCODES) else "BADVERS" if rcode == BADVERS else f"RESERVED{rcode}"


def flag_names(flags: int) -> Sequence[str]:
    """The flags that are set, in dig's order."""
    return [name for name, bit in FLAGS if flags & bit]
