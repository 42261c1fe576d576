"""Applets that change files: cp, mv, rm, mkdir, rmdir, touch, ln, chmod, mktemp; upstream: busybox's coreutils."""

from __future__ import annotations

import errno
import os
import posixpath
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from minikube_lite.programs.applets.applet import Call, UsageError, applet
from minikube_lite.programs.files import refused
from minikube_lite.programs.program import Program

LINKS_UP_MAX = 64
TEMPORARY_DIGITS = 6


@applet("pm:v")
async def mkdir(call: Call) -> None:
    """mkdir [-p] [-m MODE] DIRECTORY…"""
    _needs_operands(call)
    for path in call.operands:
        try:
            if call.has("p"):
                for part in _parents(path):
                    place = call.place(part)
                    if not place.is_dir():
                        call.writable(part).mkdir(exist_ok=True)
            else:
                call.writable(path).mkdir()
        except OSError as error:
            call.complain_of(error, path, "create directory")


def _parents(path: str) -> Iterator[str]:
    """The path's directories from the top down, and itself."""
    parts = [part for part in path.split("/") if part]
    prefix = "/" if path.startswith("/") else ""
    for count in range(1, len(parts) + 1):
        yield prefix + "/".join(parts[:count])


@applet("p")
async def rmdir(call: Call) -> None:
    """rmdir DIRECTORY…"""
    _needs_operands(call)
    for path in call.operands:
        try:
            call.writable(path).rmdir()
        except OSError as error:
            call.complain(f"'{path}': {error.strerror}")


@applet("rRfiv", long={"recursive": "r", "force": "f"})
async def rm(call: Call) -> None:
    """rm [-rf] FILE…"""
    if not call.operands and not call.has("f"):
        raise UsageError("missing operand")
    for path in call.operands:
        if posixpath.basename(path.rstrip("/")) in (".", "..", ""):
            call.complain(
                "can't remove '.' or '..'" if path.strip("/") else "can't remove '/': Device or resource busy"
            )
            continue
        try:
            _remove(call, path)
        except FileNotFoundError as error:
            if not call.has("f"):
                call.complain_of(error, path, "remove")
        except OSError as error:
            call.complain_of(error, path, "remove")


def _remove(call: Call, path: str) -> None:
    place = call.writable(path)
    if any(mount.directory == place for mount in call.context.mounts):
        raise refused(errno.EBUSY, path)
    if place.is_dir() and not place.is_symlink():
        if not call.has("r", "R"):
            raise refused(errno.EISDIR, path)
        shutil.rmtree(place)
        return
    place.unlink()


@applet("acm", long={"no-create": "c"})
async def touch(call: Call) -> None:
    """touch [-c] FILE…"""
    _needs_operands(call)
    now = call.context.clock.now()
    for path in call.operands:
        try:
            place = call.writable(path)
            if call.has("c") and not place.exists():
                continue
            place.touch()
            os.utime(place, (now, now))
        except OSError as error:
            call.complain(f"{path}: {error.strerror}")


@applet("rRfapdPLvTt:", long={"recursive": "r", "archive": "a"})
async def cp(call: Call) -> None:
    """cp [-r] SOURCE… TARGET"""
    _each_to_target(call, "copy", _copy)


@applet("fivnTt:")
async def mv(call: Call) -> None:
    """mv SOURCE… TARGET"""
    _each_to_target(call, "rename", _move)


def _each_to_target(call: Call, doing: str, work: Callable[[Call, str, str], None]) -> None:
    sources, target = call.operands[:-1], call.operands[-1:]
    if call.has("t"):
        sources, target = call.operands, [call.value("t")]
    if not sources:
        raise UsageError("missing operand" if not call.operands else "missing destination file operand")
    into = call.place(target[0]).is_dir() and not call.has("T")
    if len(sources) > 1 and not into:
        raise UsageError(f"target '{target[0]}' is not a directory")
    for source in sources:
        path = f"{target[0].rstrip('/')}/{posixpath.basename(source.rstrip('/'))}" if into else target[0]
        try:
            work(call, source, path)
        except OSError as error:
            reason = error.strerror or str(error)
            if isinstance(error, FileNotFoundError) and not call.place(source).exists():
                call.complain(f"can't {'stat' if doing == 'copy' else doing} '{source}': {reason}")
            else:
                call.complain(f"can't create '{path}': {reason}")


