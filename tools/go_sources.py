"""Where the modules of Kubernetes stand on disk, and the Go packages read from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from go_types import GoPackage, read_package

RELEASE = "36.3"


class Sources:
    """The module directories and the Go packages read from them."""

    def __init__(self, modules: Path) -> None:
        self.modules = modules
        self._packages: dict[str, GoPackage] = {}

    def directory(self, module: str) -> Path:
        """Where a module's files stand."""
        major = "v1" if module == "k8s.io/kubernetes" else "v0"
        path = self.modules / f"{module}@{major}.{RELEASE}"
        if not path.is_dir():
            raise SystemExit(f"{path} is missing: run `go mod download {module}@{major}.{RELEASE}`")
        return path

    def package(self, import_path: str) -> GoPackage:
        """A Go package, read at first use."""
        if import_path not in self._packages:
            module = "/".join(import_path.split("/")[:2])
            directory = self.directory(module) / import_path.removeprefix(module).lstrip("/")
            self._packages[import_path] = read_package(import_path, directory)
        return self._packages[import_path]

    def spec(self) -> dict[str, Any]:
        """Every OpenAPI v3 component schema of the built-in groups by name."""
        schemas: dict[str, Any] = {}
        for file in sorted((self.directory("k8s.io/kubernetes") / "api/openapi-spec/v3").glob("*.json")):
            schemas.update(json.loads(file.read_text()).get("components", {}).get("schemas", {}))
        return dict(sorted(schemas.items()))
