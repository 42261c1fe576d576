"""Text to a tree; upstream: cel-go/parser."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from minikube_lite.schema.cel.errors import CompileError
from minikube_lite.schema.cel.values import UInt
from minikube_lite.schema.cel.words import RESERVED

_TOKEN = re.compile(
    r"""(?P<space>(?:\s|//[^\n]*)+)
    |(?P<float>(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?))
    |(?P<int>(?:0[xX][0-9a-fA-F]+|\d+)[uU]?)
    |(?P<string>(?:[rR][bB]?|[bB][rR]?)?(?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<ident>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<quoted>`[A-Za-z0-9_.\-/ ]+`)
    |(?P<sign>&&|\|\||==|!=|<=|>=|\.\?|\[\?|[-+*/%!<>?:.,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"', "`": "`", "?": "?",
}  # fmt: skip
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL
)
_RELATIONS = {"==": "_==_", "!=": "_!=_", "<": "_<_", "<=": "_<=_", ">": "_>_", ">=": "_>=_", "in": "@in"}
_SUMS = {"+": "_+_", "-": "_-_"}
_PRODUCTS = {"*": "_*_", "/": "_/_", "%": "_%_"}
MACROS = {
    ("all", 2), ("exists", 2), ("exists_one", 2), ("existsOne", 2), ("map", 2), ("map", 3), ("filter", 2), ("optMap", 2), ("optFlatMap", 2),
    ("all", 3), ("exists", 3), ("existsOne", 3), ("transformList", 3), ("transformList", 4), ("transformMap", 3), ("transformMap", 4),
}  # fmt: skip
DEPTH_MAX = 250
"""How deep an expression may be nested (cel-go's limit of recursion)."""


@dataclass(slots=True)
class Node:
    """A part of an expression; `offset` is where it stands in the text.

    kind: literal (value), ident (name), select and has (args[0], name), call (name, args), method (args[0] is the receiver, name),
    list (args), map (args: key, value, …), macro (name, args[0] the range, `variables`, the rest). `optional` marks optional
    selections and entries.
    """

    kind: str
    offset: int
    name: str = ""
    value: Any = None
    args: list[Node] = field(default_factory=list)
    variables: tuple[str, ...] = ()
    optional: tuple[int, ...] = ()


def parse(source: str) -> Node:
    """The tree of an expression; CompileError where there is none."""
    parser = _Parser(source)
    node = parser.expression()
    parser.expect_end()
    return node


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens: list[tuple[str, str, int]] = []
        position = 0
        while position < len(source):
            match = _TOKEN.match(source, position)
            if match is None:
                raise CompileError(f"Syntax error: token recognition error at: '{source[position]}'", source, position)
            if match.lastgroup != "space":
                self._tokens.append((match.lastgroup or "", match.group(), position))
            position = match.end()
        self._tokens.append(("end", "<EOF>", len(source)))
        self._at = 0
        self._depth = 0

    @property
    def _text(self) -> str:
        kind, text, _ = self._tokens[self._at]
        return text if kind in ("sign", "ident") else ""

    @property
    def _offset(self) -> int:
        return self._tokens[self._at][2]

    def _take(self) -> tuple[str, str, int]:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _accept(self, text: str) -> bool:
        if self._text == text:
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            found = self._tokens[self._at][1]
            raise CompileError(
                f"Syntax error: mismatched input '{found}' expecting '{text}'", self._source, self._offset
            )

    def expect_end(self) -> None:
        """Nothing may follow."""
        kind, text, offset = self._tokens[self._at]
        if kind != "end":
            raise CompileError(f"Syntax error: extraneous input '{text}' expecting <EOF>", self._source, offset)

    def expression(self) -> Node:
        """A whole expression, conditions included."""
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise CompileError(f"expression recursion limit exceeded: {DEPTH_MAX}", self._source, self._offset)
        node = self._or()
        offset = self._offset
        if self._accept("?"):
            then = self._or()
            self._expect(":")
            node = Node("call", offset, "_?_:_", args=[node, then, self.expression()])
        self._depth -= 1
        return node

    def _or(self) -> Node:
        node = self._and()
        while self._text == "||":
            offset = self._take()[2]
            node = Node("call", offset, "_||_", args=[node, self._and()])
        return node

    def _and(self) -> Node:
        node = self._relation()
        while self._text == "&&":
            offset = self._take()[2]
            node = Node("call", offset, "_&&_", args=[node, self._relation()])
        return node

    def _relation(self) -> Node:
        node = self._binary(_SUMS, self._product)
        while self._text in _RELATIONS:
            _, text, offset = self._take()
            node = Node("call", offset, _RELATIONS[text], args=[node, self._binary(_SUMS, self._product)])
        return node

    def _product(self) -> Node:
        return self._binary(_PRODUCTS, self._unary)

    def _binary(self, signs: dict[str, str], below: Any) -> Node:
        node: Node = below()
        while self._text in signs:
            _, text, offset = self._take()
            node = Node("call", offset, signs[text], args=[node, below()])
        return node

    def _unary(self) -> Node:
        offset = self._offset
        if self._text == "!":
            self._take()
            return Node("call", offset, "!_", args=[self._unary()])
        if self._text == "-":
            self._take()
            operand = self._unary()
            if (
                operand.kind == "literal"
                and isinstance(operand.value, int | float)
                and not isinstance(operand.value, bool)
            ):
                return Node("literal", offset, value=-operand.value)
            return Node("call", offset, "-_", args=[operand])
        return self._member()

    def _member(self) -> Node:
        node = self._primary()
        while True:
            offset = self._offset
            if self._accept(".?"):
                node = Node("select", offset, self._name(), args=[node], optional=(0,))
            elif self._accept("."):
                name = self._name()
                if self._accept("("):
                    node = self._method(node, name, self._arguments(")"), offset)
                else:
                    node = Node("select", offset, name, args=[node])
            elif self._accept("[?"):
                node = Node("call", offset, "_[?_]", args=[node, self.expression()])
                self._expect("]")
            elif self._accept("["):
                node = Node("call", offset, "_[_]", args=[node, self.expression()])
                self._expect("]")
            else:
                return node

    def _name(self) -> str:
        kind, text, offset = self._take()
        if kind == "quoted":
            return text[1:-1]
        if kind != "ident":
            raise CompileError(f"Syntax error: no viable alternative at input '.{text}'", self._source, offset)
        return text

    def _method(self, target: Node, name: str, args: list[Node], offset: int) -> Node:
        if (name, len(args)) not in MACROS:
            return Node("method", offset, name, args=[target, *args])
        count = 2 if len(args) > 2 and name not in ("map", "filter") else 1
        variables = []
        for node in args[:count]:
            if node.kind != "ident":
                raise CompileError("argument must be a simple name", self._source, node.offset)
            variables.append(node.name)
        return Node("macro", offset, name, args=[target, *args[count:]], variables=tuple(variables))

    def _arguments(self, end: str) -> list[Node]:
        args: list[Node] = []
        while not self._accept(end):
            if args:
                self._expect(",")
                if self._accept(end):
                    break
            args.append(self.expression())
        return args

    def _primary(self) -> Node:
        kind, text, offset = self._take()
        if kind == "int":
            return Node("literal", offset, value=self._integer(text, offset))
        if kind == "float":
            return Node("literal", offset, value=float(text))
        if kind == "string":
            return Node("literal", offset, value=_string(text))
        if kind == "ident":
            return self._identifier(text, offset)
        if text == "." and self._tokens[self._at][0] == "ident":
            return self._identifier(self._take()[1], offset)
        if text == "(":
            node = self.expression()
            self._expect(")")
            return node
        if text in ("[", "[?"):
            return self._list(offset, first_optional=text == "[?")
        if text == "{":
            return self._map(offset)
        raise CompileError(f"Syntax error: mismatched input '{text}' expecting {{'[', '{{', '(', '.', '-', '!', 'true', 'false', 'null', "
                           "NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}", self._source, offset)  # fmt: skip

    def _integer(self, text: str, offset: int) -> int:
        value = int(text.rstrip("uU"), 0)
        if text[-1] in "uU":
            return UInt(value)
        if value > 2**63:
            raise CompileError("Syntax error: invalid int literal", self._source, offset)
        return value

    def _identifier(self, text: str, offset: int) -> Node:
        if text in ("true", "false"):
            return Node("literal", offset, value=text == "true")
        if text == "null":
            return Node("literal", offset)
        if text in RESERVED:
            raise CompileError(f"reserved identifier: {text}", self._source, offset)
        if not self._accept("("):
            return Node("ident", offset, text)
        args = self._arguments(")")
        if text == "has" and len(args) == 1:
            if args[0].kind != "select":
                raise CompileError("invalid argument to has() macro", self._source, args[0].offset)
            return Node("has", args[0].offset, args[0].name, args=args[0].args)
        return Node("call", offset, text, args=args)

    def _list(self, offset: int, *, first_optional: bool) -> Node:
        args: list[Node] = []
        optional: list[int] = [0] if first_optional else []
        while not self._accept("]"):
            if args:
                self._expect(",")
                if self._accept("]"):
                    break
            if self._accept("?"):
                optional.append(len(args))
            args.append(self.expression())
        return Node("list", offset, args=args, optional=tuple(optional))

    def _map(self, offset: int) -> Node:
        args: list[Node] = []
        optional: list[int] = []
        while not self._accept("}"):
            if args:
                self._expect(",")
                if self._accept("}"):
                    break
            if self._accept("?"):
                optional.append(len(args))
            args.append(self.expression())
            self._expect(":")
            args.append(self.expression())
        return Node("map", offset, args=args, optional=tuple(optional))


def _string(text: str) -> str | bytes:
    quote = re.search("[\"']", text)
    assert quote is not None
    prefix, body = text[: quote.start()].lower(), text[quote.start() :]
    length = 3 if body[:3] in ('"""', "'''") and len(body) >= 6 else 1
    body = body[length:-length]
    if "b" in prefix:
        return body.encode() if "r" in prefix else _unescape(body).encode("latin-1", errors="ignore") or body.encode()
    return body if "r" in prefix else _unescape(body)


def _unescape(body: str) -> str:
    def one(match: re.Match[str]) -> str:
        small, large, four, eight, octal, other = match.groups()
        for digits in (small, large, four, eight):
            if digits:
                return chr(int(digits, 16))
        return chr(int(octal, 8)) if octal else _ESCAPES.get(other, other)

    return _ESCAPE.sub(one, body)
