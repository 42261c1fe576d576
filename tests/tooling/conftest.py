"""The repository's own files, as the tests of its rules see them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

import pytest

SKIPPED = {".git", ".venv", "build", "dist", "__pycache__"}
KEPT_AS_MADE = {"tests/golden/golden.py", "tests/golden/golden_dns.py"}
"""Tools that came with the recorded answers."""


class Source(NamedTuple):
    """A Python file of the repository."""

    path: str
    text: str
    tree: ast.Module


@pytest.fixture(scope="session")
def files(root: Path) -> list[Path]:
    """All files but made ones, relative to the root; links are not followed."""
    found: list[Path] = []
    folders = [root]
    while folders:
        for entry in sorted(folders.pop().iterdir()):
            if entry.is_symlink() or entry.name in SKIPPED or entry.name.endswith((".egg-info", "_cache")):
                continue
            if entry.is_dir() and not (entry / "pyvenv.cfg").exists() and entry.name != ".hypothesis":
                folders.append(entry)
            elif entry.is_file():
                found.append(entry.relative_to(root))
    return sorted(found)


@pytest.fixture(scope="session")
def sources(root: Path, files: list[Path]) -> list[Source]:
    """All Python files."""
    return [
        Source(path.as_posix(), text := (root / path).read_text(), ast.parse(text, path.as_posix()))
        for path in files
        if path.suffix == ".py" and path.as_posix() not in KEPT_AS_MADE
    ]
