"""Whether the types of an expression fit; upstream: cel-go/checker."""

from __future__ import annotations

from collections.abc import Mapping

from minikube_lite.schema.cel.errors import CompileError
from minikube_lite.schema.cel.signatures import CALLS, signatures
from minikube_lite.schema.cel.syntax import Node, parse
from minikube_lite.schema.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    ERROR,
    INT,
    NULL,
    STRING,
    TYPE,
    UINT,
    CELType,
    accepts,
    bind,
    list_of,
    map_of,
    optional_of,
)
from minikube_lite.schema.cel.values import UInt

_TYPE_NAMES = frozenset({"bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type", "dyn"})


class Compiled:
    """An expression that can be evaluated: its tree, its type, and the variables that it uses."""

    def __init__(self, source: str, variables: Mapping[str, CELType]) -> None:
        """Raises CompileError."""
        self.source = source
        self.tree = parse(source)
        check = _Check(source, variables)
        self.type = check.type_of(self.tree)
        if check.faults:
            raise _Faults(check.faults)
        self.uses = frozenset(check.used)


class _Faults(CompileError):
    def __init__(self, faults: list[CompileError]) -> None:
        Exception.__init__(self, "\n".join(str(fault) for fault in faults))
        self.reason = faults[0].reason


class _Check:
    def __init__(self, source: str, variables: Mapping[str, CELType]) -> None:
        self._source = source
        self._scopes: list[Mapping[str, CELType]] = [variables]
        self.faults: list[CompileError] = []
        self.used: set[str] = set()

    def type_of(self, node: Node) -> CELType:
        """The type of a tree; faults are noted."""
        return getattr(self, f"_{node.kind}")(node)  # type: ignore[no-any-return]

    def _fault(self, text: str, node: Node) -> CELType:
        self.faults.append(CompileError(text, self._source, node.offset))
        return ERROR

    def _find(self, name: str) -> CELType | None:
        for depth, scope in enumerate(reversed(self._scopes)):
            if name in scope:
                if depth == len(self._scopes) - 1:
                    self.used.add(name)
                return scope[name]
        return None

    def _literal(self, node: Node) -> CELType:
        value = node.value
        if value is None:
            return NULL
        if isinstance(value, bool):
            return BOOL
        if isinstance(value, UInt):
            return UINT
        return {int: INT, float: DOUBLE, str: STRING, bytes: BYTES}[type(value)]

    def _ident(self, node: Node) -> CELType:
        found = self._find(node.name)
        if found is not None:
            return found
        if node.name in _TYPE_NAMES:
            return TYPE
        return self._fault(f"undeclared reference to '{node.name}' (in container '')", node)

    def _select(self, node: Node) -> CELType:
        text = _dotted(node)
        if (
            text is not None
            and text.startswith(("google.protobuf.", "net.", "kubernetes."))
            and self._find(text.split(".")[0]) is None
        ):
            return TYPE
        operand = self.type_of(node.args[0])
        inner = operand.params[0] if operand.name == "optional_type" else operand
        found = self._field(inner, node)
        return optional_of(found) if node.optional or operand.name == "optional_type" else found

    def _field(self, operand: CELType, node: Node) -> CELType:
        if operand in (DYN, ERROR):
            return operand
        if operand.name == "map":
            return operand.params[1]
        if node.name in operand.fields:
            return operand.fields[node.name]
        if operand.fields or operand.name.startswith(("object", "self")):
            return self._fault(f"undefined field '{node.name}'", node)
        return self._fault(f"type '{operand}' does not support field selection", node)

    def _has(self, node: Node) -> CELType:
        operand = self.type_of(node.args[0])
        self._field(operand.params[0] if operand.name == "optional_type" else operand, node)
        return BOOL

    def _list(self, node: Node) -> CELType:
        types = [self.type_of(item) for item in node.args]
        types = [each.params[0] if n in node.optional and each.params else each for n, each in enumerate(types)]
        return list_of(_joined(types))

    def _map(self, node: Node) -> CELType:
        keys = [self.type_of(item) for item in node.args[::2]]
        values = [self.type_of(item) for item in node.args[1::2]]
        values = [each.params[0] if 2 * n in node.optional and each.params else each for n, each in enumerate(values)]
        return map_of(_joined(keys), _joined(values))

    def _call(self, node: Node) -> CELType:
        types = [self.type_of(arg) for arg in node.args]
        if node.name not in CALLS:
            return self._fault(f"undeclared reference to '{node.name}' (in container '')", node)
        return self._resolve(node, types, method=False)

    def _method(self, node: Node) -> CELType:
        target = node.args[0]
        if target.kind == "ident" and self._find(target.name) is None and f"{target.name}.{node.name}" in CALLS:
            types = [self.type_of(arg) for arg in node.args[1:]]
            return self._resolve(node, types, method=False, name=f"{target.name}.{node.name}")
        types = [self.type_of(arg) for arg in node.args]
        if node.name not in CALLS:
            return self._fault(f"undeclared reference to '{node.name}' (in container '')", node)
        return self._resolve(node, types, method=True)

    def _resolve(self, node: Node, types: list[CELType], *, method: bool, name: str = "") -> CELType:
        name = name or node.name
        results = []
        for is_method, wanted, result in signatures(name):
            bound: dict[str, CELType] = {}
            if is_method is method and len(wanted) == len(types):
                if all(accepts(each, given, bound) for each, given in zip(wanted, types, strict=True)):
                    results.append(bind(result, bound))
        if not results:
            if ERROR in types:
                return ERROR
            shown = [str(each) for each in types]
            applied = f"{shown[0]}.({', '.join(shown[1:])})" if method else f"({', '.join(shown)})"
            return self._fault(f"found no matching overload for '{name}' applied to '{applied}'", node)
        return results[0] if all(each == results[0] for each in results) else DYN

    def _macro(self, node: Node) -> CELType:
        operand = self.type_of(node.args[0])
        kinds = self._variable_types(node, operand)
        if kinds is None:
            return self._fault(
                f"expression of type '{operand}' cannot be range of a comprehension (must be list, map, or dynamic)",
                node.args[0],
            )
        self._scopes.append(dict(zip(node.variables, kinds, strict=True)))
        types = [self.type_of(arg) for arg in node.args[1:]]
        self._scopes.pop()
        tested = node.args[1:-1] if node.name in ("map", "transformList", "transformMap") else node.args[1:]
        if node.name not in ("optMap", "optFlatMap"):
            for arg, kind in zip(tested, types, strict=False):
                if not accepts(BOOL, kind, {}):
                    self._fault(f"found no matching overload for '_&&_' applied to '(bool, {kind})'", arg)
        return self._macro_result(node, operand, kinds, types[-1])

    def _variable_types(self, node: Node, operand: CELType) -> tuple[CELType, ...] | None:
        if node.name in ("optMap", "optFlatMap"):
            return (operand.params[0] if operand.params else DYN,)
        if operand in (DYN, ERROR):
            return (operand,) * len(node.variables)
        if operand.name == "list":
            return (operand.params[0],) if len(node.variables) == 1 else (INT, operand.params[0])
        if operand.name == "map":
            return operand.params[: len(node.variables)]
        return None

    def _macro_result(self, node: Node, operand: CELType, kinds: tuple[CELType, ...], last: CELType) -> CELType:
        if node.name in ("map", "transformList"):
            return list_of(last)
        if node.name == "filter":
            return list_of(kinds[0])
        if node.name == "transformMap":
            return map_of(kinds[0], last)
        if node.name == "optMap":
            return optional_of(last)
        return last if node.name == "optFlatMap" else BOOL


def _joined(types: list[CELType]) -> CELType:
    if not types:
        return DYN
    return types[0] if all(each == types[0] for each in types) else DYN


def _dotted(node: Node) -> str | None:
    names: list[str] = []
    while node.kind == "select":
        names.append(node.name)
        node = node.args[0]
    return ".".join([node.name, *reversed(names)]) if node.kind == "ident" else None
