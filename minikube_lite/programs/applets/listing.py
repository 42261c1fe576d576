"""Applets that show files: ls, find, stat, du, df, basename, dirname, readlink, realpath, pwd; upstream: busybox's coreutils."""

from __future__ import annotations

import os
import posixpath
import re
import stat as modes
from pathlib import Path

from minikube_lite.programs.applets.applet import Call, UsageError, applet
from minikube_lite.programs.dates import dated
from minikube_lite.programs.program import Program

COLUMNS = 80
SIX_MONTHS_SECONDS = 15768000
BLOCK_BYTES = 1024
UNITS = "KMGT"
DISK_BLOCKS = 104857600


@applet("la1ARhditrSFnsC")
async def ls(call: Call) -> None:
    """ls [-1AalRhdtrSF] [FILE]…"""
    files: list[str] = []
    directories: list[str] = []
    for path in call.operands or ["."]:
        try:
            place = call.place(path)
            if not place.exists() and not place.is_symlink():
                raise FileNotFoundError(2, "No such file or directory", path)
            (directories if place.is_dir() and not call.has("d") else files).append(path)
        except OSError as error:
            call.complain(f"{path}: {error.strerror}")
    if files:
        await _show(
            call, [(path, call.place(path)) for path in _ordered(call, {path: call.place(path) for path in files})]
        )
    heading = len(call.operands) > 1 or call.has("R")
    first = not files
    while directories:
        path = directories.pop(0)
        if heading:
            await call.write(f"{'' if first else chr(10)}{path}:\n")
        first = False
        names = await _directory(call, path)
        if call.has("R"):
            inner = [f"{path.rstrip('/')}/{name}" for name in names if name not in (".", "..")]
            directories[:0] = [one for one in inner if call.place(one).is_dir() and not call.place(one).is_symlink()]


async def _directory(call: Call, path: str) -> list[str]:
    place = call.place(path)
    found = {entry.name: entry for entry in place.iterdir() if call.has("a", "A") or not entry.name.startswith(".")}
    found = {name: _mounted(call, path, name) for name in found}
    names = _ordered(call, found)
    if call.has("a"):
        names = [".", "..", *names]
        found |= {".": place, "..": place if path == "/" else place.parent}
    if call.has("l"):
        total = sum(_blocks(found[name]) for name in names)
        await call.write(f"total {total}\n")
    await _show(call, [(name, found[name]) for name in names])
    return names


def _mounted(call: Call, directory: str, name: str) -> Path:
    """A name in a directory, which may be where a volume is mounted."""
    try:
        return call.place(f"{directory.rstrip('/')}/{name}")
    except OSError:
        # A link that leads out of the container can be seen, and not followed.
        return call.place(directory) / name


def _ordered(call: Call, found: dict[str, Path]) -> list[str]:
    def key(name: str) -> tuple[int, str]:
        status = found[name].lstat()
        return (-status.st_mtime_ns if call.has("t") else -status.st_size if call.has("S") else 0, name)

    return sorted(found, key=key, reverse=call.has("r"))


async def _show(call: Call, entries: list[tuple[str, Path]]) -> None:
    shown = [(_marked(call, name, place), place) for name, place in entries]
    if call.has("l", "n"):
        now = call.context.clock.now()
        for name, place in shown:
            await call.write(_long(call, name, place, now) + "\n")
        return
    inodes = [f"{place.lstat().st_ino:7} " if call.has("i") else "" for _, place in shown]
    names = [inode + name for inode, (name, _) in zip(inodes, shown, strict=True)]
    if call.has("1") or not call.context.tty:
        await call.write("".join(f"{name}\n" for name in names))
        return
    await call.write(_in_columns(names, call.context.terminal.columns if call.context.terminal else COLUMNS))


def _marked(call: Call, name: str, place: Path) -> str:
    if not call.has("F"):
        return name
    return name + (
        "/" if place.is_dir() else "@" if place.is_symlink() else "*" if place.stat().st_mode & 0o111 else ""
    )


