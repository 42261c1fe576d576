"""Get and list: selectors, versions and pages; upstream: registry/generic/registry/store.go and storage/continue.go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from minikube_lite.api import continue_token
from minikube_lite.api.list_options import MATCH_EXACT, ListOptions, parse_list_revision, parse_revision
from minikube_lite.api.scheme import ServedResource
from minikube_lite.machinery import errors
from minikube_lite.machinery.field_selectors import FieldSelector
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.store import Compacted, Object, Record, Store

NAME_FIELDS = ("metadata.name", "metadata.namespace")


Source = Callable[[], Iterable[Object]]


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
        self._sources: dict[str, Source] = {}

    def add(self, resource: GroupVersionResource, source: Source) -> None:
        """Read objects that are stored nowhere: `source` gives all of them, as they are now."""
        self._sources[resource.key] = source

    def _computed(self, resource: ServedResource, namespace: str, name: str = "") -> list[Record]:
        records = []
        for obj in self._sources[resource.key]():
            metadata = obj["metadata"]
            place = metadata.get("namespace", "")
            if (not namespace or namespace == place) and (not name or name == metadata["name"]):
                records.append(Record(resource.key, place, metadata["name"], self._store.revision, obj))
        return sorted(records, key=_namespaced_key)

    def get(self, resource: ServedResource, namespace: str, name: str, resource_version: str = "") -> Record:
        """One object. e.g. GET /api/v1/namespaces/default/pods/kubia-0"""
        if resource_version:
            self._check_not_ahead(parse_revision(resource_version))
        if resource.key in self._sources:
            record = next(iter(self._computed(resource, namespace, name)), None)
        else:
            record = self._store.get(resource.key, namespace, name)
        if record is None:
            raise errors.not_found(resource.gvr, name)
        return record

    def list_page(self, resource: ServedResource, namespace: str, options: ListOptions) -> Page:
        """The objects of a namespace, or of all. e.g. GET /api/v1/pods?limit=500"""
        check_field_selector(resource, options.fields)
        revision, start = self._where(options)
        wanted_namespace = options.fields.requires_exact_match("metadata.namespace")
        within = namespace or wanted_namespace or ""
        try:
            records = self._records(resource, within, options, revision)
        except Compacted:
            raise self._gone(start) from None
        if resource.info.namespaced and not namespace:
            key = _namespaced_key
            records.sort(key=key)
        else:
            key = _name
        if start:
            records = [record for record in records if key(record) >= start]
        shown_at = revision if revision is not None else self._store.revision
        return _cut(records, Filter(resource, options), shown_at, key)

    def _records(
        self, resource: ServedResource, namespace: str, options: ListOptions, revision: int | None
    ) -> list[Record]:
        if resource.key in self._sources:
            return self._computed(resource, namespace)
        name = options.fields.requires_exact_match("metadata.name")
        if name and revision is None and (namespace or not resource.info.namespaced):
            record = self._store.get(resource.key, namespace, name)
            return [record] if record else []
        return list(self._store.scan(resource.key, namespace, at=revision))

    def _where(self, options: ListOptions) -> tuple[int | None, str]:
        """The revision to list at (None is now) and the key at which to begin."""
        if options.continue_token:
            token = continue_token.decode(options.continue_token)
            if options.resource_version not in ("", "0"):
                raise errors.bad_request("specifying resource version is not allowed when using continue")
            return token
        if not options.resource_version:
            return None, ""
        revision = parse_list_revision(options.resource_version)
        self._check_not_ahead(revision)
        exact = options.match == MATCH_EXACT or (not options.match and options.limit > 0 and revision > 0)
        return (revision if exact else None), ""

    def _check_not_ahead(self, revision: int) -> None:
        if revision > self._store.revision:
            raise errors.too_large_resource_version(revision, self._store.revision)

    def _gone(self, start: str) -> errors.ApiError:
        """410; the page that cannot be shown as it was can be had as it is now."""
        if not start:
            return errors.expired("The resourceVersion for the provided list is too old.")
        error = errors.expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
            "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
            "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
            "deleted between the time the first chunk was returned and now may show up in the list."
        )
        error.list_continue = continue_token.encode(start, continue_token.LATEST)
        return error


def _cut(records: list[Record], chosen: Filter, revision: int, key: Callable[[Record], str]) -> Page:
    """The first records that are chosen, as many as are asked for, and how to go on behind them."""
    options, everything = chosen.options, chosen.everything
    limit = 0 if options.resource_version == "0" and not options.continue_token else options.limit
    if limit <= 0:
        found = records if everything else [record for record in records if chosen.matches(record.object)]
        return Page(found, revision)
    page: list[Record] = []
    for position, record in enumerate(records):
        if everything or chosen.matches(record.object):
            page.append(record)
            if len(page) == limit and position + 1 < len(records):
                remaining = len(records) - position - 1 if everything else None
                return Page(page, revision, continue_token.after(key(record), revision), remaining)
    return Page(page, revision)


def _name(record: Record) -> str:
    return record.name


def _namespaced_key(record: Record) -> str:
    """In the order of these, which is etcd's, `a-b/x` comes before `a/x`."""
    return f"{record.namespace}/{record.name}"
