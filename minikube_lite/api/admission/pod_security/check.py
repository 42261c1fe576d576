"""What a check is, and how it speaks; upstream: pod-security-admission/policy (checks.go, helpers.go, visitor.go)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from minikube_lite.store import Object


class Violation(NamedTuple):
    """How a pod breaks a rule: in short, and where."""

    reason: str
    detail: str

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})"


CheckPod = Callable[[Object, Object], Violation | None]
"""From a pod's metadata and spec."""


class Version(NamedTuple):
    """A check as it is from a minor version of Kubernetes on. It takes the place of the checks that it `overrides`."""

    minor: int
    check: CheckPod
    overrides: tuple[str, ...] = ()


class Check(NamedTuple):
    """A rule of a level; `versions` with the oldest first."""

    id: str
    level: str
    versions: tuple[Version, ...]


def containers(spec: Object) -> Iterator[Object]:
    """All containers of a pod, in the order in which they are told."""
    for place in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(place) or ()


def security(holder: Object, name: str) -> Any:
    """A field of the security context of a pod's spec or of a container; None where it is not set."""
    return (holder.get("securityContext") or {}).get(name)


def names_of(bad: Iterable[Object]) -> list[str]:
    """The containers' names."""
    return [container.get("name", "") for container in bad]


def quoted(items: Iterable[str]) -> str:
    """As `"a", "b"`."""
    return ", ".join(f'"{item}"' for item in items)


def plural(word: str, items: Sequence[object]) -> str:
    """The word for one or for several of them."""
    return word if len(items) == 1 else f"{word}s"


def uses(items: Sequence[object]) -> str:
    """What one does, or several do."""
    return "uses" if len(items) == 1 else "use"


def counted(word: str, items: Sequence[str]) -> str:
    """As `containers "a", "b"`."""
    return f"{plural(word, items)} {quoted(items)}"


def setters(pod: bool, bad_containers: Sequence[str]) -> str:
    """Who set something: the pod, some of its containers, or both; "" for nobody."""
    parts = ["pod"] if pod else []
    if bad_containers:
        parts.append(counted("container", bad_containers))
    return " and ".join(parts)


def is_windows(spec: Object) -> bool:
    """Whether the pod says that it is for Windows."""
    return bool((spec.get("os") or {}).get("name") == "windows")


def has_user_namespace(spec: Object) -> bool:
    """Whether the pod's users are not the host's, which takes the danger out of some settings."""
    return spec.get("hostUsers") is False
