"""What an expression says of values; upstream: cel-go/interpreter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from minikube_lite.schema.cel.errors import CELError
from minikube_lite.schema.cel.functions import FUNCTIONS
from minikube_lite.schema.cel.syntax import Node
from minikube_lite.schema.cel.values import NONE, Optional, TypeValue, equal, is_number

COST_MAX = 1_000_000
"""Steps that one call may take (upstream's PerCallLimit)."""
TYPES = {
    name: TypeValue(name)
    for name in ("bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type", "dyn")
}
_MISSING = object()


class Evaluation:
    """One run of an expression over its variables."""

    def __init__(self, variables: Mapping[str, Any], cost_max: int = COST_MAX) -> None:
        self._scopes: list[dict[str, Any]] = [dict(variables)]
        self._cost_max = cost_max
        self.cost = 0

    def run(self, node: Node) -> Any:
        """The value of a tree; CELError where it has none."""
        self.cost += 1
        if self.cost > self._cost_max:
            raise CELError("operation cancelled: actual cost limit exceeded")
        handler: Callable[[Node], Any] = _HANDLERS[node.kind].__get__(self)
        return handler(node)

    def _literal(self, node: Node) -> Any:
        return node.value

    def _ident(self, node: Node) -> Any:
        for scope in reversed(self._scopes):
            if node.name in scope:
                value = scope[node.name]
                return value() if isinstance(value, Lazy) else value
        if node.name in TYPES:
            return TYPES[node.name]
        raise CELError(f"no such attribute(s): {node.name}")

    def _select(self, node: Node) -> Any:
        qualified = self._namespaced(node)
        if qualified is not _MISSING:
            return qualified
        operand = self.run(node.args[0])
        if node.optional or isinstance(operand, Optional):
            inner = operand.content if isinstance(operand, Optional) else operand
            if isinstance(operand, Optional) and not operand.present:
                return NONE
            return Optional(True, inner[node.name]) if isinstance(inner, dict) and node.name in inner else NONE
        if isinstance(operand, dict):
            if node.name in operand:
                return operand[node.name]
            raise CELError(f"no such key: {node.name}")
        raise CELError(f"no such overload: {node.name}" if operand is not None else f"no such key: {node.name}")

    def _namespaced(self, node: Node) -> Any:
        """`optional.none` and the like are names of functions, types like `google.protobuf.Timestamp` values."""
        names, current = [node.name], node.args[0]
        while current.kind == "select":
            names.append(current.name)
            current = current.args[0]
        if current.kind != "ident" or any(current.name in scope for scope in self._scopes):
            return _MISSING
        text = ".".join((current.name, *reversed(names)))
        return TypeValue(text) if text.startswith(("google.protobuf.", "net.", "kubernetes.")) else _MISSING

    def _has(self, node: Node) -> bool:
        operand = self.run(node.args[0])
        if isinstance(operand, Optional):
            operand = operand.content if operand.present else {}
        if not isinstance(operand, dict):
            raise CELError("no such overload")
        return node.name in operand

    def _list(self, node: Node) -> list[Any]:
        out = []
        for position, item in enumerate(node.args):
            value = self.run(item)
            if position in node.optional:
                if value.present:
                    out.append(value.content)
            else:
                out.append(value)
        return out

    def _map(self, node: Node) -> dict[Any, Any]:
        out = {}
        for position in range(0, len(node.args), 2):
            key, value = self.run(node.args[position]), self.run(node.args[position + 1])
            if position in node.optional:
                if not value.present:
                    continue
                value = value.content
            if key in out:
                raise CELError(f"Failed with repeated key: {key}")
            out[key] = value
        return out

    def _call(self, node: Node) -> Any:
        name, args = node.name, node.args
        if name == "_&&_":
            return self._logic(args, stop=False)
        if name == "_||_":
            return self._logic(args, stop=True)
        if name == "_?_:_":
            condition = self.run(args[0])
            if not isinstance(condition, bool):
                raise CELError("no such overload")
            return self.run(args[1] if condition else args[2])
        values = [self.run(arg) for arg in args]
        return self._apply(name, values)

    def _method(self, node: Node) -> Any:
        target = node.args[0]
        if target.kind == "ident" and not any(target.name in scope for scope in self._scopes):
            full = f"{target.name}.{node.name}"
            if full in FUNCTIONS:
                return self._apply(full, [self.run(arg) for arg in node.args[1:]])
        if node.name in ("or", "orValue"):
            first = self.run(target)
            if not isinstance(first, Optional):
                raise CELError(f"no such overload: {node.name}")
            if first.present:
                return first if node.name == "or" else first.content
            return self.run(node.args[1])
        return self._apply(node.name, [self.run(arg) for arg in node.args])

    def _apply(self, name: str, values: list[Any]) -> Any:
        function = FUNCTIONS.get(name)
        if function is None:
            raise CELError(f"no such overload: {name}")
        for value in values:
            if isinstance(value, str | bytes | list | dict):
                self.cost += len(value) // 10
        try:
            return function(*values)
        except TypeError:
            raise CELError(f"no such overload: {name.strip('_') if name.startswith('_') else name}") from None

    def _logic(self, args: list[Node], *, stop: bool) -> bool:
        """Errors count only where the other side does not decide."""
        trouble: CELError | None = None
        for arg in args:
            try:
                value = self.run(arg)
            except CELError as error:
                trouble = trouble or error
                continue
            if not isinstance(value, bool):
                trouble = trouble or CELError("no such overload")
            elif value is stop:
                return bool(stop)
        if trouble is not None:
            raise trouble
        return not stop

    # Macros

    def _macro(self, node: Node) -> Any:
        operand = self.run(node.args[0])
        if node.name in ("optMap", "optFlatMap"):
            if not operand.present:
                return NONE
            value = self._with(node.variables, (operand.content,), node.args[1])
            return Optional(True, value) if node.name == "optMap" else value
        if not isinstance(operand, list | dict):
            raise CELError("no such overload")
        pairs = list(operand.items()) if isinstance(operand, dict) else list(enumerate(operand))
        one = len(node.variables) == 1
        at = 0 if isinstance(operand, dict) else 1
        items: list[tuple[Any, ...]] = [(pair[at],) if one else pair for pair in pairs]
        return _MACROS[node.name](self, node, items)

    def _with(self, names: tuple[str, ...], values: tuple[Any, ...], node: Node) -> Any:
        self._scopes.append(dict(zip(names, values, strict=True)))
        try:
            return self.run(node)
        finally:
            self._scopes.pop()

    def _quantifier(self, node: Node, items: list[tuple[Any, ...]], *, stop: bool) -> bool:
        trouble: CELError | None = None
        for item in items:
            try:
                if self._with(node.variables, item, node.args[1]) is stop:
                    return bool(stop)
            except CELError as error:
                trouble = trouble or error
        if trouble is not None:
            raise trouble
        return not stop

    def _all(self, node: Node, items: list[tuple[Any, ...]]) -> bool:
        return self._quantifier(node, items, stop=False)

    def _exists(self, node: Node, items: list[tuple[Any, ...]]) -> bool:
        return self._quantifier(node, items, stop=True)

    def _exists_one(self, node: Node, items: list[tuple[Any, ...]]) -> bool:
        return sum(1 for item in items if self._with(node.variables, item, node.args[1]) is True) == 1

    def _map_macro(self, node: Node, items: list[tuple[Any, ...]]) -> list[Any]:
        if len(node.args) == 3:
            items = [item for item in items if self._with(node.variables, item, node.args[1]) is True]
        return [self._with(node.variables, item, node.args[-1]) for item in items]

    def _filter(self, node: Node, items: list[tuple[Any, ...]]) -> list[Any]:
        return [item[-1] for item in items if self._with(node.variables, item, node.args[1]) is True]

    def _transform_map(self, node: Node, items: list[tuple[Any, ...]]) -> dict[Any, Any]:
        if len(node.args) == 3:
            items = [item for item in items if self._with(node.variables, item, node.args[1]) is True]
        return {item[0]: self._with(node.variables, item, node.args[-1]) for item in items}


class Lazy:
    """A variable that is worked out when it is first asked for."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._value: Any = _MISSING

    def __call__(self) -> Any:
        if self._value is _MISSING:
            self._value = self._make()
        return self._value


_HANDLERS: Mapping[str, Any] = {
    "literal": Evaluation._literal,
    "ident": Evaluation._ident,
    "select": Evaluation._select,
    "has": Evaluation._has,
    "list": Evaluation._list,
    "map": Evaluation._map,
    "call": Evaluation._call,
    "method": Evaluation._method,
    "macro": Evaluation._macro,
}
_MACROS: Mapping[str, Any] = {
    "all": Evaluation._all,
    "exists": Evaluation._exists,
    "exists_one": Evaluation._exists_one,
    "existsOne": Evaluation._exists_one,
    "map": Evaluation._map_macro,
    "filter": Evaluation._filter,
    "transformList": Evaluation._map_macro,
    "transformMap": Evaluation._transform_map,
}

__all__ = ["Evaluation", "Lazy", "equal", "is_number"]
