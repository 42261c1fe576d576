"""Messages are read as dnspython reads them, whatever the bytes are."""

from __future__ import annotations

import contextlib

import dns.flags
import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.programs.resolver.message import BadMessage, Edns, pack_query, parse_message, rcode_name

RECORDS = [
    "kubia.default.svc.cluster.local. 30 IN SRV 0 50 8080 kubia-0.kubia.default.svc.cluster.local.",
    "kubia.example. 30 IN A 10.0.0.1",
    "kubia.example. 30 IN AAAA fd00::1",
    "kubia.example. 30 IN MX 10 mail.example.",
    'kubia.example. 30 IN TXT "a \\"b\\"" "c"',
    "example. 30 IN SOA ns.example. host.example. 1 7200 1800 86400 30",
    "kubia.example. 30 IN CNAME other.example.",
    "1.0.0.10.in-addr.arpa. 30 IN PTR kubia.example.",
]


@pytest.mark.parametrize("text", RECORDS)
def test_records_read_as_zone_files_show_them(text):
    reply = dns.message.make_response(dns.message.make_query(text.split()[0], text.split()[3]))
    reply.answer.append(dns.rrset.from_text(*text.split(maxsplit=4)))
    message = parse_message(reply.to_wire())
    [record] = message.answers
    assert f"{record.name} {record.ttl} IN {text.split()[3]} {record.text}" == text
    assert message.id == reply.id


def test_a_query_is_what_a_server_understands():
    query = dns.message.from_wire(pack_query(7, "kubia.example", 33, flags=0x0120, edns=Edns(size=1232)))
    assert (query.id, query.question[0].to_text()) == (7, "kubia.example. IN SRV")
    assert query.edns == 0
    assert query.payload == 1232
    assert query.flags == dns.flags.RD | dns.flags.AD
    assert dns.message.from_wire(pack_query(7, ".", 2, flags=0)).edns == -1


@pytest.mark.parametrize("name", ["a..b", "a" * 64, ".".join(["a" * 63] * 4)])
def test_what_is_no_name(name):
    with pytest.raises(BadMessage):
        pack_query(1, name, 1, flags=0)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_message_or_refused(packet):
    with contextlib.suppress(BadMessage):
        parse_message(packet)


def test_codes():
    assert [rcode_name(code) for code in (0, 3, 16, 99)] == ["NOERROR", "NXDOMAIN", "BADVERS", "RESERVED99"]
