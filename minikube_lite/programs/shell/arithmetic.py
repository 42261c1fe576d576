"""`$((…))`: whole numbers of 64 bits, with the operators of C; upstream: POSIX, Shell Command Language, 2.6.4."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, MutableMapping

_TOKEN = re.compile(
    r"\s*(?:(0[xX][0-9a-fA-F]+|\d+)|([A-Za-z_]\w*)|(<<=|>>=|\*\*|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&^|]=|[-+*/%&^|~!<>?:=(),]))"
)
_ASSIGNING = frozenset({"=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "<<=", ">>="})
_BINARY = {
    "||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, ">": 7, "<=": 7, ">=": 7,
    "<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10, "**": 11,
}  # fmt: skip
DEPTH_MAX = 50
"""How deep parentheses and variables that name variables may go."""
EXPONENT_MAX = 63


class BadArithmetic(Exception):
    """The expression is wrong, in busybox's words."""


def evaluate(text: str, variables: MutableMapping[str, str], depth: int = 0) -> int:
    """The value of an expression; assignments in it are made. Raises BadArithmetic."""
    if depth > DEPTH_MAX:
        raise BadArithmetic("expression recursion loop detected")
    if not text.strip():
        return 0
    parser = _Evaluator(text, variables, depth)
    value = parser.comma()
    parser.end()
    return value


class _Evaluator:
    """Evaluates while it parses; what `&&`, `||` and `?:` leave out is parsed without effect."""

    def __init__(self, text: str, variables: MutableMapping[str, str], depth: int) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        self._variables = variables
        self._depth = depth
        self._skipping = 0
        position, end = 0, len(text.rstrip())
        while position < end:
            found = _TOKEN.match(text, position)
            if found is None:
                raise BadArithmetic("arithmetic syntax error")
            kind = ("number", "name", "operator")[(found.lastindex or 1) - 1]
            self._tokens.append((kind, found.group(found.lastindex or 0)))
            position = found.end()

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _accept(self, operator: str) -> bool:
        found = self._peek() == ("operator", operator)
        self._at += found
        return found

    def _expect(self, operator: str) -> None:
        if not self._accept(operator):
            raise BadArithmetic("arithmetic syntax error")

    def end(self) -> None:
        if self._peek()[0] != "end":
            raise BadArithmetic("arithmetic syntax error")

    def comma(self) -> int:
        value = self._assignment()
        while self._accept(","):
            value = self._assignment()
        return value

    def _assignment(self) -> int:
        kind, name = self._peek()
        following = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else ("end", "")
        if kind == "name" and following[0] == "operator" and following[1] in _ASSIGNING:
            self._at += 2
            value = self._assignment()
            operator = following[1][:-1]
            return self._store(name, self._apply(operator, self._load(name), value) if operator else value)
        return self._conditional()

    def _conditional(self) -> int:
        condition = self._binary(1)
        if not self._accept("?"):
            return condition
        chosen = self._without_effect(not condition, self._assignment)
        self._expect(":")
        other = self._without_effect(bool(condition), self._assignment)
        return chosen if condition else other

    def _without_effect(self, skip: bool, evaluate_next: Callable[[], int]) -> int:
        self._skipping += skip
        try:
            return evaluate_next()
        finally:
            self._skipping -= skip

    def _binary(self, least: int) -> int:
        left = self._unary()
        while True:
            kind, operator = self._peek()
            power = _BINARY.get(operator, 0) if kind == "operator" else 0
            if power < least or not power:
                return left
            self._at += 1
            if operator in ("&&", "||"):
                decided = bool(left) == (operator == "||")
                right = self._without_effect(decided, functools.partial(self._binary, power + 1))
                left = int(bool(left) or bool(right)) if operator == "||" else int(bool(left) and bool(right))
                continue
            left = self._apply(operator, left, self._binary(power if operator == "**" else power + 1))

    def _unary(self) -> int:
        kind, token = self._peek()
        self._at += 1
        if kind == "number":
            return self._suffixed(_number(token))
        if kind == "name":
            return self._named(token)
        if token == "(":
            self._depth += 1
            if self._depth > DEPTH_MAX:
                raise BadArithmetic("expression recursion loop detected")
            value = self.comma()
            self._depth -= 1
            self._expect(")")
            return value
        if token in ("++", "--"):
            kind, name = self._peek()
            if kind == "name":
                self._at += 1
                return self._store(name, self._load(name) + (1 if token == "++" else -1))
            value = self._unary()
            return value
        if token in ("-", "+", "!", "~"):
            value = self._unary()
            return _wrapped({"-": -value, "+": value, "!": int(not value), "~": ~value}[token])
        raise BadArithmetic("arithmetic syntax error")

    def _suffixed(self, value: int) -> int:
        if self._peek()[0] in ("number", "name"):
            raise BadArithmetic("arithmetic syntax error")
        return value

    def _named(self, name: str) -> int:
        value = self._load(name)
        for operator, step in (("++", 1), ("--", -1)):
            if self._accept(operator):
                self._store(name, value + step)
        return value

    def _load(self, name: str) -> int:
        text = self._variables.get(name, "").strip()
        if self._skipping or not text:
            return 0
        sign, digits = (-1, text[1:]) if text[:1] == "-" else (1, text)
        if re.fullmatch(r"0[xX][0-9a-fA-F]+|\d+", digits):
            return _wrapped(sign * _number(digits))
        return evaluate(text, self._variables, self._depth + 1)

    def _store(self, name: str, value: int) -> int:
        value = _wrapped(value)
        if not self._skipping:
            self._variables[name] = str(value)
        return value

    def _apply(self, operator: str, left: int, right: int) -> int:
        if self._skipping:
            return 0
        if operator in ("/", "%"):
            if right == 0:
                raise BadArithmetic("divide by zero")
            quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
            return _wrapped(quotient if operator == "/" else left - quotient * right)
        if operator == "**":
            if right < 0:
                raise BadArithmetic("exponent less than 0")
            return _wrapped(pow(left, right, 1 << 64))
        return _wrapped(_SIMPLE[operator](left, right))


_SIMPLE: dict[str, Callable[[int, int], int]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "<<": lambda left, right: left << (right & EXPONENT_MAX),
    ">>": lambda left, right: left >> (right & EXPONENT_MAX),
    "<": lambda left, right: int(left < right),
    ">": lambda left, right: int(left > right),
    "<=": lambda left, right: int(left <= right),
    ">=": lambda left, right: int(left >= right),
    "==": lambda left, right: int(left == right),
    "!=": lambda left, right: int(left != right),
    "&": lambda left, right: left & right,
    "^": lambda left, right: left ^ right,
    "|": lambda left, right: left | right,
}


def _number(text: str) -> int:
    if text[:2] in ("0x", "0X"):
        return _wrapped(int(text, 16))
    if len(text) > 1 and text[0] == "0":
        if any(digit in "89" for digit in text):
            raise BadArithmetic("arithmetic syntax error")
        return _wrapped(int(text, 8))
    return _wrapped(int(text))


def _wrapped(value: int) -> int:
    """As a signed number of 64 bits holds it."""
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)
