"""For all tests: the repository's root is not importable, and the real clients are there.

At the root, ./dns would shadow dnspython and ./api would load twice.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import settings

import minikube_lite  # noqa: F401  (found before the root leaves sys.path, where the package is not installed)

ROOT = Path(__file__).resolve().parent.parent
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]

# A busy machine is no failure, and a run in CI repeats exactly.
settings.register_profile("repository", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("repository")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def kubectl_path() -> str:
    """The real kubectl."""
    return _client("kubectl", "MINIKUBE_LITE_KUBECTL")


@pytest.fixture(scope="session")
def dig_path() -> str:
    """The real dig."""
    return _client("dig", "MINIKUBE_LITE_DIG")


def _client(name: str, variable: str) -> str:
    path = shutil.which(os.environ.get(variable) or name)
    if path is None:
        pytest.fail(
            f"{name} is missing: `python tools/install_clients.py` installs it, or set {variable} to its path",
            pytrace=False,
        )
    return path
