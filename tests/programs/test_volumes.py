"""Directories of volumes stay inside the cluster's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.programs.volumes import OutsideOfVolume, VolumeDirectories, inside, make, write_files


@pytest.fixture
def volumes(tmp_path):
    return VolumeDirectories(tmp_path / "cluster")


def test_recycling_empties_and_deleting_removes(volumes, tmp_path):
    outside = tmp_path / "outside"
    make(outside)
    (outside / "kept").write_text("kept")
    directory = volumes.persistent("pv-a")
    make(directory / "deep")
    (directory / "deep" / "file").write_text("x")
    (directory / "link").symlink_to(outside)
    volumes.recycle("pv-a")
    assert list(directory.iterdir()) == []
    volumes.delete("pv-a")
    assert not directory.exists()
    volumes.delete("pv-a")
    assert (outside / "kept").read_text() == "kept"


@given(st.text(min_size=1, max_size=40))
def test_no_name_leads_out(name):
    volumes = VolumeDirectories(make_root())
    for place in (volumes.persistent(name), volumes.pod(name), volumes.container(name, name)):
        assert place.resolve().is_relative_to(volumes.root)
        assert place != volumes.root
        assert place.parent != volumes.root


@given(st.text(alphabet="./ab\\", max_size=20))
def test_no_path_leads_out(path):
    root = make_root()
    assert inside(root, path).resolve().is_relative_to(root)


def make_root():
    from pathlib import Path

    return Path("/nowhere/cluster")


def test_different_names_have_different_directories(volumes):
    names = ["a", "A", "a.", "..", ".", "a/b", "a" * 250, "a" * 251]
    assert len({volumes.persistent(name) for name in names}) == len(names)


def test_a_link_that_leads_out_is_refused(tmp_path):
    (tmp_path / "link").symlink_to("/")
    with pytest.raises(OutsideOfVolume):
        inside(tmp_path, "/link/etc/passwd")


def test_files_are_exactly_those(tmp_path):
    write_files(tmp_path / "v", {"a": b"1", "b/c": b"2"})
    write_files(tmp_path / "v", {"b": b"3"})
    assert [entry.name for entry in (tmp_path / "v").iterdir()] == ["b"]