def _copy(call: Call, source: str, target: str) -> None:
    origin, place = call.place(source), call.writable(target)
    if not origin.exists() and not origin.is_symlink():
        raise refused(errno.ENOENT, source)
    if place.exists() and origin.samefile(place):
        raise OSError(errno.EINVAL, f"'{source}' and '{target}' are the same file")
    if origin.is_dir():
        if not call.has("r", "R", "a"):
            raise OSError(errno.EISDIR, f"omitting directory '{source}'")
        if place.resolve().is_relative_to(origin.resolve()):
            raise OSError(errno.EINVAL, f"'{source}' into itself")
        shutil.copytree(origin, place, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy2(origin, place)


def _move(call: Call, source: str, target: str) -> None:
    origin, place = call.writable(source), call.writable(target)
    if not origin.exists() and not origin.is_symlink():
        raise refused(errno.ENOENT, source)
    if call.has("n") and place.exists():
        return
    if origin.is_dir() and place.resolve().is_relative_to(origin.resolve()):
        raise refused(errno.EINVAL, target)
    if place.exists() and place.is_dir() and not origin.is_dir():
        raise refused(errno.EISDIR, target)
    try:
        origin.replace(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.move(origin, place)


@applet("sfnvT")
async def ln(call: Call) -> None:
    """ln [-s] [-f] TARGET… LINK"""
    if len(call.operands) < 2:
        raise UsageError("missing operand")
    *targets, link = call.operands
    into = call.place(link).is_dir() and not call.has("n", "T")
    for target in targets:
        path = f"{link.rstrip('/')}/{posixpath.basename(target)}" if into else link
        try:
            place = call.writable(path)
            if call.has("f") and (place.exists() or place.is_symlink()):
                place.unlink()
            if call.has("s"):
                place.symlink_to(_from(call, target, place))
            else:
                place.hardlink_to(call.place(target))
        except OSError as error:
            call.complain(f"{path}: {error.strerror}")


def _from(call: Call, target: str, link: Path) -> str:
    """A link's target. One from the root is kept as one from the link's own directory: the container's root is not the host's."""
    if not target.startswith("/"):
        return target
    return os.path.relpath(call.place(target), link.parent)


@applet("Rfv")
async def chmod(call: Call) -> None:
    """chmod [-R] MODE FILE…; modes are octal, or as `u+x`"""
    if len(call.operands) < 2:
        raise UsageError("missing operand")
    mode, *paths = call.operands
    for path in paths:
        try:
            place = call.writable(path)
            below = place.rglob("*") if call.has("R") and place.is_dir() else ()
            # A link may lead anywhere, so only what is none is changed.
            for one in [place.resolve(), *(entry for entry in below if not entry.is_symlink())]:
                one.chmod(_mode(mode, one.stat().st_mode & 0o7777))
        except OSError as error:
            call.complain(f"{path}: {error.strerror}")


def _mode(text: str, mode: int) -> int:
    if all(digit in "01234567" for digit in text):
        return int(text, 8) | 0o600
    for clause in text.split(","):
        who, operator, what = _clause(clause)
        bits = sum({"r": 4, "w": 2, "x": 1}[letter] for letter in set(what))
        for place in "ugo" if not who or "a" in who else who:
            shifted = bits << {"u": 6, "g": 3, "o": 0}[place]
            cleared = mode & ~(7 << {"u": 6, "g": 3, "o": 0}[place])
            mode = mode | shifted if operator == "+" else mode & ~shifted if operator == "-" else cleared | shifted
    # The emulator itself must be able to read and remove the files.
    return mode | 0o600


def _clause(clause: str) -> tuple[str, str, str]:
    for operator in "+-=":
        who, found, what = clause.partition(operator)
        if found and set(who) <= set("ugoa") and set(what) <= set("rwx"):
            return who, operator, what
    raise UsageError(f"invalid mode '{clause}'")


@applet("Rh")
async def chown(call: Call) -> None:
    """chown OWNER FILE…: everything belongs to root; that the files are there is checked"""
    if len(call.operands) < 2:
        raise UsageError("missing operand")
    for path in call.operands[1:]:
        if not call.place(path).exists():
            call.complain(f"{path}: No such file or directory")


@applet("dqp:t")
async def mktemp(call: Call) -> None:
    """mktemp [-d] [TEMPLATE]"""
    template = call.operands[0] if call.operands else "/tmp/tmp.XXXXXX"
    if "XXXXXX" not in template:
        raise UsageError(f"invalid template '{template}'")
    path = template.replace("XXXXXX", call.context.clock.token_hex(TEMPORARY_DIGITS))
    place = call.writable(path)
    if call.has("d"):
        place.mkdir()
    else:
        place.touch(exist_ok=False)
    await call.write(f"{path}\n")


def _needs_operands(call: Call) -> None:
    if not call.operands:
        raise UsageError("missing operand")


FILES: dict[str, Program] = {
    "chmod": chmod,
    "chown": chown,
    "cp": cp,
    "ln": ln,
    "mkdir": mkdir,
    "mktemp": mktemp,
    "mv": mv,
    "rm": rm,
    "rmdir": rmdir,
    "touch": touch,
}
