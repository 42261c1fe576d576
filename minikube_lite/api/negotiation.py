"""Which form an answer takes and which form a body has; upstream: apiserver/pkg/endpoints/handlers/negotiation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from minikube_lite.machinery import errors

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
ACCEPTED = (JSON, YAML, PROTOBUF)

FORMS = {
    "Table": ("v1", "v1beta1"),
    "PartialObjectMetadata": ("v1", "v1beta1"),
    "PartialObjectMetadataList": ("v1", "v1beta1"),
}


@dataclass(frozen=True, slots=True)
class MediaType:
    """One entry of an Accept header, or a Content-Type."""

    name: str
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class Form:
    """How an answer is wanted. `convert` is "" for the object itself, else Table or PartialObjectMetadata(List) of `version`."""

    convert: str = ""
    version: str = "v1"
    yaml: bool = False

    @property
    def content_type(self) -> str:
        """The answer's Content-Type."""
        return YAML if self.yaml else JSON

    @property
    def api_version(self) -> str:
        """The apiVersion of what it is converted to."""
        return f"meta.k8s.io/{self.version}"


PLAIN = Form()


def parse_accept(header: str) -> Iterator[MediaType]:
    """The entries of an Accept header, those with a lower q later."""
    entries = []
    for position, part in enumerate(header.split(",")):
        media = parse_media_type(part)
        try:
            quality = float(media.parameters.get("q", "1"))
        except ValueError:
            quality = 1.0
        entries.append((-quality, position, media))
    return (media for _, _, media in sorted(entries, key=lambda entry: entry[:2]))


def parse_media_type(text: str) -> MediaType:
    """A media type with its parameters."""
    name, *parts = text.split(";")
    parameters = {}
    for part in parts:
        key, _, value = part.strip().partition("=")
        parameters[key.lower()] = value.strip('"')
    return MediaType(name.strip().lower(), parameters)


def negotiate(accept: str, *, convertible: bool = True) -> Form:
    """The form of the answer; 406 where none that is asked for can be given."""
    if not accept:
        return PLAIN
    for media in parse_accept(accept):
        if media.name not in (JSON, YAML, "*/*", "application/*", ""):
            continue
        yaml = media.name == YAML
        wanted = media.parameters.get("as", "")
        if not wanted:
            return Form(yaml=yaml)
        if (
            convertible
            and media.parameters.get("g") == "meta.k8s.io"
            and media.parameters.get("v") in FORMS.get(wanted, ())
        ):
            return Form(wanted, media.parameters["v"], yaml)
    raise errors.not_acceptable(ACCEPTED)


def body_format(content_type: str) -> str:
    """The format of a request's body; 415 where it is not known. Nothing said means JSON."""
    name = parse_media_type(content_type).name
    if name in ("", "*/*", JSON):
        return JSON
    if name in (YAML, PROTOBUF):
        return name
    raise errors.unsupported_media_type(ACCEPTED)
