"""Time, randomness and ids have one door, minikube_lite/clock.py; nothing else in the package may take them.

Ruff's table (TID251) names functions; this sees what a table cannot: an event loop's own timers, an unseeded Random.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.tooling.conftest import Source

DOOR = "minikube_lite/clock.py"
BANNED_MODULES = {"random", "secrets", "sched", "time", "uuid"}
BANNED_NAMES = {
    "asyncio.sleep",
    "asyncio.timeout",
    "asyncio.timeout_at",
    "asyncio.wait_for",
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "os.getrandom",
    "os.urandom",
    "ssl.RAND_bytes",
    "threading.Timer",
}
ALLOWED_IN_ANNOTATIONS = {"random.Random"}
LOOPS = {"asyncio.get_running_loop", "asyncio.get_event_loop", "asyncio.new_event_loop"}


def imported_names(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for: `dt` → `datetime.datetime`."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def dotted(node: ast.AST, names: dict[str, str]) -> str:
    """The full name of `a.b.c`, by what `a` was imported as; empty when it is something else."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        outer = dotted(node.value, names)
        return f"{outer}.{node.attr}" if outer else ""
    return ""


def last_word(node: ast.AST) -> str:
    """`clock` of `self._clock`."""
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name.lstrip("_")


def annotation_nodes(tree: ast.Module) -> set[ast.AST]:
    """Everything inside annotations, which are types and take nothing."""
    roots = [
        annotation
        for node in ast.walk(tree)
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if isinstance(annotation, ast.AST)
    ]
    return {inner for annotation in roots for inner in ast.walk(annotation)}


def call_fault(node: ast.Call, names: dict[str, str]) -> str:
    """Why a call takes time from elsewhere; empty when it does not."""
    if dotted(node.func, names) == "asyncio.wait" and any(keyword.arg == "timeout" for keyword in node.keywords):
        return "asyncio.wait with a timeout"
    if not isinstance(node.func, ast.Attribute):
        return ""
    receiver = node.func.value
    if node.func.attr in ("call_later", "call_at") and not last_word(receiver).endswith("clock"):
        return f"an event loop's {node.func.attr}"
    of_loop = last_word(receiver).endswith("loop") or (
        isinstance(receiver, ast.Call) and dotted(receiver.func, names) in LOOPS
    )
    return "an event loop's time" if node.func.attr == "time" and of_loop else ""


def clock_faults(path: str, tree: ast.Module) -> Iterator[str]:
    """Every use of time, randomness and ids that does not go through the clock."""
    names = imported_names(tree)
    types = annotation_nodes(tree)
    for node in ast.walk(tree):
        fault = ""
        if isinstance(node, (ast.Name, ast.Attribute)):
            name = dotted(node, names)
            outside = name in BANNED_NAMES or ("." in name and name.split(".")[0] in BANNED_MODULES)
            if outside and not (name in ALLOWED_IN_ANNOTATIONS and node in types):
                fault = name
        elif isinstance(node, ast.Call):
            fault = call_fault(node, names)
        elif isinstance(node, ast.ImportFrom) and node.module in BANNED_MODULES:
            taken = [alias.name for alias in node.names if f"{node.module}.{alias.name}" not in ALLOWED_IN_ANNOTATIONS]
            fault = f"from {node.module} import {', '.join(taken)}" if taken else ""
        if fault:
            yield f"{path}:{getattr(node, 'lineno', 0)}: {fault}, which only {DOOR} may use"


def test_only_the_clock_takes_time_randomness_and_ids(sources: list[Source]) -> None:
    checked = [source for source in sources if source.path.startswith("minikube_lite/") and source.path != DOOR]
    assert checked
    assert [fault for source in checked for fault in clock_faults(source.path, source.tree)] == []


def test_the_clock_itself_would_be_seen(sources: list[Source]) -> None:
    [door] = [source for source in sources if source.path == DOOR]
    assert list(clock_faults(door.path, door.tree))


def test_tests_do_not_sleep(sources: list[Source]) -> None:
    """They wait for quiet, or for what a real program prints. `asyncio.sleep(0)` only lets others run."""
    sleeps = [
        f"{source.path}:{node.lineno}"
        for source in sources
        if source.path.startswith("tests/")
        for names in [imported_names(source.tree)]
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and dotted(node.func, names) in ("asyncio.sleep", "time.sleep")
        if not (node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0)
    ]
    assert sleeps == []


@pytest.mark.parametrize(
    "code",
    [
        "import time\nx = time.time()",
        "import time as t\nx = t.monotonic()",
        "from time import monotonic",
        "from time import perf_counter as now\nx = now()",
        "import datetime\nx = datetime.datetime.now()",
        "from datetime import datetime\nx = datetime.now(UTC)",
        "from datetime import datetime as dt\nx = dt.utcnow()",
        "from datetime import date\nx = date.today()",
        "import datetime as d\nx = d.date.today()",
        "import random\nx = random.choice([1])",
        "import random\nx = random.Random()",
        "from random import Random\nx = Random()",
        "from random import shuffle",
        "import uuid\nx = uuid.uuid4()",
        "from uuid import uuid4",
        "import os\nx = os.urandom(4)",
        "from os import urandom\nx = urandom(4)",
        "import secrets\nx = secrets.token_hex(4)",
        "import asyncio\nasync def f():\n    await asyncio.sleep(1)",
        "from asyncio import sleep\nasync def f():\n    await sleep(1)",
        "import asyncio\nasync def f():\n    async with asyncio.timeout(1): ...",
        "import asyncio\nasync def f():\n    await asyncio.wait(x, timeout=1)",
        "import asyncio\nx = asyncio.get_running_loop().time()",
        "import asyncio\nasyncio.get_running_loop().call_later(1, print)",
        "loop.call_at(1, print)",
        "x = self._loop.time()",
        "import threading\nthreading.Timer(1, print)",
        "def f(wait=__import__): ...\nimport time\nhandlers = {'sleep': time.sleep}",
    ],
)
def test_a_way_around_the_clock_is_seen(code: str) -> None:
    assert list(clock_faults("snippet.py", ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "x = self.clock.now()",
        "self._clock.call_later(1, print)",
        "context.clock.call_at(1, print)",
        "from random import Random\ndef f(source: Random) -> Random: ...",
        "import random\nclass A:\n    source: random.Random",
        "from datetime import datetime, UTC\nx = datetime.fromtimestamp(0, UTC)",
        "x = clock.random.choice([1])",
        "import asyncio\nasync def f():\n    await asyncio.wait(x)",
        "x = event.time()",
    ],
)
def test_what_goes_through_the_clock_passes(code: str) -> None:
    assert list(clock_faults("snippet.py", ast.parse(code))) == []
