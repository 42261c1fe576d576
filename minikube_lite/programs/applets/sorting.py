"""sort and uniq; upstream: busybox's coreutils."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from minikube_lite.programs.applets.applet import Call, UsageError, applet
from minikube_lite.programs.files import close
from minikube_lite.programs.program import Program

SORTED_BYTES_MAX = 256 << 20
_UNITS = {"K": 1, "M": 2, "G": 3, "T": 4}


@applet("nrufbk:t:o:hVsc", long={"reverse": "r", "unique": "u", "numeric-sort": "n", "key": "k"})
async def sort(call: Call) -> int | None:
    """sort [-nrufbhV] [-k FIELDS] [-t CHAR] [-o FILE] [FILE]…"""
    lines: list[bytes] = []
    size = 0
    async for line in call.lines():
        lines.append(line)
        size += len(line)
        if size > SORTED_BYTES_MAX:
            raise UsageError("out of memory")
    keys = [_Key(text, call) for text in call.options.get("k", [])] or [_Key("1", call, whole=True)]

    def compared(line: bytes) -> list[Any]:
        return [key.of(line) for key in keys]

    plain = keys[0].is_plain and not call.has("u")
    reverse = call.has("r") and not call.has("k")
    if call.has("c"):
        return 1 if any(compared(one) > compared(two) for one, two in zip(lines, lines[1:], strict=False)) else 0
    last_resort: Callable[[bytes], Any] = (
        compared if plain or call.has("u", "s") else lambda line: (compared(line), line)
    )
    lines.sort(key=last_resort, reverse=reverse)
    if call.has("u"):
        lines = [line for at, line in enumerate(lines) if at == 0 or compared(line) != compared(lines[at - 1])]
    data = b"".join(line + b"\n" for line in lines)
    if call.has("o"):
        output = call.create(call.value("o"))
        output.write(data)
        close(output)
    else:
        await call.write(data)
    return None


class _Reversed:
    """Compares the other way round."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Reversed) -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and bool(other.value == self.value)

    __hash__ = None  # type: ignore[assignment]


class _Key:
    """What a line is sorted by: `2`, `1,3`, `2n`, `1.2,1.4r`."""

    def __init__(self, text: str, call: Call, *, whole: bool = False) -> None:
        found = re.fullmatch(r"(\d+)(?:\.(\d+))?([bfnrhVd]*)(?:,(\d+)(?:\.(\d+))?([bfnrhVd]*))?", text)
        if found is None or int(found.group(1)) == 0:
            raise UsageError(f"bad field specification '{text}'")
        first, first_char, flags, last, last_char, more = found.groups()
        self._first, self._first_char = int(first), int(first_char or 1)
        self._last, self._last_char = int(last or 0), int(last_char or 0)
        own = flags + (more or "")
        given = "".join(letter for letter in "bfnrhV" if call.has(letter))
        self._flags = own or given
        self._reverse = "r" in self._flags and not whole
        self._whole = whole
        self._separator = call.value("t").encode()

    @property
    def is_plain(self) -> bool:
        return self._whole and not set(self._flags) & set("bfnhV")

    def of(self, line: bytes) -> Any:
        value = self._value(line if self._whole else self._field(line))
        return _Reversed(value) if self._reverse else value

    def _field(self, line: bytes) -> bytes:
        if self._separator:
            fields = line.split(self._separator)
            joined = self._separator
        else:
            fields, joined = re.findall(rb"[ \t]*[^ \t]+", line), b""
        last = min(self._last or len(fields), len(fields))
        chosen = fields[self._first - 1 : last]
        if chosen and self._last_char and last == self._last:
            chosen[-1] = chosen[-1][: self._last_char]
        if chosen and self._first_char > 1:
            chosen[0] = chosen[0][self._first_char - 1 :]
        return joined.join(chosen)

    def _value(self, text: bytes) -> Any:
        if "n" in self._flags or "h" in self._flags:
            found = re.match(rb"\s*(-?\d*\.?\d*)([KMGT]?)", text)
            number = found.group(1) if found else b""
            value = float(number) if number.strip(b"-.") else 0.0
            unit = found.group(2).decode() if found and "h" in self._flags else ""
            return value * 1024 ** _UNITS.get(unit, 0)
        if "V" in self._flags:
            pieces = re.findall(rb"\d+|\D+", text)
            return [(piece.isdigit(), int(piece) if piece.isdigit() else piece) for piece in pieces]
        text = text.strip() if "b" in self._flags else text
        return text.upper() if "f" in self._flags else text


@applet("cduif:s:w:")
async def uniq(call: Call) -> None:
    """uniq [-cdui] [-f FIELDS] [-s CHARS] [-w CHARS] [INPUT [OUTPUT]]"""
    operands, call.operands = call.operands, call.operands[:1]
    output = call.create(operands[1]) if len(operands) > 1 else call.context.stdout
    fields, chars, width = call.number("f", 0), call.number("s", 0), call.number("w", 0)

    def compared(line: bytes) -> bytes:
        for _ in range(fields):
            line = re.sub(rb"^\s*\S+", b"", line)
        line = line[chars:]
        line = line[:width] if width else line
        return line.lower() if call.has("i") else line

    async def show(line: bytes, count: int) -> None:
        if (call.has("d") and count < 2) or (call.has("u") and count > 1):
            return
        output.write((b"%7d " % count if call.has("c") else b"") + line + b"\n")
        await output.drain()

    last: bytes | None = None
    count = 0
    async for line in call.lines():
        if last is not None and compared(line) == compared(last):
            count += 1
            continue
        if last is not None:
            await show(last, count)
        last, count = line, 1
    if last is not None:
        await show(last, count)
    close(output)


SORTING: dict[str, Program] = {"sort": sort, "uniq": uniq}
