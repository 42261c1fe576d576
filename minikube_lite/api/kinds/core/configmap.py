"""ConfigMaps; upstream: pkg/registry/core/configmap."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping

from minikube_lite.api.columns import AGE, NAME
from minikube_lite.machinery.kind import Column, FieldText, Kind, RequestContext, Strategy
from minikube_lite.machinery.names import byte_length, is_config_map_key
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, too_long
from minikube_lite.store import Object

DATA_BYTES_MAX = 1024 * 1024
"""How much a ConfigMap or a Secret holds (upstream's MaxSecretSize)."""


class ConfigMapStrategy(Strategy):
    """All writes."""

    has_status = False
    manages_generation = False
    reset_fields = ()

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
        for key in sorted(data):
            yield from key_errors(key, Path("data").key(key))
            if key in binary:
                yield invalid(Path("data").key(key), key, "duplicate of key present in binaryData")
        for key in sorted(binary):
            yield from key_errors(key, Path("binaryData").key(key))
        if sum(map(byte_length, data.values())) + decoded_size(binary) > DATA_BYTES_MAX:
            yield too_long(Path("[]"), DATA_BYTES_MAX)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        yield from immutable_errors(new, old, "data", "binaryData")
        yield from self.validate(context, new)


def key_errors(key: str, path: Path) -> Iterator[FieldError]:
    """What is wrong with a key of data."""
    for message in is_config_map_key(key):
        yield invalid(path, key, message)


def decoded_size(data: Mapping[str, str]) -> int:
    """How many bytes base64 texts stand for."""
    return sum(len(base64.b64decode(text or "")) for text in data.values())


def immutable_errors(new: Object, old: Object, *parts: str) -> Iterator[FieldError]:
    """What a write may not change once `immutable` is set."""
    if not old.get("immutable"):
        return
    text = "field is immutable when `immutable` is set"
    if not new.get("immutable"):
        yield forbidden(Path("immutable"), text)
    for part in parts:
        if (new.get(part) or {}) != (old.get(part) or {}):
            yield forbidden(Path(part), text)


def _count(obj: Object, _now: float) -> int:
    return len(obj.get("data") or ()) + len(obj.get("binaryData") or ())


KIND = Kind(
    group="",
    plural="configmaps",
    strategy=ConfigMapStrategy(),
    columns=(NAME, Column("Data", _count, description=FieldText("io.k8s.api.core.v1.ConfigMap", "data")), AGE),
)
