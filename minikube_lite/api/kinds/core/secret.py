"""Secrets; upstream: pkg/registry/core/secret and ValidateSecret."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping

from minikube_lite.api.columns import AGE, NAME, text_column
from minikube_lite.api.kinds.core.configmap import DATA_BYTES_MAX, decoded_size, immutable_errors, key_errors
from minikube_lite.machinery.kind import Column, FieldText, Kind, RequestContext, Strategy
from minikube_lite.machinery.metadata import validate_immutable_field
from minikube_lite.schema.field import FieldError, Path, invalid, required, too_long
from minikube_lite.store import Object

OPAQUE = "Opaque"
SERVICE_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"
SERVICE_ACCOUNT_NAME_ANNOTATION = "kubernetes.io/service-account.name"
TLS = "kubernetes.io/tls"
DOCKER_CONFIG_KEYS: Mapping[str, str] = {
    "kubernetes.io/dockercfg": ".dockercfg",
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
}

_JSON_PLACES = (
    ("Expecting value", "looking for beginning of value"),
    ("Expecting property name", "looking for beginning of object key string"),
    ("Expecting ':'", "after object key"),
    ("Expecting ','", "after object key:value pair"),
)

DATA = Path("data")


class SecretStrategy(Strategy):
    """All writes."""

    has_status = False
    manages_generation = False
    reset_fields = ()

    def default(self, obj: Object) -> None:
        obj["type"] = obj.get("type") or OPAQUE
        plain = obj.pop("stringData", None)
        if plain:
            encoded = {key: base64.b64encode(text.encode()).decode() for key, text in plain.items()}
            obj["data"] = {**(obj.get("data") or {}), **encoded}

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        data = obj.get("data") or {}
        for key in sorted(data):
            yield from key_errors(key, DATA.key(key))
        if decoded_size(data) > DATA_BYTES_MAX:
            yield too_long(DATA, DATA_BYTES_MAX)
        yield from _type_errors(obj, data)

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterable[str]:
        data = obj.get("data") or {}
        if obj["type"] == TLS:
            for key, what in (("tls.crt", "certificate"), ("tls.key", "key")):
                if b"-----BEGIN" not in base64.b64decode(data.get(key) or ""):
                    yield f"tls: failed to find any PEM data in {what} input"
                    return

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        yield from validate_immutable_field(new["type"], old["type"], Path("type"))
        yield from immutable_errors(new, old, "data")
        yield from self.validate(context, new)

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[str]:
        return self.warnings_on_create(context, new)


def _type_errors(obj: Object, data: Mapping[str, str]) -> Iterator[FieldError]:
    secret_type = obj["type"]
    if secret_type == SERVICE_ACCOUNT_TOKEN:
        if not (obj["metadata"].get("annotations") or {}).get(SERVICE_ACCOUNT_NAME_ANNOTATION):
            yield required(Path("metadata.annotations").key(SERVICE_ACCOUNT_NAME_ANNOTATION))
    elif secret_type in DOCKER_CONFIG_KEYS:
        yield from _docker_config_errors(data, DOCKER_CONFIG_KEYS[secret_type])
    elif secret_type == "kubernetes.io/basic-auth":
        if "username" not in data and "password" not in data:
            yield required(DATA.key("username"))
            yield required(DATA.key("password"))
    elif secret_type == "kubernetes.io/ssh-auth":
        if not data.get("ssh-privatekey"):
            yield required(DATA.key("ssh-privatekey"))
    elif secret_type == TLS:
        for key in ("tls.crt", "tls.key"):
            if key not in data:
                yield required(DATA.key(key))


def _docker_config_errors(data: Mapping[str, str], key: str) -> Iterator[FieldError]:
    if key not in data:
        yield required(DATA.key(key))
        return
    fault = _json_object_fault(base64.b64decode(data[key] or ""))
    if fault:
        yield invalid(DATA.key(key), "<secret contents redacted>", fault)


def _json_object_fault(text: bytes) -> str:
    """Why Go cannot read the text as a JSON object, in Go's words for the usual cases."""
    if not text.strip():
        return "unexpected end of JSON input"
    try:
        value = json.loads(text)
    except RecursionError:
        return "exceeded max depth"
    except json.JSONDecodeError as error:
        if error.pos >= len(error.doc):
            return "unexpected end of JSON input"
        place = next((text for start, text in _JSON_PLACES if error.msg.startswith(start)), "after top-level value")
        return f"invalid character '{error.doc[error.pos]}' {place}"
    except UnicodeDecodeError:
        return "invalid character 'ÿ' looking for beginning of value"
    if isinstance(value, dict) or value is None:
        return ""
    names = {str: "string", bool: "bool", list: "array", int: "number", float: "number"}
    return f"json: cannot unmarshal {names[type(value)]} into Go value of type map[string]interface {{}}"


def selectable(obj: Object) -> Mapping[str, str]:
    """The fields by which secrets can be selected."""
    return {"type": obj.get("type", "")}


KIND = Kind(
    group="",
    plural="secrets",
    strategy=SecretStrategy(),
    columns=(
        NAME,
        text_column("Type", "type", description=FieldText("io.k8s.api.core.v1.Secret", "type")),
        Column(
            "Data",
            lambda obj, _now: len(obj.get("data") or ()),
            description=FieldText("io.k8s.api.core.v1.Secret", "data"),
        ),
        AGE,
    ),
    selectable=selectable,
    selectable_names=("type",),
)
