"""How slices change: what stands where it stood, how few are written, how full they become."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.controllers.endpointslice.desired import EndpointGroup, Groups
from minikube_lite.controllers.endpointslice.reconcile import ENDPOINTS_PER_SLICE_MAX, Changes, plan
from minikube_lite.machinery.meta import copy_object
from minikube_lite.store import Object

SERVICE: Object = {
    "metadata": {"name": "web", "namespace": "default", "uid": "s", "labels": {"tier": "front"}},
    "spec": {"clusterIP": "None", "ipFamilies": ["IPv4"], "selector": {"app": "web"}},
}
KEY = ("IPv4", ())


def endpoint(number: int, *, ready: bool = True) -> Object:
    target = {"kind": "Pod", "namespace": "default", "name": f"web-{number}", "uid": f"u{number}"}
    address = f"10.1.{number // 250}.{number % 250}"
    return {"addresses": [address], "conditions": {"ready": ready}, "targetRef": target}


def groups(numbers: list[int], *, ready: bool = True) -> Groups:
    return {KEY: EndpointGroup("IPv4", [], [endpoint(number, ready=ready) for number in numbers])} if numbers else {}


class Slices:
    """Slices as an API would keep them."""

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.named = 0

    def reconcile(self, wanted: Groups) -> Changes:
        changes = plan(SERVICE, wanted, copy_object(list(self.objects.values())), "")
        for obj in changes.delete:
            del self.objects[obj["metadata"]["name"]]
        for obj in changes.create:
            self.named += 1
            obj["metadata"]["name"] = f"web-{self.named:05}"
        for obj in (*changes.create, *changes.update):
            self.objects[obj["metadata"]["name"]] = obj
        return changes

    def numbers(self) -> list[int]:
        names = [item["targetRef"]["name"] for obj in self.objects.values() for item in obj["endpoints"]]
        return sorted(int(name.removeprefix("web-")) for name in names)


def counts(changes: Changes) -> tuple[int, int, int]:
    return len(changes.create), len(changes.update), len(changes.delete)


def test_a_service_without_endpoints_has_one_slice_and_keeps_it():
    slices = Slices()
    assert counts(slices.reconcile({})) == (1, 0, 0)
    assert counts(slices.reconcile({})) == (0, 0, 0)
    (name,) = slices.objects
    assert counts(slices.reconcile(groups([1]))) == (0, 1, 0)
    assert list(slices.objects) == [name]
    assert counts(slices.reconcile({})) == (0, 1, 0)
    assert slices.objects[name]["endpoints"] == []


def test_labels_and_owner():
    slices = Slices()
    slices.reconcile({})
    (obj,) = slices.objects.values()
    assert obj["metadata"]["generateName"] == "web-"
    assert obj["metadata"]["labels"] == {
        "tier": "front",
        "service.kubernetes.io/headless": "",
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    }
    assert obj["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "name": "web",
            "uid": "s",
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]


def test_an_endpoint_that_changes_stays_where_it_is():
    slices = Slices()
    slices.reconcile(groups([1, 2, 3]))
    wanted = groups([3, 2, 1])
    wanted[KEY].endpoints[1]["conditions"]["ready"] = False
    assert counts(slices.reconcile(wanted)) == (0, 1, 0)
    (obj,) = slices.objects.values()
    assert [item["conditions"]["ready"] for item in obj["endpoints"]] == [True, False, True]
    assert [item["targetRef"]["name"] for item in obj["endpoints"]] == ["web-1", "web-2", "web-3"]


def test_slices_of_an_earlier_service_of_that_name_go():
    slices = Slices()
    slices.reconcile(groups([1]))
    (old,) = slices.objects.values()
    old["metadata"]["ownerReferences"][0]["uid"] = "earlier"
    assert counts(slices.reconcile(groups([1]))) == (1, 0, 1)


def test_slices_are_full_before_there_are_more():
    slices = Slices()
    slices.reconcile(groups(list(range(250))))
    assert sorted(len(obj["endpoints"]) for obj in slices.objects.values()) == [50, 100, 100]
    assert counts(slices.reconcile(groups(list(range(255))))) == (0, 1, 0)


@given(st.lists(st.sets(st.integers(0, 330), max_size=320), max_size=8))
def test_slices_show_exactly_what_is_wanted(steps):
    slices = Slices()
    for numbers in steps:
        slices.reconcile(groups(sorted(numbers)))
        assert slices.numbers() == sorted(numbers)
        assert all(len(obj["endpoints"]) <= ENDPOINTS_PER_SLICE_MAX for obj in slices.objects.values())
        assert slices.objects
        assert not slices.reconcile(groups(sorted(numbers)))
