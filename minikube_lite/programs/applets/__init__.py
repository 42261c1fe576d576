"""The commands of small images, on a container's own files and network; upstream: busybox."""

from __future__ import annotations

from minikube_lite.programs.applets.archive import ARCHIVE
from minikube_lite.programs.applets.files import FILES
from minikube_lite.programs.applets.finding import find
from minikube_lite.programs.applets.grep import grep
from minikube_lite.programs.applets.listing import LISTING
from minikube_lite.programs.applets.network import NETWORK
from minikube_lite.programs.applets.running import others
from minikube_lite.programs.applets.sed import sed
from minikube_lite.programs.applets.sorting import SORTING
from minikube_lite.programs.applets.system import SYSTEM
from minikube_lite.programs.applets.text import TEXT
from minikube_lite.programs.program import Program

SEARCHING: dict[str, Program] = {"egrep": grep, "fgrep": grep, "find": find, "grep": grep, "sed": sed}


def applets() -> dict[str, Program]:
    """All of them by name, but for the shell."""
    commands = {**ARCHIVE, **FILES, **LISTING, **NETWORK, **SEARCHING, **SORTING, **SYSTEM, **TEXT}
    commands.update(others(commands))
    return commands
