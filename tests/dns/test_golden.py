"""Answers recorded from CoreDNS, compared section by section, without order."""

from __future__ import annotations

import json
import re
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from dnslib import CLASS, EDNS0, QTYPE, RCODE, DNSHeader, DNSQuestion, DNSRecord

DNS_CASES = Path(__file__).resolve().parent.parent / "golden" / "dns-cases"
EXPECTED: dict[str, list[str]] = json.loads((DNS_CASES / "expected.json").read_text())
QUERIES = [
    line for line in (DNS_CASES / "queries.txt").read_text().splitlines() if line.strip() and not line.startswith("#")
]


def shape(reply: DNSRecord, back: dict[str, str]) -> list[str]:
    flags = {"QR": reply.header.qr, "AA": reply.header.aa, "TC": reply.header.tc, "RD": reply.header.rd}
    flags |= {"RA": reply.header.ra, "AD": reply.header.ad, "CD": reply.header.cd}
    lines = [f"status {RCODE[reply.header.rcode]} flags {' '.join(sorted(name for name, on in flags.items() if on))}"]
    for section, records in (("answer", reply.rr), ("authority", reply.auth), ("additional", reply.ar)):
        rows = []
        for record in records:
            kind = QTYPE[record.rtype]
            if kind == "OPT":
                continue
            assert CLASS[record.rclass] == "IN"
            text = " ".join(str(record.rdata).replace("(", "").replace(")", "").split())
            if kind == "SOA":
                text = re.sub(r"^(\S+ \S+) \d+", r"\1 SERIAL", text)
            if kind in ("A", "AAAA"):
                text = str(ip_address(text))
            rows.append(f"{section} {record.rname} {record.ttl} IN {kind} {text}")
        lines += sorted(rows)
    joined = "\n".join(lines)
    for address, word in back.items():
        joined = joined.replace(address, word)
    return joined.splitlines()


def test_every_query_is_recorded() -> None:
    assert sorted(QUERIES) == sorted(EXPECTED)
    assert len(QUERIES) == 92


@pytest.mark.parametrize("line", QUERIES)
def test_same_as_coredns(line: str, golden: Any) -> None:
    name, kind, *options = line.split()
    addresses = {}
    for informer in golden.informers.values():
        for (namespace, service), obj in informer.objects.items():
            address = obj.get("spec", {}).get("clusterIP", "None")
            if obj["kind"] == "Service" and address != "None":
                addresses[f"{namespace}/{service}"] = address
    back = {f"{ip_address(ip).reverse_pointer}.": f"{{rev:{name}}}" for name, ip in addresses.items()}
    back |= {ip: f"{{ip:{name}}}" for name, ip in addresses.items()}
    asked = re.sub(r"\{ip:([^}]+)\}", lambda found: addresses[found[1]], name)
    asked = re.sub(r"\{rev:([^}]+)\}", lambda found: ip_address(addresses[found[1]]).reverse_pointer, asked)

    query = DNSRecord(DNSHeader(rd=1), q=DNSQuestion(asked, getattr(QTYPE, kind)))
    for option in options:
        if option.startswith("edns="):
            query.add_ar(EDNS0(udp_len=int(option[5:])))
    reply = golden.ask(query.pack(), tcp="tcp" in options)

    got = shape(reply, back)
    assert (got[:1] if "flags" in options else got) == EXPECTED[line]
