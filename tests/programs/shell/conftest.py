"""Runs scripts in a shell without a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import pytest

from minikube_lite.programs.builtin_images import commands
from minikube_lite.programs.program import PodContext, Program, run_program
from minikube_lite.programs.streams import BytesInput, Collector


class Done(NamedTuple):
    """How a script ended."""

    code: int
    out: str
    err: str


async def show_arguments(context: PodContext) -> int:
    """Shows each argument on a line."""
    for word in context.argv[1:]:
        context.stdout.print(f"<{word}>")
    return 0


COMMANDS: dict[str, Program] = commands({"args": show_arguments})

Sh = Callable[..., Awaitable[Done]]


@pytest.fixture
def sh(make_context) -> Sh:
    """Runs `sh -c SCRIPT words`, or what `argv` says."""

    async def run(script: str, *words: str, stdin: str = "", argv: list[str] | None = None, **chosen) -> Done:
        out, err = Collector(), Collector()
        context = make_context(
            argv=argv or ["sh", "-c", script, *words],
            stdin=BytesInput(stdin.encode()),
            stdout=out,
            stderr=err,
            **chosen,
        )
        code = await asyncio.wait_for(run_program(COMMANDS["sh"], context), 20)
        return Done(code, bytes(out.data).decode(errors="replace"), bytes(err.data).decode(errors="replace"))

    return run
