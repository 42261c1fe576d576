"""What is particular about a kind, declared in one file each under api/kinds; upstream: pkg/registry/<group>/<kind>/strategy.go.

The registry calls a strategy's hooks in one written order:
create: default → own fields → admit → prepare_for_create → validate → warnings → allocate → commit
update: default → own fields → admit → prepare_for_update → validate_update → warnings → allocate → commit
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from minikube_lite.clock import Clock
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.schema.field import FieldError
from minikube_lite.store import Object


@dataclass(frozen=True, slots=True)
class User:
    """Who asks."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Reader(Protocol):
    """What a hook may look at: the objects as they are in this moment. They are shared: never change them."""

    def get(self, resource: GroupVersionResource, namespace: str, name: str) -> Object | None:
        """The object, or None."""

    def list_objects(self, resource: GroupVersionResource, namespace: str = "") -> Sequence[Object]:
        """The objects of a namespace, or of all."""


@dataclass(slots=True)
class RequestContext:
    """One write, as the hooks see it. `options` are the cluster's options."""

    clock: Clock
    reader: Reader
    options: Any
    user: User
    verb: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    dry_run: bool = False
    warnings: list[str] = field(default_factory=list)
    api_version: str = ""
    """The version in which the request is made."""


class Strategy:
    """The hooks of a kind, with the behaviour that most kinds share. Objects given as `obj` or `new` may be changed, `old` never."""

    has_status = True
    """Whether status is written through a subresource of its own, and dropped or kept by other writes."""
    manages_generation = True
    """Whether metadata.generation counts changes outside of metadata and status (else it is kept as it is sent)."""
    allow_create_on_update = False
    """Whether a PUT of an object that is not there creates it."""
    allow_unconditional_update = True
    """Whether a PUT needs no resourceVersion."""
    tracks_fields = True
    """Whether writes are noted in metadata.managedFields."""
    checks_finalizers = True
    """Whether finalizers have to be standard ones or have a domain."""
    default_propagation_policy: str | None = None
    """How far a deletion goes when nobody says; upstream: DefaultGarbageCollectionPolicy."""
    reset_fields: tuple[tuple[str, ...], ...] = (("status",),)
    """Paths that ordinary writes cannot own, because they are reset."""
    owned_fields: tuple[tuple[str, ...], ...] = ()
    """If given, the only fields that writes can own, as paths for `fieldset.include_filter`."""

    def default(self, obj: Object) -> None:
        """Fill in what upstream's versioned defaults fill in (pkg/apis/*/v1/defaults.go)."""

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        """Clear what a client may not set, and set what only the server knows."""
        if self.has_status:
            obj.pop("status", None)

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        """The faults of a new object, in upstream's order."""
        return ()

    def warnings_on_create(self, context: RequestContext, obj: Object) -> Iterable[str]:
        """Texts for Warning headers."""
        return ()

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        """Take over from the old object what this write may not change."""
        if self.has_status:
            keep(new, old, "status")

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        """The faults of a change, in upstream's order."""
        return ()

    def warnings_on_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[str]:
        """Texts for Warning headers."""
        return ()

    def generation_changes(self, new: Object, old: Object) -> bool:
        """Whether a change counts in metadata.generation."""
        return any(new.get(part) != old.get(part) for part in {**new, **old} if part not in ("metadata", "status"))

    def allocate(self, context: RequestContext, obj: Object, old: Object | None) -> None:
        """Give out what is unique in the cluster (addresses, ports), in the same step as the commit; may raise ApiError.

        Taken is what other objects hold now, so nothing needs to be given back.
        """

    def check_graceful_delete(
        self, context: RequestContext, obj: Object, grace_period_seconds: int | None
    ) -> int | None:
        """The grace period of a deletion that somebody has to confirm; None deletes at once (all kinds but Pod)."""
        return None

    def begin_deletion(self, context: RequestContext, obj: Object) -> bool:
        """True where a deletion only begins or goes on: the object says so, and somebody empties it first (Namespace)."""
        return False

    def holds_deletion(self, obj: Object) -> bool:
        """Whether something beside finalizers and a grace period holds the object (a Namespace's own finalizers)."""
        return False

    def prepare_for_delete(self, context: RequestContext, obj: Object) -> None:
        """May refuse a deletion by raising ApiError."""


