"""The tool that finds every kubectl, on machines made for it, and the one that builds more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from build_kubectl import module_version, stamp
from kubectls import built_directory, find_all

Program = Callable[[Path, str], Path]


@pytest.fixture
def program() -> Program:
    """Makes a program that says its version as kubectl does."""

    def make(path: Path, minor: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\necho \'{{"clientVersion": {{"major": "1", "minor": "{minor}"}}}}\'\n')
        path.chmod(0o755)
        return path

    return make


def found(**environ: str) -> list[tuple[str, str]]:
    return [(str(kubectl), Path(kubectl.path).name) for kubectl in find_all(environ)]


def test_every_version_is_found_once_the_oldest_first(tmp_path: Path, program: Program) -> None:
    environ = {"HOME": str(tmp_path), "PATH": str(tmp_path / "bin"), "MINIKUBE_LITE_KUBECTLS": str(tmp_path / "own")}
    program(tmp_path / "own" / "kubectl.1.30", "30")
    program(built_directory(environ) / "kubectl.1.37", "37")
    program(tmp_path / "bin" / "kubectl1.30", "30")
    program(tmp_path / "bin" / "kubectl", "36+")
    assert found(**environ) == [("1.30", "kubectl.1.30"), ("1.36", "kubectl"), ("1.37", "kubectl.1.37")]


def test_others_stand_beside_what_a_link_names(tmp_path: Path, program: Program) -> None:
    program(tmp_path / "sdk" / "kubectl.1.27", "27")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "kubectl").symlink_to(program(tmp_path / "sdk" / "kubectl", "32"))
    assert [version for version, _ in found(HOME=str(tmp_path), PATH=str(tmp_path / "bin"))] == ["1.27", "1.32"]


def test_the_one_that_is_named_stands_alone(tmp_path: Path, program: Program) -> None:
    own = program(tmp_path / "mine", "31")
    program(tmp_path / "bin" / "kubectl", "32")
    environ = {"HOME": str(tmp_path), "PATH": str(tmp_path / "bin"), "MINIKUBE_LITE_KUBECTL": str(own)}
    assert found(**environ) == [("1.31", "mine")]


def test_what_does_not_run_is_none(tmp_path: Path, program: Program) -> None:
    program(tmp_path / "kubectl", "?")
    (tmp_path / "kubectl.1.30").write_text("not a program")
    assert found(HOME=str(tmp_path), PATH=str(tmp_path)) == []


def test_a_version_is_that_of_a_module() -> None:
    assert (module_version("1.36"), module_version("1.36.3")) == ("v0.36", "v0.36.3")
    assert "-X=k8s.io/component-base/version.gitVersion=v1.36.3" in stamp("v0.36.3")
    with pytest.raises(ValueError, match=r"2\.0 is no version of kubectl"):
        module_version("2.0")
