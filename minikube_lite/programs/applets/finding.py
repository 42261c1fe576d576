"""find: names of files by tests; upstream: busybox's find."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from minikube_lite.programs.applets.applet import Call, UsageError, whole
from minikube_lite.programs.program import PodContext

DEPTH_MAX = 1000
FOUND_TURN = 200
"""After so many found files others get their turn."""


class _Find:
    """What `find` was asked for: tests that all have to hold, in order, and what is done with what is found."""

    def __init__(self, words: list[str]) -> None:
        self.paths: list[str] = []
        while words and not words[0].startswith("-"):
            self.paths.append(words.pop(0))
        self.depth_min, self.depth_max = 0, DEPTH_MAX
        self.tests: list[Callable[[str, Path], bool]] = []
        self.separator = "\n"
        self.deletes = False
        while words:
            self._read(words)

    def _read(self, words: list[str]) -> None:
        word = words.pop(0)
        if word in ("-print", "-depth", "-xdev", "-follow"):
            return
        if word == "-print0":
            self.separator = "\0"
        elif word == "-delete":
            self.deletes = True
        elif word in ("-not", "!"):
            before = len(self.tests)
            self._read(words)
            if len(self.tests) > before:
                test = self.tests.pop()
                self.tests.append(lambda path, place: not test(path, place))
        elif not words:
            raise UsageError(f"{word}: requires an argument" if word in _ARGUMENTS else f"unrecognized: {word}")
        elif word in ("-maxdepth", "-mindepth"):
            setattr(self, "depth_max" if word == "-maxdepth" else "depth_min", whole(words.pop(0)))
        elif word in _ARGUMENTS:
            self.tests.append(_ARGUMENTS[word](words.pop(0)))
        else:
            raise UsageError(f"unrecognized: {word}")


def _named(pattern: str) -> Callable[[str, Path], bool]:
    return lambda path, place: fnmatch.fnmatchcase(posixpath.basename(path.rstrip("/")) or "/", pattern)


def _of_type(kind: str) -> Callable[[str, Path], bool]:
    return lambda path, place: (
        ("l" if place.is_symlink() else "d" if place.is_dir() else "f" if place.is_file() else "?") == kind
    )


def _of_size(text: str) -> Callable[[str, Path], bool]:
    found = re.fullmatch(r"([+-]?)(\d+)([ckb]?)", text)
    if not found:
        raise UsageError(f"invalid number '{text}'")
    unit = {"c": 1, "k": 1024}.get(found.group(3), 512)
    wanted = int(found.group(2))

    def test(path: str, place: Path) -> bool:
        size = -(-place.lstat().st_size // unit)
        return size > wanted if found.group(1) == "+" else size < wanted if found.group(1) == "-" else size == wanted

    return test


_ARGUMENTS: dict[str, Callable[[str], Callable[[str, Path], bool]]] = {
    "-name": _named,
    "-iname": lambda text: lambda path, place: fnmatch.fnmatchcase(posixpath.basename(path).lower(), text.lower()),
    "-path": lambda text: lambda path, place: fnmatch.fnmatchcase(path, text),
    "-type": _of_type,
    "-size": _of_size,
}


async def _run_find(call: Call, words: list[str]) -> None:
    find = _Find(words)
    count = 0
    for path in find.paths or ["."]:
        place = call.place(path)
        if not place.exists():
            call.complain(f"{path}: No such file or directory")
            continue
        found = [one for one in _below(call, path, 0, find) if all(test(one, call.place(one)) for test in find.tests)]
        for one in reversed(found) if find.deletes else found:
            count += 1
            if count % FOUND_TURN == 0:
                await call.context.clock.transport.sleep(0)
            if find.deletes:
                target = call.writable(one)
                target.rmdir() if target.is_dir() and not target.is_symlink() else target.unlink()
            else:
                await call.write(one + find.separator)


def _below(call: Call, path: str, depth: int, find: _Find) -> Iterator[str]:
    if depth >= find.depth_min:
        yield path
    place = call.place(path)
    if depth < find.depth_max and place.is_dir() and not place.is_symlink():
        for entry in sorted(place.iterdir()):
            yield from _below(call, f"{path.rstrip('/')}/{entry.name}", depth + 1, find)


async def find(context: PodContext) -> int:
    """find [PATH]… [-name PATTERN] [-type fdl] [-maxdepth N] [-size N] [! TEST] [-print0] [-delete]"""
    call = Call(context, "find")
    try:
        await _run_find(call, list(context.argv[1:]))
    except UsageError as error:
        call.complain(str(error))
    except OSError as error:
        call.complain_of(error, str(error.filename or ""))
    return call.status
