"""The pytest plugin: `cluster`, a fresh cluster for each test, and `make_cluster` for several or other ones.

With `--cluster-seeds=50` each test of theirs runs under 50 seeds, each with an interleaving of its own; `--cluster-seed=7` repeats one
run. A seed that a test gives itself stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from minikube_lite.testing import LoopThread, RunningCluster

SEED_ID = "cluster-seed-"
REPLAY = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("minikube-lite", "clusters of minikube-lite")
    group.addoption("--cluster-seed", type=int, metavar="N", help="the seed of all clusters, to repeat a run")
    group.addoption(
        "--cluster-seeds",
        type=int,
        default=0,
        metavar="N",
        help="run each test that uses a cluster under N seeds and as many interleavings",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "minikube_lite(**options): options of the fixture `cluster`, as nodes=1, clock='stepped'"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what uses clusters once for each seed."""
    count = metafunc.config.getoption("cluster_seeds")
    if count and "minikube_lite_seed" in metafunc.fixturenames:
        seeds = range(1, count + 1)
        metafunc.parametrize("minikube_lite_seed", seeds, indirect=True, ids=[f"{SEED_ID}{seed}" for seed in seeds])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Tell how a test that failed is repeated."""
    report = yield
    if report.failed and (line := item.stash.get(REPLAY, "")):
        report.sections.append(("minikube-lite", f"to repeat this run: {line}"))
    return report


@pytest.fixture(scope="session")
def minikube_lite_loop() -> Iterator[LoopThread]:
    """The event loop on which all clusters of the session run."""
    from minikube_lite.testing import LoopThread

    loop = LoopThread()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def minikube_lite_seed(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Options of clusters that say what is drawn by chance, for `Cluster(**minikube_lite_seed)`; none where nothing was chosen."""
    if hasattr(request, "param"):
        return {"seed": request.param, "interleaving": request.param}
    seed = request.config.getoption("cluster_seed")
    return {} if seed is None else {"seed": seed}


@pytest.fixture
def make_cluster(
    minikube_lite_loop: LoopThread, minikube_lite_seed: dict[str, Any], request: pytest.FixtureRequest
) -> Iterator[Callable[..., RunningCluster]]:
    """Start clusters with options; they stop at the end of the test."""
    from minikube_lite.testing import RunningCluster

    item, chosen = request.node, dict(minikube_lite_seed)
    with ExitStack() as running:

        def make(**options: Any) -> RunningCluster:
            made = RunningCluster(minikube_lite_loop, **{**chosen, **options})
            if REPLAY not in item.stash and made.cluster.options.clock == "stepped":
                item.stash[REPLAY] = _replay(item.nodeid, made.cluster.clock.seed, chosen, request.config)
            chosen.setdefault("seed", made.cluster.clock.seed)
            return running.enter_context(made)

        yield make


def _replay(nodeid: str, seed: int, chosen: dict[str, Any], config: pytest.Config) -> str:
    if "interleaving" in chosen:
        return f"pytest '{nodeid}' --cluster-seeds={config.getoption('cluster_seeds')}"
    return f"pytest '{nodeid}' --cluster-seed={seed}"


@pytest.fixture
def cluster(make_cluster: Callable[..., RunningCluster], request: pytest.FixtureRequest) -> RunningCluster:
    """A fresh cluster of three nodes, or as `@pytest.mark.minikube_lite(nodes=1, clock="stepped")` says."""
    marker = request.node.get_closest_marker("minikube_lite")
    return make_cluster(**(marker.kwargs if marker else {}))
