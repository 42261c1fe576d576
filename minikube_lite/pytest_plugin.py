"""The pytest plugin: `cluster`, a fresh cluster for each test, and `make_cluster` for several or other ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from minikube_lite.testing import LoopThread, RunningCluster


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "minikube_lite(**options): options of the fixture `cluster`, as nodes=1, clock='stepped'"
    )


@pytest.fixture(scope="session")
def minikube_lite_loop() -> Iterator[LoopThread]:
    """The event loop on which all clusters of the session run."""
    from minikube_lite.testing import LoopThread

    loop = LoopThread()
    yield loop
    loop.close()


@pytest.fixture
def make_cluster(minikube_lite_loop: LoopThread) -> Iterator[Callable[..., RunningCluster]]:
    """Start clusters with options; they stop at the end of the test."""
    from minikube_lite.testing import RunningCluster

    with ExitStack() as running:

        def make(**options: Any) -> RunningCluster:
            return running.enter_context(RunningCluster(minikube_lite_loop, **options))

        yield make


@pytest.fixture
def cluster(make_cluster: Callable[..., RunningCluster], request: pytest.FixtureRequest) -> RunningCluster:
    """A fresh cluster of three nodes, or as `@pytest.mark.minikube_lite(nodes=1, clock="stepped")` says."""
    marker = request.node.get_closest_marker("minikube_lite")
    return make_cluster(**(marker.kwargs if marker else {}))
