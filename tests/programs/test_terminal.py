"""Terminals: what is typed, what the program reads, and what the screen shows."""

from __future__ import annotations

import pytest

from minikube_lite.programs.streams import Collector
from minikube_lite.programs.terminal import LINE_BYTES_MAX, Terminal


@pytest.mark.parametrize(
    ("typed", "read", "screen"),
    [
        (b"ls\r", b"ls\n", b"ls\r\n"),
        (b"a\nb\n", b"a\nb\n", b"a\r\nb\r\n"),
        (b"lx\x7fs\r", b"ls\n", b"lx\b \bs\r\n"),
        (b"\x7f\r", b"\n", b"\r\n"),
        ("ü\x7fu\r".encode(), b"u\n", "ü\b \bu\r\n".encode()),
        (b"one two\x17\r", b"one \n", b"one two" + b"\b \b" * 3 + b"\r\n"),
        (b"one \x17\r", b"\n", b"one " + b"\b \b" * 4 + b"\r\n"),
        (b"all\x15x\r", b"x\n", b"all" + b"\b \b" * 3 + b"x\r\n"),
        (b"\x1b[A\x7f\x7f\x7f\r", b"\n", b"^[[A" + b"\b \b" * 4 + b"\r\n"),
        (b"\ta\r", b"\ta\n", b"\ta\r\n"),
        (b"no end", b"", b"no end"),
        (b"part\x04", b"part", b"part"),
        (b"lost\x03kept\r", b"kept\n", b"lost^C\r\nkept\r\n"),
    ],
)
async def test_typing(typed: bytes, read: bytes, screen: bytes) -> None:
    shown = Collector()
    terminal = Terminal(shown)
    terminal.typed(typed)
    terminal.hang_up()
    assert (await terminal.input.read(), bytes(shown.data)) == (read, screen)


async def test_the_end() -> None:
    terminal = Terminal(Collector())
    terminal.typed(b"x\r\x04")
    assert await terminal.input.read() == b"x\n"
    assert terminal.input.ended


def test_what_the_program_writes() -> None:
    shown = Collector()
    Terminal(shown).print("two\nlines")
    assert bytes(shown.data) == b"two\r\nlines\r\n"


def test_interrupts_and_sizes() -> None:
    terminal, heard = Terminal(Collector()), []
    terminal.on_interrupt = lambda: heard.append(1)
    terminal.typed(b"\x03\x1c")
    terminal.resize(132, 43)
    assert (len(heard), terminal.columns, terminal.rows) == (2, 132, 43)


async def test_a_line_has_a_limit() -> None:
    shown = Collector()
    terminal = Terminal(shown)
    terminal.typed(b"x" * (2 * LINE_BYTES_MAX) + b"\r")
    terminal.hang_up()
    assert await terminal.input.read() == b"x" * LINE_BYTES_MAX + b"\n"
