"""Files of a container as a process reads and writes them, devices included; upstream: open(2), null(4), random(4)."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path

from minikube_lite.programs.program import PodContext
from minikube_lite.programs.streams import Input, NoInput, Output
from minikube_lite.programs.volumes import OutsideOfVolume, make

FILE_BYTES_MAX = 256 << 20
"""What one file of a container may hold."""
ZEROS_MAX = 64 << 10


def refused(number: int, path: str) -> OSError:
    """The error of that number, in the system's words."""
    return OSError(number, os.strerror(number), path)


def place_of(context: PodContext, path: str) -> Path:
    """Where a file is kept. Raises OSError where no path leads."""
    try:
        return context.place(path)
    except OutsideOfVolume:
        raise refused(errno.EACCES, path) from None
    except (ValueError, RuntimeError):
        # A null character in a name, or links in a circle.
        raise refused(errno.ENOENT, path) from None


def writable_place(context: PodContext, path: str) -> Path:
    """The same, for something that is to be made or changed; its directory is there. Raises OSError."""
    place = place_of(context, path)
    if not context.is_writable(path):
        raise refused(errno.EROFS, path)
    if any(mount.directory == place.parent for mount in context.mounts):
        make(place.parent)
    if not place.parent.is_dir():
        raise refused(errno.ENOTDIR if place.parent.exists() else errno.ENOENT, path)
    return place


class FileInput:
    """A file that is read."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file

    async def read(self, n: int = -1, /) -> bytes:
        """The next bytes."""
        return self._file.read(n) or b""

    def close(self) -> None:
        """Read no more."""
        self._file.close()


class Zeros:
    """/dev/zero; and /dev/urandom, whose bytes come from `make`."""

    def __init__(self, make_bytes: Callable[[int], bytes] = bytes) -> None:
        self._make = make_bytes

    async def read(self, n: int = -1, /) -> bytes:
        """More of them, without end."""
        return self._make(min(n, ZEROS_MAX) if n >= 0 else ZEROS_MAX)


class FileOutput(Output):
    """A file that is written."""

    def __init__(self, file: io.FileIO, path: str) -> None:
        self._file = file
        self._path = path

    def write(self, data: str | bytes, /) -> None:
        """Add bytes. Raises OSError when there is no room."""
        if self._file.tell() + len(data) > FILE_BYTES_MAX:
            raise refused(errno.ENOSPC, self._path)
        self._file.write(data.encode() if isinstance(data, str) else data)

    def close(self) -> None:
        """Write no more."""
        self._file.close()


class Nowhere(Output):
    """/dev/null."""

    def write(self, data: str | bytes, /) -> None:
        """It is gone."""


class Full(Output):
    """/dev/full."""

    def write(self, data: str | bytes, /) -> None:
        """Raises OSError, always."""
        raise refused(errno.ENOSPC, "/dev/full")


def open_input(context: PodContext, path: str) -> Input:
    """What a file holds. Raises OSError."""
    if path == "/dev/zero":
        return Zeros()
    if path in ("/dev/random", "/dev/urandom"):
        return Zeros(lambda count: bytes.fromhex(context.clock.token_hex(count * 2)))
    if path in ("/dev/null", "/dev/full"):
        return NoInput()
    if path in ("/dev/stdin", "/dev/fd/0", "/dev/tty"):
        return context.stdin
    place = place_of(context, path)
    if place.is_dir():
        raise refused(errno.EISDIR, path)
    if not place.is_file():
        raise refused(errno.ENOENT, path)
    return FileInput(io.FileIO(place, "r"))


def open_output(context: PodContext, path: str, *, append: bool = False) -> Output:
    """A file to be written, which is made if it is not there. Raises OSError."""
    devices = {"/dev/null": Nowhere(), "/dev/full": Full(), "/dev/tty": context.stdout}
    devices |= dict.fromkeys(("/dev/stdout", "/dev/fd/1"), context.stdout)
    devices |= dict.fromkeys(("/dev/stderr", "/dev/fd/2"), context.stderr)
    if path in devices:
        return devices[path]
    place = writable_place(context, path)
    if place.is_dir():
        raise refused(errno.EISDIR, path)
    file = io.FileIO(place, "a" if append else "w")
    return FileOutput(file, path)


def close(stream: Input | Output) -> None:
    """Close what was opened as a file; other streams belong to somebody else."""
    if isinstance(stream, FileInput | FileOutput):
        stream.close()
