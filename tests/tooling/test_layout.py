"""The repository's layout: the three links, what is imported from where, the public names, what is shipped."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import dns
import dns.message
import pytest

import minikube_lite

LINKS = ("api", "controllers", "dns")
FOREIGN_PATH = re.compile(r"(?<![\w.~-])(?:/work|/root|/home)/")


@pytest.mark.parametrize("name", LINKS)
def test_a_link_at_the_root_points_into_the_package(root: Path, name: str) -> None:
    link = root / name
    assert link.is_symlink(), f"{name} must be a link: clone with `git clone -c core.symlinks=true`"
    assert link.readlink() == Path("minikube_lite", name)
    assert link.samefile(root / "minikube_lite" / name)


def test_there_are_no_other_links(root: Path) -> None:
    assert {path.name for path in root.iterdir() if path.is_symlink()} == set(LINKS)


def test_the_root_is_not_importable(root: Path) -> None:
    assert root not in [Path(entry or ".").resolve() for entry in sys.path]
    loaded = [name for name in ("api", "controllers") if name in sys.modules]
    assert loaded == []


def test_dns_is_dnspython(root: Path) -> None:
    assert root not in Path(dns.__file__).resolve().parents or ".venv" in dns.__file__
    assert dns.message.make_query("kubia.default.svc.cluster.local", "SRV").question


def test_the_package_is_this_one(root: Path) -> None:
    assert minikube_lite.__file__ is not None
    assert Path(minikube_lite.__file__).resolve().parent == root / "minikube_lite"
    assert (root / "minikube_lite" / "py.typed").is_file()


def test_public_names() -> None:
    assert sorted(minikube_lite.__all__) == ["Cluster", "__version__"]
    assert isinstance(minikube_lite.Cluster, type)
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", minikube_lite.__version__)


def test_importing_the_package_is_cheap() -> None:
    code = (
        "import sys, minikube_lite; print([name for name in ('aiohttp', 'pydantic', 'orjson') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment())
    assert done.stdout.strip() == "[]"


def test_every_package_says_its_role(root: Path) -> None:
    folders = {path.parent for path in (root / "minikube_lite").rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_data_of_the_package_is_shipped(root: Path) -> None:
    """Files that are no code are left out of a wheel unless pyproject.toml names them."""
    shipped = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    named = {
        path
        for package, patterns in shipped.items()
        for pattern in patterns
        for path in root.joinpath(*package.split(".")).glob(pattern)
    }
    there = {
        path
        for path in (root / "minikube_lite").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and not any("_cache" in part for part in path.parts)
    }
    assert there - named == set()


def test_texts_name_no_place_outside_of_the_repository(root: Path, files: list[Path]) -> None:
    assert [f"{path}: {line}" for path in files for line in foreign_paths(text_of(root / path))] == []


@pytest.mark.parametrize("text", ["see /work/shared/x", "open('/root/.kube/config')", "(/home/me/x)"])
def test_a_place_outside_is_seen(text: str) -> None:
    assert foreign_paths(text) == [text]


def foreign_paths(text: str) -> list[str]:
    """The lines that name a path of somebody's machine."""
    return [line for line in text.splitlines() if FOREIGN_PATH.search(line) and "FOREIGN_PATH" not in line]


def text_of(path: Path) -> str:
    """A file's text; nothing for what is none, and for this file, which has examples."""
    if path.samefile(__file__):
        return ""
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


def environment() -> dict[str, str]:
    """An environment in which the package is found as here, installed or not."""
    assert minikube_lite.__file__ is not None
    return {"PYTHONPATH": str(Path(minikube_lite.__file__).resolve().parent.parent)}
