"""The volume binder with its helpers, as a whole: the order of its writes, what it tells, and what becomes of data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from minikube_lite.machinery.resources import (
    NAMESPACES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    STORAGE_CLASSES,
)
from minikube_lite.machinery.volumes import BIND_COMPLETED, BOUND_BY_CONTROLLER, PROVISIONED_BY, STORAGE_PROVISIONER
from minikube_lite.programs.volumes import VolumeDirectories
from minikube_lite.store import Object

Make = Callable[..., Object]


async def phases(world: Any) -> dict[str, str]:
    """The phases of all volumes and claims."""
    objects = [*await world.items(PERSISTENT_VOLUMES), *await world.items(PERSISTENT_VOLUME_CLAIMS)]
    return {obj["metadata"]["name"]: obj["status"]["phase"] for obj in objects}


async def volume_of(world: Any, claim: str) -> str:
    """The name of the volume to which a claim is bound."""
    found = await world.get(PERSISTENT_VOLUME_CLAIMS, claim)
    return str(found["spec"].get("volumeName", ""))


def changes(world: Any, *resources: Any) -> list[tuple[str, str, str, str]]:
    """Every change so far of those resources, in their order: kind of change, name, phase and the other half."""
    records = []
    for resource in resources:
        cursor = world.store.watch(resource.key, after=0)
        for event in cursor.drain():
            obj = event.record.object
            other = (obj["spec"].get("claimRef") or {}).get("name") or obj["spec"].get("volumeName", "")
            step = (event.type, obj["metadata"]["name"], obj.get("status", {}).get("phase", ""), other)
            records.append((event.record.revision, step))
        cursor.close()
    return [step for _, step in sorted(records)]


async def test_binds_in_the_recorded_order(storage: Any, new_volume: Make, new_claim: Make) -> None:
    for name in ("pv-a", "pv-b", "pv-c"):
        await storage.create(PERSISTENT_VOLUMES, new_volume(name), "")
        await storage.settle()
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("data-kubia-0"))
    await storage.settle()
    assert changes(storage, PERSISTENT_VOLUMES, PERSISTENT_VOLUME_CLAIMS) == [
        ("ADDED", "pv-a", "Pending", ""),
        ("MODIFIED", "pv-a", "Available", ""),
        ("ADDED", "pv-b", "Pending", ""),
        ("MODIFIED", "pv-b", "Available", ""),
        ("ADDED", "pv-c", "Pending", ""),
        ("MODIFIED", "pv-c", "Available", ""),
        ("ADDED", "data-kubia-0", "Pending", ""),
        ("MODIFIED", "pv-a", "Available", "data-kubia-0"),
        ("MODIFIED", "pv-a", "Bound", "data-kubia-0"),
        ("MODIFIED", "data-kubia-0", "Pending", "pv-a"),
        ("MODIFIED", "data-kubia-0", "Bound", "pv-a"),
    ]
    claim = await storage.get(PERSISTENT_VOLUME_CLAIMS, "data-kubia-0")
    assert claim["metadata"]["annotations"] == {BIND_COMPLETED: "yes", BOUND_BY_CONTROLLER: "yes"}
    assert claim["status"] == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Mi"}}
    volume = await storage.get(PERSISTENT_VOLUMES, "pv-a", "")
    assert volume["metadata"]["annotations"] == {BOUND_BY_CONTROLLER: "yes"}
    assert volume["spec"]["claimRef"]["uid"] == claim["metadata"]["uid"]
    assert await storage.reported() == []


async def test_many_claims_at_once_get_a_volume_each(storage: Any, new_volume: Make, new_claim: Make) -> None:
    for position in range(6):
        await storage.create(PERSISTENT_VOLUMES, new_volume(f"pv-{position}"), "")
    for position in range(6):
        await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim(f"claim-{position}"))
    await storage.settle()
    assert {await volume_of(storage, f"claim-{position}") for position in range(6)} == {f"pv-{n}" for n in range(6)}
    # Each volume is made, available, reserved and bound; each claim made, given its volume and bound: nothing twice.
    assert len(changes(storage, PERSISTENT_VOLUMES, PERSISTENT_VOLUME_CLAIMS)) == 6 * 4 + 6 * 3


async def test_a_claim_waits_for_a_volume(storage: Any, new_volume: Make, new_claim: Make) -> None:
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("data"))
    await storage.settle()
    text = "no persistent volumes available for this claim and no storage class is set"
    assert await storage.reported() == [("Normal", "FailedBinding", text)]
    await storage.create(PERSISTENT_VOLUMES, new_volume("pv-a"), "")
    await storage.settle()
    assert await volume_of(storage, "data") == "pv-a"


async def test_recycle_empties_the_volume_and_frees_it(storage: Any, new_volume: Make, new_claim: Make) -> None:
    directories = VolumeDirectories(storage.directory)
    await storage.create(PERSISTENT_VOLUMES, new_volume("pv-a"), "")
    await storage.settle()
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("data"))
    await storage.settle()
    place = directories.persistent("pv-a")
    place.mkdir(parents=True, exist_ok=True)
    (place / "kubia.txt").write_text("data")
    await storage.client.delete(PERSISTENT_VOLUME_CLAIMS, "default", "data")
    await storage.settle()
    assert await phases(storage) == {"pv-a": "Available"}
    volume = await storage.get(PERSISTENT_VOLUMES, "pv-a", "")
    assert "claimRef" not in volume["spec"]
    assert "annotations" not in volume["metadata"]
    assert list(place.iterdir()) == []
    assert await storage.reported() == [("Normal", "VolumeRecycled", "Volume recycled")]
    steps = [step[1:] for step in changes(storage, PERSISTENT_VOLUMES)]
    assert steps[-2:] == [("pv-a", "Released", ""), ("pv-a", "Available", "")] or steps[-3:] == [
        ("pv-a", "Released", "data"), ("pv-a", "Released", ""), ("pv-a", "Available", ""),
    ]  # fmt: skip


async def test_retain_keeps_data_and_binding(storage: Any, new_volume: Make, new_claim: Make) -> None:
    await storage.create(PERSISTENT_VOLUMES, new_volume("pv-a", persistentVolumeReclaimPolicy="Retain"), "")
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("data"))
    await storage.settle()
    await storage.client.delete(PERSISTENT_VOLUME_CLAIMS, "default", "data")
    await storage.settle()
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("data"))
    await storage.settle()
    assert await phases(storage) == {"pv-a": "Released", "data": "Pending"}


@pytest.mark.parametrize(
    ("spec", "phase", "reason", "message"),
    [
        ({}, None, "", ""),
        (
            {"hostPath": {"path": "/mnt/data"}},
            "Failed",
            "VolumeFailedDelete",
            "host_path deleter only supports /tmp/.+ but received provided /mnt/data",
        ),
        (
            {"hostPath": None, "nfs": {"server": "nfs", "path": "/"}},
            "Failed",
            "VolumeFailedDelete",
            'error getting deleter volume plugin for volume "pv-a": no deletable volume plugin matched',
        ),
    ],
)
async def test_delete(
    storage: Any, new_volume: Make, new_claim: Make, spec: dict[str, Any], phase: str | None, reason: str, message: str
) -> None:
    volume = new_volume("pv-a", persistentVolumeReclaimPolicy="Delete", **spec)
    volume["spec"] = {key: value for key, value in volume["spec"].items() if value is not None}
    await storage.create(PERSISTENT_VOLUMES, volume, "")
    await storage.settle()
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("data"))
    await storage.settle()
    await storage.client.delete(PERSISTENT_VOLUME_CLAIMS, "default", "data")
    await storage.settle()
    assert (await phases(storage)).get("pv-a") == phase
    assert await storage.reported() == ([("Warning", reason, message)] if reason else [])


async def test_recycle_waits_for_pods_that_still_use_the_volume(
    storage: Any, new_volume: Make, new_claim: Make, new_pod: Make
) -> None:
    await storage.create(PERSISTENT_VOLUMES, new_volume("pv-a"), "")
    await storage.settle()
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("data"))
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    await storage.create(PODS, new_pod("user", volumes=volumes, nodeName="node-1"))
    await storage.settle()
    await storage.client.delete(PERSISTENT_VOLUME_CLAIMS, "default", "data")
    await storage.settle()
    # The pod protects the claim; an administrator who takes the finalizer off does not get the data wiped.
    assert await phases(storage) == {"pv-a": "Bound", "data": "Bound"}
    await storage.client.patch(PERSISTENT_VOLUME_CLAIMS, "default", "data", {"metadata": {"finalizers": None}})
    await storage.settle()
    assert await phases(storage) == {"pv-a": "Released"}
    assert await storage.reported() == [("Normal", "VolumeFailedRecycle", "Volume is used by pods: default/user")]
    await storage.client.delete(PODS, "default", "user", {"gracePeriodSeconds": 0})
    await storage.settle()
    assert await phases(storage) == {"pv-a": "Available"}


async def test_a_used_claim_goes_with_its_last_pod(
    storage: Any, new_volume: Make, new_claim: Make, new_pod: Make
) -> None:
    await storage.create(PERSISTENT_VOLUMES, new_volume("pv-a"), "")
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("data"))
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    await storage.create(PODS, new_pod("user", volumes=volumes, nodeName="node-1"))
    await storage.client.delete(PERSISTENT_VOLUME_CLAIMS, "default", "data")
    await storage.settle()
    assert (await phases(storage))["data"] == "Bound"
    await storage.client.delete(PODS, "default", "user", {"gracePeriodSeconds": 0})
    await storage.settle()
    assert await phases(storage) == {"pv-a": "Available"}


async def test_a_bound_volume_stays_until_its_claim_goes(storage: Any, new_volume: Make, new_claim: Make) -> None:
    await storage.create(PERSISTENT_VOLUMES, new_volume("pv-a", persistentVolumeReclaimPolicy="Retain"), "")
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("data"))
    await storage.settle()
    await storage.client.delete(PERSISTENT_VOLUMES, "", "pv-a")
    await storage.settle()
    assert await phases(storage) == {"pv-a": "Bound", "data": "Bound"}
    await storage.client.delete(PERSISTENT_VOLUME_CLAIMS, "default", "data")
    await storage.settle()
    assert await phases(storage) == {}


async def test_a_claim_whose_volume_vanishes_is_lost(storage: Any, new_volume: Make, new_claim: Make) -> None:
    await storage.create(PERSISTENT_VOLUMES, new_volume("pv-a"), "")
    await storage.settle()
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("data"))
    await storage.settle()
    await storage.client.delete(PERSISTENT_VOLUMES, "", "pv-a")
    await storage.client.patch(PERSISTENT_VOLUMES, "", "pv-a", {"metadata": {"finalizers": None}})
    await storage.settle()
    assert await phases(storage) == {"data": "Lost"}
    text = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
    assert await storage.reported() == [("Warning", "ClaimLost", text)]


async def test_reserved_volumes(storage: Any, new_volume: Make, new_claim: Make) -> None:
    reserved = new_volume("pv-a", "5Mi", claimRef={"namespace": "default", "name": "second"})
    await storage.create(PERSISTENT_VOLUMES, reserved, "")
    await storage.create(PERSISTENT_VOLUMES, new_volume("pv-b"), "")
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("first"))
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("second"))
    await storage.settle()
    assert (await volume_of(storage, "first"), await volume_of(storage, "second")) == ("pv-b", "pv-a")
    await storage.client.delete(PERSISTENT_VOLUME_CLAIMS, "default", "second")
    await storage.settle()
    volume = await storage.get(PERSISTENT_VOLUMES, "pv-a", "")
    assert volume["status"]["phase"] == "Available"
    assert volume["spec"]["claimRef"]["name"] == "second"
    assert "uid" not in volume["spec"]["claimRef"]


# Provisioning


async def test_the_default_class_provisions(storage: Any, new_class: Make, new_claim: Make) -> None:
    await storage.create(STORAGE_CLASSES, new_class(), "")
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("data", "3Mi"))
    await storage.settle()
    claim = await storage.get(PERSISTENT_VOLUME_CLAIMS, "data")
    name = f"pvc-{claim['metadata']['uid']}"
    assert claim["spec"]["storageClassName"] == "standard"
    assert claim["metadata"]["annotations"][STORAGE_PROVISIONER] == "minikube-lite.io/hostpath"
    assert await phases(storage) == {name: "Bound", "data": "Bound"}
    volume = await storage.get(PERSISTENT_VOLUMES, name, "")
    assert volume["metadata"]["annotations"] == {PROVISIONED_BY: "minikube-lite.io/hostpath"}
    assert volume["spec"]["hostPath"]["path"] == "/tmp/hostpath-provisioner/default/data"
    assert (volume["spec"]["capacity"], volume["spec"]["persistentVolumeReclaimPolicy"]) == (
        {"storage": "3Mi"},
        "Delete",
    )
    reported = {event[1]: event[2] for event in await storage.reported()}
    assert list(reported) == ["ExternalProvisioning", "Provisioning", "ProvisioningSucceeded"]
    assert reported["Provisioning"] == 'External provisioner is provisioning volume for claim "default/data"'
    assert reported["ProvisioningSucceeded"] == f"Successfully provisioned volume {name}"
    place = VolumeDirectories(storage.directory).persistent(name)
    place.mkdir(parents=True)
    await storage.client.delete(PERSISTENT_VOLUME_CLAIMS, "default", "data")
    await storage.settle()
    assert await phases(storage) == {}
    assert not place.exists()


async def test_a_claim_without_class_takes_a_free_volume_first(
    storage: Any, new_class: Make, new_volume: Make, new_claim: Make
) -> None:
    """Three claims, two volumes without a class: the third falls back to the default class, whatever the order."""
    await storage.create(STORAGE_CLASSES, new_class(), "")
    for name in ("pv-a", "pv-b"):
        await storage.create(PERSISTENT_VOLUMES, new_volume(name), "")
    await storage.settle()
    for name in ("one", "two", "three"):
        await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim(name))
    await storage.settle()
    bound = sorted([await volume_of(storage, name) for name in ("one", "two", "three")])
    assert bound[:2] == ["pv-a", "pv-b"]
    assert bound[2].startswith("pvc-")
    # What does not fit is not waited for.
    await storage.create(PERSISTENT_VOLUMES, new_volume("pv-c"), "")
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("large", "2Mi"))
    await storage.settle()
    assert (await volume_of(storage, "large")).startswith("pvc-")


async def test_no_class_on_purpose_waits(storage: Any, new_class: Make, new_claim: Make) -> None:
    await storage.create(STORAGE_CLASSES, new_class(), "")
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("data", storageClassName=""))
    await storage.settle()
    assert await phases(storage) == {"data": "Pending"}


async def test_waits_for_first_consumer(storage: Any, new_class: Make, new_claim: Make, new_pod: Make) -> None:
    await storage.create(STORAGE_CLASSES, new_class(volumeBindingMode="WaitForFirstConsumer"), "")
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("data"))
    await storage.settle()
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    await storage.create(PODS, new_pod("user", volumes=volumes))
    await storage.settle()
    assert [event[1:] for event in await storage.reported()] == [
        ("WaitForFirstConsumer", "waiting for first consumer to be created before binding"),
        ("WaitForPodScheduled", "waiting for pod user to be scheduled"),
    ]
    selected = {"metadata": {"annotations": {"volume.kubernetes.io/selected-node": "node-1"}}}
    await storage.client.patch(PERSISTENT_VOLUME_CLAIMS, "default", "data", selected)
    await storage.settle()
    assert (await phases(storage))["data"] == "Bound"


async def test_a_missing_class(storage: Any, new_class: Make, new_claim: Make) -> None:
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("data", storageClassName="fast"))
    await storage.settle()
    text = 'storageclass.storage.k8s.io "fast" not found'
    assert await storage.reported() == [("Warning", "ProvisioningFailed", text)]
    await storage.create(STORAGE_CLASSES, new_class("fast", default=False), "")
    await storage.settle()
    assert (await phases(storage))["data"] == "Bound"


async def test_a_claim_grows(storage: Any, new_class: Make, new_claim: Make) -> None:
    await storage.create(STORAGE_CLASSES, new_class(allowVolumeExpansion=True), "")
    await storage.create(PERSISTENT_VOLUME_CLAIMS, new_claim("data"))
    await storage.settle()
    more = {"spec": {"resources": {"requests": {"storage": "4Mi"}}}}
    await storage.client.patch(PERSISTENT_VOLUME_CLAIMS, "default", "data", more)
    await storage.settle()
    claim = await storage.get(PERSISTENT_VOLUME_CLAIMS, "data")
    volume = await storage.get(PERSISTENT_VOLUMES, claim["spec"]["volumeName"], "")
    assert (claim["status"]["capacity"], volume["spec"]["capacity"]) == ({"storage": "4Mi"}, {"storage": "4Mi"})


# Trouble

Storage = Callable[[], Awaitable[Any]]


@pytest.mark.parametrize("takes_effect", [False, True])
async def test_any_write_may_fail(
    make_storage: Storage,
    new_volume: Make,
    new_claim: Make,
    new_class: Make,
    check: Callable[[Any], Awaitable[None]],
    takes_effect: bool,
) -> None:
    for nth in range(1, 40):
        world = await make_storage()
        world.failures.nth, world.failures.takes_effect, world.failures.count = nth, takes_effect, 0
        await world.create(STORAGE_CLASSES, new_class(), "")
        await world.create(PERSISTENT_VOLUMES, new_volume("pv-a"), "")
        for name in ("one", "two"):
            await world.create(PERSISTENT_VOLUME_CLAIMS, new_claim(name))
        await world.settle()
        await check(world)
        assert {(await volume_of(world, name))[:4] for name in ("one", "two")} == {"pv-a", "pvc-"}, nth
        for name in ("one", "two"):
            await world.client.delete(PERSISTENT_VOLUME_CLAIMS, "default", name)
        await world.settle()
        assert await phases(world) == {"pv-a": "Available"}, nth
        await world.stop()
        if world.failures.count < nth:
            return
    raise AssertionError("more writes than expected")


async def test_claims_of_another_namespace_keep_apart(storage: Any, new_volume: Make, new_claim: Make) -> None:
    await storage.create(NAMESPACES, {"metadata": {"name": "other"}}, "")
    for name in ("pv-a", "pv-b"):
        await storage.create(PERSISTENT_VOLUMES, new_volume(name), "")
    for namespace in ("default", "other"):
        claim = new_claim("data")
        claim["metadata"]["namespace"] = namespace
        await storage.create(PERSISTENT_VOLUME_CLAIMS, claim, namespace)
    await storage.settle()
    references = [volume["spec"]["claimRef"]["namespace"] for volume in await storage.items(PERSISTENT_VOLUMES)]
    assert sorted(references) == ["default", "other"]
