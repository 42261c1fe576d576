"""The server as the cluster sees it: fed by informers, asked in process."""

from __future__ import annotations

import logging
from typing import Any, cast

import pytest
import yaml
from dnslib import QTYPE, RCODE, DNSHeader, DNSQuestion, DNSRecord

from minikube_lite.clock import Clock
from minikube_lite.dns import plugin
from minikube_lite.machinery.client import Client, ObjectList
from minikube_lite.machinery.informer import Informers
from minikube_lite.machinery.resources import ENDPOINT_SLICES, NAMESPACES, PODS, SERVICES, GroupVersionResource
from minikube_lite.schema.resources import ResourceInfo
from minikube_lite.store import Cursor, MemoryStore

CLUSTER = """
{kind: Namespace, metadata: {name: default}}
---
{kind: Service, metadata: {name: web, namespace: default}, spec: {clusterIP: 10.96.0.9, ports: [{port: 80}]}}
"""
WEB = "web.default.svc.cluster.local"


class StoreClient:
    """Reads from a store, as informers do through the API."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def list_objects(self, resource: GroupVersionResource) -> ObjectList:
        return ObjectList([record.object for record in self._store.scan(resource.key)], self._store.revision)

    def watch(self, resource: GroupVersionResource, *, after: int) -> Cursor:
        return self._store.watch(resource.key, after=after)

    def resources(self) -> list[ResourceInfo]:
        return []


def query(name: str, kind: str = "A") -> bytes:
    return bytes(DNSRecord(DNSHeader(rd=1), q=DNSQuestion(name, getattr(QTYPE, kind))).pack())


def rcode(reply: DNSRecord) -> str:
    return str(RCODE[reply.header.rcode])


@pytest.mark.parametrize("late", [SERVICES, ENDPOINT_SLICES, NAMESPACES])
def test_servfail_until_every_informer_is_synced(late: Any, make_feed: Any) -> None:
    feed = make_feed(CLUSTER)
    feed.informer(late).synced = False
    for name in (WEB, "nope.default.svc.cluster.local", "cluster.local", "1.2.3.4.in-addr.arpa"):
        reply = feed.ask(query(name))
        assert (rcode(reply), reply.header.aa, len(reply.auth)) == ("SERVFAIL", 1, 1)
    assert rcode(feed.ask(query("example.com"))) == "REFUSED"
    feed.informer(late).synced = True
    assert rcode(feed.ask(query(WEB))) == "NOERROR"


def test_pods_are_followed_only_where_they_matter(make_feed: Any) -> None:
    assert PODS not in make_feed(CLUSTER).informers
    assert PODS in make_feed(CLUSTER, pods="verified").informers


def test_a_change_is_seen_by_the_next_query(make_feed: Any) -> None:
    feed = make_feed(CLUSTER)
    before = feed.ask(query(WEB))
    assert [str(record.rdata) for record in before.rr] == ["10.96.0.9"]
    feed.put(
        {"kind": "Service", "metadata": {"name": "web", "namespace": "default"}, "spec": {"clusterIP": "10.96.0.8"}}
    )
    assert [str(record.rdata) for record in feed.ask(query(WEB)).rr] == ["10.96.0.8"]
    feed.remove("Service", "default", "web")
    assert rcode(feed.ask(query(WEB))) == "NXDOMAIN"


def test_the_serial_is_the_emulated_time_of_the_last_change(make_feed: Any) -> None:
    feed = make_feed(CLUSTER)
    assert feed.ask(query("cluster.local", "SOA")).rr[0].rdata.times[0] == int(feed.clock.now())


def test_a_failure_is_servfail_and_logged_with_the_question(make_feed: Any, caplog: pytest.LogCaptureFixture) -> None:
    feed = make_feed(CLUSTER)
    too_long = {"type": "ExternalName", "externalName": "a" * 64}
    feed.put({"kind": "Service", "metadata": {"name": "broken", "namespace": "default"}, "spec": too_long})
    with caplog.at_level(logging.ERROR):
        reply = feed.ask(query("Broken.default.svc.cluster.local"))
    assert rcode(reply) == "SERVFAIL"
    assert str(reply.q.qname) == "Broken.default.svc.cluster.local."
    assert "Broken.default.svc.cluster.local. type 1" in caplog.text
    assert rcode(feed.ask(query(WEB))) == "NOERROR"


def test_the_cache_is_bounded(make_feed: Any) -> None:
    feed = make_feed(CLUSTER)
    for number in range(plugin.CACHED_ANSWERS_MAX * 2):
        feed.server.reply(query(f"n{number}.default.svc.cluster.local"))
        assert len(feed.server._cache) <= plugin.CACHED_ANSWERS_MAX
    assert rcode(feed.ask(query(WEB))) == "NOERROR"


def test_asking_draws_nothing_from_the_cluster_and_repeats_with_the_seed(make_feed: Any) -> None:
    def replies(feed: Any) -> list[bytes]:
        addresses = [{"addresses": [f"10.9.0.{last}"]} for last in range(50)]
        metadata = {"namespace": "default", "name": "web-1", "labels": {"kubernetes.io/service-name": "crowd"}}
        feed.put(
            {"kind": "Service", "metadata": {"namespace": "default", "name": "crowd"}, "spec": {"clusterIP": "None"}}
        )
        feed.put({"kind": "EndpointSlice", "metadata": metadata, "endpoints": addresses})
        asked = query("crowd.default.svc.cluster.local", "SRV"), query("crowd.default.svc.cluster.local")
        fixed = [bytes(2) + packet[2:] for packet in asked]
        return [feed.server.reply(packet) for _ in range(20) for packet in fixed]

    first, second = make_feed(CLUSTER), make_feed(CLUSTER)
    assert replies(first) == replies(second)
    assert first.clock.uid() == make_feed().clock.uid()
    assert len(set(replies(first))) > 20


@pytest.mark.asyncio
async def test_real_informers_feed_it() -> None:
    clock = Clock("stepped", seed=7)
    store = MemoryStore(clock.ledger)
    informers = Informers(cast("Client", StoreClient(store)))
    server = plugin.DnsServer(informers, clock)
    assert server.resolve(WEB, 1).rcode == 2
    namespace, service = yaml.safe_load_all(CLUSTER)
    store.commit(NAMESPACES.key, "", "default", namespace, expected=0)
    await informers.start()
    assert server.resolve(WEB, 1).rcode == 3
    record = store.commit(SERVICES.key, "default", "web", service, expected=0)
    await clock.settle()
    assert [str(found.data) for found in server.resolve(WEB, 1).answer] == ["10.96.0.9"]
    store.commit(SERVICES.key, "default", "web", None, expected=record.revision)
    await clock.settle()
    assert server.resolve(WEB, 1).rcode == 3
    await informers.stop()
