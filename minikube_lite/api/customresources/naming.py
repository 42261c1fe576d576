"""Which names a definition gets; upstream: apiextensions-apiserver/pkg/controller/status/naming_controller.go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from minikube_lite.api.kinds.apiextensions.customresourcedefinition import set_condition
from minikube_lite.machinery.errors import aggregate_text
from minikube_lite.machinery.meta import find_condition
from minikube_lite.store import Object

_CHECKED = (
    ("plural", "PluralConflict", "resources"),
    ("singular", "SingularConflict", "resources"),
    ("shortNames", "ShortNamesConflict", "resources"),
    ("kind", "KindConflict", "kinds"),
    ("listKind", "ListKindConflict", "kinds"),
)
"""Each name, the reason where it is taken, and among what it must be new."""


def accept_names(definition: Object, all_definitions: Iterable[Object], now: str) -> bool:
    """Write into the definition's status which names it has, and conditions that say so; whether that changes anything."""
    wanted, status = definition["spec"]["names"], definition["status"]
    accepted = status.get("acceptedNames") or {}
    if _same_names(wanted, accepted):
        return False
    taken = _taken(definition["spec"]["group"], all_definitions)
    names, trouble = dict(accepted), ("", "")
    for name, reason, among in _CHECKED:
        texts = _conflicts(wanted.get(name), accepted.get(name), taken[among])
        if texts:
            trouble = (reason, aggregate_text(texts))
        elif wanted.get(name):
            names[name] = wanted[name]
        else:
            names.pop(name, None)
    if wanted.get("categories"):
        names["categories"] = wanted["categories"]
    else:
        names.pop("categories", None)
    known = find_condition(definition, "NamesAccepted")
    reason, message = trouble if trouble[0] else ("NoConflicts", "no conflicts found")
    verdict = "False" if trouble[0] else "True"
    told = known is not None and (known["status"], known["reason"], known["message"]) == (verdict, reason, message)
    if names == accepted and told:
        return False
    status["acceptedNames"] = names
    set_condition(definition, "NamesAccepted", verdict, reason, message, now)
    _set_established(definition, accepted=verdict == "True", now=now)
    return True


def _set_established(definition: Object, *, accepted: bool, now: str) -> None:
    known = find_condition(definition, "Established")
    if known is not None and known["status"] == "True":
        return
    if accepted:
        set_condition(definition, "Established", "False", "Installing", "the initial names have been accepted", now)
    elif known is None:
        set_condition(definition, "Established", "False", "NotAccepted", "not all names are accepted", now)


def _same_names(wanted: Object, accepted: Object) -> bool:
    names = ("plural", "singular", "shortNames", "kind", "listKind", "categories")
    return all((wanted.get(name) or None) == (accepted.get(name) or None) for name in names)


def _taken(group: str, definitions: Iterable[Object]) -> dict[str, set[str]]:
    resources: set[str] = set()
    kinds: set[str] = set()
    for each in definitions:
        if each["spec"]["group"] == group:
            names = each["status"].get("acceptedNames") or {}
            resources.update([names.get("plural", ""), names.get("singular", ""), *(names.get("shortNames") or ())])
            kinds.update([names.get("kind", ""), names.get("listKind", "")])
    return {"resources": resources, "kinds": kinds}


def _conflicts(wanted: str | Sequence[str] | None, accepted: str | Sequence[str] | None, taken: set[str]) -> list[str]:
    if isinstance(wanted, str) or wanted is None:
        new = [wanted or ""] if (wanted or "") != (accepted or "") else []
    else:
        new = [name for name in wanted if name not in (accepted or ())]
    return [f'"{name}" is already in use' for name in new if name in taken]