class StatusStrategy(Strategy):
    """The status subresource of a kind: all but status, and metadata that a client may change, stays."""

    def __init__(self, main: Strategy) -> None:
        self.main = main
        self.allow_unconditional_update = main.allow_unconditional_update
        self.reset_fields = (("spec",),)

    def default(self, obj: Object) -> None:
        self.main.default(obj)

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        for part in {**new, **old}:
            if part not in ("metadata", "status"):
                keep(new, old, part)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        return self.main_status_errors(context, new, old)

    def main_status_errors(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        """The faults of a status; kinds that check theirs override this."""
        yield from ()

    def generation_changes(self, new: Object, old: Object) -> bool:
        return False


def keep(new: Object, old: Object, part: str) -> None:
    """Make `new` have that part as `old` has it."""
    if part in old:
        new[part] = old[part]
    else:
        new.pop(part, None)


@dataclass(frozen=True, slots=True)
class FieldText:
    """Stands for the description of a field of a type, which is named as in OpenAPI; upstream: SwaggerDoc."""

    type_name: str
    field: str
    without: str = ""
    """A sentence that the text did not have yet in the older version from which upstream takes it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `kubectl get`. `cell` is given the object and the emulated time in unix seconds.

    `priority` 1 is shown with `-o wide` only; `type` and `format` as metav1.TableColumnDefinition.
    """

    name: str
    cell: Callable[[Object, float], Any]
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str | FieldText = ""


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a kind's objects look in a version beside the one in which they are stored; upstream: pkg/apis/*/*/conversion.go.

    Both give a new object that may share parts with the one they are given, which they never change; both may leave out what the
    other version's type fills in by itself.
    """

    from_stored: Callable[[Object], Object]
    to_stored: Callable[[Object], Object]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file under api/kinds declares as `KIND`. Names, verbs, short names and subresources come from the built-in resource table.

    `selectable` gives the field-selector fields beside metadata.name and metadata.namespace.
    `name_check(name, prefix)` returns messages; `prefix` says that it is a generateName.
    `conversions` names, as apiVersions, the other versions in which its objects are served; hooks, columns and selectable fields
    always see the stored form.
    `emulated` is False while nothing acts on the kind: a create then answers with a Warning.
    """

    group: str
    plural: str
    strategy: Strategy
    columns: Sequence[Column] = ()
    status_strategy: Strategy | None = None
    subresource_strategies: Mapping[str, Strategy] = field(default_factory=dict)
    """How further views of the object are written, as a pod's ephemeralcontainers and resize."""
    selectable: Callable[[Object], Mapping[str, str]] | None = None
    selectable_names: tuple[str, ...] = ()
    unknown_field_text: str = ""
    """How an unknown field of a field selector is refused, with `{field}`; kinds differ."""
    row_conditions: Callable[[Object], list[dict[str, Any]]] | None = None
    name_check: Callable[[str, bool], list[str]] | None = None
    replicas_paths: Mapping[str, Sequence[str] | None] = field(default_factory=dict)
    """Where a Scale finds the wanted replicas in each apiVersion; None where that version has no Scale."""
    delete_returns_object: bool = False
    graceful: bool = False
    """Whether a deletion can wait for somebody who confirms it (Pod)."""
    conversions: Mapping[str, Conversion] = field(default_factory=dict)
    deprecations: Mapping[str, str] = field(default_factory=dict)
    """What everybody is warned of who asks for its objects in a version, by apiVersion."""
    emulated: bool = True
