"""Bodies of custom resources: plain JSON whose metadata is typed, pruned and defaulted by their version's schema.

Upstream: unstructuredSchemaCoercer and unstructuredDefaulter of apiserver/customresource_handler.go. The answer is a decoder as
`decode` keeps them, so that all who read typed values read custom ones too.
"""

from __future__ import annotations

import copy
from typing import Any

from minikube_lite.schema.custom.pruning import prune, prune_nulls, set_defaults
from minikube_lite.schema.custom.structural import (
    EMBEDDED,
    META_FIELDS,
    JSONSchema,
    items_of,
    schema_for_field,
    structural,
)
from minikube_lite.schema.decode import ABSENT, Decoder, Place, Run, decoder_of
from minikube_lite.schema.field import Path, invalid
from minikube_lite.schema.model import Schema
from minikube_lite.schema.parse import DecodeError
from minikube_lite.schema.scalars import MismatchError


def custom_schema(schema: JSONSchema, metadata: Schema) -> Schema:
    """The type of a custom resource, with the decoder of its own that reads bodies."""
    answer = structural(schema, lambda: metadata, root=True)
    answer.decoder = custom_decoder(schema, metadata, defaults=True)
    return answer


def custom_decoder(schema: JSONSchema, metadata: Schema, *, defaults: bool) -> Decoder:
    """Reads a whole object; without `defaults` it only drops what does not belong there, as conversions do."""
    decode_metadata = decoder_of(metadata)

    def decode_custom(value: Any, place: Place, run: Run) -> Any:
        if not isinstance(value, dict):
            return ABSENT if value is None else run.mismatch(MismatchError(value, "map[string]interface {}"), place)
        answer = copy.deepcopy({name: item for name, item in value.items() if name != "metadata"})
        unknown: list[str] = []
        if "metadata" in value:
            inner = Run()
            read = decode_metadata(value["metadata"], None, inner)
            if inner.error:
                raise DecodeError(inner.error)
            unknown.extend(text.replace('unknown field "', 'unknown field "metadata.', 1) for text in inner.unknown)
            answer["metadata"] = {} if read is ABSENT else read
        dropped: list[str] = []
        prune(answer, schema, dropped.append, root=True)
        prune_nulls(answer, schema)
        coerce_embedded(answer, schema, decode_metadata, dropped)
        for text in [*unknown, *(f'unknown field "{path}"' for path in sorted(dropped))]:
            if text not in run.unknown:
                run.unknown.append(text)
        if defaults:
            set_defaults(answer, schema)
        return answer

    return decode_custom


def coerce_embedded(
    value: Any, schema: JSONSchema | None, decode_metadata: Decoder, dropped: list[str], path: str = ""
) -> None:
    """Type the metadata of embedded resources; raises DecodeError where it is none."""
    if schema is None:
        return
    if isinstance(value, dict):
        if schema.get(EMBEDDED):
            _coerce_one(value, decode_metadata, dropped, path)
        for name, item in value.items():
            if not (schema.get(EMBEDDED) and name in META_FIELDS) and isinstance(item, dict | list):
                place = f"{path}.{name}" if path else name
                coerce_embedded(item, schema_for_field(schema, name), decode_metadata, dropped, place)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            coerce_embedded(item, items_of(schema), decode_metadata, dropped, f"{path}[{position}]")


def _coerce_one(value: dict[str, Any], decode_metadata: Decoder, dropped: list[str], path: str) -> None:
    for name in ("apiVersion", "kind"):
        if name in value and not isinstance(value[name], str):
            place = f"{path}.{name}" if path else name
            raise DecodeError(str(invalid(Path(place), value[name], "must be a string")))
    if "metadata" in value:
        run = Run()
        read = decode_metadata(value["metadata"], None, run)
        place = f"{path}.metadata" if path else "metadata"
        if run.error:
            raise DecodeError(str(invalid(Path(place), value["metadata"], run.error)))
        value["metadata"] = {} if read is ABSENT else read
        dropped.extend(f"{place}.{text[len('unknown field ') + 1 : -1]}" for text in run.unknown)
