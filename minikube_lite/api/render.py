"""Objects, lists and tables as bytes; what is shown of a record is made from the bytes that it keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from multidict import CIMultiDict

from minikube_lite.api.negotiation import Form
from minikube_lite.api.reading import Page
from minikube_lite.api.scheme import ServedResource
from minikube_lite.api.table import table
from minikube_lite.machinery import errors
from minikube_lite.store import Record


@dataclass(slots=True)
class Answer:
    """A complete answer to a request."""

    code: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] | None = None


def add_warnings(headers: CIMultiDict[str], warnings: Sequence[str]) -> None:
    """A Warning header for each text."""
    for text in dict.fromkeys(warnings):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
        headers.add("Warning", f'299 - "{escaped}"')


def object_bytes(resource: ServedResource, record: Record) -> bytes:
    """An object with its kind and apiVersion."""
    return resource.head + resource.form(record).body[1:]


def metadata_bytes(record: Record, form: Form) -> bytes:
    """An object's metadata alone."""
    head = f'{{"kind":"PartialObjectMetadata","apiVersion":"{form.api_version}","metadata":'
    return head.encode() + orjson.dumps(record.object["metadata"]) + b"}"


def object_answer(
    resource: ServedResource, record: Record, form: Form, code: int, now: float, include: str = ""
) -> Answer:
    """One object in the form asked for."""
    if form.convert == "Table":
        version = record.object["metadata"].get("resourceVersion")
        shown = table(resource, [record], {"resourceVersion": version} if version else {}, now, include, form.version)
        return answer(shown, form, code)
    if form.convert == "PartialObjectMetadataList":
        raise _not_a_list(resource)
    body = metadata_bytes(record, form) if form.convert else object_bytes(resource, record)
    return _finish(body, form, code)


def list_answer(resource: ServedResource, page: Page, form: Form, now: float, include: str = "") -> Answer:
    """A list in the form asked for."""
    metadata: dict[str, Any] = {"resourceVersion": str(page.revision)}
    if page.continue_token or resource.custom is not None and not form.convert:
        metadata["continue"] = page.continue_token
    if page.remaining is not None:
        metadata["remainingItemCount"] = page.remaining
    if form.convert == "Table":
        return answer(table(resource, page.records, metadata, now, include, form.version), form, 200)
    if form.convert == "PartialObjectMetadata":
        raise _not_an_object(resource)
    if form.convert:
        kind, api_version = "PartialObjectMetadataList", form.api_version
        items = [metadata_bytes(record, form) for record in page.records]
    else:
        kind, api_version = resource.list_kind, resource.api_version
        if resource.custom is None:
            items = [resource.form(record).body for record in page.records]
        else:
            items = [object_bytes(resource, record) for record in page.records]
    head = (
        f'{{"kind":"{kind}","apiVersion":"{api_version}","metadata":'.encode() + orjson.dumps(metadata) + b',"items":'
    )
    if form.convert and not items:
        return _finish(head + b"null}", form, 200)
    return _finish(head + b"[" + b",".join(items) + b"]}", form, 200)


def answer(value: Any, form: Form, code: int, headers: Mapping[str, str] | None = None) -> Answer:
    """Any JSON value as an answer."""
    finished = _finish(orjson.dumps(value), form, code)
    finished.headers = headers
    return finished


def _finish(body: bytes, form: Form, code: int) -> Answer:
    if form.yaml:
        import yaml

        body = yaml.safe_dump(orjson.loads(body), sort_keys=True, allow_unicode=True).encode()
    return Answer(code, body, form.content_type)


def _not_an_object(resource: ServedResource) -> errors.ApiError:
    text = f"you requested PartialObjectMetadata, but the requested object is a list ({go_list_type(resource)})"
    return errors.ApiError(406, "NotAcceptable", text)


def _not_a_list(resource: ServedResource) -> errors.ApiError:
    text = f"you requested PartialObjectMetadataList, but the requested object is not a list ({go_type(resource)})"
    return errors.ApiError(406, "NotAcceptable", text)


def go_type(resource: ServedResource) -> str:
    """The Go type that upstream names in such errors."""
    group = resource.info.group.split(".")[0] or "core"
    return f"*{group}.{resource.info.kind}"


def go_list_type(resource: ServedResource) -> str:
    """The Go type of a list."""
    return f"{go_type(resource)}List"
