"""Questions and records as plain data; upstream: request.Request and dns.RR."""

from __future__ import annotations

from dataclasses import dataclass

from minikube_lite.dns.names import Address, Name


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: `name` and `zone` in the asker's case, which answers keep; `base`, above the zone, lowered."""

    name: Name
    type: int
    zone: Name
    base: Name


@dataclass(frozen=True, slots=True)
class ServiceTarget:
    """The data of an SRV record."""

    priority: int
    weight: int
    port: int
    target: Name


@dataclass(frozen=True, slots=True)
class Authority:
    """The data of an SOA record; times in seconds."""

    primary: Name
    mailbox: Name
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int


@dataclass(frozen=True, slots=True)
class Record:
    """A resource record of class IN: an address, a name (CNAME, NS, PTR), a text or one of the above."""

    name: Name
    type: int
    ttl: int
    data: Address | Name | ServiceTarget | Authority | str
