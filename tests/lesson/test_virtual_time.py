"""Steps 4, 7, 11 and 12 of the lesson in virtual time: an in-process cluster whose clock is moved by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import (
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    SERVICES,
    STATEFUL_SETS,
)
from minikube_lite.network.fabric import API
from minikube_lite.network.http import http_session
from minikube_lite.network.switch import Origin

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

pytestmark = pytest.mark.minikube_lite(clock="stepped", seed=1, detect_mutation=True)
GATE = "example.com/healthy"


class Story:
    """The lesson's objects in a stepped cluster."""

    def __init__(self, cluster: RunningCluster, manifest: Callable[[str], str]) -> None:
        self.cluster = cluster
        self._manifest = manifest

    def read(self, name: str) -> Any:
        obj = yaml.safe_load(self._manifest(name))
        del obj["kind"], obj["apiVersion"]
        return obj

    def begin(self, **pod_spec: Any) -> None:
        """Create it all; `pod_spec` goes into the template, `container` into its container."""
        for volume in self.read("pvs")["items"]:
            self.cluster.create(PERSISTENT_VOLUMES, "", {"metadata": volume["metadata"], "spec": volume["spec"]})
        self.cluster.create(SERVICES, "default", self.read("service"))
        statefulset = self.read("statefulset")
        template = statefulset["spec"]["template"]["spec"]
        template["containers"][0] |= pod_spec.pop("container", {})
        template |= pod_spec
        self.cluster.create(STATEFUL_SETS, "default", statefulset)
        self.cluster.settle()

    def scale(self, replicas: int) -> None:
        self.cluster.patch(STATEFUL_SETS, "default", "kubia", {"spec": {"replicas": replicas}})
        self.cluster.settle()

    def delete(self, pod: str) -> None:
        self.cluster.delete(PODS, "default", pod)
        self.cluster.settle()

    def pod(self, name: str) -> Any:
        return self.cluster.get(PODS, "default", name)

    def ready(self) -> dict[str, bool]:
        """The pods, and whether they are ready."""
        return {
            pod["metadata"]["name"]: any(
                one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions") or ()
            )
            for pod in self.cluster.list(PODS, "default")
        }

    def claims(self) -> dict[str, str]:
        """The claims, and the volumes they are bound to."""
        found = self.cluster.list(PERSISTENT_VOLUME_CLAIMS, "default")
        return {claim["metadata"]["name"]: claim["spec"].get("volumeName", "") for claim in found}

    def say_healthy(self, pod: str, healthy: bool) -> None:
        obj = copy_object(self.pod(pod))
        others = [one for one in obj["status"].get("conditions") or () if one["type"] != GATE]
        conditions = [*others, {"type": GATE, "status": "True" if healthy else "False"}]
        self.cluster.patch(PODS, "default", pod, {"status": {"conditions": conditions}}, subresource="status")
        self.cluster.settle()

    def ask(self, pod: str, body: str | None = None) -> str:
        """Ask the pod's program over the cluster's own network: GET, or POST with a body."""
        address = self.pod(pod)["status"]["podIP"]
        switch = self.cluster.cluster.kubelets.network.switch

        async def request() -> str:
            async with (
                http_session(switch, Origin(API, "172.18.0.2")) as session,
                session.request("POST" if body else "GET", f"http://{address}:8080/", data=body) as response,
            ):
                return await response.text()

        return self.cluster.call(request())


@pytest.fixture
def story(cluster: RunningCluster, manifest: Callable[[str], str]) -> Story:
    return Story(cluster, manifest)


def test_the_story_without_waiting(story: Story) -> None:
    """Steps 4, 7 and 11 take no time at all."""
    now = story.cluster.cluster.clock.now()
    story.begin()
    assert story.ready() == {"kubia-0": True, "kubia-1": True}
    assert story.claims() == {"data-kubia-0": "pv-a", "data-kubia-1": "pv-b"}
    assert story.ask("kubia-0") == "You've hit kubia-0\nData stored on this pod: No data posted yet\n"
    assert story.ask("kubia-0", "Hey there!") == "Data stored on pod kubia-0\n"

    before = story.pod("kubia-0")
    story.cluster.delete(PODS, "default", "kubia-0")
    story.cluster.settle()
    after = story.pod("kubia-0")
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert after["status"]["podIP"] != before["status"]["podIP"]
    assert story.ask("kubia-0") == "You've hit kubia-0\nData stored on this pod: Hey there!\n"

    story.scale(3)
    story.ask("kubia-2", "This stays.")
    story.scale(2)
    assert story.ready() == {"kubia-0": True, "kubia-1": True}
    assert story.claims()["data-kubia-2"] == "pv-c"
    story.scale(3)
    assert story.ask("kubia-2") == "You've hit kubia-2\nData stored on this pod: This stays.\n"
    assert story.cluster.cluster.clock.now() == now


