"""One object in several versions, of which one is stored."""

from __future__ import annotations

import pytest

from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import CUSTOM_RESOURCE_DEFINITIONS, GroupVersionResource
from tests.api.customresources.conftest import WIDGETS, definition

OLD = GroupVersionResource("example.com", "v1beta1", "widgets")


def version(name: str, *, storage: bool = False, **properties: object) -> dict[str, object]:
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}
    return {"name": name, "served": True, "storage": storage, "schema": {"openAPIV3Schema": schema}}


TEXT = {"type": "string"}
TWO = [
    version("v1beta1", old=TEXT, both={"type": "string", "default": "beta"}),
    version("v1", storage=True, new=TEXT, both={"type": "string", "default": "one"}),
]


async def test_each_version_shows_its_own_fields(world) -> None:
    await world.define(definition(versions=TWO))
    made = await world.client.create(OLD, "default", {"metadata": {"name": "one"}, "spec": {"old": "a", "new": "b"}})
    assert made["spec"] == {"both": "beta"}  # what only the old version has is not stored
    assert (await world.client.get(WIDGETS, "default", "one"))["spec"] == {"both": "beta"}
    await world.client.patch(WIDGETS, "default", "one", {"spec": {"new": "c"}})
    assert (await world.client.get(OLD, "default", "one"))["spec"] == {"both": "beta"}


async def test_the_stable_version_is_preferred(world) -> None:
    await world.define(definition(versions=TWO))
    infos = [info for info in world.client.resources() if info.group == "example.com"]
    assert [(info.version, info.preferred_version) for info in infos] == [("v1", "v1"), ("v1beta1", "v1")]


async def test_another_storage_version_is_noted_and_shown(world) -> None:
    await world.define(definition(versions=TWO))
    await world.client.create(WIDGETS, "default", {"metadata": {"name": "one"}, "spec": {"new": "a"}})
    moved = [
        version("v1beta1", old=TEXT, both=TEXT, storage=True),
        version("v1", new=TEXT, both=TEXT),
    ]
    found = await world.change("widgets.example.com", {"spec": {"versions": moved}})
    assert found["status"]["storedVersions"] == ["v1", "v1beta1"]
    await world.client.create(OLD, "default", {"metadata": {"name": "two"}, "spec": {"old": "x"}})
    assert (await world.client.get(OLD, "default", "two"))["spec"] == {"old": "x"}
    with pytest.raises(ApiError, match="missing from spec.versions; v1 was previously a storage version"):
        await world.client.patch(
            CUSTOM_RESOURCE_DEFINITIONS, "", "widgets.example.com", {"spec": {"versions": moved[:1]}}
        )
