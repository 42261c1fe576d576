"""grep, and the regular expressions of POSIX as Python has them; upstream: busybox's grep, POSIX, 9."""

from __future__ import annotations

import re
from collections import deque
from pathlib import Path

from minikube_lite.programs.applets.applet import Call, UsageError, applet, lines_of
from minikube_lite.programs.files import close
from minikube_lite.programs.streams import Input

CLASSES = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "blank": r" \t", "cntrl": r"\x00-\x1f\x7f", "digit": "0-9", "graph": r"!-~",
    "lower": "a-z", "print": r" -~", "punct": r"!-/:-@\[-`{-~", "space": r"\s", "upper": "A-Z", "xdigit": "0-9a-fA-F",
}  # fmt: skip
_SWAPPED = "(){}+?|"
"""Characters that are special in basic expressions only behind a backslash, and in extended ones only without."""
NOTHING_FOUND, TROUBLE = 1, 2


def posix_regex(text: str, *, extended: bool) -> str:
    """The Python expression that means the same. Raises UsageError."""
    written: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "[":
            expression, at = _bracket(text, at)
            written.append(expression)
        elif char == "\\":
            escaped, at = text[at : at + 1], at + 1
            if escaped in _SWAPPED and escaped:
                written.append(f"\\{escaped}" if extended else escaped)
            else:
                written.append(
                    {"<": r"\b(?=\w)", ">": r"\b(?<=\w)", "": r"\\", "`": r"\A", "'": r"\Z"}.get(
                        escaped, f"\\{escaped}"
                    )
                )
        elif char in _SWAPPED and not extended:
            written.append(f"\\{char}")
        elif char == "*" and (not written or written[-1] in ("(", "|", "^")) and not extended:
            written.append(r"\*")
        elif char == "^" and not extended and written and written[-1] not in ("(", "|"):
            written.append(r"\^")
        elif char == "$" and not extended and at < len(text) and not text.startswith((r"\)", r"\|"), at):
            written.append(r"\$")
        else:
            written.append(char)
    return "".join(written)


def _bracket(text: str, at: int) -> tuple[str, int]:
    """A bracket expression whose `[` stands before `at`, and where it ends."""
    negated = text.startswith("^", at)
    at += negated
    inner: list[str] = []
    while at < len(text) and (text[at] != "]" or not inner):
        named = re.compile(r"\[:(\w+):\]").match(text, at)
        if named:
            if named.group(1) not in CLASSES:
                raise UsageError(f"bad regex '{text}': Invalid character class name")
            inner.append(CLASSES[named.group(1)])
            at = named.end()
            continue
        inner.append(rf"\{text[at]}" if text[at] in "\\[]^&~|" else text[at])
        at += 1
    if at >= len(text):
        raise UsageError(f"bad regex '{text}': Unmatched [, [^, [:, [., or [=")
    return f"[{'^' if negated else ''}{''.join(inner)}]", at + 1


def compiled(text: str, *, extended: bool, ignore_case: bool = False) -> re.Pattern[bytes]:
    """The expression, for lines of bytes. Raises UsageError."""
    try:
        expression = posix_regex(text, extended=extended).encode(errors="surrogateescape")
        return re.compile(expression, re.IGNORECASE if ignore_case else 0)
    except re.error as error:
        raise UsageError(f"bad regex '{text}': {str(error).capitalize()}") from None


