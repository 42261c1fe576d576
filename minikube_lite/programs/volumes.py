"""The directories of volumes and containers, all below the cluster's own; upstream: pkg/volume.

- A PersistentVolume is one directory of the cluster, so that its data follows the claim from node to node.
- What a pod or a node has of its own lies under its uid or name, and goes with it.
- No name and no path leads out of the cluster's directory: paths are taken as seen from inside.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path, PurePosixPath

NAME_BYTES_MAX = 200
"""A longer name is stored by its hash."""

_PLAIN = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?").fullmatch


class OutsideOfVolume(ValueError):
    """A path that would lead out of the directory it belongs to."""


HOST_DIRECTORIES = ("etc", "home", "opt", "root", "tmp", "usr", "var/lib/kubelet", "var/log/pods")
"""What stands on every machine."""


class VolumeDirectories:
    """Where the cluster keeps what its pods write."""

    def __init__(self, root: Path) -> None:
        self.root = root

    # Persistent volumes

    def persistent(self, volume_name: str) -> Path:
        """The directory of a PersistentVolume."""
        return self.root / "volumes" / _safe(volume_name)

    def recycle(self, volume_name: str) -> None:
        """Empty a PersistentVolume, as the policy Recycle asks."""
        directory = self.persistent(volume_name)
        remove(directory)
        make(directory)

    def delete(self, volume_name: str) -> None:
        """Remove what a PersistentVolume holds, as the policy Delete asks."""
        remove(self.persistent(volume_name))

    # Nodes and pods

    def host_path(self, node: str, path: str) -> Path:
        """What a pod on that node finds at `path` of its host: a place in the node's own directory."""
        machine = self.root / "nodes" / _safe(node)
        if not machine.exists():
            for name in HOST_DIRECTORIES:
                make(machine / name)
            (machine / "etc" / "hostname").write_text(f"{node}\n")
        return inside(machine, path)

    def pod(self, uid: str) -> Path:
        """All that belongs to one pod and goes with it."""
        return self.root / "pods" / _safe(uid)

    def pod_volume(self, uid: str, kind: str, volume: str) -> Path:
        """A volume that lives as long as its pod; `kind` as `emptyDir`."""
        return self.pod(uid) / "volumes" / kind.lower() / _safe(volume)

    def container(self, uid: str, container: str) -> Path:
        """A container's own files, which go when it is started anew."""
        return self.pod(uid) / "containers" / _safe(container)

    def snapshot(self, uid: str, container: str, number: int) -> Path:
        """What a container keeps of a volume that changes, by the number of its mount."""
        return self.pod(uid) / "snapshots" / _safe(container) / str(number)

    def empty(self, uid: str, kind: str, volume: str) -> None:
        """Remove what a pod's own volume holds."""
        directory = self.pod_volume(uid, kind, volume)
        remove(directory)
        make(directory)

    def remove_pod(self, uid: str) -> None:
        """Remove all that belongs to a pod."""
        remove(self.pod(uid))


def inside(base: Path, path: str) -> Path:
    """The place of a path as seen from inside `base`. Raises OutsideOfVolume if a link on the way leads out."""
    parts: list[str] = []
    for part in PurePosixPath("/", path).parts[1:]:
        if part == "..":
            if parts:
                parts.pop()
        else:
            parts.append(part)
    place = base.joinpath(*parts)
    if not place.resolve().is_relative_to(base.resolve()):
        raise OutsideOfVolume(f"{path} leads out of its volume")
    return place


def make(directory: Path) -> None:
    """Make a directory and those above it."""
    directory.mkdir(parents=True, exist_ok=True)


def remove(directory: Path) -> None:
    """Remove a directory with all it holds. Links in it are removed, not followed."""
    if directory.is_symlink():
        directory.unlink()
    elif directory.exists():
        shutil.rmtree(directory, ignore_errors=True)


def write_files(directory: Path, files: dict[str, bytes]) -> None:
    """Make the directory hold exactly these files, by their paths relative to it."""
    remove(directory)
    make(directory)
    for name, content in sorted(files.items()):
        place = inside(directory, name)
        make(place.parent)
        place.write_bytes(content)


def update_files(directory: Path, files: dict[str, bytes], keep: set[str]) -> None:
    """Make the directory hold these files and those to keep, each of which is there whole at any time."""
    for name, content in sorted(files.items()):
        place = inside(directory, name)
        if not place.is_file() or place.read_bytes() != content:
            make(place.parent)
            replace_file(directory, name, content)
    for place in sorted(directory.rglob("*"), reverse=True):
        name = str(place.relative_to(directory))
        if place.is_file() and name not in files and name not in keep:
            place.unlink()
        elif place.is_dir() and not any(place.iterdir()):
            place.rmdir()


def copy_tree(source: Path, target: Path) -> None:
    """Put a copy of a file or a directory in place of the target. Raises OSError."""
    remove(target)
    target.unlink(missing_ok=True)
    make(target.parent)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copyfile(source, target)


def replace_file(directory: Path, name: str, content: bytes) -> None:
    """Put a file in place of the one that is there, so that who reads it sees the old or the new one, whole."""
    place = inside(directory, name)
    draft = place.with_name(f".{place.name}.new")
    draft.write_bytes(content)
    draft.replace(place)


def _safe(name: str) -> str:
    """A name as one part of a path. Names of objects are plain; anything else is replaced by its hash."""
    if _PLAIN(name) and ".." not in name and len(name) <= NAME_BYTES_MAX:
        return name
    return f"_{hashlib.sha256(name.encode()).hexdigest()}"