def test_nothing_of_kubia_1_while_kubia_0_is_not_ready(story: Story) -> None:
    """kubia-0 becomes ready after 30 s; until then there is no claim and no pod of kubia-1."""
    probe = {"httpGet": {"path": "/", "port": 8080}, "initialDelaySeconds": 30}
    story.begin(container={"readinessProbe": probe})
    for _ in range(29):
        story.cluster.advance("1s")
        assert story.ready() == {"kubia-0": False}
        assert story.claims() == {"data-kubia-0": "pv-a"}
    assert story.pod("kubia-0")["status"]["phase"] == "Running"
    story.cluster.advance("2s")
    assert story.ready() == {"kubia-0": True, "kubia-1": False}
    assert story.claims() == {"data-kubia-0": "pv-a", "data-kubia-1": "pv-b"}
    story.cluster.advance("31s")
    assert story.ready() == {"kubia-0": True, "kubia-1": True}


def test_kubia_0_is_rebuilt_before_anything_else(story: Story) -> None:
    """kubia-0 is deleted while kubia-1 starts."""
    probe = {"httpGet": {"path": "/", "port": 8080}, "initialDelaySeconds": 30}
    story.begin(container={"readinessProbe": probe})
    story.scale(3)
    story.cluster.advance("40s")
    assert story.ready() == {"kubia-0": True, "kubia-1": False}
    story.delete("kubia-0")
    assert story.ready() == {"kubia-0": False, "kubia-1": False}
    story.delete("kubia-1")
    assert story.ready() == {"kubia-0": False}, "kubia-1 waits for kubia-0"
    story.cluster.advance("29s")
    assert story.ready() == {"kubia-0": False}
    story.cluster.advance("2s")
    assert story.ready() == {"kubia-0": True, "kubia-1": False}
    story.cluster.advance("31s")
    assert story.ready() == {"kubia-0": True, "kubia-1": True, "kubia-2": False}
    story.cluster.advance("31s")
    assert story.ready() == {"kubia-0": True, "kubia-1": True, "kubia-2": True}


def test_nothing_is_scaled_down_while_a_lower_one_is_unhealthy(story: Story) -> None:
    story.begin(readinessGates=[{"conditionType": GATE}])
    story.scale(3)
    for ordinal in range(3):
        story.say_healthy(f"kubia-{ordinal}", True)
    assert story.ready() == {"kubia-0": True, "kubia-1": True, "kubia-2": True}
    story.say_healthy("kubia-0", False)
    story.scale(1)
    story.cluster.advance("10m")
    assert story.ready() == {"kubia-0": False, "kubia-1": True, "kubia-2": True}
    story.say_healthy("kubia-0", True)
    assert story.ready() == {"kubia-0": True}
    assert set(story.claims()) == {"data-kubia-0", "data-kubia-1", "data-kubia-2"}


def test_a_deleted_pod_is_gone_in_between(story: Story) -> None:
    """A pod with a finalizer stays until it is let go; its successor waits so long."""
    story.begin()
    pod = copy_object(story.pod("kubia-0"))
    story.cluster.patch(PODS, "default", "kubia-0", {"metadata": {"finalizers": ["example.com/stay"]}})
    story.delete("kubia-0")
    story.cluster.advance("5m")
    assert story.pod("kubia-0")["metadata"]["uid"] == pod["metadata"]["uid"]
    assert "deletionTimestamp" in story.pod("kubia-0")["metadata"]
    story.cluster.patch(PODS, "default", "kubia-0", {"metadata": {"finalizers": None}})
    story.cluster.settle()
    assert story.pod("kubia-0")["metadata"]["uid"] != pod["metadata"]["uid"]
    assert story.ready() == {"kubia-0": True, "kubia-1": True}


def test_a_claim_that_was_deleted_stays_while_its_pod_uses_it(story: Story) -> None:
    story.begin()
    story.cluster.delete(PERSISTENT_VOLUME_CLAIMS, "default", "data-kubia-1")
    story.cluster.settle()
    assert "data-kubia-1" in story.claims()
    story.scale(1)
    with pytest.raises(ApiError, match="not found"):
        story.cluster.get(PERSISTENT_VOLUME_CLAIMS, "default", "data-kubia-1")
