"""Definitions are accepted, established, served, and emptied before they go."""

from __future__ import annotations

import pytest

from minikube_lite import Cluster
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.resources import CONFIG_MAPS, CUSTOM_RESOURCE_DEFINITIONS
from minikube_lite.store import Ended
from tests.api.customresources.conftest import WIDGETS, definition


async def test_names_are_accepted_and_served(world) -> None:
    found = await world.define(definition())
    assert world.conditions(found) == {
        "NamesAccepted": ("True", "NoConflicts"),
        "Established": ("True", "InitialNamesAccepted"),
    }
    assert found["status"]["acceptedNames"]["listKind"] == "WidgetList"
    assert world.served() == ["v1/widgets"]


async def test_names_that_are_taken_are_refused_until_they_are_free(world) -> None:
    await world.define(definition())
    names = {"plural": "gadgets", "kind": "Widget", "shortNames": ["widgets"]}
    second = await world.define(definition("gadgets", "Widget", names=names))
    assert world.conditions(second) == {
        "NamesAccepted": ("False", "ListKindConflict"),
        "Established": ("False", "NotAccepted"),
    }
    assert world.served() == ["v1/widgets"]
    await world.client.delete(CUSTOM_RESOURCE_DEFINITIONS, "", "widgets.example.com")
    await world.cluster.settle()
    assert world.conditions(await world.definition("gadgets.example.com"))["Established"][0] == "True"
    assert world.served() == ["v1/gadgets"]


async def test_objects_go_before_their_definition(world) -> None:
    await world.define(definition())
    held = {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}}
    await world.client.create(WIDGETS, "default", held)
    await world.client.create(WIDGETS, "default", {"metadata": {"name": "free"}})
    await world.client.delete(CUSTOM_RESOURCE_DEFINITIONS, "", "widgets.example.com")
    await world.cluster.settle()
    left = await world.client.list_objects(WIDGETS)
    assert [obj["metadata"]["name"] for obj in left.items] == ["held"]
    reason = world.conditions(await world.definition("widgets.example.com"))["Terminating"]
    assert reason == ("True", "InstanceDeletionInProgress")
    with pytest.raises(ApiError, match="create not allowed while custom resource definition is terminating"):
        await world.client.create(WIDGETS, "default", {"metadata": {"name": "late"}})
    await world.client.patch(WIDGETS, "default", "held", {"metadata": {"finalizers": None}})
    await world.cluster.advance(5)
    with pytest.raises(ApiError) as gone:
        await world.definition("widgets.example.com")
    assert is_not_found(gone.value)
    assert world.served() == []


async def test_watches_of_what_is_served_no_more_end(world) -> None:
    await world.define(definition())
    cursor = world.client.watch(WIDGETS, after=world.cluster.store.revision)
    await world.client.delete(CUSTOM_RESOURCE_DEFINITIONS, "", "widgets.example.com")
    await world.cluster.settle()
    with pytest.raises(Ended):
        cursor.drain()
    cursor.close()


async def test_other_clusters_know_nothing_of_it(world) -> None:
    await world.define(definition())
    async with Cluster(nodes=0, serve_api=False, serve_dns=False) as other:
        assert not [info for info in other.client.resources() if info.group == "example.com"]


async def test_dependents_of_custom_resources_are_collected(world) -> None:
    await world.define(definition())
    owner = await world.client.create(WIDGETS, "default", {"metadata": {"name": "owner"}})
    reference = {"apiVersion": "example.com/v1", "kind": "Widget", "name": "owner", "uid": owner["metadata"]["uid"]}
    for resource in (CONFIG_MAPS, WIDGETS):
        await world.client.create(resource, "default", {"metadata": {"name": "owned", "ownerReferences": [reference]}})
    await world.cluster.settle()
    await world.client.delete(WIDGETS, "default", "owner")
    await world.cluster.settle()
    assert not (await world.client.list_objects(WIDGETS)).items
    names = [obj["metadata"]["name"] for obj in (await world.client.list_objects(CONFIG_MAPS, "default")).items]
    assert "owned" not in names


async def test_a_changed_schema_holds_for_what_was_stored_before(world) -> None:
    await world.define(definition())
    await world.client.create(WIDGETS, "default", {"metadata": {"name": "one"}, "spec": {"size": "x"}})
    changed = definition()["spec"]["versions"]
    properties = changed[0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    properties["colour"] = {"type": "string", "default": "red"}
    del properties["size"]
    await world.change("widgets.example.com", {"spec": {"versions": changed}})
    found = await world.client.get(WIDGETS, "default", "one")
    assert found["spec"] == {"replicas": 1, "colour": "red"}
