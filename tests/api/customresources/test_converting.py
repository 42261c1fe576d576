"""Versions that a webhook converts: what is written in one is read in the other, and what it gets wrong is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import CUSTOM_RESOURCE_DEFINITIONS, GroupVersionResource
from tests.api.admission.test_webhooks import certificate
from tests.api.customresources.conftest import WIDGETS, definition

OLD = GroupVersionResource("example.com", "v1beta1", "widgets")


class Converter:
    """A conversion webhook: v1 calls `size` what v1beta1 calls `width`."""

    def __init__(self) -> None:
        self.fault = ""
        self.asked = 0

    async def handle(self, request: web.BaseRequest) -> web.Response:
        self.asked += 1
        asked = orjson.loads(await request.read())["request"]
        wanted = asked["desiredAPIVersion"]
        converted = [self.convert(obj, wanted) for obj in asked["objects"]]
        result = {"status": "Failed", "message": self.fault} if self.fault else {"status": "Success"}
        response = {"uid": asked["uid"], "convertedObjects": converted, "result": result}
        return web.json_response(
            {"kind": "ConversionReview", "apiVersion": "apiextensions.k8s.io/v1", "response": response}
        )

    def convert(self, obj: Any, wanted: str) -> Any:
        before, after = ("size", "width") if wanted.endswith("v1beta1") else ("width", "size")
        spec = {after if name == before else name: value for name, value in obj["spec"].items()}
        return {**obj, "apiVersion": wanted, "spec": spec}


def version(name: str, field: str, *, storage: bool = False) -> dict[str, Any]:
    spec = {"type": "object", "properties": {field: {"type": "integer"}}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    column = {"name": "It", "type": "integer", "jsonPath": f".spec.{field}"}
    return {"name": name, "served": True, "storage": storage, "schema": schema, "additionalPrinterColumns": [column]}


@pytest.fixture
async def converter(world: Any, tmp_path: Path) -> AsyncIterator[Converter]:
    """A definition whose v1beta1 is stored and whose v1 is preferred, with its webhook."""
    context, bundle = certificate(tmp_path)
    converter = Converter()
    runner = web.ServerRunner(web.Server(converter.handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    url = f"https://127.0.0.1:{runner.addresses[0][1]}/convert"
    webhook = {"clientConfig": {"url": url, "caBundle": bundle}, "conversionReviewVersions": ["v1"]}
    versions = [version("v1beta1", "width", storage=True), version("v1", "size")]
    await world.define(definition(versions=versions, conversion={"strategy": "Webhook", "webhook": webhook}))
    yield converter
    await runner.cleanup()


async def test_each_version_has_its_own_words(world, converter) -> None:
    made = await world.client.create(WIDGETS, "default", {"metadata": {"name": "one"}, "spec": {"size": 3}})
    assert made["spec"] == {"size": 3}
    assert (await world.client.get(OLD, "default", "one"))["spec"] == {"width": 3}
    await world.client.patch(OLD, "default", "one", {"spec": {"width": 4}, "metadata": {"labels": {"a": "b"}}})
    found = (await world.client.list_objects(WIDGETS, "default")).items[0]
    assert found["spec"] == {"size": 4} and found["metadata"]["labels"] == {"a": "b"}
    await world.client.patch(WIDGETS, "default", "one", {"spec": {"size": 5}})
    assert (await world.client.get(OLD, "default", "one"))["spec"] == {"width": 5}
    await world.client.delete(WIDGETS, "default", "one")


async def test_a_revision_is_converted_once(world, converter) -> None:
    await world.client.create(OLD, "default", {"metadata": {"name": "one"}, "spec": {"width": 3}})
    await world.cluster.settle()
    before = converter.asked
    for _ in range(3):
        await world.client.get(WIDGETS, "default", "one")
    assert converter.asked <= before + 1


async def test_what_the_webhook_cannot_is_told(world, converter) -> None:
    await world.client.create(OLD, "default", {"metadata": {"name": "one"}, "spec": {"width": 3}})
    converter.fault = "out of words"
    with pytest.raises(ApiError) as error:
        await world.client.get(WIDGETS, "default", "one")
    assert str(error.value) == "conversion webhook for example.com/v1beta1, Kind=Widget failed: out of words"
    assert (await world.client.get(OLD, "default", "one"))["spec"] == {"width": 3}


async def test_what_is_defined_goes_with_its_definition(world, converter) -> None:
    await world.client.create(WIDGETS, "default", {"metadata": {"name": "one"}, "spec": {"size": 3}})
    await world.client.delete(CUSTOM_RESOURCE_DEFINITIONS, "", "widgets.example.com")
    await world.cluster.settle()
    assert world.served() == []
