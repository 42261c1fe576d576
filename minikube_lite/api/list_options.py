"""The query parameters of lists, watches and writes; upstream: metav1.ListOptions and friends with their validation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from minikube_lite.machinery import errors
from minikube_lite.machinery.field_selectors import FieldSelector, parse_field_selector
from minikube_lite.machinery.selectors import Selector, SelectorError, parse_label_selector
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, not_supported

Query = Mapping[str, str]

MATCH_EXACT = "Exact"
MATCH_NOT_OLDER = "NotOlderThan"
INT64_DIGITS = 18
"""Digits of the longest numbers that surely fit into Go's int64; what is longer is out of range."""


@dataclass(slots=True)
class ListOptions:
    """What a list or a watch is asked for. `resource_version` is as sent; `revision` is its number."""

    labels: Selector
    fields: FieldSelector
    watch: bool = False
    resource_version: str = ""
    match: str = ""
    limit: int = 0
    continue_token: str = ""
    timeout_seconds: int | None = None
    allow_bookmarks: bool = False
    send_initial_events: bool | None = None

    @property
    def revision(self) -> int | None:
        """The resourceVersion as a number; None when it was not given."""
        return parse_revision(self.resource_version) if self.resource_version else None


def parse_list_options(query: Query, *, watch: bool = False) -> ListOptions:
    """The options in a query; raises 400 for what cannot be read and 422 for what makes no sense."""
    options = ListOptions(
        labels=parse_labels(query.get("labelSelector", "")),
        fields=parse_fields(query.get("fieldSelector", "")),
        watch=watch or parse_bool(query.get("watch", "")),
        resource_version=query.get("resourceVersion", ""),
        match=query.get("resourceVersionMatch", ""),
        limit=parse_int(query.get("limit", "")) or 0,
        continue_token=query.get("continue", ""),
        timeout_seconds=parse_int(query.get("timeoutSeconds", "")),
        allow_bookmarks=parse_bool(query.get("allowWatchBookmarks", "")),
        send_initial_events=parse_bool(query["sendInitialEvents"]) if "sendInitialEvents" in query else None,
    )
    if options.watch:
        _default_watch(options)
    faults = _watch_faults(options) if options.watch else _list_faults(options)
    if faults:
        raise errors.invalid("meta.k8s.io", "ListOptions", "", faults)
    return options


def _default_watch(options: ListOptions) -> None:
    """A watch from anywhere, or from now, begins with what is there; upstream: SetListOptionsDefaults."""
    if options.send_initial_events is None and not options.match and options.resource_version in ("", "0"):
        options.send_initial_events, options.match = True, MATCH_NOT_OLDER


def _watch_faults(options: ListOptions) -> list[FieldError]:
    match, path = options.match, Path("resourceVersionMatch")
    faults = []
    if options.send_initial_events is not None:
        if match != MATCH_NOT_OLDER:
            text = f"sendInitialEvents requires setting resourceVersionMatch to {MATCH_NOT_OLDER}"
            faults.append(forbidden(path, text))
    elif match:
        text = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        faults.append(forbidden(path, text))
    if match and match != MATCH_NOT_OLDER:
        faults.append(not_supported(path, match, (MATCH_NOT_OLDER,)))
    if match and options.continue_token:
        faults.append(forbidden(path, "resourceVersionMatch is forbidden when continue is provided"))
    return faults


def _list_faults(options: ListOptions) -> list[FieldError]:
    match, path = options.match, Path("resourceVersionMatch")
    faults = []
    if match:
        if not options.resource_version:
            faults.append(forbidden(path, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
        if options.continue_token:
            faults.append(forbidden(path, "resourceVersionMatch is forbidden when continue is provided"))
        if match not in (MATCH_EXACT, MATCH_NOT_OLDER):
            faults.append(not_supported(path, match, (MATCH_EXACT, MATCH_NOT_OLDER, "")))
        if match == MATCH_EXACT and options.resource_version == "0":
            faults.append(forbidden(path, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    if options.send_initial_events is not None:
        faults.append(forbidden(Path("sendInitialEvents"), "sendInitialEvents is forbidden for list"))
    return faults


def parse_labels(text: str) -> Selector:
    """A label selector; 400 when it cannot be read."""
    try:
        return parse_label_selector(text)
    except SelectorError as error:
        raise errors.bad_request(str(error)) from None


def parse_fields(text: str) -> FieldSelector:
    """A field selector; 400 when it cannot be read."""
    try:
        return parse_field_selector(text)
    except ValueError as error:
        raise errors.bad_request(str(error)) from None


def parse_bool(text: str) -> bool:
    """Upstream's rule for booleans in queries: everything but "", false and 0 is true."""
    return text.lower() not in ("", "false", "0")


def parse_int(text: str) -> int | None:
    """A number in a query; 400 when it is none."""
    if not text:
        return None
    digits = text[1:] if text[0] in "+-" else text
    if not (digits.isascii() and digits.isdigit()):
        raise errors.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    if len(digits) > INT64_DIGITS:
        raise errors.bad_request(f'strconv.ParseInt: parsing "{text}": value out of range')
    return int(text)


def parse_revision(text: str) -> int:
    """A resourceVersion; 500 when it is none, as upstream answers outside of lists."""
    if not is_revision(text):
        raise errors.unknown(str(_revision_fault(text)))
    return int(text)


def parse_list_revision(text: str) -> int:
    """A list's resourceVersion; 400 when it is none."""
    if not is_revision(text):
        raise errors.bad_request(f"invalid resource version: {_revision_fault(text)}")
    return int(text)


def is_revision(text: str) -> bool:
    """Whether a resourceVersion is a number that a revision can have."""
    return text.isascii() and text.isdigit() and len(text) <= INT64_DIGITS


def _revision_fault(text: str) -> FieldError:
    fault = "value out of range" if text.isascii() and text.isdigit() else "invalid syntax"
    return invalid(Path("resourceVersion"), text, f'strconv.ParseUint: parsing "{text}": {fault}')
