"""Applets about the container and its processes: sleep, date, hostname, id, uname, env, xargs, timeout, ps, expr …"""

from __future__ import annotations

import asyncio
import re

from minikube_lite.programs.applets.applet import Call, UsageError, applet, seconds
from minikube_lite.programs.applets.conditions import ConditionError, holds
from minikube_lite.programs.applets.echo import echoed
from minikube_lite.programs.applets.expr import ExprError, evaluated
from minikube_lite.programs.applets.printf import formatted
from minikube_lite.programs.dates import dated
from minikube_lite.programs.program import PodContext, Program

KERNEL = "6.1.0"
MEMORY_KIB = 8_000_000
DATE_FORMAT = "%a %b %e %H:%M:%S UTC %Y"


@applet()
async def sleep(call: Call) -> None:
    """sleep DURATION…, in the cluster's time"""
    if not call.operands:
        raise UsageError("missing operand")
    total = sum(map(seconds, call.operands))
    if total == float("inf"):
        await asyncio.get_running_loop().create_future()
    await call.context.clock.sleep(total)


@applet("ud:r:Rs:I")
async def date(call: Call) -> None:
    """date [-u] [-d @SECONDS] [-I] [+FORMAT], of the cluster's clock"""
    moment = call.context.clock.now()
    if call.has("d"):
        given = call.value("d")
        if not re.fullmatch(r"@\d+(\.\d+)?", given):
            raise UsageError(f"invalid date '{given}'")
        moment = float(given[1:])
    form = call.operands[0][1:] if call.operands and call.operands[0].startswith("+") else DATE_FORMAT
    if call.operands and not call.operands[0].startswith("+"):
        raise UsageError("can't set date: Operation not permitted")
    form = "%Y-%m-%d" if call.has("I") else "%a, %d %b %Y %H:%M:%S +0000" if call.has("R") else form
    form = form.replace("%N", f"{int(moment % 1 * 1e9):09}").replace("%s", str(int(moment))).replace("%Z", "UTC")
    await call.write(dated(form, moment) + "\n")


@applet("fisd")
async def hostname(call: Call) -> None:
    """hostname [-f] [-i] [-s] [-d]"""
    context = call.context
    if call.operands:
        raise UsageError("sethostname: Operation not permitted")
    full = _full_name(context)
    domain = full.partition(".")[2]
    answer = {"i": context.network.ip, "f": full, "d": domain, "s": context.hostname}
    chosen = next((letter for letter in "ifds" if call.has(letter)), "")
    await call.write(f"{answer.get(chosen, context.hostname)}\n")


def _full_name(context: PodContext) -> str:
    """The first name that /etc/hosts gives the pod's address."""
    for line in context.read_text("/etc/hosts").splitlines():
        words = line.partition("#")[0].split()
        if len(words) > 1 and words[0] == context.network.ip:
            return words[1]
    return context.hostname


@applet("ugnrG")
async def identity(call: Call) -> None:
    """id [-u|-g] [-n]: containers run as root here"""
    if call.has("u", "g", "G"):
        await call.write("root\n" if call.has("n") else "0\n")
    else:
        await call.write("uid=0(root) gid=0(root) groups=0(root)\n")


@applet()
async def whoami(call: Call) -> None:
    """whoami"""
    await call.write("root\n")


@applet("asnrvmpio")
async def uname(call: Call) -> None:
    """uname [-asnrvm]"""
    node = call.context.hostname
    values = {"s": "Linux", "n": node, "r": KERNEL, "v": "#1 SMP", "m": "x86_64", "o": "GNU/Linux"}
    order = "snrvmo"
    chosen = [letter for letter in order if call.has("a") or call.has(letter)] or ["s"]
    await call.write(" ".join(values[letter] for letter in chosen) + "\n")


@applet("0")
async def printenv(call: Call) -> int:
    """printenv [NAME]…"""
    environment = call.context.env
    if not call.operands:
        await call.write("".join(f"{name}={value}\n" for name, value in environment.items()))
        return 0
    for name in call.operands:
        if name in environment:
            await call.write(f"{environment[name]}\n")
    return 0 if all(name in environment for name in call.operands) else 1


@applet()
async def nproc(call: Call) -> None:
    """nproc"""
    await call.write("4\n")


@applet("mghkb")
async def free(call: Call) -> None:
    """free [-m]: as much as a node has"""
    unit = 1024 if call.has("m") else 1
    total = MEMORY_KIB // unit
    await call.write("              total        used        free      shared  buff/cache   available\n")
    await call.write(f"Mem:     {total:>10}  {0:>10}  {total:>10}  {0:>10}  {0:>10}  {total:>10}\n")


@applet()
async def uptime(call: Call) -> None:
    """uptime"""
    now = dated("%H:%M:%S", call.context.clock.now())
    await call.write(f" {now} up 1 day,  load average: 0.00, 0.00, 0.00\n")


@applet()
async def mount(call: Call) -> None:
    """mount: what is mounted"""
    await call.write("overlay on / type overlay (rw,relatime)\n")
    for one in call.context.mounts:
        await call.write(f"/dev/vda1 on {one.path} type ext4 ({'ro' if one.read_only else 'rw'},relatime)\n")


# As in the shell


async def echo(context: PodContext) -> int:
    """echo [-neE] [WORD]…"""
    context.stdout.write(echoed(context.argv[1:]))
    await context.stdout.drain()
    return 0


async def printf(context: PodContext) -> int:
    """printf FORMAT [WORD]…"""
    if len(context.argv) < 2:
        context.stderr.print("printf: usage: printf FORMAT [ARG]...")
        return 1
    output, errors = formatted(context.argv[1], context.argv[2:])
    context.stdout.write(output)
    for error in errors:
        context.stderr.print(f"printf: {error}")
    return 1 if errors else 0


async def test(context: PodContext) -> int:
    """test CONDITION, [ CONDITION ]"""
    name, *words = context.argv
    call = Call(context, name)
    if name == "[" and (not words or words.pop() != "]"):
        call.complain("missing ]", 2)
        return 2
    try:
        return 0 if holds(words, call.place, context.is_writable, terminal=context.tty) else 1
    except ConditionError as error:
        call.complain(str(error), 2)
        return 2


async def true(context: PodContext) -> int:
    """true"""
    return 0


async def false(context: PodContext) -> int:
    """false"""
    return 1


async def expr(context: PodContext) -> int:
    """expr EXPRESSION"""
    try:
        value = evaluated(list(context.argv[1:]))
    except ExprError as error:
        context.stderr.print(f"expr: {error}")
        return 2
    context.stdout.print(value)
    return 1 if value in ("", "0") else 0


SYSTEM: dict[str, Program] = {
    "[": test,
    "date": date,
    "echo": echo,
    "expr": expr,
    "false": false,
    "free": free,
    "hostname": hostname,
    "id": identity,
    "mount": mount,
    "nproc": nproc,
    "printenv": printenv,
    "printf": printf,
    "sleep": sleep,
    "test": test,
    "true": true,
    "uname": uname,
    "uptime": uptime,
    "whoami": whoami,
}
