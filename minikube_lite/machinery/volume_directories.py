"""The directories in which PersistentVolumes keep their data: one of the cluster's own for each volume, whatever its spec names.

Upstream: the host paths and storage systems behind volumes. Nothing outside of the root is ever touched.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path

DIRECTORY_NAME_BYTES_MAX = 200
"""A longer name, or one that could mean anything to a file system, is kept as a digest."""

_PLAIN = re.compile(r"[a-z0-9][a-z0-9.-]*").fullmatch


class VolumeDirectories:
    """Keeps the directories under one root, which is made when it is first needed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path_of(self, volume_name: str) -> Path:
        """Where the volume's data lies; the directory need not be there yet."""
        if _PLAIN(volume_name) and len(volume_name) <= DIRECTORY_NAME_BYTES_MAX:
            return self._root / volume_name
        return self._root / f"_{hashlib.sha256(volume_name.encode()).hexdigest()}"

    def ensure(self, volume_name: str) -> Path:
        """The volume's directory, made if it is missing."""
        path = self.path_of(volume_name)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def wipe(self, volume_name: str) -> None:
        """Remove what is in the volume's directory, and keep the directory. Raises OSError."""
        path = self.path_of(volume_name)
        if not path.is_dir() or path.is_symlink():
            return
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    os.unlink(entry.path)

    def remove(self, volume_name: str) -> None:
        """Remove the volume's directory with all that is in it. Raises OSError."""
        path = self.path_of(volume_name)
        if path.is_symlink():
            path.unlink()
        elif path.is_dir():
            shutil.rmtree(path)


def volume_directories(cluster_directory: Path) -> VolumeDirectories:
    """The volumes of a cluster, in its own directory."""
    return VolumeDirectories(cluster_directory / "persistent-volumes")
