"""Rules of the code that no linter checks (sizes, docstrings, no state in modules, no mocks); they can fail."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.tooling.conftest import Source

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
EXEMPT_FROM_SIZE = {
    "minikube_lite/schema/types.py": "generated",
}

MUTABLE_DISPLAYS = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
MUTABLE_TYPES = {
    *("dict", "list", "set", "bytearray", "defaultdict", "OrderedDict", "Counter", "deque", "count"),
    *(
        "SortedDict",
        "SortedList",
        "SortedSet",
        "WeakKeyDictionary",
        "WeakSet",
        "WeakValueDictionary",
        "ContextVar",
        "local",
    ),
}
MUTATING_METHODS = {
    *("append", "extend", "insert", "remove", "pop", "popitem", "clear", "add", "discard"),
    *("update", "setdefault", "sort", "reverse", "appendleft", "popleft"),
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def size_faults(source_path: str, text: str, tree: ast.Module) -> Iterator[str]:
    """A file or a function that is too long."""
    lines = len(text.splitlines())
    if lines > FILE_LINES_MAX:
        yield f"{source_path}: {lines} lines, at most {FILE_LINES_MAX}"
    for node in ast.walk(tree):
        if isinstance(node, Function):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                yield f"{source_path}:{node.lineno}: {node.name} has {length} lines, at most {FUNCTION_LINES_MAX}"


def is_mutable(value: ast.expr | None) -> bool:
    """Whether an expression makes something that can change."""
    if isinstance(value, ast.Call):
        function = value.func
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        return name in MUTABLE_TYPES
    return isinstance(value, MUTABLE_DISPLAYS)


def module_assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr | None, int]]:
    """Names that a module binds when it is loaded, with their values."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value, node.lineno
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node.value, node.lineno


def changed_name(node: ast.AST) -> str | None:
    """The name whose value a statement or call changes in place."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
        changed: ast.expr = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATING_METHODS:
        changed = node.func.value
    else:
        return None
    return changed.id if isinstance(changed, ast.Name) else None


def state_faults(source_path: str, tree: ast.Module) -> Iterator[str]:
    """State in a module: a variable that holds a collection, a constant that a function changes, a `global`."""
    mutable = {name: line for name, value, line in module_assignments(tree) if is_mutable(value)}
    for name, line in mutable.items():
        if name != name.upper() and name != "__all__":
            yield f"{source_path}:{line}: {name} is state of a module: make it a constant or part of an object"
    for function in ast.walk(tree):
        if not isinstance(function, Function):
            continue
        own = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        own |= {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                yield f"{source_path}:{node.lineno}: global {', '.join(node.names)}"
            elif (changed := changed_name(node)) in mutable and changed not in own:
                yield f"{source_path}:{getattr(node, 'lineno', 0)}: {function.name} changes the module's {changed}"


def docstring_faults(source_path: str, tree: ast.Module) -> Iterator[str]:
    """A module that does not say its role."""
    if not ast.get_docstring(tree):
        yield f"{source_path}:1: no docstring says what the module is for"


def test_sizes(sources: list[Source]) -> None:
    checked = [source for source in sources if source.path not in EXEMPT_FROM_SIZE]
    assert [fault for source in checked for fault in size_faults(*source)] == []


def test_exemptions_are_needed(sources: list[Source]) -> None:
    exempt = [source for source in sources if source.path in EXEMPT_FROM_SIZE]
    assert [source.path for source in exempt if not list(size_faults(*source))] == []


def test_modules_hold_no_state(sources: list[Source]) -> None:
    assert [fault for source in package(sources) for fault in state_faults(source.path, source.tree)] == []


def test_modules_say_their_role(sources: list[Source]) -> None:
    assert [fault for source in sources for fault in docstring_faults(source.path, source.tree)] == []


def test_tests_have_no_packages_and_no_mocks(sources: list[Source]) -> None:
    tests = [source for source in sources if source.path.startswith("tests/")]
    assert [source.path for source in tests if source.path.endswith("__init__.py")] == []
    assert [source.path for source in tests for name in imported(source.tree) if name.startswith("unittest.mock")] == []


def test_the_links_are_never_imported(sources: list[Source]) -> None:
    banned = {"api", "controllers"}
    assert [source.path for source in sources if banned & {name.split(".")[0] for name in imported(source.tree)}] == []


@pytest.mark.parametrize(
    ("code", "faults"),
    [
        ("cache = {}", 1),
        ("cache: dict[str, int] = dict()", 1),
        ("seen = collections.defaultdict(list)", 1),
        ("TABLE = {'a': 1}", 0),
        ("__all__ = ['a']", 0),
        ("names = ('a', 'b')", 0),
        ("TABLE = {}\ndef f():\n    TABLE['a'] = 1", 1),
        ("TABLE = {}\ndef f():\n    del TABLE['a']", 1),
        ("TABLE = []\ndef f():\n    TABLE.append(1)", 1),
        ("TABLE = []\ndef f(TABLE):\n    TABLE.append(1)", 0),
        ("TABLE = []\ndef f():\n    found = list(TABLE)\n    found.append(1)", 0),
        ("count = 0\ndef f():\n    global count\n    count = 1", 1),
    ],
)
def test_state_in_modules_is_seen(code: str, faults: int) -> None:
    assert len(list(state_faults("snippet.py", ast.parse(code)))) == faults


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("x = 1\n" * FILE_LINES_MAX, 0),
        ("x = 1\n" * (FILE_LINES_MAX + 1), 1),
        ("def f():\n" + "    x = 1\n" * (FUNCTION_LINES_MAX - 1), 0),
        ("async def f():\n" + "    x = 1\n" * FUNCTION_LINES_MAX, 1),
        ("class A:\n    def f(self):\n" + "        x = 1\n" * FUNCTION_LINES_MAX, 1),
    ],
)
def test_size_is_seen(text: str, faults: int) -> None:
    assert len(list(size_faults("snippet.py", text, ast.parse(text)))) == faults


def test_a_missing_docstring_is_seen() -> None:
    assert list(docstring_faults("snippet.py", ast.parse("x = 1")))
    assert not list(docstring_faults("snippet.py", ast.parse("'''A role.'''\nx = 1")))


def package(sources: list[Source]) -> list[Source]:
    """The files of the package."""
    found = [source for source in sources if source.path.startswith("minikube_lite/")]
    assert found
    return found


def imported(tree: ast.Module) -> Iterator[str]:
    """The names of modules, and of what is taken from them, that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
