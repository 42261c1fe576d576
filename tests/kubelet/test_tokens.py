"""Tokens in pods' volumes: they work, and are renewed before they end."""

from __future__ import annotations

import pytest

from minikube_lite.api.authentication.tokens import decode_json
from minikube_lite.kubelet.tokens import renewal_time
from minikube_lite.machinery.resources import SERVICE_ACCOUNTS

DAY = 24 * 3600
ISSUER = "https://kubernetes.default.svc.cluster.local"


@pytest.mark.parametrize(("seconds", "after"), [(600, 480), (3600, 2880), (DAY, 0.8 * DAY), (365 * DAY, DAY)])
def test_when_a_token_is_renewed(seconds, after) -> None:
    assert renewal_time(1000.0 + seconds, seconds) == 1000.0 + after


@pytest.fixture
async def nodes(start_nodes):
    async with start_nodes(nodes=1) as nodes:
        yield nodes


@pytest.fixture
def mounted(nodes):
    """Reads the token that a pod finds, or another file of a volume."""

    def mounted(pod: dict, volume: str = "", path: str = "token") -> str:
        names = [one["name"] for one in pod["spec"]["volumes"]]
        name = volume or next(one for one in names if one.startswith("kube-api-access-"))
        (file,) = nodes.directory.glob(f"**/{pod['metadata']['uid']}/**/{name}/{path}")
        return file.read_text()

    return mounted


def whose(nodes, token: str) -> str:
    user, _ = nodes.apiserver.access.tokens.authenticate(token, (ISSUER,))
    return user.name


async def test_a_pod_finds_a_token_that_works_while_it_is_there(nodes, mounted) -> None:
    pod = await nodes.run("p")
    token = mounted(pod)
    assert whose(nodes, token) == "system:serviceaccount:default:default"
    claim = (decode_json(token.split(".")[1]) or {})["kubernetes.io"]
    assert (claim["pod"]["name"], claim["node"]["name"]) == ("p", "node-1")
    assert mounted(pod, path="namespace") == "default"


async def test_it_is_renewed_when_most_of_its_life_is_over(nodes, mounted) -> None:
    pod = await nodes.run("p")
    first = mounted(pod)
    await nodes.clock.advance(0.8 * 3607 - 1)
    assert mounted(pod) == first
    await nodes.clock.advance(2)
    second = mounted(pod)
    assert second != first
    assert whose(nodes, second) == "system:serviceaccount:default:default"
    await nodes.clock.advance(DAY)
    assert mounted(pod) not in (first, second)


async def test_a_cut_node_renews_when_it_is_back(nodes, mounted) -> None:
    pod = await nodes.run("p")
    first = mounted(pod)
    nodes.kubelets.network.isolate("node-1")
    await nodes.clock.advance(3600)
    assert mounted(pod) == first
    nodes.kubelets.network.rejoin("node-1")
    await nodes.clock.advance(60)
    assert mounted(pod) != first


async def test_a_volume_of_ones_own_has_its_audience_and_time(nodes, mounted) -> None:
    source = {"serviceAccountToken": {"path": "vault", "audience": "vault", "expirationSeconds": 600}}
    pod = await nodes.run("p", volumes=[{"name": "v", "projected": {"sources": [source]}}])
    claims = decode_json(mounted(pod, "v", "vault").split(".")[1]) or {}
    assert (claims["aud"], claims["exp"] - claims["iat"]) == (["vault"], 600)
    first = mounted(pod, "v", "vault")
    await nodes.clock.advance(481)
    assert mounted(pod, "v", "vault") != first


async def test_without_its_account_a_pod_waits_and_says_so(nodes, mounted) -> None:
    await nodes.client.create(SERVICE_ACCOUNTS, "default", {"metadata": {"name": "robot"}})
    token = {"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
    volumes = [{"name": "c", "configMap": {"name": "later"}}, {"name": "v", **token}]
    pod = await nodes.run("p", serviceAccountName="robot", volumes=volumes)
    await nodes.client.delete(SERVICE_ACCOUNTS, "default", "robot")
    await nodes.create_config_map("later", {})
    await nodes.clock.advance(5)
    text = 'MountVolume.SetUp failed for volume "v" : failed to fetch token: serviceaccounts "robot" not found'
    assert ("FailedMount", text) in await nodes.told("p")

    await nodes.client.create(SERVICE_ACCOUNTS, "default", {"metadata": {"name": "robot"}})
    await nodes.clock.advance(130)
    assert whose(nodes, mounted(pod, "v")) == "system:serviceaccount:default:robot"
