"""Messages: what is read, refused, kept and cut."""

from __future__ import annotations

import struct
from collections import Counter
from typing import Any

import pytest
from dnslib import EDNS0, QTYPE, DNSHeader, DNSQuestion, DNSRecord
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minikube_lite.clock import Clock
from minikube_lite.dns import names
from minikube_lite.dns.message import PackedAnswer, pack_name
from minikube_lite.dns.names import parse_name
from minikube_lite.dns.query import Query, parse_query, split_name
from minikube_lite.dns.question import Record, ServiceTarget
from minikube_lite.dns.records import Answer

HEADER = struct.Struct(">6H")
QUESTION = b"\x05kubia\x05dns-a\x03svc\x07cluster\x05local\0\0\x01\0\x01"
RD = 0x0100
SHARED = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def packet(flags: int = RD, counts: tuple[int, ...] = (1, 0, 0, 0), body: bytes = QUESTION) -> bytes:
    return HEADER.pack(0xBEEF, flags, *counts) + body


def opt(size: int = 1232, ttl: int = 0, options: bytes = b"") -> bytes:
    return b"\0" + struct.pack(">HHIH", 41, size, ttl, len(options)) + options


def header(reply: bytes | None) -> tuple[int, ...]:
    assert reply is not None
    return HEADER.unpack_from(reply)


def ask(name: str, kind: str = "A", size: int = 0) -> bytes:
    query = DNSRecord(DNSHeader(rd=1), q=DNSQuestion(name, getattr(QTYPE, kind)))
    if size:
        query.add_ar(EDNS0(udp_len=size))
    return bytes(query.pack())


@SHARED
@given(data=st.binary(max_size=200), tcp=st.booleans())
def test_any_bytes_get_an_answer_or_silence(data: bytes, tcp: bool, golden: Any) -> None:
    reply = golden.server.reply(data, tcp)
    assert reply is None or len(reply) <= 512


@SHARED
@given(
    labels=st.lists(
        st.sampled_from([b"crowd", b"dns-b", b"svc", b"pod", b"cluster", b"local", b"_tcp", b"10-1-2-3"]), max_size=8
    ),
    type_=st.sampled_from([1, 2, 5, 6, 12, 15, 16, 28, 33, 41, 65, 251, 252, 255, 65535]),
    size=st.integers(0, 65535),
    options=st.binary(max_size=40),
    tail=st.binary(max_size=20),
    flags=st.integers(0, 0x7FFF),
)
def test_any_query_gets_no_more_bytes_than_it_asks_for(
    labels: list[bytes], type_: int, size: int, options: bytes, tail: bytes, flags: int, golden: Any
) -> None:
    name = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    data = packet(flags, (1, 0, 0, 1), name + struct.pack(">HH", type_, 1) + opt(size, 0, options) + tail)
    reply = golden.server.reply(data)
    assert reply is not None
    assert len(reply) <= max(512, size)
    DNSRecord.parse(reply)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(0, 6000), kind=st.sampled_from(["A", "SRV"]))
def test_what_fits_is_kept(size: int, kind: str, golden: Any) -> None:
    query = ask("crowd.dns-b.svc.cluster.local", kind, size)
    whole = golden.ask(query, tcp=True)
    reply = golden.server.reply(query)
    cut = DNSRecord.parse(reply)
    limit = max(512, size)
    total = len(whole.rr) + len(whole.ar)
    kept = len(cut.rr) + len(cut.ar)
    assert cut.header.tc == (kept < total)
    assert len(cut.rr) == len(whole.rr) or len(cut.ar) == bool(size)
    assert len(cut.rr) > 5
    assert kept == total or len(reply) > limit - 80
    assert (cut.ar[-1].rtype == 41) if size else all(record.rtype != 41 for record in cut.ar)


def test_options_give_way_to_the_question(golden: Any) -> None:
    padding = struct.pack(">HH", 12, 500) + bytes(500)
    reply = golden.server.reply(packet(counts=(1, 0, 0, 1), body=QUESTION + opt(512, 0, padding)))
    assert reply is not None
    assert len(reply) <= 512
    assert reply.endswith(opt(512))


def test_replies_keep_the_case_and_every_order_occurs(make_feed: Any) -> None:
    feed = make_feed("""
{kind: Namespace, metadata: {name: default}}
---
{kind: Service, metadata: {name: kubia, namespace: default}, spec: {clusterIP: None, ports: [{name: http, port: 80}]}}
---
kind: EndpointSlice
metadata: {name: kubia-1, namespace: default, labels: {kubernetes.io/service-name: kubia}}
ports: [{name: http, port: 8080}]
endpoints:
- {addresses: [10.9.1.1], hostname: kubia-0}
- {addresses: [10.9.1.2], hostname: kubia-1}
- {addresses: [10.9.1.3], hostname: kubia-2}
""")
    cases = Clock("stepped", seed=11).random
    targets, additionals = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for _ in range(1000):
        lower = "_http._tcp.kubia.default.svc.cluster.local"
        name = "".join(letter.upper() if cases.random() < 0.5 else letter for letter in lower)
        reply = feed.ask(ask(name, "SRV"))
        assert (reply.header.rcode, reply.header.aa) == (0, 1)
        assert str(reply.q.qname) == f"{name}."
        assert {str(record.rname) for record in reply.rr} == {f"{name}."}
        zone = name.split(".")[-2:]
        assert {tuple(str(record.rname).split(".")[-3:-1]) for record in reply.ar} == {tuple(zone)}
        assert all(record.rdata.target.label[-2:] == tuple(label.encode() for label in zone) for record in reply.rr)
        targets[tuple(str(record.rdata.target).split(".")[0] for record in reply.rr)] += 1
        additionals[tuple(str(record.rdata) for record in reply.ar)] += 1
    assert len(targets) == len(additionals) == 6
    assert min(targets.values()) > 100
    assert min(additionals.values()) > 100


def test_cut_answers_show_every_address_now_and_then(golden: Any) -> None:
    seen = Counter[str]()
    for _ in range(300):
        seen.update(str(record.rdata) for record in golden.ask(ask("crowd.dns-b.svc.cluster.local")).rr)
    assert len(seen) == 60
    assert max(seen.values()) < 2 * min(seen.values())


def test_srv_targets_are_not_compressed() -> None:
    name = parse_name("kubia.dns-a.svc.cluster.local")
    target = ("kubia-0", *name)
    answer = Answer(0, answer=(Record(name, names.SRV, 30, ServiceTarget(0, 100, 80, target)),))
    query = parse_query(packet())
    assert isinstance(query, Query)
    reply = PackedAnswer(query.question, answer).pack(query, 512, Clock("stepped", seed=1).random)
    assert reply.endswith(pack_name(target, {}))
    assert reply.count(b"kubia") == 3


@pytest.mark.parametrize("name", [("",), ("a" * 64,), ("a" * 63,) * 4])
def test_names_that_cannot_be_packed(name: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="not a domain name"):
        pack_name(name, {})


@given(st.lists(st.text("aB\xff.\0", min_size=1, max_size=10), max_size=8).map(tuple))
def test_packed_names_can_be_read_back(name: tuple[str, ...]) -> None:
    assert split_name(pack_name(name, {})) == name
