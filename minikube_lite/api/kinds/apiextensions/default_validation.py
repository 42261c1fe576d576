"""Whether the defaults in a schema fit it; upstream: apiserver/schema/defaulting/validation.go."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from minikube_lite.api.customresources.embedded import embedded_errors
from minikube_lite.schema.custom.pruning import prune
from minikube_lite.schema.custom.structural import EMBEDDED, JSONSchema, items_of, properties_of
from minikube_lite.schema.custom.validator import Validator
from minikube_lite.schema.field import FieldError, Path, invalid


def default_errors(schema: JSONSchema, path: Path) -> Iterator[FieldError]:
    """The faults of all defaults below a schema."""
    default = schema.get("default")
    if default is not None:
        yield from _one_default(schema, path.child("default"))
    # Below additionalProperties there are none that count.
    if (items := items_of(schema)) is not None:
        yield from default_errors(items, path.child("items"))
    for name, below in properties_of(schema).items():
        yield from default_errors(below, path.child("properties").key(name))


def _one_default(schema: JSONSchema, path: Path) -> Iterator[FieldError]:
    value = copy.deepcopy(schema["default"])
    prune(value, schema, root=bool(schema.get(EMBEDDED)))
    if value != schema["default"]:
        yield invalid(path, schema["default"], "must not have unknown fields")
    yield from embedded_errors(schema["default"], schema, path)
    yield from Validator(schema, path).faults(schema["default"])
