"""Clients of other people, against the fixture's cluster; kubectl in the oldest and the newest version at hand, or in all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from kubectls import Kubectl, find_all

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

SECONDS_MAX = 60
OLDEST_MINOR = 25
"""Older ones do not know what Kubernetes serves today; tests that run with one say so and are skipped."""
FOUND = pytest.StashKey[list[Kubectl]]()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what uses kubectl with each version that was chosen."""
    if "kubectl_program" not in metafunc.fixturenames:
        return
    stash = metafunc.config.stash
    if FOUND not in stash:
        stash[FOUND] = find_all(os.environ)
    found = stash[FOUND]
    if not metafunc.config.getoption("--every-kubectl"):
        recent = [kubectl for kubectl in found if kubectl.minor >= OLDEST_MINOR] or found
        found = list(dict.fromkeys([*recent[:1], *recent[-1:]]))
    metafunc.parametrize("kubectl_program", found or [None], ids=str, indirect=True, scope="session")


@pytest.fixture(scope="session")
def kubectl_program(request: pytest.FixtureRequest) -> Kubectl:
    """One real kubectl."""
    if request.param is None:
        pytest.fail("kubectl is missing: `python tools/install_clients.py` installs it", pytrace=False)
    program: Kubectl = request.param
    return program


@pytest.fixture
def api_client(cluster: RunningCluster) -> Iterator[Any]:
    """The official Python client, configured by the cluster's kubeconfig."""
    from kubernetes import config

    with config.new_client_from_config(config_file=str(cluster.kubeconfig)) as client:
        yield client


@pytest.fixture
def needs_kubectl(kubectl_program: Kubectl) -> Callable[[int, str], None]:
    """Skip a test that an older kubectl than 1.<minor> cannot do, saying why."""

    def needs(minor: int, why: str) -> None:
        if kubectl_program.minor < minor:
            pytest.skip(f"kubectl {kubectl_program}: {why} since 1.{minor}")

    return needs
