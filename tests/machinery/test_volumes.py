"""Which volume fits a claim, which class is the default, and what is said of a volume that does not fit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.machinery.volumes import (
    claims_of_pod,
    default_storage_class,
    find_matching_volume,
    has_storage_class,
    is_volume_bound_to_claim,
    mismatch,
    storage_class_of,
)
from minikube_lite.store import Object

RWO, ROX, RWX = "ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"


def volume(name: str = "pv", size: str = "1Gi", modes: tuple[str, ...] = (RWO,), **spec: Any) -> Object:
    """A free volume; `labels` and `phase` are its own, the rest its spec's."""
    metadata = {"name": name, "labels": spec.pop("labels", {})}
    status = {"phase": spec.pop("phase", "Available")}
    return {
        "metadata": metadata,
        "spec": {"capacity": {"storage": size}, "accessModes": list(modes), **spec},
        "status": status,
    }


def claim(size: str = "1Gi", modes: tuple[str, ...] = (RWO,), **spec: Any) -> Object:
    """A claim."""
    metadata = {"name": "data", "namespace": "default", "uid": "u", "annotations": spec.pop("annotations", {})}
    resources = {"requests": {"storage": size}}
    return {"metadata": metadata, "spec": {"accessModes": list(modes), "resources": resources, **spec}}


def chosen(wanted: Object, *volumes: Object, **how: Any) -> str:
    """The name of the volume that the claim gets, "" for none."""
    found = find_matching_volume(wanted, volumes, **how)
    return str(found["metadata"]["name"]) if found is not None else ""


def test_the_smallest_that_fits() -> None:
    volumes = [volume("large", "10Gi"), volume("fits", "1024Mi"), volume("small", "1Mi"), volume("same", "1Gi")]
    assert chosen(claim(), *volumes) == "fits"
    assert chosen(claim("2Gi"), *volumes) == "large"
    assert chosen(claim("11Gi"), *volumes) == ""


def test_fewer_access_modes_come_first() -> None:
    many = volume("many", "1Gi", (RWO, ROX, RWX))
    assert chosen(claim(), many, volume("one", "9Gi")) == "one"
    assert chosen(claim(modes=(RWX,)), many, volume("one", "9Gi")) == "many"
    assert chosen(claim(modes=(RWO, RWX)), volume("a", modes=(RWO,)), volume("b", modes=(RWX,))) == ""


@pytest.mark.parametrize(
    ("wanted", "offered", "fits"),
    [
        (claim(), volume(phase="Pending"), False),
        (claim(), volume(phase="Released"), False),
        (claim(), volume(storageClassName="fast"), False),
        (claim(storageClassName="fast"), volume(storageClassName="fast"), True),
        (claim(annotations={"volume.beta.kubernetes.io/storage-class": "fast"}), volume(storageClassName="fast"), True),
        (claim(volumeMode="Block"), volume(), False),
        (claim(volumeMode="Block"), volume(volumeMode="Block"), True),
        (claim(volumeMode="Filesystem"), volume(), True),
        (claim(volumeAttributesClassName="gold"), volume(), False),
        (claim(selector={"matchLabels": {"a": "b"}}), volume(), False),
        (claim(selector={"matchLabels": {"a": "b"}}), volume(labels={"a": "b"}), True),
        (claim(), volume(claimRef={"namespace": "default", "name": "data"}, phase="Pending"), True),
        (claim(), volume(claimRef={"namespace": "default", "name": "data", "uid": "u"}, phase="Bound"), True),
        (claim(), volume(claimRef={"namespace": "default", "name": "data", "uid": "other"}), False),
        (claim(), volume(claimRef={"namespace": "other", "name": "data"}), False),
        (claim("2Gi"), volume(claimRef={"namespace": "default", "name": "data"}), False),
    ],
)
def test_what_must_fit(wanted: Object, offered: Object, fits: bool) -> None:
    assert bool(chosen(wanted, offered)) == fits


def test_a_reserved_volume_comes_before_a_smaller_one_and_before_the_scheduler() -> None:
    reserved = volume("reserved", "5Gi", claimRef={"namespace": "default", "name": "data"})
    assert chosen(claim(), volume("free"), reserved) == "reserved"
    assert chosen(claim(), volume("free"), delay_binding=True) == ""
    assert chosen(claim(), volume("free"), reserved, delay_binding=True) == "reserved"


def test_a_volume_that_goes_is_not_given_away() -> None:
    going = volume()
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert chosen(claim(), going) == ""
    assert mismatch(going, claim()) == 'the volume is marked for deletion "pv"'


@given(
    st.lists(st.tuples(st.integers(1, 5), st.sampled_from(["Available", "Bound"])), max_size=8),
    st.integers(1, 5),
)
def test_never_too_small_never_taken_never_needlessly_large(offers: list[tuple[int, str]], size: int) -> None:
    volumes = {f"pv-{n}": volume(f"pv-{n}", f"{amount}Gi", phase=phase) for n, (amount, phase) in enumerate(offers)}
    sizes = [amount for amount, phase in offers if phase == "Available" and amount >= size]
    name = chosen(claim(f"{size}Gi"), *volumes.values())
    assert (volumes[name]["spec"]["capacity"]["storage"] if name else "") == (f"{min(sizes)}Gi" if sizes else "")


@pytest.mark.parametrize(
    ("offered", "wanted", "text"),
    [
        (volume(), claim(), ""),
        (volume(size="1Mi"), claim(), "requested PV is too small"),
        (volume(storageClassName="fast"), claim(), "storageClassName does not match"),
        (volume(volumeAttributesClassName="gold"), claim(), "volumeAttributesClassName does not match"),
        (volume(volumeMode="Block"), claim(), "incompatible volumeMode"),
        (volume(modes=(ROX,)), claim(), "incompatible accessMode"),
    ],
)
def test_why_a_named_volume_does_not_fit(offered: Object, wanted: Object, text: str) -> None:
    assert mismatch(offered, wanted) == text


def test_classes() -> None:
    def storage_class(name: str, created: str, **annotations: str) -> Object:
        return {"metadata": {"name": name, "creationTimestamp": created, "annotations": annotations}}

    marked = {"storageclass.kubernetes.io/is-default-class": "true"}
    beta = {"storageclass.beta.kubernetes.io/is-default-class": "true"}
    plain = storage_class("plain", "3")
    assert default_storage_class([plain]) is None
    classes = [plain, storage_class("b", "1", **marked), storage_class("a", "1", **beta)]
    assert (default_storage_class(classes) or {})["metadata"]["name"] == "a"
    classes.append(storage_class("newer", "2", **marked))
    assert (default_storage_class(classes) or {})["metadata"]["name"] == "newer"
    assert not has_storage_class(claim())
    assert has_storage_class(claim(storageClassName=""))
    assert storage_class_of(claim(storageClassName="x")) == "x"


def test_claims_of_pods() -> None:
    volumes = [
        {"name": "a", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "b", "ephemeral": {"volumeClaimTemplate": {}}},
        {"name": "c", "emptyDir": {}},
    ]
    assert claims_of_pod({"metadata": {"name": "p"}, "spec": {"volumes": volumes}}) == ["data", "p-b"]
    assert claims_of_pod({"metadata": {"name": "p"}, "spec": {}}) == []
    assert not is_volume_bound_to_claim(volume(), claim())
