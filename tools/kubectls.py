"""Finds every kubectl of this machine, for tests that run the same commands with several versions."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

VERSION_SECONDS_MAX = 60
"""How long a program may take to say its version."""

PATTERNS = ("kubectl", "kubectl.1.*", "kubectl1.*", "kubectl-1.*")
"""What programs are called that may be a kubectl; several versions stand side by side with their number."""


@dataclass(frozen=True, order=True)
class Kubectl:
    """A program, and its version 1.<minor>."""

    minor: int
    path: str

    def __str__(self) -> str:
        return f"1.{self.minor}"


def built_directory(environ: Mapping[str, str]) -> Path:
    """Where tools/build_kubectl.py puts what it builds."""
    cache = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or Path.home()) / ".cache"
    return Path(cache) / "minikube-lite" / "kubectl"


def directories(environ: Mapping[str, str]) -> Iterator[Path]:
    """Where to look, the most deliberate first; some installations keep older ones beside what the link in PATH names."""
    if own := environ.get("MINIKUBE_LITE_KUBECTLS"):
        yield Path(own)
    yield built_directory(environ)
    found = shutil.which("kubectl", path=environ.get("PATH"))
    if found:
        yield Path(found).resolve().parent
    for entry in environ.get("PATH", "").split(os.pathsep):
        if entry:
            yield Path(entry)


def minor_version(path: str) -> int | None:
    """The kubectl's version is 1.<this>; None if it is none, or does not run here."""
    try:
        done = subprocess.run(
            [path, "version", "--client", "--output=json"],
            capture_output=True,
            text=True,
            timeout=VERSION_SECONDS_MAX,
            check=True,
        )
        found = re.match(r"\d+", json.loads(done.stdout)["clientVersion"]["minor"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return None
    return int(found.group()) if found else None


def named_version(name: str) -> int | None:
    """The version in the name of a program that stands among several: `kubectl.1.27`."""
    found = re.fullmatch(r"kubectl[.-]?1\.(\d+)(?:\.\d+)?", name)
    return int(found.group(1)) if found else None


def candidates(environ: Mapping[str, str]) -> list[str]:
    """Programs that may be kubectls, each once, those with a number first."""
    found: dict[Path, str] = {}
    for directory in directories(environ):
        for pattern in PATTERNS:
            for path in sorted(directory.glob(pattern)):
                if os.access(path, os.X_OK) and path.is_file():
                    found.setdefault(path.resolve(), str(path))
    return list(found.values())


def find_all(environ: Mapping[str, str]) -> list[Kubectl]:
    """One kubectl of each version, the oldest first; the one that MINIKUBE_LITE_KUBECTL names stands alone."""
    by_minor: dict[int, str] = {}
    own = environ.get("MINIKUBE_LITE_KUBECTL")
    for path in [own] if own else candidates(environ):
        minor = named_version(Path(path).name) or minor_version(path)
        if minor is not None:
            by_minor.setdefault(minor, path)
    return [Kubectl(minor, path) for minor, path in sorted(by_minor.items())]
