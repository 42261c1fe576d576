"""Questions that are not answered as they should, on purpose. No counterpart upstream."""

from __future__ import annotations

from minikube_lite.clock import Clock
from minikube_lite.dns import names
from minikube_lite.dns.message import TCP_BYTES_MAX, pack_error
from minikube_lite.dns.names import format_name
from minikube_lite.dns.query import Query, parse_query
from minikube_lite.dns.zone_file import TYPE_NAMES
from minikube_lite.machinery.call_faults import DnsFault
from minikube_lite.machinery.faults import Faults

_RCODES = {"ServFail": names.SERVFAIL, "NxDomain": names.NXDOMAIN, "Refused": names.REFUSED}


class DnsFaults:
    """The faults of one DNS server."""

    def __init__(self, faults: Faults, clock: Clock) -> None:
        self._faults = faults
        self._clock = clock

    def __bool__(self) -> bool:
        """Whether any question may be struck."""
        return DnsFault in self._faults

    def find(self, packet: bytes) -> tuple[Query, DnsFault] | None:
        """The fault that strikes a question."""
        query = parse_query(packet)
        if not isinstance(query, Query):
            return None
        name, kind = format_name(query.name), TYPE_NAMES.get(query.type, str(query.type))
        fault = self._faults.find(DnsFault, lambda spec: spec.fits(name, kind), f"{name} {kind}")
        return None if fault is None else (query, fault)

    def answer(self, query: Query, fault: DnsFault) -> bytes | None:
        """What is answered in place of the right answer; None is silence."""
        rcode = _RCODES.get(fault.type)
        return None if rcode is None else pack_error(query, rcode, TCP_BYTES_MAX)

    async def pause(self, fault: DnsFault) -> None:
        """Let the time of a Delay pass."""
        await self._clock.sleep(fault.delay_seconds)
