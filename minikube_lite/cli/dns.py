"""`minikube-lite dns`: the zone of a running cluster as text, and what changes in it.

It reads what the DNS server reads (Services, EndpointSlices, namespaces) and makes of it what a zone transfer would tell.
"""

from __future__ import annotations

import argparse
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from minikube_lite.cli.api import changes, request
from minikube_lite.cli.errors import EXIT_OK, CommandError
from minikube_lite.cli.names import add_name, running_cluster

if TYPE_CHECKING:
    from minikube_lite.cli.running import Record

SERVICES, NAMESPACES = "/api/v1/services", "/api/v1/namespaces"
ENDPOINT_SLICES = "/apis/discovery.k8s.io/v1/endpointslices"
QUIET_SECONDS = 0.05
"""Changes that come as close together as that are told as one."""


def add(commands: Any) -> None:
    """Add the command."""
    dns = commands.add_parser("dns", help="print a cluster's DNS zone, and what changes in it")
    add_name(dns)
    dns.add_argument("-w", "--watch", action="store_true", help="go on with what changes: lines with + and -")
    dns.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the zone."""
    record = running_cluster(chosen.name)
    zone = Zone(record)
    for line in zone.lines():
        print(line, flush=True)
    if chosen.watch:
        _watch(record, zone)
    return EXIT_OK


@dataclass(frozen=True, slots=True)
class _Followed:
    """One resource, and what the index does with it."""

    path: str
    put: Callable[[Any], None]
    remove: Callable[[Any], None]


class Zone:
    """A zone as this process knows it."""

    def __init__(self, record: Record) -> None:
        from minikube_lite.dns.index import Index
        from minikube_lite.dns.options import DnsOptions

        self._options = DnsOptions(zone=record.zone, ttl=record.ttl)
        self._index = index = Index(lambda: 0)
        self.followed = (
            _Followed(NAMESPACES, index.put_namespace, index.remove_namespace),
            _Followed(SERVICES, index.put_service, index.remove_service),
            _Followed(ENDPOINT_SLICES, index.put_endpoint_slice, index.remove_endpoint_slice),
        )
        self.versions: dict[str, str] = {}
        for one in self.followed:
            listed = request(record.endpoint, "GET", one.path)
            self.versions[one.path] = listed["metadata"]["resourceVersion"]
            for item in listed["items"]:
                one.put(item)

    def lines(self) -> list[str]:
        """All records but the SOA record, whose serial only the server knows."""
        from minikube_lite.dns import names
        from minikube_lite.dns.transfer import zone_records
        from minikube_lite.dns.zone_file import record_line

        records = zone_records(self._index, self._options)
        return [record_line(record) for record in records if record.type != names.SOA]


def _watch(record: Record, zone: Zone) -> None:
    """Print each line that goes and comes, until interrupted."""
    events: queue.SimpleQueue[Callable[[], None] | CommandError] = queue.SimpleQueue()
    for one in zone.followed:
        threading.Thread(
            target=_follow, args=(record.endpoint, one, zone.versions[one.path], events), daemon=True
        ).start()
    shown = zone.lines()
    while True:
        event: Callable[[], None] | CommandError | None = events.get()
        while event is not None:
            if isinstance(event, CommandError):
                raise event
            event()
            try:
                event = events.get(timeout=QUIET_SECONDS)
            except queue.Empty:
                event = None
        now = zone.lines()
        for line in [
            *(f"- {line}" for line in shown if line not in now),
            *(f"+ {line}" for line in now if line not in shown),
        ]:
            print(line, flush=True)
        shown = now


def _follow(
    server: str, one: _Followed, version: str, events: queue.SimpleQueue[Callable[[], None] | CommandError]
) -> None:
    try:
        for event in changes(server, one.path, version):
            act = one.remove if event["type"] == "DELETED" else one.put
            events.put(lambda act=act, obj=event["object"]: act(obj))  # type: ignore[misc]
        events.put(CommandError("the cluster has stopped"))
    except CommandError as error:
        events.put(error)
