"""Images that cannot be pulled, and containers that are broken on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from minikube_lite.machinery.meta import find_condition
from minikube_lite.machinery.resources import EVENTS, PODS

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

pytestmark = pytest.mark.minikube_lite(clock="stepped", serve_api=False, serve_dns=False)

GET = {"httpGet": {"path": "/", "port": 80}}


def run(cluster: RunningCluster, name: str = "web", image: str = "shop/web:1", **container: Any) -> None:
    spec = {"containers": [{"name": "main", "image": image, **container}]}
    cluster.create(PODS, "default", {"metadata": {"name": name}, "spec": spec})
    cluster.settle()


def container(cluster: RunningCluster, name: str = "web") -> Any:
    cluster.settle()
    return cluster.get(PODS, "default", name)["status"]["containerStatuses"][0]


def waiting(cluster: RunningCluster, name: str = "web") -> tuple[str, str]:
    state = container(cluster, name)["state"].get("waiting", {})
    return state.get("reason", ""), state.get("message", "")


def told(cluster: RunningCluster, *reasons: str) -> list[tuple[str, str]]:
    cluster.settle()
    events = sorted(cluster.list(EVENTS, "default"), key=lambda event: int(event["metadata"]["resourceVersion"]))
    return [(event["reason"], event["message"]) for event in events if event["reason"] in reasons]


def test_an_image_that_is_not_found(cluster: RunningCluster) -> None:
    reference = "docker.io/shop/web:1"
    error = (
        f'rpc error: code = NotFound desc = failed to pull and unpack image "{reference}": '
        f'failed to resolve reference "{reference}": {reference}: not found'
    )
    with cluster.fault(image={"type": "NotFound", "images": ["shop/*"]}) as fault:
        run(cluster)
        run(cluster, "other", "other/web")
        assert waiting(cluster) == ("ErrImagePull", error)
        assert "running" in container(cluster, "other")["state"]
        cluster.advance(1)
        assert waiting(cluster) == ("ImagePullBackOff", f'Back-off pulling image "shop/web:1": ErrImagePull: {error}')
        assert cluster.get(PODS, "default", "web")["status"]["phase"] == "Pending"
    assert fault.hits == 1
    assert told(cluster, "Pulling")[0][1] == 'Pulling image "shop/web:1"'
    assert ("Failed", f'Failed to pull image "shop/web:1": {error}') in told(cluster, "Failed")
    assert ("Failed", "Error: ErrImagePull") in told(cluster, "Failed")
    assert ("Failed", "Error: ImagePullBackOff") in told(cluster, "Failed")
    cluster.advance(300)
    assert container(cluster)["ready"]


def test_the_back_off_doubles_until_five_minutes(cluster: RunningCluster) -> None:
    with cluster.fault(image={"type": "Denied"}) as fault:
        run(cluster)
        cluster.advance(1500)
    assert fault.hits == 9  # after 0, 10, 30, 70, 150, 310, 610, 910 and 1210 seconds


@pytest.mark.minikube_lite(nodes=1)
def test_an_image_that_is_there_is_pulled_only_if_the_policy_says_so(cluster: RunningCluster) -> None:
    run(cluster, "first")
    with cluster.fault(image={"type": "Unavailable", "images": ["shop/web:1"]}) as fault:
        run(cluster, "second")
        assert container(cluster, "second")["ready"]
        assert fault.hits == 0
        run(cluster, "third", imagePullPolicy="Always")
        reason, error = waiting(cluster, "third")
    assert reason == "ErrImagePull"
    asked = 'failed to do request: Head "https://docker.io/v2/shop/web/manifests/1"'
    assert error.endswith(f"{asked}: dial tcp: lookup docker.io: i/o timeout")


def test_a_slow_pull(cluster: RunningCluster) -> None:
    with cluster.fault(image={"type": "Slow", "delaySeconds": 90}):
        run(cluster)
        assert waiting(cluster)[0] == "ContainerCreating"
        cluster.advance(89)
        assert waiting(cluster)[0] == "ContainerCreating"
        cluster.advance(1)
        assert container(cluster)["ready"]
    [(_, text)] = told(cluster, "Pulled")
    assert text.startswith('Successfully pulled image "shop/web:1" in 90s (90s including waiting).')


def test_a_crash_loop(cluster: RunningCluster) -> None:
    with cluster.fault(container={"type": "Crash", "pods": ["web"], "exitCode": 3, "afterSeconds": 5}):
        run(cluster)
        run(cluster, "other")
        cluster.advance(5)
        found = container(cluster)
        assert (found["restartCount"], found["lastState"]["terminated"]["exitCode"]) == (1, 3)
        assert found["lastState"]["terminated"]["reason"] == "Error"
        cluster.advance(5)
        assert waiting(cluster)[0] == "CrashLoopBackOff"
        cluster.advance(60)
        assert container(cluster)["restartCount"] > 1
        assert container(cluster, "other")["restartCount"] == 0
    cluster.advance(300)
    assert container(cluster)["ready"]


def test_what_runs_already_is_struck_so_often_as_it_is_told(cluster: RunningCluster) -> None:
    run(cluster)
    with cluster.fault(container={"type": "OOMKilled"}, times=1):
        found = container(cluster)
        assert found["restartCount"] == 1
        ended = found["lastState"]["terminated"]
        assert (ended["exitCode"], ended["reason"]) == (137, "OOMKilled")
        cluster.advance(600)
        assert container(cluster)["restartCount"] == 1


def test_a_crash_that_is_healed_before_does_not_come(cluster: RunningCluster) -> None:
    run(cluster)
    with cluster.fault(container={"type": "Crash", "afterSeconds": 60}):
        cluster.advance(30)
    cluster.advance(60)
    assert container(cluster)["restartCount"] == 0


def test_probes_fail_until_it_is_healed(cluster: RunningCluster) -> None:
    run(cluster, image="nginx", livenessProbe=GET, readinessProbe=GET)
    cluster.advance(10)
    assert container(cluster)["ready"]
    with cluster.fault(container={"type": "FailProbe", "probes": ["readiness"]}) as fault:
        cluster.advance(60)
        assert (container(cluster)["ready"], container(cluster)["restartCount"]) == (False, 0)
        ready = find_condition(cluster.get(PODS, "default", "web"), "Ready")
        assert ready is not None
        assert ready["status"] == "False"
        assert ("Unhealthy", "Readiness probe failed: a fault lets it fail") in told(cluster, "Unhealthy")
    assert fault.hits >= 5
    cluster.advance(20)
    assert container(cluster)["ready"]
    with cluster.fault(container={"type": "FailProbe", "probes": ["liveness"]}):
        cluster.advance(40)
    assert container(cluster)["restartCount"] == 1
    assert ("Killing", "Container main failed liveness probe, will be restarted") in told(cluster, "Killing")


def test_a_program_that_hangs_is_restarted_by_its_probe(cluster: RunningCluster) -> None:
    run(cluster, image="nginx", livenessProbe={**GET, "periodSeconds": 5})
    cluster.advance(10)
    with cluster.fault(container={"type": "Hang"}, times=1):
        cluster.advance(5)
        assert container(cluster)["restartCount"] == 0
        cluster.advance(60)
        assert container(cluster)["restartCount"] == 1
    [(_, text), *_] = told(cluster, "Unhealthy")
    assert text.endswith("context deadline exceeded (Client.Timeout exceeded while awaiting headers)")
    cluster.advance(60)
    assert container(cluster)["restartCount"] == 1


def test_a_program_that_hung_goes_on_when_it_is_healed(cluster: RunningCluster) -> None:
    run(cluster, image="nginx", readinessProbe=GET)
    cluster.advance(10)
    with cluster.fault(container={"type": "Hang"}):
        cluster.advance(60)
        assert not container(cluster)["ready"]
    cluster.advance(20)
    assert (container(cluster)["ready"], container(cluster)["restartCount"]) == (True, 0)


def test_a_slow_start(cluster: RunningCluster) -> None:
    with cluster.fault(container={"type": "SlowStart", "delaySeconds": 45}):
        run(cluster, image="nginx", readinessProbe=GET)
        cluster.advance(44)
        assert not container(cluster)["ready"]
        cluster.advance(20)
        assert container(cluster)["ready"]
