"""What the columns of several kinds share: names, ages, labels, selectors, containers; upstream: pkg/printers.

A column is described by a short text of upstream, or by the description of the field that it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from minikube_lite.machinery.ages import age
from minikube_lite.machinery.kind import Column, FieldText
from minikube_lite.machinery.selectors import format_label_selector
from minikube_lite.store import Object

NONE = "<none>"
"""Stands where there is nothing to show."""
UNSET = "<unset>"
"""Stands for a list or a value that was never given."""
LIST_ITEMS_SHOWN_MAX = 3
"""How many items of a list a cell shows before it only counts them."""


def name_of(obj: Object, _now: float) -> str:
    """The object's name."""
    return str(obj["metadata"].get("name") or "")


def or_none(text: str | None) -> str:
    """The text, or `<none>` where it is empty."""
    return text or NONE


def format_labels(labels: Mapping[str, str] | None) -> str:
    """A map of labels as `a=b,c=d`, in the order of the keys; `<none>` where it is empty."""
    return ",".join(f"{key}={labels[key]}" for key in sorted(labels)) if labels else NONE


def format_selector(selector: Mapping[str, Any] | None) -> str:
    """A LabelSelector object as one text; `<none>` where it is empty, `<error>` where it is none."""
    return format_label_selector(selector)


def list_with_more(items: Sequence[str], maximum: int = LIST_ITEMS_SHOWN_MAX, empty: str = UNSET) -> str:
    """The first items and how many more there are."""
    text = ",".join(items[:maximum])
    if len(items) > maximum:
        return f"{text} + {len(items) - maximum} more..."
    return text or empty


def container_names(containers: Iterable[Object]) -> str:
    """The names of containers, as the Containers column shows them."""
    return ",".join(container.get("name") or "" for container in containers)


def container_images(containers: Iterable[Object]) -> str:
    """The images of containers, as the Images column shows them."""
    return ",".join(container.get("image") or "" for container in containers)


def value_at(obj: Mapping[str, Any], path: Sequence[str], absent: Any = None) -> Any:
    """What stands at a path of field names, or `absent`."""
    value: Any = obj
    for name in path:
        value = value.get(name) if value else None
    return absent if value is None else value


def text_column(
    name: str, *path: str, priority: int = 0, description: str | FieldText = "", absent: str = ""
) -> Column:
    """A column that shows the text at a path."""
    return Column(name, lambda obj, _now: value_at(obj, path, absent), "string", "", priority, description)


def number_column(name: str, *path: str, priority: int = 0, description: str | FieldText = "") -> Column:
    """A column that shows the whole number at a path, 0 where there is none."""
    return Column(name, lambda obj, _now: value_at(obj, path, 0), "integer", "", priority, description)


def boolean_column(name: str, *path: str, priority: int = 0, description: str | FieldText = "") -> Column:
    """A column that shows whether something is so."""
    return Column(name, lambda obj, _now: value_at(obj, path, False), "boolean", "", priority, description)


def cell_column(
    name: str,
    cell: Callable[[Object], str],
    *,
    priority: int = 0,
    description: str | FieldText = "",
    column_type: str = "string",
) -> Column:
    """A column whose cell depends on the object alone, not on the time."""
    return Column(name, lambda obj, _now: cell(obj), column_type, "", priority, description)


def template_columns(*path: str) -> tuple[Column, Column]:
    """The wide columns Containers and Images of the pod template at that path."""
    to_containers = (*path, "spec", "containers")
    return (
        cell_column(
            "Containers",
            lambda obj: container_names(value_at(obj, to_containers, ())),
            priority=1,
            description="Names of each container in the template.",
        ),
        cell_column(
            "Images",
            lambda obj: container_images(value_at(obj, to_containers, ())),
            priority=1,
            description="Images referenced by each container in the template.",
        ),
    )


def selector_column(spec_type: str, *path: str) -> Column:
    """The wide column that shows the LabelSelector at that path, which is a field of that type."""
    return cell_column(
        "Selector",
        lambda obj: format_selector(value_at(obj, path)),
        priority=1,
        description=FieldText(spec_type, path[-1]),
    )


OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
CREATED = FieldText(OBJECT_META, "creationTimestamp")
NAME = Column("Name", name_of, "string", "name", 0, FieldText(OBJECT_META, "name"))
AGE = Column("Age", age, "string", "", 0, CREATED)