@applet("EFivclnqohHrRwxsm:e:f:A:B:C:aG", long={"color": "a", "include": "a"}, usage_status=TROUBLE)
async def grep(call: Call) -> int:
    """grep [-EFivclnqohHrwxs] [-m COUNT] [-A|B|C LINES] PATTERN [FILE]…"""
    if call.name in ("egrep", "fgrep"):
        call.options.setdefault("E" if call.name == "egrep" else "F", [""])
    patterns = list(call.options.get("e", []))
    for path in call.options.get("f", []):
        source = call.open(path)
        patterns += [line.decode(errors="surrogateescape") async for line in lines_of(source)]
        close(source)
    if not patterns and not call.has("f"):
        if not call.operands:
            raise UsageError("missing pattern")
        patterns = [call.operands.pop(0)]
    searcher = _Searcher(call, [piece for text in patterns for piece in text.split("\n")])
    files = list(_files(call)) if call.operands or call.has("r", "R") else ["-"]
    searcher.named = (len(files) > 1 or call.has("H", "r", "R")) and not call.has("h")
    for path in files:
        try:
            source = call.open(path)
        except OSError as error:
            if not call.has("s"):
                call.complain_of(error, path)
            call.status = TROUBLE
            continue
        try:
            await searcher.search(path, source)
        finally:
            close(source)
        if searcher.found and call.has("q"):
            return 0
    return call.status or (0 if searcher.found else NOTHING_FOUND)


def _files(call: Call) -> list[str]:
    found: list[str] = []
    for path in call.operands or ["."]:
        try:
            place = call.place(path)
        except OSError as error:
            call.complain_of(error, path)
            continue
        if path != "-" and place.is_dir() and call.has("r", "R"):
            inner = sorted(one for one in place.rglob("*") if one.is_file() and not one.is_symlink())
            found += [_join(path, one.relative_to(place)) for one in inner]
        else:
            found.append(path)
    return found


def _join(path: str, inner: Path) -> str:
    return inner.as_posix() if path == "." else f"{path.rstrip('/')}/{inner.as_posix()}"


class _Searcher:
    def __init__(self, call: Call, patterns: list[str]) -> None:
        self._call = call
        self.found = False
        self.named = False
        fixed = call.has("F")
        texts = [re.escape(text) if fixed else posix_regex(text, extended=call.has("E")) for text in patterns]
        whole = "|".join(f"(?:{text})" for text in texts)
        if call.has("w"):
            whole = rf"(?<!\w)(?:{whole})(?!\w)"
        if call.has("x"):
            whole = f"^(?:{whole})$"
        flags = re.IGNORECASE if call.has("i") else 0
        try:
            self._regex = re.compile(whole.encode(errors="surrogateescape"), flags)
        except re.error as error:
            raise UsageError(f"bad regex '{patterns[0]}': {str(error).capitalize()}") from None
        both = call.number("C", 0)
        self._before, self._after = call.number("B", both), call.number("A", both)

    async def search(self, path: str, source: Input) -> None:
        call = self._call
        count = number = left = last = 0
        kept: deque[tuple[int, bytes]] = deque(maxlen=self._before)
        async for line in lines_of(source):
            number += 1
            hit = (self._regex.search(line) is not None) != call.has("v")
            if not hit:
                if left > 0:
                    await self._show(path, number, line, "-")
                    left, last = left - 1, number
                else:
                    kept.append((number, line))
                continue
            count += 1
            self.found = True
            if call.has("q") or (call.has("l") and count):
                break
            if not call.has("c", "l"):
                begin = kept[0][0] if kept else number
                if last and begin > last + 1 and (self._before or self._after):
                    await call.write("--\n")
                for place, earlier in kept:
                    await self._show(path, place, earlier, "-")
                kept.clear()
                await self._show(path, number, line, ":")
                left, last = self._after, number
            if call.has("m") and count >= call.number("m", 0):
                break
        if call.has("c") and not call.has("q"):
            await call.write(f"{path + ':' if self.named else ''}{count}\n")
        if call.has("l") and count and not call.has("q"):
            await call.write(f"{path if path != '-' else '(standard input)'}\n")

    async def _show(self, path: str, number: int, line: bytes, mark: str) -> None:
        prefix = (f"{path}{mark}" if self.named else "") + (f"{number}{mark}" if self._call.has("n") else "")
        if self._call.has("o"):
            for piece in self._regex.finditer(line):
                if piece.group():
                    await self._call.write(prefix.encode() + piece.group() + b"\n")
            return
        await self._call.write(prefix.encode() + line + b"\n")
