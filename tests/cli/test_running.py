"""Names of running clusters: taken once, given back, never those of a process that is gone or of another one with its pid."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from minikube_lite.cli.errors import UsageError
from minikube_lite.cli.processes import Process, began, began_of_stat
from minikube_lite.cli.running import (
    DIRECTORY_VARIABLE,
    NameTakenError,
    Record,
    Running,
    checked_name,
    chosen_directory,
    context_name,
)


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running.of({DIRECTORY_VARIABLE: str(tmp_path / "run")})


def gone() -> Process:
    """A process that has ended."""
    return Process(2**22 + 1, "1")


def test_a_name_is_taken_once(running: Running) -> None:
    record, left = running.claim("dev", "minikube-lite-dev")
    assert (left, running.find("dev")) == (None, record)
    with pytest.raises(NameTakenError, match=f"dev runs already .pid {os.getpid()}"):
        running.claim("dev", "minikube-lite-dev")


def test_a_name_is_given_back_with_all_that_was_kept(running: Running) -> None:
    record, _ = running.claim("dev", "minikube-lite-dev")
    running.kubeconfig("dev").write_text("mine")
    running.forget(record)
    assert (running.find("dev"), running.all(), running.folder("dev").exists()) == (None, [], False)


def test_a_name_is_not_given_back_for_somebody_else(running: Running) -> None:
    record, _ = running.claim("dev", "minikube-lite-dev")
    running.forget(dataclasses.replace(record, process=gone()))
    assert running.find("dev") == record


def test_the_name_of_a_process_that_died_is_free_and_its_record_is_told(running: Running) -> None:
    dead = Record("dev", "minikube-lite-dev", gone(), server="http://127.0.0.1:1", merged_into=("a", "b"))
    running.note(dead)
    assert (running.find("dev"), running.all()) == (None, [])
    assert running.claim("dev", "minikube-lite-dev")[1] == dead


def test_without_a_name_the_first_free_one_is_taken(running: Running) -> None:
    taken = [running.claim_unnamed()[0] for _ in range(3)]
    assert [record.name for record in taken] == ["minikube-lite", "unnamed-2", "unnamed-3"]
    assert {record.context for record in taken} == {"minikube-lite"}
    assert [record.name for record in running.all()] == ["minikube-lite", "unnamed-2", "unnamed-3"]


@pytest.mark.parametrize("text", ["", "{}", "[]", "{", '{"name": "dev"}', "7"])
def test_a_record_that_is_none_is_no_cluster(running: Running, text: str) -> None:
    running.folder("dev").mkdir()
    (running.folder("dev") / "cluster.json").write_text(text)
    assert (running.find("dev"), running.all()) == (None, [])
    assert running.claim("dev", "minikube-lite-dev")[1] is None


def test_the_directory_is_its_owners_alone(running: Running) -> None:
    assert running.directory.stat().st_mode & 0o777 == 0o700
    running.directory.chmod(0o777)
    with pytest.raises(UsageError, match="not this user's own"):
        Running.of({DIRECTORY_VARIABLE: str(running.directory)})


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "other")
    with pytest.raises(UsageError, match="not this user's own"):
        Running.of({DIRECTORY_VARIABLE: str(tmp_path / "run")})


def test_where_the_directory_is(tmp_path: Path) -> None:
    assert chosen_directory({"XDG_RUNTIME_DIR": str(tmp_path)}) == tmp_path / "minikube-lite"
    assert chosen_directory({"XDG_RUNTIME_DIR": str(tmp_path), DIRECTORY_VARIABLE: "/a"}) == Path("/a")
    nowhere = chosen_directory({"XDG_RUNTIME_DIR": str(tmp_path / "nowhere")})
    assert nowhere == chosen_directory({})
    assert nowhere.name == f"minikube-lite-{os.getuid()}"


@pytest.mark.parametrize("name", ["a", "dev", "minikube-lite", "a-1", "9", "x" * 50])
def test_names(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a.b", "../a", "a/b", "a b", "a\n", "x" * 51])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="is no name"):
        checked_name(name)


def test_contexts() -> None:
    """The default cluster's is the program's name, as with minikube; others have it in front, as with kind."""
    assert context_name("minikube-lite") == "minikube-lite"
    assert context_name("prod") == "minikube-lite-prod"


def test_a_process_is_itself_and_not_another_one_with_its_pid() -> None:
    process = Process.current()
    assert process.alive
    assert not dataclasses.replace(process, began=process.began + "0").alive
    assert not gone().alive
    assert not Process(0, "").alive


def test_a_reused_pid_is_not_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True) as other:
        Process(other.pid, began(other.pid) + "0").terminate()
        assert other.poll() is None
        assert Process(other.pid, began(other.pid)).alive
        other.communicate("\n")
    assert other.returncode == 0


def test_a_process_is_ended_and_waited_for() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        process = Process(other.pid, began(other.pid))
        assert process.wait(0) is False
        process.terminate()
        assert process.wait(30)  # though nobody has asked for its exit code
    process.terminate()


@pytest.mark.parametrize(("state", "found"), [("S", "4711"), ("R", "4711"), ("Z", ""), ("X", "")])
def test_the_line_of_linux_with_any_name(state: str, found: str) -> None:
    fields = [state, *map(str, range(4, 22)), "4711", *map(str, range(23, 53))]
    assert began_of_stat(f"7 (a) b (c) {' '.join(fields)}\n") == found
