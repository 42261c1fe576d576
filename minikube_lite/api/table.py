"""Tables, as `kubectl get` asks for them; upstream: pkg/printers and registry/rest/table.go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikube_lite.api.columns import CREATED, NAME
from minikube_lite.api.scheme import ServedResource
from minikube_lite.machinery import errors
from minikube_lite.machinery.kind import Column
from minikube_lite.schema.field import Path, invalid
from minikube_lite.schema.openapi import field_description
from minikube_lite.store import Object, Record

DEFAULT_COLUMNS: Sequence[Column] = (
    NAME,
    Column(
        "Created At",
        lambda obj, now: obj["metadata"].get("creationTimestamp"),
        "date",
        "",
        0,
        CREATED,
    ),
)
"""What upstream's default table convertor shows of kinds without a printer."""


def column_definitions(resource: ServedResource) -> list[dict[str, Any]]:
    """The columns of a resource's tables."""
    return [
        {
            "name": column.name,
            "type": column.type,
            "format": column.format,
            "description": description_of(column),
            "priority": column.priority,
        }
        for column in resource.columns or DEFAULT_COLUMNS
    ]


def description_of(column: Column) -> str:
    """What a column shows. Empty where that is the description of a field and the package that has those is not installed."""
    text = column.description
    return text if isinstance(text, str) else field_description(text.type_name, text.field).removesuffix(text.without)


def row(resource: ServedResource, record: Record, now: float, include: str, version: str = "v1") -> dict[str, Any]:
    """One object's row. `include` says what of the object goes with it: Metadata ("" too), Object or None."""
    obj = resource.current(record)
    shown: dict[str, Any] = {"cells": [column.cell(obj, now) for column in resource.columns or DEFAULT_COLUMNS]}
    if resource.kind.row_conditions is not None:
        conditions = resource.kind.row_conditions(obj)
        if conditions:
            shown["conditions"] = conditions
    shown["object"] = _row_object(resource, record, include, version)
    return shown


def table(
    resource: ServedResource,
    records: Sequence[Record],
    metadata: Object,
    now: float,
    include: str,
    version: str = "v1",
    *,
    header: bool = True,
) -> dict[str, Any]:
    """A table of objects. `header` is False in all but the first event of a watch."""
    check_include(include)
    return {
        "kind": "Table",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": metadata,
        "columnDefinitions": column_definitions(resource) if header else None,
        "rows": [row(resource, record, now, include, version) for record in records],
    }


def check_include(include: str) -> None:
    """Refuse what a table's rows cannot carry; 400."""
    if include not in ("", "Metadata", "Object", "None"):
        fault = invalid(Path("includeObject"), include, "must be 'Metadata', 'Object', 'None', or empty")
        raise errors.bad_request(f"Unable to convert to Table as requested: {fault}")


def _row_object(resource: ServedResource, record: Record, include: str, version: str) -> Any:
    if include == "None":
        return None
    if include == "Object":
        return {"kind": resource.info.kind, "apiVersion": resource.api_version, **resource.form(record).object}
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": record.object["metadata"],
    }
