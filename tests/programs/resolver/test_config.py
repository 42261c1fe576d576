"""resolv.conf and hosts as resolvers read them."""

from __future__ import annotations

import pytest

from minikube_lite.programs.resolver.config import ResolverConfig, parse_hosts, parse_resolv_conf

CLUSTER = ResolverConfig(("10.96.0.10",), ("a.svc.cluster.local", "svc.cluster.local"), ndots=5)


def test_resolv_conf():
    text = """# a comment
search a.svc.cluster.local svc.cluster.local
nameserver 10.96.0.10 ; the cluster's
options ndots:5 timeout:99 rotate attempts:x
something else
"""
    assert parse_resolv_conf(text) == ResolverConfig(CLUSTER.nameservers, CLUSTER.search, 5, 30, 2)
    assert parse_resolv_conf("") == ResolverConfig()


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("kubia", ["kubia.a.svc.cluster.local.", "kubia.svc.cluster.local.", "kubia."]),
        ("kubia.", ["kubia."]),
        ("a.b.c.d.e", ["a.b.c.d.e.a.svc.cluster.local.", "a.b.c.d.e.svc.cluster.local.", "a.b.c.d.e."]),
        ("a.b.c.d.e.f", ["a.b.c.d.e.f.", "a.b.c.d.e.f.a.svc.cluster.local.", "a.b.c.d.e.f.svc.cluster.local."]),
    ],
)
def test_the_search_path(name, names):
    assert list(CLUSTER.names(name)) == names


def test_hosts():
    text = "127.0.0.1\tlocalhost\n# x\n10.0.0.1 web Web.example # y\n10.0.0.2 web\n"
    assert parse_hosts(text) == {
        "localhost": ["127.0.0.1"],
        "web": ["10.0.0.1", "10.0.0.2"],
        "web.example": ["10.0.0.1"],
    }
