"""The tool that finds or installs kubectl and dig, on machines that do not exist."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def tool(root: Path) -> ModuleType:
    name = "minikube_lite_install_clients"
    spec = importlib.util.spec_from_file_location(name, root / "tools" / "install_clients.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


class Machine:
    """Programs that are there, and what each package brings."""

    def __init__(self, programs: Sequence[str], packages: Mapping[str, str] = {}, *, sudo_asks: bool = True) -> None:
        self.programs = list(programs)
        self.packages = packages
        self.sudo_asks = sudo_asks
        self.commands: list[str] = []

    def which(self, name: str) -> str | None:
        return f"/usr/bin/{name}" if name in self.programs else None

    def run(self, command: Sequence[str]) -> bool:
        text = " ".join(command)
        self.commands.append(text)
        if text == "sudo -n true":
            return not self.sudo_asks
        if "install" in command:
            program = self.packages.get(command[-1])
            self.programs += [program] if program else []
            return program is not None
        return True


APT = "env DEBIAN_FRONTEND=noninteractive apt-get"


def test_nothing_is_run_where_both_are_there(tool: ModuleType) -> None:
    machine = Machine(["kubectl", "dig", "apt-get"])
    assert tool.ensure({}, 0, machine.which, machine.run) == (["kubectl: /usr/bin/kubectl", "dig: /usr/bin/dig"], [])
    assert machine.commands == []


def test_root_installs_what_is_missing_trying_the_names_of_packages(tool: ModuleType) -> None:
    machine = Machine(["apt-get", "kubectl"], {"dnsutils": "dig"})
    found, problems = tool.ensure({}, 0, machine.which, machine.run)
    assert (found, problems) == (["kubectl: /usr/bin/kubectl", "dig: /usr/bin/dig"], [])
    install = f"{APT} install -y --no-install-recommends"
    assert machine.commands == [f"{APT} update", f"{install} bind9-dnsutils", f"{install} dnsutils"]


def test_sudo_is_used_only_where_it_asks_nothing(tool: ModuleType) -> None:
    packages = {"bind9-dnsutils": "dig"}
    free = Machine(["apt-get", "kubectl", "sudo"], packages, sudo_asks=False)
    assert tool.ensure({}, 1000, free.which, free.run)[1] == []
    assert free.commands[1] == f"sudo -n {APT} update"

    asking = Machine(["apt-get", "kubectl", "sudo"], packages)
    found, problems = tool.ensure({}, 1000, asking.which, asking.run)
    assert found == ["kubectl: /usr/bin/kubectl"]
    assert asking.commands == ["sudo -n true"]
    assert len(problems) == 1 and "MINIKUBE_LITE_DIG" in problems[0] and "bind9-dnsutils" in problems[0]


def test_brew_brings_both(tool: ModuleType) -> None:
    machine = Machine(["brew"], {"kubernetes-cli": "kubectl", "bind": "dig"})
    assert tool.ensure({}, 501, machine.which, machine.run)[1] == []
    assert machine.commands == ["brew install kubernetes-cli", "brew install bind"]


def test_what_cannot_be_had_is_said_for_each(tool: ModuleType) -> None:
    machine = Machine([])
    found, problems = tool.ensure({}, 0, machine.which, machine.run)
    assert found == []
    assert [sentence.split(",")[0] for sentence in problems] == ["The tests need kubectl", "The tests need dig"]


def test_a_path_that_is_named_and_wrong_is_not_replaced(tool: ModuleType) -> None:
    machine = Machine(["apt-get", "dig", "kubectl"])
    found, problems = tool.ensure({"MINIKUBE_LITE_KUBECTL": "/nowhere"}, 0, machine.which, machine.run)
    assert found == ["dig: /usr/bin/dig"]
    assert problems == ["MINIKUBE_LITE_KUBECTL names /nowhere, which is no program that can be run."]
    assert machine.commands == []
