"""One file a kind: what upstream spreads over defaults, validation, strategy and printers. A module with a `KIND` is a kind."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from minikube_lite.machinery.kind import Kind


def discover() -> Iterator[Kind]:
    """The kinds declared below this package, in order of their modules' names."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        kind = getattr(importlib.import_module(module.name), "KIND", None)
        if isinstance(kind, Kind):
            yield kind
