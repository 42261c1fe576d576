"""Applets that run other commands of their container: env, timeout, xargs, which, nohup, time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

from minikube_lite.programs.applets.applet import Call, UsageError, applet, seconds
from minikube_lite.programs.program import EXIT_CODE_TERMINATED, PodContext, Program, run_nested

NOT_EXECUTABLE, NOT_FOUND = 126, 127
ARGUMENT_BYTES_MAX = 128 << 10

Commands = Mapping[str, Program]


async def run_other(commands: Commands, context: PodContext, name: str, words: Sequence[str], **changed: object) -> int:
    """Run another command of the container; 127 where there is none."""
    program = commands.get(words[0].rpartition("/")[2])
    if program is None:
        context.stderr.print(f"{name}: can't execute '{words[0]}': No such file or directory")
        return NOT_FOUND
    return await run_nested(program, context.process(list(words), **changed))  # type: ignore[arg-type]


async def _env(call: Call, commands: Commands) -> int | None:
    """env [-i] [-u NAME] [NAME=VALUE]… [COMMAND [WORD]…]"""
    environment = {} if call.has("i") else dict(call.context.env)
    for name in call.options.get("u", []):
        environment.pop(name, None)
    words = list(call.operands)
    while words and re.match(r"[^=]+=", words[0]):
        name, _, value = words.pop(0).partition("=")
        environment[name] = value
    if words:
        return await run_other(commands, call.context, call.name, words, env=environment)
    await call.write("".join(f"{name}={value}\n" for name, value in environment.items()))
    return None


async def _timeout(call: Call, commands: Commands) -> int:
    """timeout DURATION COMMAND [WORD]…"""
    if len(call.operands) < 2:
        raise UsageError("missing operand")
    clock = call.context.clock
    work = asyncio.ensure_future(run_other(commands, call.context, call.name, call.operands[1:]))
    waiting = asyncio.ensure_future(clock.sleep(seconds(call.operands[0])))
    try:
        await asyncio.wait([work, waiting], return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else EXIT_CODE_TERMINATED
    finally:
        work.cancel()
        waiting.cancel()


async def _xargs(call: Call, commands: Commands) -> int:
    """xargs [-n COUNT] [-I TEXT] [-0] [-r] [-t] [COMMAND [WORD]…]"""
    words = call.operands or ["echo"]
    items = await _items(call)
    status = 0
    if call.has("I"):
        mark = call.value("I")
        batches = [[word.replace(mark, item) for word in words] for item in items]
    else:
        size = call.number("n", call.number("L", 0)) or max(len(items), 1)
        batches = [[*words, *items[at : at + size]] for at in range(0, len(items), size)]
        if not items and not call.has("r"):
            batches = [list(words)]
    for batch in batches:
        if call.has("t"):
            call.context.stderr.print(" ".join(batch))
        code = await run_other(commands, call.context, call.name, batch)
        if code in (NOT_EXECUTABLE, NOT_FOUND):
            return code
        status = 123 if code else status
    return status


async def _which(call: Call, commands: Commands) -> int:
    """which NAME…"""
    missing = [name for name in call.operands if name.rpartition("/")[2] not in commands]
    for name in call.operands:
        if name not in missing:
            await call.write(f"{name if '/' in name else '/bin/' + name}\n")
    return 1 if missing else 0


async def _nohup(call: Call, commands: Commands) -> int:
    """nohup COMMAND [WORD]…"""
    return await run_other(commands, call.context, call.name, call.operands)


async def _items(call: Call) -> list[str]:
    data = await call.context.stdin.read(-1)
    text = data[:ARGUMENT_BYTES_MAX].decode(errors="surrogateescape")
    if call.has("0", "d"):
        mark = call.value("d") if call.has("d") else "\0"
        return [item for item in text.split(mark.replace("\\n", "\n")) if item]
    if call.has("I", "L"):
        return [line.strip() for line in text.splitlines() if line.strip()]
    found = re.findall(r"""((?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+)""", text)
    return [
        re.sub(r"""'([^']*)'|"([^"]*)"|\\(.)""", lambda one: one.group(1) or one.group(2) or one.group(3) or "", item)
        for item in found
    ]


def others(commands: Commands) -> dict[str, Program]:
    """These applets, for a container that has such commands."""

    def make(options: str, function: Callable[[Call, Commands], Awaitable[int | None]], **long: str) -> Program:
        return applet(options, long=long, in_order=True)(lambda call: function(call, commands))

    return {
        "env": make("i0u:", _env, unset="u"),
        "nohup": make("", _nohup),
        "time": make("p", _nohup),
        "timeout": make("k:s:", _timeout),
        "which": make("a", _which),
        "xargs": make("n:I:0rtd:P:L:", _xargs),
    }
