"""Applets that read text and write text: cat, head, tail, wc, sort, uniq, cut, tr, tee, seq, rev, tac, nl, xargs …"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence

from minikube_lite.programs.applets.applet import (
    PART_BYTES,
    Call,
    UsageError,
    applet,
    copy,
    lines_of,
    seconds,
    whole,
)
from minikube_lite.programs.files import close
from minikube_lite.programs.program import Program
from minikube_lite.programs.streams import Input, Output

SORTED_BYTES_MAX = 256 << 20
TAIL_POLL_SECONDS = 1.0
TAIL_LINES = 10


@applet("benstuvA")
async def cat(call: Call) -> None:
    """cat [-n] [FILE]…"""
    if not call.has("n"):
        async for _, source in call.inputs():
            await copy(source, call.context.stdout)
        return
    number = 0
    async for line in call.lines():
        number += 1
        await call.write(b"%6d\t%s\n" % (number, line))


@applet("n:c:qv#")
async def head(call: Call) -> None:
    """head [-n LINES] [-c BYTES] [FILE]…"""
    several = len(call.operands) > 1 and not call.has("q")
    first = True
    async for name, source in call.inputs():
        if several or call.has("v"):
            await call.write(f"{'' if first else chr(10)}==> {name if name != '-' else 'standard input'} <==\n")
        first = False
        if call.has("c"):
            left = call.number("c", 0)
            while left > 0 and (part := await source.read(min(left, PART_BYTES))):
                await call.write(part)
                left -= len(part)
            continue
        left = call.number("n", TAIL_LINES)
        if left < 0:
            kept: deque[bytes] = deque()
            async for line in lines_of(source):
                kept.append(line)
                if len(kept) > -left:
                    await call.write(kept.popleft() + b"\n")
            continue
        if left == 0:
            continue
        async for line in lines_of(source):
            await call.write(line + b"\n")
            left -= 1
            if left == 0:
                break


@applet("n:c:qvfFs:#", long={"follow": "f"})
async def tail(call: Call) -> None:
    """tail [-n [+]LINES] [-c [+]BYTES] [-f] [FILE]…"""
    several = len(call.operands) > 1 and not call.has("q")
    read: dict[str, int] = {}
    first = True
    async for name, source in call.inputs():
        if several or call.has("v"):
            await call.write(f"{'' if first else chr(10)}==> {name} <==\n")
        first = False
        data = await source.read(-1)
        read[name] = len(data)
        await call.write(_tail_of(call, data))
    if call.has("f", "F"):
        await _follow(call, read)


def _tail_of(call: Call, data: bytes) -> bytes:
    text = call.value("c") or call.value("n", str(TAIL_LINES))
    count = abs(whole(text))
    if call.has("c"):
        return data[count - 1 if count else 0 :] if text.startswith("+") else data[len(data) - min(count, len(data)) :]
    lines = data.splitlines(keepends=True) if b"\r" not in data else re.findall(rb"[^\n]*\n|[^\n]+", data)
    return b"".join(
        lines[max(count - 1, 0) :] if text.startswith("+") else lines[len(lines) - min(count, len(lines)) :]
    )


async def _follow(call: Call, read: dict[str, int]) -> None:
    """Write what is added to the files, until killed. A file that became shorter is read from its beginning."""
    pause = seconds(call.value("s", str(TAIL_POLL_SECONDS)))
    while True:
        await call.context.clock.sleep(max(pause, 0.1))
        for name, size in read.items():
            if name == "-":
                continue
            try:
                place = call.place(name)
                now = place.stat().st_size
                if now == size:
                    continue
                with place.open("rb") as file:
                    file.seek(size if now > size else 0)
                    await call.write(file.read())
                read[name] = now
            except FileNotFoundError:
                read[name] = 0


@applet("lwcmL")
async def wc(call: Call) -> None:
    """wc [-clmwL] [FILE]…"""
    shown = [letter for letter in "lwmcL" if call.has(letter)] or ["l", "w", "c"]
    totals = dict.fromkeys(shown, 0)
    count = 0
    async for name, source in call.inputs():
        found = await _counted(source)
        count += 1
        for letter in shown:
            totals[letter] = max(totals[letter], found[letter]) if letter == "L" else totals[letter] + found[letter]
        await call.write(_counts(found, shown, name if call.operands else "", len(call.operands)))
    if count > 1 or len(call.operands) > 1:
        await call.write(_counts(totals, shown, "total", len(call.operands)))


async def _counted(source: Input) -> dict[str, int]:
    found = dict.fromkeys("lwmcL", 0)
    inside = False
    width = 0
    while part := await source.read(PART_BYTES):
        found["l"] += part.count(b"\n")
        found["c"] += len(part)
        found["m"] += sum(byte & 0xC0 != 0x80 for byte in part)
        found["w"] += len(part.split()) - (inside and not part[:1].isspace())
        inside = not part[-1:].isspace()
        lines = part.split(b"\n")
        lines[0] = b" " * width + lines[0]
        width = len(lines[-1])
        found["L"] = max(found["L"], *map(len, lines))
    return found


def _counts(found: dict[str, int], shown: Sequence[str], name: str, operands: int) -> str:
    if len(shown) == 1 and operands < 2:
        return f"{found[shown[0]]}{' ' if name else ''}{name}\n"
    numbers = " ".join(f"{found[letter]:9}" for letter in shown)
    return f"{numbers}{' ' if name else ''}{name}\n"


@applet("c:d:f:b:sn", long={"complement": "C"})
async def cut(call: Call) -> None:
    """cut -c|-b|-f LIST [-d CHAR] [-s] [FILE]…"""
    wanted = next((letter for letter in "cbf" if call.has(letter)), None)
    if wanted is None:
        raise UsageError("expected a list of bytes, characters, or fields")
    is_in = _ranges(call.value(wanted))
    delimiter = call.value("d", "\t")
    async for line in call.lines():
        text = line.decode(errors="surrogateescape")
        if wanted != "f":
            chosen = "".join(char for place, char in enumerate(text, 1) if is_in(place))
        elif delimiter not in text:
            if call.has("s"):
                continue
            chosen = text
        else:
            chosen = delimiter.join(part for place, part in enumerate(text.split(delimiter), 1) if is_in(place))
        await call.write(chosen.encode(errors="surrogateescape") + b"\n")


def _ranges(text: str) -> Callable[[int], bool]:
    ranges: list[tuple[int, int]] = []
    for piece in text.split(","):
        found = re.fullmatch(r"(\d*)(-?)(\d*)", piece)
        if not found or not piece or piece == "-":
            raise UsageError(f"invalid range '{piece}'" if piece else "invalid range")
        low = int(found.group(1) or 1)
        high = int(found.group(3) or 1 << 62) if found.group(2) else low
        if low == 0 or high < low:
            raise UsageError(f"invalid range {piece}")
        ranges.append((low, high))
    return lambda place: any(low <= place <= high for low, high in ranges)


@applet("cdsCt")
async def tr(call: Call) -> None:
    """tr [-cds] SET [SET]"""
    if not call.operands:
        raise UsageError("missing operand")
    first = _character_set(call.operands[0].encode().decode("latin-1"))
    second = _character_set(call.operands[1].encode().decode("latin-1")) if len(call.operands) > 1 else []
    if call.has("c", "C"):
        chosen = set(first)
        first = [byte for byte in range(256) if byte not in chosen]
    table = list(range(256))
    if not call.has("d") and second:
        for place, byte in enumerate(first):
            table[byte] = second[min(place, len(second) - 1)]
    deleted = bytes(first) if call.has("d") else b""
    squeezed = set(second or first) if call.has("s") else set()
    last = -1
    while part := await call.context.stdin.read(PART_BYTES):
        written = bytearray()
        for byte in part.translate(bytes(table), deleted):
            if byte != last or byte not in squeezed:
                written.append(byte)
            last = byte
        await call.write(bytes(written))


_CLASSES: dict[str, Callable[[str], bool]] = {
    "alnum": str.isalnum, "alpha": str.isalpha, "digit": str.isdigit, "lower": str.islower, "upper": str.isupper,
    "space": str.isspace, "punct": lambda char: char.isascii() and char.isprintable() and not char.isalnum() and char != " ",
    "blank": lambda char: char in " \t", "cntrl": lambda char: not char.isprintable(),
    "xdigit": lambda char: char in "0123456789abcdefABCDEF",
}  # fmt: skip
_ESCAPES = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, "\\": 92, "0": 0}


def _character_set(text: str) -> list[int]:
    found: list[int] = []
    at = 0
    while at < len(text):
        named = re.compile(r"\[:(\w+):\]").match(text, at)
        if named and named.group(1) in _CLASSES:
            is_in = _CLASSES[named.group(1)]
            found += [byte for byte in range(128) if is_in(chr(byte))]
            at = named.end()
            continue
        byte, at = _character(text, at)
        if at + 1 < len(text) and text[at] == "-":
            high, at = _character(text, at + 1)
            if high < byte:
                raise UsageError(f"range {chr(byte)}-{chr(high)} is reversed")
            found += range(byte, high + 1)
        else:
            found.append(byte)
    return found


def _character(text: str, at: int) -> tuple[int, int]:
    if text[at] != "\\" or at + 1 == len(text):
        return ord(text[at]) & 0xFF, at + 1
    octal = re.compile(r"[0-7]{1,3}").match(text, at + 1)
    if octal:
        return int(octal.group(), 8) & 0xFF, octal.end()
    return _ESCAPES.get(text[at + 1], ord(text[at + 1]) & 0xFF), at + 2


@applet("ai")
async def tee(call: Call) -> None:
    """tee [-a] [FILE]…"""
    outputs: list[Output] = [call.context.stdout]
    for path in call.operands:
        try:
            outputs.append(call.create(path, append=call.has("a")))
        except OSError as error:
            call.complain_of(error, path)
    try:
        while part := await call.context.stdin.read(PART_BYTES):
            for output in outputs:
                output.write(part)
                await output.drain()
    finally:
        for output in outputs:
            close(output)


@applet("ws:f:")
async def seq(call: Call) -> None:
    """seq [-w] [-s SEPARATOR] [FIRST [STEP]] LAST"""
    numbers = [_decimal(text) for text in call.operands]
    if not 1 <= len(numbers) <= 3:
        raise UsageError("missing operand" if not numbers else "extra operand")
    first = numbers[0] if len(numbers) > 1 else 1.0
    step = numbers[1] if len(numbers) == 3 else 1.0
    last = numbers[-1]
    digits = max((len(text.partition(".")[2]) for text in call.operands), default=0)
    width = max(len(text) for text in call.operands) if call.has("w") else 0
    separator = call.value("s", "\n")
    count = 0
    while step and (first + count * step - last) * (1 if step > 0 else -1) <= 1e-9:
        await call.write((separator if count else "") + f"{first + count * step:0{width}.{digits}f}")
        count += 1
    if count:
        await call.write("\n")


def _decimal(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"invalid number '{text}'") from None


@applet()
async def rev(call: Call) -> None:
    """rev [FILE]…"""
    async for line in call.lines():
        await call.write(line.decode(errors="surrogateescape")[::-1].encode(errors="surrogateescape") + b"\n")


@applet()
async def tac(call: Call) -> None:
    """tac [FILE]…"""
    async for _, source in call.inputs():
        lines = [line async for line in lines_of(source)]
        for line in reversed(lines):
            await call.write(line + b"\n")


@applet()
async def yes(call: Call) -> None:
    """yes [WORDS]"""
    block = (" ".join(call.operands or ["y"]) + "\n").encode() * 1024
    while True:
        await call.write(block)
        await call.context.clock.transport.sleep(0)


TEXT: dict[str, Program] = {
    "cat": cat,
    "cut": cut,
    "head": head,
    "rev": rev,
    "seq": seq,
    "tac": tac,
    "tail": tail,
    "tee": tee,
    "tr": tr,
    "wc": wc,
    "yes": yes,
}
