"""Completion as the shells themselves do it: the scripts are sourced, and asked what may follow."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from minikube_lite.cli.command_line import parser
from minikube_lite.cli.completion.scripts import bash, fish, zsh
from minikube_lite.cli.completion.words import Words

SECONDS_MAX = 60
COMMANDS = {"start", "stop", "status", "list", "kubeconfig", "completion"}
Complete = Callable[[str], list[str]]

BASH = """
source {script}
COMP_LINE={line!r} COMP_POINT=${{#COMP_LINE}}
COMP_WORDS=({words}) COMP_CWORD={number}
_minikube_lite 2>/dev/null
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
ZSH = """
zmodload zsh/zpty
zpty shell 'TERM=dumb PROMPT= RPROMPT= zsh -f -i'
zpty -w shell 'autoload -U compinit; compinit -u -D; zstyle ":completion:*" list-colors no; setopt no_list_beep'
zpty -w shell 'LISTMAX=0; zstyle ":completion:*" menu no; zstyle ":completion:*" format ""; source {script}'
zpty -w shell 'compadd () {{
    local -a found; builtin compadd -O found "$@"; (( $#found )) && print -rl -- "<"${{^found}}">" >> {answers}
    builtin compadd "$@"; }}'
zpty -w shell 'done-it () {{ print > {answers}.done }}; zle -N done-it; bindkey "^X" done-it; print ready'
zpty -r shell told '*ready*ready*'
zpty -w -n shell {line!r}$'\\t\\x18'
while [[ ! -e {answers}.done ]]; do zpty -r -t shell told; done
zpty -d shell
"""


def shell(name: str) -> str:
    """Where a shell is."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def output(command: list[str], text: str = "") -> list[str]:
    """The lines that a shell prints."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    assert done.stderr == ""
    return done.stdout.split("\n")


@pytest.fixture(scope="session")
def words() -> Words:
    return Words.of(parser())


@pytest.fixture
def in_bash(words: Words, tmp_path: Path) -> Complete:
    path = shell("bash")
    script = tmp_path / "completion.bash"
    script.write_text(bash(words))

    def complete(line: str) -> list[str]:
        typed = line.replace("=", " = ").split(" ")
        quoted = " ".join(f'"{word}"' for word in typed)
        text = BASH.format(script=script, line=line, words=quoted, number=len(typed) - 1)
        return [found for found in output([path, "--norc"], text) if found]

    return complete


@pytest.fixture
def in_fish(words: Words, tmp_path: Path) -> Complete:
    path = shell("fish")
    script = tmp_path / "completion.fish"
    script.write_text(fish(words))

    def complete(line: str) -> list[str]:
        found = output([path, "--no-config", "-c", f"source {script}; complete -C {line!r}"])
        return [one.split("\t")[0] for one in found if one]

    return complete


@pytest.fixture(params=["bash", "fish"])
def complete(request: pytest.FixtureRequest) -> Complete:
    """Completion in each shell that can be asked without a terminal."""
    found: Complete = request.getfixturevalue(f"in_{request.param}")
    return found


def test_commands(complete: Complete) -> None:
    assert set(complete("minikube-lite ")) >= COMMANDS
    assert set(complete("minikube-lite st")) == {"start", "stop", "status"}


def test_options_of_a_command(complete: Complete) -> None:
    assert set(complete("minikube-lite start --node-m")) == {"--node-monitor-period", "--node-monitor-grace-period"}
    assert set(complete("minikube-lite stop --a")) == {"--all"}
    assert complete("minikube-lite stop --nod") == []
    assert "--seed" in complete("minikube-lite start --nodes 3 --s")


def test_values(complete: Complete) -> None:
    assert set(complete("minikube-lite start --clock ")) == {"real", "scaled", "stepped"}
    assert complete("minikube-lite status --output j") == ["json"]
    assert set(complete("minikube-lite completion ")) >= {"bash", "zsh", "fish"}
    assert complete("minikube-lite start --nodes ") == []


def test_values_behind_an_equals_sign(in_bash: Complete, in_fish: Complete) -> None:
    """Bash takes the sign for a word of its own."""
    assert in_bash("minikube-lite start --clock=s") == ["scaled", "stepped"]
    assert in_bash("minikube-lite start --clock=") == ["real", "scaled", "stepped"]
    assert in_fish("minikube-lite start --clock=s") == ["--clock=scaled", "--clock=stepped"]


def test_zsh(words: Words, tmp_path: Path) -> None:
    """Zsh completes in a terminal only; a pseudo one will do."""
    path = shell("zsh")
    script = tmp_path / "completion.zsh"
    script.write_text(zsh(words))
    assert output([path, "-n", str(script)]) == [""]
    asked = {
        "minikube-lite sta": {"start", "status"},
        "minikube-lite start --node-m": {"--node-monitor-period", "--node-monitor-grace-period"},
        "minikube-lite start --clock s": {"scaled", "stepped"},
        "minikube-lite completion f": {"fish"},
    }
    for number, (line, expected) in enumerate(asked.items()):
        answers = tmp_path / f"answers-{number}"
        output([path, "-f"], ZSH.format(script=script, answers=answers, line=line))
        assert {found[1:-1] for found in answers.read_text().split("\n") if found} == expected, line


def test_every_option_is_known_to_every_shell(words: Words) -> None:
    flags = {flag for command in words.commands for flag in command.flags}
    assert {"--nodes", "-v", "--merge-kubeconfig", "--name", "-p"} <= flags
    fish_script = fish(words)
    for flag in flags:
        assert flag in bash(words)
        assert flag in zsh(words)
        assert (f"-l {flag[2:]} " if flag.startswith("--") else f"-s {flag[1:]} ") in fish_script
