"""Get and list: selectors, versions and pages; upstream: registry/generic/registry/store.go and storage/continue.go."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from minikube_lite.api.list_options import MATCH_EXACT, ListOptions, parse_list_revision, parse_revision
from minikube_lite.api.scheme import ServedResource
from minikube_lite.machinery import errors
from minikube_lite.machinery.field_selectors import FieldSelector
from minikube_lite.store import Compacted, Object, Record, Store

NAME_FIELDS = ("metadata.name", "metadata.namespace")


@dataclass(frozen=True, slots=True)
class Page:
    """The records of a list, the revision at which they stood, and how to go on."""

    records: list[Record]
    revision: int
    continue_token: str = ""
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """The selectors of a request, ready to be asked about objects."""

    resource: ServedResource
    options: ListOptions

    @property
    def everything(self) -> bool:
        """Whether all objects match."""
        return self.options.labels.everything and self.options.fields.everything

    def matches(self, obj: Object) -> bool:
        """Whether the object is among those asked for."""
        options = self.options
        if not options.labels.everything and not options.labels.matches(obj["metadata"].get("labels")):
            return False
        return options.fields.everything or options.fields.matches(self._fields(obj))

    def _fields(self, obj: Object) -> Mapping[str, str]:
        metadata = obj["metadata"]
        fields = {"metadata.name": metadata["name"], "metadata.namespace": metadata.get("namespace", "")}
        if self.resource.kind.selectable is not None:
            fields.update(self.resource.kind.selectable(obj))
        return fields


def check_field_selector(resource: ServedResource, selector: FieldSelector) -> None:
    """Refuse fields that cannot be selected by, with upstream's texts."""
    known = resource.kind.selectable_names
    for requirement in selector.requirements:
        field = requirement.field
        if field not in NAME_FIELDS and field not in known:
            if not known and not resource.kind.unknown_field_text:
                raise errors.bad_request(
                    f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"'
                )
            text = resource.kind.unknown_field_text or "field label not supported: {field}"
            raise errors.bad_request(text.format(field=field))


class Reading:
    """Reads objects of every kind."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, resource: ServedResource, namespace: str, name: str, resource_version: str = "") -> Record:
        """One object. e.g. GET /api/v1/namespaces/default/pods/kubia-0"""
        if resource_version:
            self._check_not_ahead(parse_revision(resource_version))
        record = self._store.get(resource.key, namespace, name)
        if record is None:
            raise errors.not_found(resource.gvr, name)
        return record

    def list_page(self, resource: ServedResource, namespace: str, options: ListOptions) -> Page:
        """The objects of a namespace, or of all. e.g. GET /api/v1/pods?limit=500"""
        check_field_selector(resource, options.fields)
        revision, start = self._where(options)
        name = options.fields.requires_exact_match("metadata.name")
        wanted_namespace = options.fields.requires_exact_match("metadata.namespace")
        if wanted_namespace is not None and not namespace:
            namespace = wanted_namespace
        try:
            if name and revision is None and (namespace or not resource.info.namespaced):
                record = self._store.get(resource.key, namespace, name)
                records = [record] if record else []
            else:
                records = list(self._store.scan(resource.key, namespace, at=revision))
        except Compacted:
            raise self._gone(options, revision or 0) from None
        shown_at = revision if revision is not None else self._store.revision
        if start is not None:
            records = [record for record in records if (record.namespace, record.name) > start]
        return self._cut(records, Filter(resource, options), shown_at)

    def _where(self, options: ListOptions) -> tuple[int | None, tuple[str, str] | None]:
        """The revision to list at (None is now) and the key after which to begin."""
        if options.continue_token:
            if options.resource_version:
                raise errors.bad_request("specifying resource version is not allowed when using continue")
            return decode_continue(options.continue_token)
        if not options.resource_version:
            return None, None
        revision = parse_list_revision(options.resource_version)
        self._check_not_ahead(revision)
        exact = options.match == MATCH_EXACT or (not options.match and options.limit > 0 and revision > 0)
        return (revision if exact else None), None

    def _check_not_ahead(self, revision: int) -> None:
        if revision > self._store.revision:
            raise errors.too_large_resource_version(revision, self._store.revision)

    def _cut(self, records: list[Record], chosen: Filter, revision: int) -> Page:
        limit = chosen.options.limit
        everything = chosen.everything
        if limit <= 0:
            return Page(
                records if everything else [record for record in records if chosen.matches(record.object)], revision
            )
        page: list[Record] = []
        for position, record in enumerate(records):
            if everything or chosen.matches(record.object):
                page.append(record)
                if len(page) == limit and position + 1 < len(records):
                    remaining = len(records) - position - 1 if everything else None
                    return Page(page, revision, encode_continue(revision, record), remaining)
        return Page(page, revision)

    def _gone(self, options: ListOptions, revision: int) -> errors.ApiError:
        if options.continue_token:
            error = errors.expired(
                "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
                "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
                "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
                "deleted between the time the first chunk was returned and now may show up in the list."
            )
            _, start = decode_continue(options.continue_token)
            error.list_continue = encode_key(-1, start or ("", ""))
            return error
        return errors.expired(f"The resourceVersion for the provided list is too old: {revision}")


def encode_continue(revision: int, record: Record) -> str:
    """A token to go on behind that record, at that revision."""
    return encode_key(revision, (record.namespace, record.name))


def encode_key(revision: int, key: tuple[str, str]) -> str:
    """A token in upstream's form: revision -1 goes on at what is there now."""
    start = "/".join(part for part in key if part)
    data = {"v": "meta.k8s.io/v1", "rv": revision, "start": start + "\0", "ns": key[0]}
    return base64.urlsafe_b64encode(orjson.dumps(data)).rstrip(b"=").decode()


def decode_continue(token: str) -> tuple[int | None, tuple[str, str]]:
    """The revision (None is now) and the key in a token; 400 when it is none of ours."""
    try:
        data = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        start, namespace, revision = data["start"].rstrip("\0"), str(data["ns"]), int(data["rv"])
        name = start[len(namespace) + 1 :] if namespace else start
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise errors.bad_request(f"invalid continue token: continue key is not valid: {error}") from None
    return (None if revision < 0 else revision), (namespace, name)
