"""The Dockerfile without Docker: its steps run here, each stage in a fresh environment that stands for its base image.

Paths of the image become paths in a directory of this test; the program runs as the image's user where we are root.
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

IMAGE_PATHS = re.compile(r"(?<![\w.:/])/(source|wheels|cluster)\b")
START_SECONDS_MAX = 30.0
STEP_SECONDS_MAX = 600.0


@dataclass
class Stage:
    """One FROM of a Dockerfile with its instructions, in order."""

    image: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def value(self, instruction: str) -> str:
        """The argument of the last instruction of that name."""
        return [argument for name, argument in self.steps if name == instruction][-1]


def parse_dockerfile(text: str) -> list[Stage]:
    """A Dockerfile's stages. Comments and continued lines are understood; heredocs are not used."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    stages: list[Stage] = []
    for line in lines.replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        instruction, argument = line.split(maxsplit=1)
        if instruction == "FROM":
            image, _, name = argument.partition(" AS ")
            stages.append(Stage(image, name))
        else:
            stages[-1].steps.append((instruction, argument))
    return stages


@pytest.fixture(scope="module")
def stages(root: Path) -> list[Stage]:
    return parse_dockerfile((root / "Dockerfile").read_text())


@pytest.fixture(scope="module")
def ignored(root: Path) -> list[str]:
    """The names that .dockerignore keeps out, at any depth."""
    lines = [line for line in (root / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"\*\*/[^/]+", line) for line in lines), "one name or glob a line, at any depth"
    return [line.removeprefix("**/") for line in lines]


@dataclass
class Host:
    """A directory that stands for the image's root, an interpreter for its python, and the user of the last stage."""

    directory: Path
    python: str
    user: int | None

    def path(self, text: str) -> str:
        """A command or path of the image, for this host."""
        return IMAGE_PATHS.sub(lambda match: f"{self.directory}/{match[1]}", text)

    def environment(self, stage: str) -> dict[str, str]:
        """The stage's own python and programs come first."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        return {**mine, "PATH": f"{self.directory}/{stage}/bin:{os.environ['PATH']}"}

    def identity(self) -> dict[str, Any]:
        """How a process becomes the image's user."""
        return {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}


@pytest.fixture(scope="module")
def host(stages: list[Stage]) -> Iterator[Host]:
    directory = Path(tempfile.mkdtemp(prefix="minikube-lite-image-"))
    directory.chmod(0o755)
    user, group = map(int, stages[-1].value("USER").split(":"))
    assert user == group > 0
    usable = interpreter_for(user) if os.geteuid() == 0 else None
    try:
        yield Host(directory, usable or sys.executable, user if usable else None)
    finally:
        shutil.rmtree(directory)


def interpreter_for(user: int) -> str | None:
    """An interpreter that another user may run (root's own home is closed to others), if there is one."""
    enough = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"
    for candidate in (getattr(sys, "_base_executable", sys.executable), "/usr/local/bin/python3", "/usr/bin/python3"):
        try:
            done = subprocess.run(
                [candidate, "-c", enough], user=user, group=user, extra_groups=[], check=False, cwd="/"
            )
        except OSError:
            continue
        if done.returncode == 0:
            return str(candidate)
    return None


@pytest.fixture(scope="module")
def image(root: Path, stages: list[Stage], host: Host, ignored: list[str]) -> Host:
    """All steps of all stages, carried out."""
    for number, stage in enumerate(stages):
        environment = stage.name or str(number)
        if host.python == sys.executable:
            venv.create(host.directory / environment, with_pip=True)
        else:
            subprocess.run([host.python, "-m", "venv", host.directory / environment], check=True)
        folder = host.directory
        for instruction, argument in stage.steps:
            if instruction == "WORKDIR":
                folder = Path(host.path(argument))
                folder.mkdir(exist_ok=True)
            elif instruction == "COPY":
                copy(root, argument, folder, ignored)
            elif instruction == "RUN":
                run(host.path(argument), folder, host.environment(environment))
    return host


