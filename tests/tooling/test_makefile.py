"""The Makefile: its help, the environment that it makes once, and what it says where it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TARGETS = ["help", "run", "test", "test-kubectl", "check", "bench", "format", "build"]

PYTHON = """#!/bin/sh
# An interpreter that notes what it is asked for, and makes environments of itself.
echo "$*" >> "$LOG"
case "$*" in
    *version_info*) exit $OLD ;;
    *ensurepip*) exit $WITHOUT_ENSUREPIP ;;
    "-m virtualenv --version") exit $WITHOUT_VIRTUALENV ;;
    "-m venv"* | "-m virtualenv"*)
        for folder; do :; done
        mkdir -p "$folder/bin" && cp "$0" "$folder/bin/python" && cp "$0" "$folder/bin/minikube-lite" ;;
esac
"""


class Checkout:
    """A directory with the Makefile and an interpreter of our making."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.python = folder / "python3"
        for name in ("Makefile", "pyproject.toml"):
            shutil.copy(root / name, folder)
        self.python.write_text(PYTHON)
        self.python.chmod(0o755)

    def make(self, *words: str, **answers: int) -> subprocess.CompletedProcess[str]:
        """Call make; answers are exit codes of the interpreter. The log starts anew."""
        self.log.write_text("")
        asked = {"OLD": 0, "WITHOUT_ENSUREPIP": 0, "WITHOUT_VIRTUALENV": 0, **answers}
        environment = {
            "PATH": os.environ["PATH"],
            "LOG": str(self.log),
            **{name: str(code) for name, code in asked.items()},
        }
        return subprocess.run(
            ["make", "--no-print-directory", f"PYTHON={self.python}", *words],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def asked(self) -> str:
        """What the interpreters were asked for in the last call."""
        return self.log.read_text()


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Checkout:
    return Checkout(root, tmp_path)


def test_help_is_the_default_and_names_every_target(checkout: Checkout) -> None:
    said = checkout.make()
    assert said.returncode == 0
    assert [line.split()[1] for line in said.stdout.splitlines()] == TARGETS
    assert checkout.make("help").stdout == said.stdout
    assert checkout.asked() == ""


def test_the_environment_is_made_once_and_again_when_the_project_changes(checkout: Checkout) -> None:
    assert checkout.make("run", "ARGS=--seed 7").returncode == 0
    assert "-m venv --clear .venv\n" in checkout.asked()
    assert "--editable .[dev]\nstart --nodes 3 --seed 7\n" in checkout.asked()

    assert checkout.make("run").returncode == 0
    assert checkout.asked() == "start --nodes 3\n"

    stamp = checkout.folder / ".venv" / ".installed"
    later = stamp.stat().st_mtime + 1
    os.utime(checkout.folder / "pyproject.toml", (later, later))
    assert checkout.make("run").returncode == 0
    assert "-m venv" not in checkout.asked()
    assert "--editable .[dev]\n" in checkout.asked()


def test_an_old_python_is_told_in_one_sentence(checkout: Checkout) -> None:
    said = checkout.make("run", OLD=1)
    sentence, end = said.stderr.splitlines()
    assert sentence.startswith("minikube-lite needs Python 3.11 or newer: ")
    assert end.startswith("make: ***")
    assert not (checkout.folder / ".venv").exists()


def test_no_python_is_told_in_the_same_sentence(checkout: Checkout) -> None:
    said = checkout.make("run", "PYTHON=")
    assert said.stderr.startswith("minikube-lite needs Python 3.11 or newer: ")


def test_virtualenv_helps_where_venv_cannot(checkout: Checkout) -> None:
    assert checkout.make("run", WITHOUT_ENSUREPIP=1).returncode == 0
    assert "-m virtualenv --clear --quiet .venv\n" in checkout.asked()


def test_a_python_without_both_is_told_how_to_get_them(checkout: Checkout) -> None:
    said = checkout.make("run", WITHOUT_ENSUREPIP=1, WITHOUT_VIRTUALENV=1)
    assert said.returncode != 0
    assert "apt-get install python3-venv" in said.stderr
    assert not (checkout.folder / ".venv").exists()
