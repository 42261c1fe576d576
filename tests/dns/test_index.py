"""The index follows the cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikube_lite.dns.index import Index
from minikube_lite.dns.names import parse_address

Object = dict[str, Any]


def namespace(name: str) -> Object:
    return {"metadata": {"name": name}}


def service(name: str, cluster_ip: str, **spec: Any) -> Object:
    return {"metadata": {"namespace": "default", "name": name}, "spec": {"clusterIP": cluster_ip, **spec}}


def endpoint_slice(name: str, of: str | None, *addresses: str, **fields: Any) -> Object:
    labels = {} if of is None else {"kubernetes.io/service-name": of}
    metadata = {"namespace": "default", "name": name, "labels": labels}
    return {"metadata": metadata, "endpoints": [{"addresses": [address]} for address in addresses], **fields}


def pod(name: str, address: str | None, **metadata: Any) -> Object:
    return {"metadata": {"namespace": "default", "name": name, **metadata}, "status": {"podIP": address}}


def view(index: Index) -> list[Any]:
    """All that the index can be asked, for the names that these tests use."""
    names, addresses = ("a", "b", "c"), [parse_address(f"10.0.0.{last}") for last in range(4)]
    return [
        [index.has_namespace(name) for name in names],
        [index.service("default", name) for name in names],
        [index.endpoint_slices("default", name) for name in names],
        [index.service_by_address(address) for address in addresses if address],
        [index.endpoint_slices_by_address(address) for address in addresses if address],
        [index.has_pod("default", address) for address in addresses if address],
    ]


NAMES, ADDRESSES = st.sampled_from(["a", "b", "c"]), st.sampled_from([f"10.0.0.{last}" for last in range(4)])
OBJECTS = st.one_of(
    st.builds(namespace, NAMES).map(lambda obj: ("namespace", obj)),
    st.builds(service, NAMES, st.one_of(ADDRESSES, st.just("None"))).map(lambda obj: ("service", obj)),
    st.builds(endpoint_slice, NAMES, st.one_of(NAMES, st.none()), ADDRESSES, ADDRESSES).map(
        lambda obj: ("endpoint_slice", obj)
    ),
    st.builds(pod, NAMES, st.one_of(ADDRESSES, st.none())).map(lambda obj: ("pod", obj)),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.booleans(), OBJECTS), max_size=30))
def test_after_any_changes_it_is_as_if_built_anew(changes: list[tuple[bool, tuple[str, Object]]]) -> None:
    index, kept = Index(lambda: 1.0), dict[tuple[str, str], tuple[str, Object]]()
    for there, (kind, obj) in changes:
        before, generation = view(index), index.generation
        getattr(index, f"{'put' if there else 'remove'}_{kind}")(obj)
        kept.pop((kind, obj["metadata"]["name"]), None)
        if there:
            kept[kind, obj["metadata"]["name"]] = (kind, obj)
        assert view(index) == before or index.generation > generation

    fresh = Index(lambda: 1.0)
    for kind, obj in kept.values():
        getattr(fresh, f"put_{kind}")(obj)
    assert view(index) == view(fresh)


def test_removing_all_leaves_nothing_behind() -> None:
    index = Index(lambda: 1.0)
    objects = {"namespace": namespace("a"), "service": service("a", "10.0.0.1"), "pod": pod("a", "10.0.0.1")}
    objects["endpoint_slice"] = endpoint_slice("a", "a", "10.0.0.1", "10.0.0.1")
    for kind, obj in objects.items():
        getattr(index, f"put_{kind}")(obj)
    for kind, obj in objects.items():
        getattr(index, f"remove_{kind}")(obj)
    tables = {name: table for name, table in vars(index).items() if isinstance(table, dict)}
    assert tables and not any(tables.values())


def test_names_are_found_in_lower_case() -> None:
    index = Index(lambda: 1.0)
    index.put_namespace(namespace("Team"))
    assert index.has_namespace("team")
    index.remove_namespace(namespace("team"))
    assert not index.has_namespace("team")


def test_only_what_matters_is_a_change() -> None:
    times = iter(range(100, 200))
    index = Index(lambda: float(next(times)))
    index.put_namespace(namespace("default"))
    assert (index.generation, index.serial) == (1, 0)
    index.put_service(service("a", "10.0.0.1"))
    assert (index.generation, index.serial) == (2, 100)
    index.put_service(service("a", "10.0.0.1", sessionAffinity="ClientIP"))
    assert (index.generation, index.serial) == (2, 100)
    unready = {"addresses": ["10.0.0.3"], "conditions": {"ready": False}}
    index.put_endpoint_slice(endpoint_slice("a-1", "a", "10.0.0.2"))
    ready_only = endpoint_slice("a-1", "a", "10.0.0.2")
    ready_only["endpoints"].append(unready)
    index.put_endpoint_slice(ready_only)
    assert (index.generation, index.serial) == (3, 101)
    index.remove_service(service("a", "10.0.0.1"))
    index.remove_service(service("a", "10.0.0.1"))
    assert (index.generation, index.serial) == (4, 102)


def test_a_slice_can_change_its_service() -> None:
    index = Index(lambda: 1.0)
    index.put_endpoint_slice(endpoint_slice("x", "a", "10.0.0.1"))
    index.put_endpoint_slice(endpoint_slice("x", "b", "10.0.0.1"))
    assert index.endpoint_slices("default", "a") == []
    assert len(index.endpoint_slices("default", "b")) == 1


def test_a_pod_that_terminates_stays_until_it_is_gone() -> None:
    index, address = Index(lambda: 1.0), parse_address("10.0.0.1")
    assert address is not None
    index.put_pod(pod("late", "10.0.0.1", deletionTimestamp="2026-01-01T00:00:00Z"))
    assert not index.has_pod("default", address)
    index.put_pod(pod("a", "10.0.0.1"))
    index.put_pod(pod("a", "10.0.0.1", deletionTimestamp="2026-01-01T00:00:00Z"))
    assert index.has_pod("default", address)
    assert not index.has_pod("other", address)
    index.remove_pod(pod("a", "10.0.0.1", deletionTimestamp="2026-01-01T00:00:00Z"))
    assert not index.has_pod("default", address)


@pytest.mark.parametrize("objects", [{}, {"endpoints": None, "ports": None}, {"endpoints": [{"conditions": None}]}])
def test_slices_may_leave_out_nearly_everything(objects: Object) -> None:
    index = Index(lambda: 1.0)
    index.put_endpoint_slice({"metadata": {"namespace": "default", "name": "x"}, **objects})
    assert index.endpoint_slices("default", "") != []


def test_the_changes_of_a_stateful_set(
    make_feed: Callable[..., Any], parse_manifests: Callable[[str], list[Object]]
) -> None:
    feed = make_feed("{kind: Namespace, metadata: {name: default}}")

    def ask() -> list[str]:
        found: str = feed.lookup("kubia.default.svc.cluster.local A")
        return found.splitlines()

    assert ask()[0] == "NXDOMAIN"
    headless = (
        "{kind: Service, metadata: {name: kubia, namespace: default}, spec: {clusterIP: None, ports: [{port: 80}]}}"
    )
    feed.put(*parse_manifests(headless))
    assert ask()[0] == "NXDOMAIN"
    ready = {"kind": "EndpointSlice", **endpoint_slice("kubia-1", "kubia", "10.0.0.1", "10.0.0.2", ports=[])}
    feed.put(ready)
    assert len(ask()) == 3
    ready["endpoints"][0]["conditions"] = {"ready": False}
    feed.put(ready)
    assert ask() == ["NOERROR", "kubia.default.svc.cluster.local. 30 A 10.0.0.2"]
    feed.remove("EndpointSlice", "default", "kubia-1")
    assert ask()[0] == "NXDOMAIN"
    feed.remove("Namespace", "", "default")
    assert feed.lookup("default.svc.cluster.local A").startswith("NXDOMAIN")
