"""resolv.conf and hosts as a kubelet writes them."""

from __future__ import annotations

import pytest

from minikube_lite.kubelet.etc import hosts, resolv_conf

NAMESERVER = "nameserver 10.96.0.10\n"
SEARCH = "search prod.svc.cluster.local svc.cluster.local cluster.local"


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({}, f"{SEARCH}\n{NAMESERVER}options ndots:5\n"),
        ({"hostNetwork": True}, "nameserver 172.18.0.1\n"),
        ({"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}, f"{SEARCH}\n{NAMESERVER}options ndots:5\n"),
        ({"dnsPolicy": "Default"}, "nameserver 172.18.0.1\n"),
        (
            {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["1.2.3.4", "1.2.3.4"], "searches": ["x.example"]}},
            "search x.example\nnameserver 1.2.3.4\n",
        ),
        (
            {
                "dnsConfig": {
                    "nameservers": ["1.2.3.4"],
                    "searches": ["svc.cluster.local", "x.example"],
                    "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
                }
            },
            f"{SEARCH} x.example\n{NAMESERVER}nameserver 1.2.3.4\noptions ndots:2 edns0\n",
        ),
        ({"dnsConfig": {"searches": [f"{letter * 60}.{n}" for n in range(60) for letter in "a"]}}, None),
    ],
)
def test_resolv_conf(spec, text):
    written = resolv_conf({"metadata": {"namespace": "prod"}, "spec": spec}, "10.96.0.10", "cluster.local")
    if text is None:
        assert len(written.splitlines()[0].split()) - 1 == 32
    else:
        assert written == text


def test_hosts():
    alias = {"ip": "1.2.3.4", "hostnames": ["foo", "bar"]}
    pod = {
        "metadata": {"name": "kubia-0", "namespace": "prod"},
        "spec": {"hostname": "kubia-0", "subdomain": "kubia", "hostAliases": [alias]},
    }
    assert hosts(pod, "10.244.0.2", "cluster.local") == (
        "# Kubernetes-managed hosts file.\n"
        "127.0.0.1\tlocalhost\n"
        "::1\tlocalhost ip6-localhost ip6-loopback\n"
        "fe00::0\tip6-localnet\n"
        "fe00::0\tip6-mcastprefix\n"
        "fe00::1\tip6-allnodes\n"
        "fe00::2\tip6-allrouters\n"
        "10.244.0.2\tkubia-0.kubia.prod.svc.cluster.local\tkubia-0\n"
        "\n# Entries added by HostAliases.\n"
        "1.2.3.4\tfoo\tbar\n"
    )
