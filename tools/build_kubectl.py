"""Builds kubectl of the versions that are named, for tests that run every command with several: `make test-kubectl`.

    python tools/build_kubectl.py 1.36 1.37.0

Needs Go and its module proxy, and some minutes a version. `make test` needs none of it. Each kubectl comes from the Go module
k8s.io/kubectl, whose version 0.36 is kubectl 1.36, and goes into a directory of the user's cache, where tools/kubectls.py looks.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from kubectls import built_directory

SOURCE = Path(__file__).resolve().parent / "kubectl" / "main.go"
VERSION = re.compile(r"1\.(\d+)(?:\.(\d+))?")
MODULE = "k8s.io/kubectl"


def module_version(version: str) -> str:
    """Kubernetes 1.36 or 1.36.3, as Go asks for its modules."""
    found = VERSION.fullmatch(version)
    if found is None:
        raise ValueError(f"{version} is no version of kubectl: it must be like 1.36 or 1.36.3")
    return ".".join(["v0", *(part for part in found.groups() if part)])


def stamp(module: str) -> list[str]:
    """What the linker writes into the program, so that `kubectl version` tells it."""
    minor = module.split(".")[1]
    place = "k8s.io/component-base/version"
    facts = {"gitMajor": "1", "gitMinor": minor, "gitVersion": "v1" + module.removeprefix("v0")}
    return ["-s", "-w", *(f"-X={place}.{name}={value}" for name, value in facts.items())]


def build(go: str, version: str, into: Path) -> Path:
    """Build one; where it is. The work directory is kept, so that a second build of a version takes no time."""
    work = into / "work" / version
    work.mkdir(parents=True, exist_ok=True)
    shutil.copy(SOURCE, work)
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod", "GOWORK": "off"}

    def run(*words: str) -> str:
        done = subprocess.run([go, *words], cwd=work, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout.strip()

    if not (work / "go.mod").exists():
        run("mod", "init", "minikube-lite.io/kubectl")
    run("get", f"{MODULE}@{module_version(version)}")
    module = run("list", "-m", "-f", "{{.Version}}", MODULE)
    kubectl = into / f"kubectl.{'.'.join(['1', *module.split('.')[1:2]])}"
    run("build", f"-ldflags={' '.join(stamp(module))}", "-o", str(kubectl), ".")
    return kubectl


def main() -> int:
    """Build what is asked for, one after the other."""
    parser = argparse.ArgumentParser(description="Build kubectl of these versions, for tests.")
    parser.add_argument("versions", nargs="+", metavar="VERSION", help="1.36, or 1.36.3")
    versions = parser.parse_args().versions
    go = shutil.which("go")
    if go is None:
        print("This needs Go: https://go.dev/doc/install", file=sys.stderr)
        return 1
    try:
        for version in versions:
            module_version(version)
        for version in versions:
            print(build(go, version, built_directory(os.environ)))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        print(f"go failed: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
