"""Conversion of custom resources by a webhook; upstream: apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go.

All that shows and checks objects is synchronous; so what it will need is converted before, all at once, and kept with the records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from minikube_lite.api.scheme import ServedResource
from minikube_lite.api.webhook_calls import CallError, call
from minikube_lite.clock import Clock
from minikube_lite.machinery import errors
from minikube_lite.machinery.meta import copy_object
from minikube_lite.store import Object, Record

API_VERSION = "apiextensions.k8s.io/v1"
TIMEOUT_SECONDS = 30
"""How long a conversion may take, in real time."""


class Converting:
    """Asks conversion webhooks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def prepare(self, resource: ServedResource, records: Iterable[Record]) -> None:
        """Have the records' forms in that version at hand."""
        custom = resource.custom
        if custom is None or custom.webhook is None or resource.conversion is None:
            return
        missing = [record for record in records if not record.has_form(resource.form_name)]
        if not missing:
            return
        stored = [self._whole(resource, custom.storage_version, record.object) for record in missing]
        found = await self._convert(resource, stored, resource.api_version)
        for record, obj in zip(missing, found, strict=True):
            converted = custom.read_shown(obj)
            record.form(resource.form_name, lambda _stored, made=converted: made)  # type: ignore[misc]

    async def to_store(self, resource: ServedResource, obj: Object) -> Object:
        """An object as hooks see it as it is stored."""
        custom = resource.custom
        if custom is None or custom.webhook is None or resource.conversion is None:
            return resource.committed(obj)
        wanted = f"{resource.info.group}/{custom.storage_version}"
        [found] = await self._convert(resource, [self._whole(resource, resource.info.version, obj)], wanted)
        return custom.read_stored(found)

    def _whole(self, resource: ServedResource, version: str, obj: Object) -> Object:
        return {"apiVersion": f"{resource.info.group}/{version}", "kind": resource.info.kind, **obj}

    async def _convert(self, resource: ServedResource, objects: Sequence[Object], wanted: str) -> list[Object]:
        assert resource.custom is not None and resource.custom.webhook is not None
        head = f"conversion webhook for {objects[0]['apiVersion']}, Kind={resource.info.kind}"
        uid = self._clock.uid()
        request = {"uid": uid, "desiredAPIVersion": wanted, "objects": list(objects)}
        body = orjson.dumps({"kind": "ConversionReview", "apiVersion": API_VERSION, "request": request})
        try:
            answer = await call(resource.custom.webhook["clientConfig"], body, TIMEOUT_SECONDS, self._clock.transport)
            converted = _read(answer, uid)
        except CallError as error:
            raise errors.unknown(f"{head} failed: {error}") from None
        if len(converted) != len(objects):
            raise errors.unknown(f"{head} returned {len(converted)} objects, expected {len(objects)}")
        pairs = enumerate(zip(objects, converted, strict=True))
        return [_checked(before, after, wanted, head, position) for position, (before, after) in pairs]


def _read(answer: bytes, uid: str) -> list[Any]:
    try:
        review = orjson.loads(answer)
    except orjson.JSONDecodeError as error:
        raise CallError(f"couldn't get version/kind; json parse error: {error}") from None
    if not isinstance(review, dict) or (review.get("apiVersion"), review.get("kind")) != (
        API_VERSION,
        "ConversionReview",
    ):
        raise CallError(f"expected webhook response of {API_VERSION}, Kind=ConversionReview")
    response = review.get("response")
    if not isinstance(response, dict):
        raise CallError("no response provided")
    if response.get("uid") != uid:
        raise CallError(f'expected response.uid="{uid}", got "{response.get("uid") or ""}"')
    result = response.get("result") or {}
    if result.get("status") != "Success":
        if result.get("message"):
            raise CallError(result["message"])
        raise CallError(f"response.result.status was '{result.get('status') or ''}', not 'Success'")
    return list(response.get("convertedObjects") or ())


def _checked(before: Object, after: Any, wanted: str, head: str, position: int) -> Object:
    """A converted object, of whose metadata only labels and annotations may be new."""
    told = f"{head} returned invalid converted object at index {position}"
    if not isinstance(after, dict) or after.get("apiVersion") != wanted:
        found = after.get("apiVersion") if isinstance(after, dict) else after
        raise errors.unknown(f"{told}: invalid groupVersion (expected {wanted}, received {found})")
    if after.get("kind") != before["kind"]:
        raise errors.unknown(f"{told}: invalid kind (expected {before['kind']}, received {after.get('kind')})")
    metadata = copy_object(before["metadata"])
    for name in ("labels", "annotations"):
        metadata.pop(name, None)
        if (after.get("metadata") or {}).get(name):
            metadata[name] = after["metadata"][name]
    rest = {name: value for name, value in after.items() if name not in ("apiVersion", "kind", "metadata")}
    return {**rest, "metadata": metadata}
