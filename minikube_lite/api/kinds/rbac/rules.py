"""What roles and bindings may say; upstream: pkg/apis/rbac/validation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from minikube_lite.api.columns import AGE, NAME, cell_column
from minikube_lite.api.kinds.go_structs import GoField, go_struct
from minikube_lite.machinery.kind import Column, FieldText, RequestContext, Strategy
from minikube_lite.machinery.names import name_is_dns_subdomain, path_segment_name
from minikube_lite.schema.field import FieldError, Path, invalid, not_supported, required
from minikube_lite.store import Object

GROUP = "rbac.authorization.k8s.io"
SUBJECT_KINDS = ("ServiceAccount", "User", "Group")

_ROLE_REF = (GoField("APIGroup", "apiGroup", ""), GoField("Kind", "kind", ""), GoField("Name", "name", ""))


class RbacStrategy(Strategy):
    """What the writes of roles and of bindings have in common: a change is checked as a new object is."""

    has_status = False
    manages_generation = False
    allow_create_on_update = True
    reset_fields = ()

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        return self.validate(context, new)


class BindingStrategy(RbacStrategy):
    """All writes of bindings to those kinds of roles."""

    def __init__(self, role_kinds: Sequence[str], *, namespaced: bool) -> None:
        self._role_kinds = role_kinds
        self._namespaced = namespaced

    def default(self, obj: Object) -> None:
        default_binding(obj)

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        return binding_errors(obj, self._role_kinds, self._namespaced)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        yield from self.validate(context, new)
        yield from role_ref_change_errors(new, old)


def rules_errors(rules: Sequence[Mapping[str, Any]], namespaced: bool) -> Iterator[FieldError]:
    """The faults of a role's rules."""
    for position, rule in enumerate(rules):
        path, urls = Path("rules").index(position), rule.get("nonResourceURLs") or ()
        if not rule.get("verbs"):
            yield required(path.child("verbs"), "verbs must contain at least one value")
        if urls:
            place = path.child("nonResourceURLs")
            if namespaced:
                yield invalid(place, urls, "namespaced rules cannot apply to non-resource URLs")
            if any(rule.get(name) for name in ("apiGroups", "resources", "resourceNames")):
                yield invalid(place, urls, "rules cannot apply to both regular resources and non-resource URLs")
            continue
        if not rule.get("apiGroups"):
            yield required(path.child("apiGroups"), "resource rules must supply at least one api group")
        if not rule.get("resources"):
            yield required(path.child("resources"), "resource rules must supply at least one resource")


def default_binding(obj: Object) -> None:
    """The groups that a binding need not name."""
    reference = obj.setdefault("roleRef", {})
    reference["apiGroup"] = reference.get("apiGroup") or GROUP
    for subject in obj.get("subjects") or ():
        if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
            subject["apiGroup"] = GROUP


def binding_errors(obj: Object, role_kinds: Sequence[str], namespaced: bool) -> Iterator[FieldError]:
    """The faults of a binding."""
    reference, path = obj["roleRef"], Path("roleRef")
    if reference["apiGroup"] != GROUP:
        yield not_supported(path.child("apiGroup"), reference["apiGroup"], (GROUP,))
    if reference.get("kind") not in role_kinds:
        yield not_supported(path.child("kind"), reference.get("kind", ""), role_kinds)
    name = reference.get("name", "")
    if not name:
        yield required(path.child("name"))
    yield from (invalid(path.child("name"), name, message) for message in path_segment_name(name))
    for position, subject in enumerate(obj.get("subjects") or ()):
        yield from _subject_errors(subject, namespaced, Path("subjects").index(position))


def _subject_errors(subject: Mapping[str, Any], namespaced: bool, path: Path) -> Iterator[FieldError]:
    name, kind, group = subject.get("name", ""), subject.get("kind", ""), subject.get("apiGroup", "")
    if not name:
        yield required(path.child("name"))
    if kind == "ServiceAccount":
        if name:
            yield from (invalid(path.child("name"), name, message) for message in name_is_dns_subdomain(name))
        if group:
            yield not_supported(path.child("apiGroup"), group, ("",))
        if not namespaced and not subject.get("namespace"):
            yield required(path.child("namespace"))
    elif kind in SUBJECT_KINDS:
        if group != GROUP:
            yield not_supported(path.child("apiGroup"), group, (GROUP,))
    else:
        yield not_supported(path.child("kind"), kind, SUBJECT_KINDS)


def role_ref_change_errors(new: Object, old: Object) -> Iterator[FieldError]:
    """A binding stays bound to its role."""
    if new["roleRef"] != old["roleRef"]:
        yield invalid(Path("roleRef"), go_struct(new["roleRef"], _ROLE_REF), "cannot change roleRef")


def subjects_text(obj: Object, kind: str) -> str:
    """The subjects of a kind, as the wide columns show them."""
    subjects = [subject for subject in obj.get("subjects") or () if subject.get("kind") == kind]
    if kind == "ServiceAccount":
        return ", ".join(f"{subject.get('namespace', '')}/{subject.get('name', '')}" for subject in subjects)
    return ", ".join(subject.get("name", "") for subject in subjects)


def binding_columns(kind: str) -> tuple[Column, ...]:
    """The columns of RoleBindings or ClusterRoleBindings."""
    go_name = kind[:1].lower() + kind[1:]
    return (
        NAME,
        cell_column(
            "Role",
            lambda obj: f"{obj['roleRef'].get('kind', '')}/{obj['roleRef'].get('name', '')}",
            description=FieldText(f"io.k8s.api.rbac.v1.{kind}", "roleRef", without=" This field is immutable."),
        ),
        AGE,
        cell_column("Users", lambda obj: subjects_text(obj, "User"), priority=1, description=f"Users in the {go_name}"),
        cell_column(
            "Groups", lambda obj: subjects_text(obj, "Group"), priority=1, description=f"Groups in the {go_name}"
        ),
        cell_column(
            "ServiceAccounts",
            lambda obj: subjects_text(obj, "ServiceAccount"),
            priority=1,
            description=f"ServiceAccounts in the {go_name}",
        ),
    )