def copy(root: Path, argument: str, folder: Path, ignored: list[str]) -> None:
    """COPY of the whole tree, as it is in the repository; what comes from another stage is here already."""
    if not argument.startswith("--from="):
        assert argument == ". ."
        shutil.copytree(root, folder, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*ignored))
        assert (folder / "dns").is_symlink()


def run(command: str, folder: Path, environment: dict[str, str]) -> None:
    """One RUN."""
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=STEP_SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"


def test_the_last_stage_has_the_wheel_only_and_is_not_root(stages: list[Stage]) -> None:
    assert [stage.name for stage in stages] == ["build", ""]
    last = stages[-1]
    assert [argument for name, argument in last.steps if name in ("COPY", "ADD")] == ["--from=build /wheels /wheels"]
    names = [name for name, _ in last.steps]
    assert names.index("USER") > max(index for index, name in enumerate(names) if name == "RUN")


def test_ports_agree(stages: list[Stage]) -> None:
    """The health check and EXPOSE name the ports that the program is told to use."""
    last = stages[-1]
    words = json.loads(last.value("ENTRYPOINT"))
    api, dns = words[words.index("--api-port") + 1], words[words.index("--dns-port") + 1]
    assert last.value("EXPOSE").split() == [f"{api}/tcp", f"{dns}/tcp", f"{dns}/udp"]
    assert f"http://127.0.0.1:{api}/readyz" in last.value("HEALTHCHECK")


def test_the_container_starts_is_healthy_and_stops(image: Host, stages: list[Stage]) -> None:
    last, stage = stages[-1], str(len(stages) - 1)
    check_what_is_installed(image, stage)
    program, *words = json.loads(image.path(last.value("ENTRYPOINT")))
    installed = image.directory / stage / "bin" / program
    folder = image.path(last.value("WORKDIR"))
    environment = {**image.environment(stage), "HOME": folder, "PYTHONUNBUFFERED": "1"}
    started = subprocess.Popen(
        [installed, *words, "--api-port", "0", "--dns-port", "0", "--output", "json"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        **image.identity(),
    )
    try:
        said = first_line(started)
        assert said["pid"] == started.pid
        assert said["kubeconfig"] == words[words.index("--kubeconfig") + 1]
        check = json.loads(last.value("HEALTHCHECK").partition("CMD ")[2])
        healthy = [word.replace("http://127.0.0.1:8080", said["server"]) for word in check]
        assert said["server"] in healthy[-1]
        assert execute(image, healthy, folder, environment) == 0

        started.send_signal(signal.SIGTERM)
        assert started.wait(START_SECONDS_MAX) == 0
        assert execute(image, healthy, folder, environment) == 1
    finally:
        started.kill()
        started.communicate()


def check_what_is_installed(image: Host, stage: str) -> None:
    """Nothing of the tree is used, and the links did not become packages of their own."""
    code = "import minikube_lite as m, importlib.util as u; print(m.__file__, u.find_spec('api'), u.find_spec('tests'))"
    done = subprocess.run(
        ["python", "-c", code],
        cwd=image.directory,
        env=image.environment(stage),
        capture_output=True,
        text=True,
        check=True,
    )
    place, *others = done.stdout.split()
    assert Path(place).is_relative_to(image.directory / stage)
    assert others == ["None", "None"]


def execute(image: Host, command: list[str], folder: str, environment: dict[str, str]) -> int:
    """What `docker exec` would do; the exit code."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stderr=subprocess.PIPE,
        timeout=START_SECONDS_MAX,
        check=False,
        **image.identity(),
    )
    return done.returncode


def first_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The line of JSON that says that the cluster is there."""
    assert process.stdout
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS_MAX)
    assert ready, f"nothing was said in {START_SECONDS_MAX} s"
    line = process.stdout.readline()
    assert line, f"it ended with {process.wait()}"
    said: dict[str, Any] = json.loads(line)
    return said


def test_a_dockerfile_is_understood() -> None:
    text = '# a comment\nFROM a AS b\nRUN x \\\n    y\n\nFROM c\n# another\nCMD ["d"]\n'
    first, second = parse_dockerfile(text)
    assert (first.image, first.name, first.steps) == ("a", "b", [("RUN", "x      y")])
    assert (second.image, second.name, second.value("CMD")) == ("c", "", '["d"]')
