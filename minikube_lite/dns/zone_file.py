"""Records as zone files write them; upstream: RFC 1035, 5.1."""

from __future__ import annotations

from minikube_lite.dns import names
from minikube_lite.dns.names import format_name
from minikube_lite.dns.question import Authority, Record, ServiceTarget

TYPE_NAMES = {
    names.A: "A", names.NS: "NS", names.CNAME: "CNAME", names.SOA: "SOA", names.PTR: "PTR", names.TXT: "TXT",
    names.AAAA: "AAAA", names.SRV: "SRV",
}  # fmt: skip


def record_line(record: Record) -> str:
    """A record: `name ttl IN type data`."""
    return f"{format_name(record.name)}\t{record.ttl}\tIN\t{TYPE_NAMES[record.type]}\t{_data(record)}"


def _data(record: Record) -> str:
    match record.data:
        case ServiceTarget(priority, weight, port, target):
            return f"{priority} {weight} {port} {format_name(target)}"
        case Authority() as soa:
            times = f"{soa.serial} {soa.refresh} {soa.retry} {soa.expire} {soa.minimum}"
            return f"{format_name(soa.primary)} {format_name(soa.mailbox)} {times}"
        case tuple(name):
            return format_name(name)
        case str(text):
            return f'"{text}"'
        case address:
            return str(address)
