"""Kinds of our own, as the API server is given them: where they are served, what they look like, how they are written.

Their types are pydantic models, which also find the faults of what people write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from minikube_lite.machinery.kind import Kind
from minikube_lite.schema.field import FieldError, Path, invalid, not_supported, required
from minikube_lite.schema.resources import ResourceInfo

_DETAILS = {
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be greater than or equal to {ge:g}",
    "less_than_equal": "must be less than or equal to {le:g}",
}


class Model(BaseModel):
    """A part of a kind of our own; its fields have Kubernetes' spelling on the wire."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class OwnKind:
    """One of them. The JSON schema is that of a model with `spec` and `status`."""

    info: ResourceInfo
    json_schema: Mapping[str, Any]
    kind: Kind


def model_faults(model: type[Model], value: Any, path: Path) -> Iterator[FieldError]:
    """What the model finds wrong with a value, in the API server's words."""
    try:
        model.model_validate(value)
    except ValidationError as error:
        for fault in error.errors():
            place = path
            for step in fault["loc"]:
                place = place.index(step) if isinstance(step, int) else place.child(step)
            if fault["type"] == "literal_error":
                names = [name.strip("'") for name in fault["ctx"]["expected"].replace(" or ", ", ").split(", ")]
                yield not_supported(place, fault["input"], names)
            elif fault["type"] in ("missing", "string_too_short"):
                yield required(place)
            else:
                detail = _DETAILS.get(fault["type"])
                yield invalid(place, fault["input"], detail.format(**fault["ctx"]) if detail else fault["msg"])