def _in_columns(names: list[str], width: int) -> str:
    if not names:
        return ""
    wide = max(map(len, names)) + 2
    columns = max(1, width // wide)
    rows = -(-len(names) // columns)
    lines = [names[row::rows] for row in range(rows)]
    return "".join("".join(name.ljust(wide) for name in line).rstrip() + "\n" for line in lines)


def _blocks(place: Path) -> int:
    return place.lstat().st_blocks // 2


def _long(call: Call, name: str, place: Path, now: float) -> str:
    status = place.lstat()
    size = human(status.st_size) if call.has("h") else str(status.st_size)
    moment = status.st_mtime
    recent = -86400 < now - status.st_mtime < SIX_MONTHS_SECONDS
    when = dated("%b %e %H:%M" if recent else "%b %e  %Y", moment)
    owner = "0        0       " if call.has("n") else "root     root    "
    link = f" -> {place.readlink()}" if place.is_symlink() else ""
    return f"{modes.filemode(status.st_mode)} {status.st_nlink:4} {owner} {size:>9} {when} {name}{link}"


def human(size: float) -> str:
    """A number of bytes, as people read it: 3.0M."""
    if size < BLOCK_BYTES:
        return str(int(size))
    power = 0
    while size >= BLOCK_BYTES and power < len(UNITS):
        size /= BLOCK_BYTES
        power += 1
    return f"{size:.1f}{UNITS[power - 1]}"


@applet()
async def basename(call: Call) -> None:
    """basename PATH [SUFFIX]"""
    if not call.operands:
        raise UsageError("missing operand")
    path = call.operands[0]
    name = posixpath.basename(path.rstrip("/")) or ("/" if path else "")
    suffix = call.operands[1] if len(call.operands) > 1 else ""
    if suffix and name != suffix:
        name = name.removesuffix(suffix)
    await call.write(f"{name}\n")


@applet()
async def dirname(call: Call) -> None:
    """dirname PATH"""
    if not call.operands:
        raise UsageError("missing operand")
    for path in call.operands:
        stripped = path.rstrip("/")
        name = posixpath.dirname(stripped).rstrip("/") if stripped else "/"
        await call.write(f"{name or ('/' if path.startswith('/') else '.')}\n")


@applet("fnv")
async def readlink(call: Call) -> int | None:
    """readlink [-f] FILE"""
    if not call.operands:
        raise UsageError("missing operand")
    end = "" if call.has("n") else "\n"
    place = call.place(call.operands[0])
    if call.has("f"):
        await call.write(_real(call, call.operands[0]) + end)
    elif place.is_symlink():
        await call.write(f"{place.readlink()}{end}")
    else:
        return 1
    return None


@applet()
async def realpath(call: Call) -> None:
    """realpath FILE…"""
    for path in call.operands:
        if not call.place(path).exists():
            call.complain(f"{path}: No such file or directory")
        else:
            await call.write(f"{_real(call, path)}\n")


def _real(call: Call, path: str) -> str:
    """The path without links, as the container sees it."""
    place = call.place(path).resolve()
    mounts = sorted(call.context.mounts, key=lambda mount: -len(mount.path))
    for mount in mounts:
        if place.is_relative_to(mount.directory.resolve()):
            return posixpath.join(mount.path, place.relative_to(mount.directory.resolve()).as_posix()).removesuffix(
                "/."
            )
    return "/" + place.relative_to(call.context.files.resolve()).as_posix().removeprefix(".")


@applet("c:tf")
async def stat(call: Call) -> None:
    """stat [-c FORMAT] FILE…"""
    for path in call.operands:
        place = call.place(path)
        if not place.exists():
            call.complain(f"can't stat '{path}': No such file or directory")
            continue
        status = place.stat()
        kind = "directory" if place.is_dir() else "regular file" if status.st_size else "regular empty file"
        values: dict[str, str] = {
            "n": path, "s": str(status.st_size), "a": f"{status.st_mode & 0o7777:o}", "A": modes.filemode(status.st_mode),
            "F": kind, "U": "root", "G": "root", "u": "0", "g": "0", "Y": str(int(status.st_mtime)),
            "y": dated("%Y-%m-%d %H:%M:%S", status.st_mtime), "i": str(status.st_ino),
            "h": str(status.st_nlink), "b": str(status.st_blocks), "%": "%",
        }  # fmt: skip
        form = call.value("c") or (
            "  File: %n\n  Size: %s\t\tBlocks: %b\tIO Block: 4096   %F\nAccess: (%a/%A)  Uid: (    0/    root)   "
            "Gid: (    0/    root)\nModify: %y"
        )
        await call.write(_filled(form, values) + "\n")


def _filled(form: str, values: dict[str, str]) -> str:
    return re.sub(r"%(.)", lambda found: values.get(found.group(1), "?"), form)


@applet("shkma", long={"summarize": "s"})
async def du(call: Call) -> None:
    """du [-sh] [FILE]…"""
    for path in call.operands or ["."]:
        place = call.place(path)
        if not place.exists():
            call.complain(f"{path}: No such file or directory")
            continue
        for inner, size in _sizes(place).items():
            if inner == place or not call.has("s"):
                below = inner.relative_to(place).as_posix()
                shown = path if below == "." else f"{path.rstrip('/')}/{below}"
                await call.write(f"{human(size * BLOCK_BYTES) if call.has('h') else size}\t{shown}\n")


def _sizes(place: Path) -> dict[Path, int]:
    """The blocks of each directory with all below it, the innermost first; or of a file."""
    if not place.is_dir():
        return {place: _blocks(place)}
    sizes: dict[Path, int] = {}
    for directory, _, names in os.walk(place, topdown=False):
        here = Path(directory)
        own = sum(_blocks(here / name) for name in names) + _blocks(here)
        sizes[here] = own + sum(size for inner, size in sizes.items() if inner.parent == here)
    return sizes


@applet("hkPTm")
async def df(call: Call) -> None:
    """df [-h]: of the container's own root and what is mounted, as large as a node says that its disk is"""
    await call.write("Filesystem           1K-blocks      Used Available Use% Mounted on\n")
    for name, path in [("overlay", "/"), *(("/dev/vda1", mount.path) for mount in call.context.mounts)]:
        used = sum(place.lstat().st_blocks // 2 for place in call.place(path).rglob("*"))
        size, free = DISK_BLOCKS, DISK_BLOCKS - used
        numbers = [human(one * BLOCK_BYTES) if call.has("h") else str(one) for one in (size, used, free)]
        await call.write(f"{name:20} {numbers[0]:>9} {numbers[1]:>9} {numbers[2]:>9} {used * 100 // size:3}% {path}\n")


@applet("LP")
async def pwd(call: Call) -> None:
    """pwd"""
    await call.write(f"{call.context.working_directory}\n")


LISTING: dict[str, Program] = {
    "basename": basename,
    "df": df,
    "dirname": dirname,
    "du": du,
    "ls": ls,
    "pwd": pwd,
    "readlink": readlink,
    "realpath": realpath,
    "stat": stat,
}
