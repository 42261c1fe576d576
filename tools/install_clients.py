"""Finds the real kubectl and dig, which tests run, and installs what is missing; `make test` calls it.

A path in MINIKUBE_LITE_KUBECTL or MINIKUBE_LITE_DIG decides; otherwise PATH; otherwise the system's packages: apt-get
(as root or by a sudo that asks nothing) or brew. What cannot be had is said in a sentence, and the exit code is 1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

APT_SECONDS_MAX = 900
"""How long one call of a package manager may take."""


@dataclass(frozen=True)
class Tool:
    """A program that tests need: where an own one is named, the packages that may bring it, and help for people."""

    name: str
    variable: str
    apt_packages: tuple[str, ...]
    brew_packages: tuple[str, ...]
    help: str


TOOLS = (
    Tool(
        "kubectl",
        "MINIKUBE_LITE_KUBECTL",
        ("kubernetes-client", "kubectl"),
        ("kubernetes-cli",),
        "https://kubernetes.io/docs/tasks/tools/ tells how to install it",
    ),
    Tool(
        "dig",
        "MINIKUBE_LITE_DIG",
        ("bind9-dnsutils", "dnsutils"),
        ("bind",),
        "it comes with BIND: Debian's package bind9-dnsutils, Fedora's bind-utils, brew's bind",
    ),
)

Which = Callable[[str], str | None]
Run = Callable[[Sequence[str]], bool]


def find(tool: Tool, environ: Mapping[str, str], which: Which) -> str | None:
    """The tool's path. A path that was named and is wrong is not replaced by another."""
    return which(environ.get(tool.variable) or tool.name)


def manager_prefix(uid: int, which: Which, run: Run) -> tuple[str, list[str]] | None:
    """The package manager that can be used without asking anything, and the words before its commands."""
    if which("apt-get"):
        environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
        if uid == 0:
            return "apt-get", [*environment, "apt-get"]
        if which("sudo") and run(["sudo", "-n", "true"]):
            return "apt-get", ["sudo", "-n", *environment, "apt-get"]
        return None
    if which("brew"):
        return "brew", ["brew"]
    return None


def install(tools: Sequence[Tool], manager: str, prefix: Sequence[str], which: Which, run: Run) -> None:
    """Try each tool's packages until one brings it; names differ between releases."""
    if manager == "apt-get":
        run([*prefix, "update"])
    for tool in tools:
        options = ["-y", "--no-install-recommends"] if manager == "apt-get" else []
        for package in tool.apt_packages if manager == "apt-get" else tool.brew_packages:
            if run([*prefix, "install", *options, package]) and which(tool.name):
                break


def ensure(environ: Mapping[str, str], uid: int, which: Which, run: Run) -> tuple[list[str], list[str]]:
    """Lines that say where the tools are, and sentences about those that cannot be had."""
    absent = [tool for tool in TOOLS if find(tool, environ, which) is None and not environ.get(tool.variable)]
    if absent and (usable := manager_prefix(uid, which, run)):
        install(absent, *usable, which, run)
    found: list[str] = []
    problems: list[str] = []
    for tool in TOOLS:
        path = find(tool, environ, which)
        if path:
            found.append(f"{tool.name}: {path}")
        elif named := environ.get(tool.variable):
            problems.append(f"{tool.variable} names {named}, which is no program that can be run.")
        else:
            problems.append(
                f"The tests need {tool.name}, which is missing and could not be installed here: "
                f"{tool.help}; or set {tool.variable} to its path."
            )
    return found, problems


def run_command(command: Sequence[str]) -> bool:
    """Run a package manager; what it says goes to stderr when it fails."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=APT_SECONDS_MAX,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{' '.join(command)}: {error}", file=sys.stderr)
        return False
    if done.returncode:
        print(f"{' '.join(command)} failed:\n{done.stdout}", file=sys.stderr)
    return done.returncode == 0


def main() -> int:
    """Find or install all, say where they are."""
    found, problems = ensure(os.environ, os.geteuid(), shutil.which, run_command)
    for line in found:
        print(line)
    for sentence in problems:
        print(sentence, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
