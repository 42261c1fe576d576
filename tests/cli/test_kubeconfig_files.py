"""Kubeconfigs on disk: which file is changed, how it is locked, and that nothing of others is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from minikube_lite.cli.errors import UsageError
from minikube_lite.cli.kubeconfig_files import (
    check_own_file,
    default_file,
    loading_precedence,
    merge,
    points_to,
    unmerge,
)
from minikube_lite.kubeconfig import kubeconfig_text

SERVER = "http://127.0.0.1:8080"
OURS = kubeconfig_text(SERVER)
NAME = "minikube-lite"


def of(*contexts: str, current: str = "") -> str:
    """A kubeconfig with these contexts."""
    listed = [{"name": name, "context": {"cluster": name, "user": name}} for name in contexts]
    return yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "contexts": listed, "current-context": current})


def contexts_of(path: Path) -> tuple[list[str], str]:
    """The contexts of a file, and the current one."""
    document = yaml.safe_load(path.read_text())
    return [one["name"] for one in document.get("contexts") or []], document.get("current-context", "")


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., list[Path]]:
    """Files of these texts; None for one that does not exist."""

    def make(*texts: str | None) -> list[Path]:
        paths = [tmp_path / f"config-{number}" for number in range(len(texts))]
        for path, text in zip(paths, texts, strict=True):
            if text is not None:
                path.write_text(text)
        return paths

    return make


def test_where_kubectl_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    home = tmp_path / ".kube" / "config"
    assert loading_precedence({}) == (home,)
    assert loading_precedence({"KUBECONFIG": ":"}) == (home,)
    assert loading_precedence({"KUBECONFIG": "/a::/b:/a"}) == (Path("/a"), Path("/b"))


def test_new_entries_go_into_the_first_file_that_exists(files: Callable[..., list[Path]]) -> None:
    first, second, third = paths = files(None, of("prod", current="prod"), of("dev"))
    assert default_file(paths) == second
    merged = merge(paths, OURS)
    assert (merged.file, merged.previous_context) == (second, "prod")
    assert contexts_of(second) == (["prod", NAME], NAME)
    assert contexts_of(third) == (["dev"], "")
    assert not first.exists()


def test_without_any_the_last_one_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    paths = [tmp_path / "a" / "config", tmp_path / "b" / "config"]
    assert merge(paths, OURS).file == paths[1]
    assert (paths[1].stat().st_mode & 0o777, paths[0].exists()) == (0o600, False)
    assert sorted(path.name for path in paths[1].parent.iterdir()) == ["config"]
    unmerge(paths, NAME, "")
    assert contexts_of(paths[1]) == ([], "")


def test_the_first_file_that_says_so_decides_what_was_current(files: Callable[..., list[Path]]) -> None:
    paths = files(of("a"), of("b", current="b"), of("c", current="c"))
    assert merge(paths, OURS).previous_context == "b"


def test_the_current_context_is_restored(files: Callable[..., list[Path]]) -> None:
    [path] = paths = files(of("prod", current="prod"))
    before = yaml.safe_load(path.read_text())
    merge(paths, OURS)
    unmerge(paths, NAME, "prod")
    after = yaml.safe_load(path.read_text())
    assert {**before, "clusters": [], "users": []} == after


def test_a_context_that_is_gone_is_not_restored(files: Callable[..., list[Path]]) -> None:
    [path] = paths = files(of(NAME, current=NAME))
    unmerge(paths, NAME, "prod")
    assert contexts_of(path) == ([], "")


def test_a_context_that_somebody_chose_meanwhile_stays(files: Callable[..., list[Path]]) -> None:
    [path] = paths = files(of("prod", "dev", NAME, current="dev"))
    unmerge(paths, NAME, "prod")
    assert contexts_of(path) == (["prod", "dev"], "dev")


def test_the_context_can_be_kept(files: Callable[..., list[Path]]) -> None:
    [path] = paths = files(of("prod", current="prod"))
    merge(paths, OURS, keep_context=True)
    assert contexts_of(path) == (["prod", NAME], "prod")


def test_old_entries_of_ours_elsewhere_go(files: Callable[..., list[Path]]) -> None:
    first, second = paths = files(of("a"), of(NAME, "b"))
    merge(paths, OURS)
    assert (contexts_of(first)[0], contexts_of(second)[0]) == (["a", NAME], ["b"])


def test_a_second_merge_does_not_take_itself_for_what_was_current(files: Callable[..., list[Path]]) -> None:
    paths = files(of(NAME, current=NAME))
    assert merge(paths, OURS).previous_context == ""


@pytest.mark.parametrize("broken", ["a: [", "kind: Pod", "- 1", "contexts: 7"])
def test_a_broken_file_is_left_as_it_is(files: Callable[..., list[Path]], broken: str) -> None:
    good, bad = paths = files(of("prod", current="prod"), broken)
    for change in (lambda: merge(paths, OURS), lambda: unmerge(paths, NAME, "")):
        with pytest.raises(UsageError, match=f"{bad} is no kubeconfig and is left as it is"):
            change()
    assert (good.read_text(), bad.read_text()) == (of("prod", current="prod"), broken)
    assert sorted(path.name for path in good.parent.iterdir()) == ["config-0", "config-1"]


def test_a_file_that_is_no_text_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not UTF-8"):
        merge([path], OURS)
    assert path.read_bytes() == b"\xff\xfe"


def test_a_link_stays_one_and_a_mode_stays(files: Callable[..., list[Path]], tmp_path: Path) -> None:
    [path] = files(of("prod"))
    path.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(path.name)
    merge([link], OURS)
    assert (link.is_symlink(), path.stat().st_mode & 0o777) == (True, 0o640)
    assert contexts_of(path)[0] == ["prod", NAME]


def test_a_lock_is_waited_for_and_then_told(files: Callable[..., list[Path]]) -> None:
    [path] = paths = files(of("prod"))
    lock = path.with_name(f"{path.name}.lock")
    lock.touch()
    with pytest.raises(UsageError, match=f"{lock} is held by another program"):
        merge(paths, OURS, lock_seconds=0.05)
    assert (contexts_of(path)[0], lock.exists()) == (["prod"], True)


def test_the_lock_is_given_back_where_writing_fails(files: Callable[..., list[Path]], tmp_path: Path) -> None:
    [path] = files(None)
    path.mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        merge([path], OURS)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_of_others_is_not_replaced_whole(files: Callable[..., list[Path]]) -> None:
    theirs, ours, empty, missing = files(of("prod"), of(NAME, "minikube-lite-dev"), "", None)
    with pytest.raises(UsageError, match=r"has entries of other clusters .prod.: add --merge-kubeconfig"):
        check_own_file(theirs)
    for path in (ours, empty, missing):
        check_own_file(path)


def test_whether_kubectl_would_find_it(files: Callable[..., list[Path]]) -> None:
    ours, other, broken, missing = files(OURS, kubeconfig_text("http://127.0.0.1:9"), "a: [", None)
    assert [points_to(path, NAME, SERVER) for path in (ours, other, broken, missing)] == [True, False, False, False]
    assert not points_to(ours, "minikube-lite-dev", SERVER)
