"""Small checks that the rules of pods share; upstream: the helpers in pkg/apis/core/validation/validation.go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from minikube_lite.machinery.addresses import is_valid_ip_for_legacy_field
from minikube_lite.machinery.names import PORT_NUMBER_MAX, is_valid_port_name, range_text
from minikube_lite.schema.field import FieldError, Path, invalid, not_supported, required
from minikube_lite.store import Object

MUST_NOT_BE_NEGATIVE = "must be greater than or equal to 0"
MUST_BE_POSITIVE = "must be greater than zero"
FILE_MODE_TEXT = "must be a number between 0 and 0777 (octal), both inclusive"
FILE_MODE_MAX = 0o777
INT32_MAX = 2**31 - 1
ANNOTATION_MIRROR_POD = "kubernetes.io/config.mirror"

CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")
"""The lists of a pod's containers in the order in which upstream visits them."""


class PodScope(NamedTuple):
    """What the rules of a pod spec must know of what is around it."""

    is_pod: bool
    """Whether the spec is a Pod's own, not that of a template."""
    name: str = ""
    """The pod's name, where there is one."""
    mirror: bool = False
    """Whether it stands for a pod that a kubelet read from a file."""


TEMPLATE = PodScope(is_pod=False)


def visit_containers(spec: Object, path: Path) -> Iterator[tuple[Object, Path]]:
    """Every container of a pod, of each sort, and where it stands."""
    for name in CONTAINER_LISTS:
        containers = spec.get(name)
        if containers:
            place = path.child(name)
            for position, container in enumerate(containers):
                yield container, place.index(position)


def named(check: Callable[[str], Sequence[str]], value: str, path: Path) -> Iterator[FieldError]:
    """What a check of names says of a value."""
    for message in check(value):
        yield invalid(path, value, message)


def nonnegative(value: int | None, path: Path) -> Iterator[FieldError]:
    """A number that may be zero."""
    if value is not None and value < 0:
        yield invalid(path, value, MUST_NOT_BE_NEGATIVE)


def nonnegative_fields(obj: Object, names: Iterable[str], path: Path) -> Iterator[FieldError]:
    """Several numbers of one object that may be zero."""
    for name in names:
        value = obj.get(name)
        if value is not None and value < 0:
            yield invalid(path.child(name), value, MUST_NOT_BE_NEGATIVE)


def one_of(value: str, supported: Sequence[str], path: Path) -> Iterator[FieldError]:
    """A word out of a list that must be given."""
    if value not in supported:
        yield not_supported(path, value, supported) if value else required(path)


def file_mode(value: int | None, path: Path) -> Iterator[FieldError]:
    """The permissions of a file."""
    if value is not None and not 0 <= value <= FILE_MODE_MAX:
        yield invalid(path, value, FILE_MODE_TEXT)


def no_backsteps(value: str, path: Path) -> Iterator[FieldError]:
    """A path that never goes up."""
    if ".." in value and ".." in value.split("/"):
        yield invalid(path, value, "must not contain '..'")


def local_descending_path(value: str, path: Path) -> Iterator[FieldError]:
    """A relative path that never goes up."""
    if value.startswith("/"):
        yield invalid(path, value, "must be a relative path")
    yield from no_backsteps(value, path)


def local_non_reserved_path(value: str, path: Path) -> Iterator[FieldError]:
    """A relative path that never goes up and whose first part is not kept for the kubelet."""
    yield from local_descending_path(value, path)
    if value.startswith("..") and not value.startswith("../"):
        yield invalid(path, value, "must not start with '..'")


def port_number_or_name(port: int | str, path: Path) -> Iterator[FieldError]:
    """A port as probes name it."""
    if isinstance(port, str):
        yield from named(is_valid_port_name, port, path)
    elif not 1 <= port <= PORT_NUMBER_MAX:
        yield invalid(path, port, range_text(1, PORT_NUMBER_MAX))


def address(value: str, path: Path, known: Sequence[str] = ()) -> Iterator[FieldError]:
    """An IP address; those that stood there before pass."""
    if value not in known:
        yield from named(is_valid_ip_for_legacy_field, value, path)


def required_text(obj: Object, name: str, path: Path) -> Iterator[FieldError]:
    """A text that must not be empty."""
    if not obj.get(name):
        yield required(path.child(name))


def spec_of(obj: Object) -> Object:
    """The object's spec, made if it is not there."""
    spec: Any = obj.get("spec")
    if spec is None:
        spec = obj["spec"] = {}
    return spec  # type: ignore[no-any-return]
