"""Patches: how an object as it is shown becomes the object that is wanted; upstream: apiserver/pkg/endpoints/handlers/patch.go."""

from __future__ import annotations

from typing import Any

import orjson

from minikube_lite.api.scheme import ServedResource
from minikube_lite.machinery import errors
from minikube_lite.schema.decode import DecodeError
from minikube_lite.schema.field import FieldError, Path, invalid
from minikube_lite.schema.json_patch import (
    PatchError,
    PatchFormatError,
    PatchTooLargeError,
    apply_json_patch,
    apply_merge_patch,
    check_json_patch,
)
from minikube_lite.schema.model import Schema
from minikube_lite.schema.parse import parse_json
from minikube_lite.schema.strategic_merge import StrategicMergeError, strategic_merge_patch
from minikube_lite.store import Object

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
PATCH_TYPES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH)


CUSTOM_PATCH_TYPES = (JSON_PATCH, MERGE_PATCH, "application/apply-patch+yaml")
"""How custom resources, whose fields name no strategies, can be patched."""


def check_patch_type(resource: ServedResource, patch_type: str) -> None:
    """415 for a way of patching that a custom resource does not know."""
    if resource.custom is not None and patch_type not in CUSTOM_PATCH_TYPES:
        raise errors.unsupported_media_type(CUSTOM_PATCH_TYPES)


def decode_patch(data: bytes, patch_type: str, validation: str, warnings: list[str]) -> Any:
    """The patch in a body; 400 where it is none."""
    if patch_type not in PATCH_TYPES:
        raise errors.ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})
    prefix = "" if patch_type == STRATEGIC_PATCH else "error decoding patch: "
    try:
        patch, faults = parse_json(data, find_duplicates=validation != "Ignore")
        if patch_type == JSON_PATCH:
            faults = [f"json patch {fault}" for fault in [*faults, *check_json_patch(patch)]]
        elif not isinstance(patch, dict):
            found = {list: "array", str: "string", bool: "bool", int: "number", float: "number"}.get(
                type(patch), "null"
            )
            raise PatchFormatError(f"json: cannot unmarshal {found} into Go value of type map[string]interface {{}}")
    except (DecodeError, PatchFormatError) as error:
        raise errors.bad_request(f"{prefix}{error}") from None
    if faults and validation == "Strict":
        raise errors.bad_request(f"strict decoding error: {', '.join(faults)}")
    if validation == "Warn":
        warnings.extend(faults)
    return patch


def apply_patch(schema: Schema, shown: Object, patch: Any, patch_type: str) -> Any:
    """The patched object; `shown` is left as it is. Raises ApiError."""
    try:
        if patch_type == JSON_PATCH:
            return apply_json_patch(shown, patch)
        if patch_type == MERGE_PATCH:
            return apply_merge_patch(shown, patch)
        return strategic_merge_patch(schema, shown, patch)
    except PatchError:
        raise errors.ApiError(
            422, "Invalid", "the server rejected our request due to an error in our request", {}
        ) from None
    except PatchTooLargeError as error:
        raise errors.ApiError(413, "RequestEntityTooLarge", str(error)) from None
    except StrategicMergeError as error:
        if error.code == 422:
            raise unreadable(shown, patch, patch_type, str(error)) from None
        raise errors.ApiError(error.code, "BadRequest" if error.code == 400 else "", str(error)) from None


def unreadable(patched: Any, patch: Any, patch_type: str, text: str) -> errors.ApiError:
    """422: the patch gives something that is no object of the kind; the error shows all of it, as upstream's."""
    shown = go_map(patch) if patch_type == STRATEGIC_PATCH else orjson.dumps(patched).decode()
    faults: list[FieldError] = [invalid(Path("patch"), shown, text)]
    return errors.invalid("", "", "", faults)


def go_map(value: Any) -> str:
    """A value as Go prints decoded JSON: `map[a:1 b:[x y]]`."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_map(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(go_map(item) for item in value) + "]"
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
