"""The canonical form of Endpoints' subsets, and what is left out of too many."""

from __future__ import annotations

from minikube_lite.controllers.endpoints.subsets import ADDRESSES_MAX, count_addresses, repack, truncate
from minikube_lite.store import Object


def address(ip: str, uid: str = "") -> Object:
    return {"ip": ip, "targetRef": {"kind": "Pod", "uid": uid}} if uid else {"ip": ip}


def port(number: int, name: str = "") -> Object:
    return {"port": number, "protocol": "TCP", **({"name": name} if name else {})}


def test_addresses_that_offer_the_same_ports_stand_together():
    subsets = [
        {"addresses": [address("10.0.0.2", "b")], "ports": [port(80, "http")]},
        {"addresses": [address("10.0.0.1", "a")], "ports": [port(80, "http")]},
        {"addresses": [address("10.0.0.2", "b")], "ports": [port(443, "https")]},
        {"addresses": [address("10.0.0.1", "a")], "ports": [port(443, "https")]},
    ]
    assert repack(subsets) == [
        {
            "addresses": [address("10.0.0.1", "a"), address("10.0.0.2", "b")],
            "ports": [port(80, "http"), port(443, "https")],
        }
    ]


def test_other_ports_make_other_subsets():
    subsets = [
        {"addresses": [address("10.0.0.1")], "ports": [port(8080)]},
        {"addresses": [address("10.0.0.2")], "ports": [port(9090)]},
    ]
    assert repack(subsets) == subsets


def test_not_ready_counts_more_than_ready():
    subsets = [
        {"addresses": [address("10.0.0.1")], "ports": [port(80)]},
        {"notReadyAddresses": [address("10.0.0.1")], "ports": [port(80)]},
    ]
    assert repack(subsets) == [{"notReadyAddresses": [address("10.0.0.1")], "ports": [port(80)]}]


def test_addresses_without_ports_are_kept():
    assert repack([{"addresses": [address("10.0.0.1")]}]) == [{"addresses": [address("10.0.0.1")]}]


def test_repacking_twice_changes_nothing():
    subsets = [
        {"addresses": [address("10.0.0.1")], "ports": [port(80), port(81, "b")]},
        {"addresses": [address("1.1.1.1")]},
    ]
    assert repack(repack(subsets)) == repack(subsets)


def test_ready_addresses_come_first_where_there_are_too_many():
    ready = [address(f"10.1.{number // 250}.{number % 250}") for number in range(900)]
    waiting = [address(f"10.2.{number // 250}.{number % 250}") for number in range(200)]
    subsets, truncated = truncate([{"addresses": ready, "notReadyAddresses": waiting, "ports": [port(80)]}])
    assert truncated
    assert count_addresses(subsets) == (900, ADDRESSES_MAX - 900)


def test_of_too_many_ready_addresses_each_subset_keeps_its_share():
    def many(network: int, count: int) -> list[Object]:
        return [address(f"10.{network}.{number // 250}.{number % 250}") for number in range(count)]

    subsets, truncated = truncate(
        [
            {"addresses": many(1, 1500), "ports": [port(80)]},
            {"addresses": many(2, 500), "notReadyAddresses": many(3, 5), "ports": [port(81)]},
        ]
    )
    assert truncated
    assert [len(subset["addresses"]) for subset in subsets] == [750, 250]
    assert all("notReadyAddresses" not in subset for subset in subsets)


def test_what_fits_is_left_alone():
    subsets = [{"addresses": [address("10.0.0.1")]}]
    assert truncate(subsets) == (subsets, False)
