"""Label selectors: the strings of queries and the LabelSelector objects of specs.

Upstream: apimachinery/pkg/labels, and LabelSelectorAsSelector and its kin of apis/meta/v1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

from minikube_lite.machinery.metadata import validate_label_name, validate_labels
from minikube_lite.machinery.names import is_qualified_name, is_valid_label_value
from minikube_lite.schema.field import FieldError, Path, forbidden, go_value, invalid, required

Operator = Literal["=", "==", "!=", "in", "notin", "exists", "!", "gt", "lt"]
Labels = Mapping[str, str]

_NO_LABELS: Labels = {}
_OPERATOR_OF_OBJECT: Mapping[str, Operator] = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}
_SIGNS: Mapping[Operator, str] = {"=": "=", "==": "==", "!=": "!=", "gt": ">", "lt": "<"}
_OPERATOR_OF_TOKEN: Mapping[str, Operator] = {
    "in": "in", "=": "=", "==": "==", ">": "gt", "<": "lt", "notin": "notin", "!=": "!=",
}  # fmt: skip
_BINARY_OPERATORS_TEXT = "in, notin, =, ==, !=, gt, lt"

_TOKEN = re.compile(r"[ \t\r\n]*(?:(?P<symbol>==|!=|[=!(),<>])|(?P<word>[^=!(),<> \t\r\n]+))")
_INTEGER = re.compile(r"[+-]?[0-9]+").fullmatch
_INT64_MAX = 2**63 - 1


class SelectorError(ValueError):
    """A selector that cannot be understood; the text is upstream's."""


class Requirement:
    """One condition on one label."""

    __slots__ = ("key", "operator", "values")

    def __init__(self, key: str, operator: Operator, values: tuple[str, ...] = ()) -> None:
        self.key = key
        self.operator: Operator = operator
        self.values = values

    def matches(self, labels: Labels) -> bool:
        """Whether the labels meet the condition."""
        operator, value = self.operator, labels.get(self.key)
        if operator in ("=", "==", "in"):
            return value is not None and value in self.values
        if operator in ("!=", "notin"):
            return value is None or value not in self.values
        if operator == "exists":
            return value is not None
        if operator == "!":
            return value is None
        number, bound = _int64(value), _int64(self.values[0])
        if number is None or bound is None:
            return False
        return number > bound if operator == "gt" else number < bound

    def __str__(self) -> str:
        if self.operator == "exists":
            return self.key
        if self.operator == "!":
            return f"!{self.key}"
        values = ",".join(sorted(self.values))
        if self.operator in ("in", "notin"):
            return f"{self.key} {self.operator} ({values})"
        return f"{self.key}{_SIGNS[self.operator]}{values}"

    def __repr__(self) -> str:
        return f"Requirement({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Requirement) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[str, Operator, tuple[str, ...]]:
        return self.key, self.operator, self.values


class Selector:
    """Conditions that all must be met; without any it selects everything. Immutable."""

    __slots__ = ("_matches", "nothing", "requirements")

    def __init__(self, requirements: Iterable[Requirement] = (), *, nothing: bool = False) -> None:
        self.requirements = tuple(sorted(requirements, key=lambda requirement: requirement.key))
        self.nothing = nothing
        """Whether it selects nothing whatever the labels."""
        self._matches = _never if nothing else _compile(self.requirements)

    @property
    def everything(self) -> bool:
        """Whether it selects all objects."""
        return not self.requirements and not self.nothing

    def matches(self, labels: Labels | None) -> bool:
        """Whether an object of these labels is selected."""
        return self._matches(labels or _NO_LABELS)

    def requires_exact_match(self, key: str) -> str | None:
        """The one value which that label must have, if there is one."""
        for requirement in self.requirements:
            if requirement.key == key:
                single = requirement.operator in ("=", "==", "in") and len(requirement.values) == 1
                return requirement.values[0] if single else None
        return None

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))

    def __repr__(self) -> str:
        return "Selector(nothing)" if self.nothing else f"Selector({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selector) and self.nothing == other.nothing and self.requirements == other.requirements

    def __hash__(self) -> int:
        return hash((self.nothing, self.requirements))


def _never(_labels: Labels) -> bool:
    return False


def _always(_labels: Labels) -> bool:
    return True


def _compile(requirements: tuple[Requirement, ...]) -> Callable[[Labels], bool]:
    """The cheapest test of the requirements: most selectors are plain equalities."""
    if not requirements:
        return _always
    wanted: dict[str, str] = {}
    for requirement in requirements:
        if requirement.operator not in ("=", "==", "in") or len(requirement.values) != 1:
            return lambda labels: all(item.matches(labels) for item in requirements)
        if wanted.setdefault(requirement.key, requirement.values[0]) != requirement.values[0]:
            return _never
    if len(wanted) == 1:
        ((key, value),) = wanted.items()
        return lambda labels: labels.get(key) == value
    items = wanted.items()
    return lambda labels: items <= labels.items()


def _int64(text: str | None) -> int | None:
    if text is None or not _INTEGER(text):
        return None
    number = int(text)
    return number if -_INT64_MAX - 1 <= number <= _INT64_MAX else None


EVERYTHING = Selector()
NOTHING = Selector(nothing=True)


def selector_from_set(labels: Labels | None) -> Selector:
    """Selects what has all these labels (the selectors of Services and ReplicationControllers)."""
    return Selector(Requirement(key, "=", (value,)) for key, value in labels.items()) if labels else EVERYTHING


def label_selector_as_selector(selector: Mapping[str, Any] | None) -> Selector:
    """The matcher of a LabelSelector object; None selects nothing, an empty one everything."""
    if selector is None:
        return NOTHING
    labels, expressions = selector.get("matchLabels") or {}, selector.get("matchExpressions") or ()
    requirements = [new_requirement(key, "=", (labels[key],)) for key in sorted(labels)]
    for expression in expressions:
        name = expression.get("operator") or ""
        operator = _OPERATOR_OF_OBJECT.get(name)
        if operator is None:
            raise SelectorError(f"{go_value(name)} is not a valid label selector operator")
        values = tuple(expression.get("values") or ())
        requirements.append(new_requirement(expression.get("key") or "", operator, values))
    return Selector(requirements) if requirements else EVERYTHING


def format_label_selector(selector: Mapping[str, Any] | None) -> str:
    """A LabelSelector object as table columns show it."""
    try:
        return str(label_selector_as_selector(selector)) or "<none>"
    except SelectorError:
        return "<error>"


def validate_label_selector(
    selector: Mapping[str, Any] | None, path: Path, *, allow_invalid_values: bool = False
) -> Iterator[FieldError]:
    """The faults of a LabelSelector object."""
    if selector is None:
        return
    yield from validate_labels(selector.get("matchLabels"), path.child("matchLabels"))
    for position, expression in enumerate(selector.get("matchExpressions") or ()):
        place = path.child("matchExpressions").index(position)
        yield from validate_expression(expression, place, allow_invalid_values=allow_invalid_values)


def validate_expression(
    expression: Mapping[str, Any],
    path: Path,
    *,
    allow_invalid_values: bool = False,
    allow_unknown_operator: bool = False,
) -> Iterator[FieldError]:
    """The faults of a LabelSelectorRequirement."""
    operator, values = expression.get("operator") or "", expression.get("values") or ()
    if operator in ("In", "NotIn"):
        if not values:
            yield required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            yield forbidden(path.child("values"), text)
    elif not allow_unknown_operator:
        yield invalid(path.child("operator"), operator, "not a valid selector operator")
    yield from validate_label_name(expression.get("key") or "", path.child("key"))
    if not allow_invalid_values:
        for position, value in enumerate(values):
            for message in is_valid_label_value(value):
                yield invalid(path.child("values").index(position), value, message)


def new_requirement(key: str, operator: Operator, values: tuple[str, ...]) -> Requirement:
    """A requirement, checked; raises SelectorError with all its faults."""
    root = Path()
    place = root.child("values")
    errors = _key_errors(key, root.child("key"))
    if operator in ("in", "notin"):
        if not values:
            errors.append(invalid(place, None, "for 'in', 'notin' operators, values set can't be empty"))
    elif operator in ("exists", "!"):
        if values:
            errors.append(invalid(place, list(values), "values set must be empty for exists and does not exist"))
    elif operator in ("gt", "lt"):
        for position, value in enumerate(values):
            if _int64(value) is None:
                text = "for 'Gt', 'Lt' operators, the value must be an integer"
                errors.append(invalid(place.index(position), value, text))
    for position, value in enumerate(values):
        if faults := is_valid_label_value(value):
            errors.append(invalid(place.index(position).key(key), value, "; ".join(faults)))
    if errors:
        texts = list(dict.fromkeys(map(str, errors)))
        raise SelectorError(texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]")
    return Requirement(key, operator, values)


def _key_errors(key: str, path: Path) -> list[FieldError]:
    faults = is_qualified_name(key)
    return [invalid(path, key, "; ".join(faults))] if faults else []


def parse_label_selector(text: str) -> Selector:
    """The matcher of a selector in a query; raises SelectorError."""
    return Selector(_Parser(text).requirements()) if text.strip(" \t\r\n") else EVERYTHING


class _Parser:
    """Reads `x in (a,b),!y,z=1`. The words in and notin are operators only where an operator must stand."""

    def __init__(self, text: str) -> None:
        # Each token is whether it is a word, and its text; the end is an empty symbol.
        self._tokens: list[tuple[bool, str]] = []
        for match in _TOKEN.finditer(text):
            word = match["word"]
            self._tokens.append((word is not None, word if word is not None else match["symbol"]))
        self._tokens.append((False, ""))
        self._position = 0

    def requirements(self) -> Iterator[Requirement]:
        while True:
            is_word, text = self._peek()
            if not is_word and text != "!":
                if not text:
                    return
                raise SelectorError(f"found '{text}', expected: !, identifier, or 'end of string'")
            try:
                requirement = self._requirement()
            except SelectorError as error:
                raise SelectorError(f"unable to parse requirement: {error}") from None
            yield requirement
            is_word, text = self._take()
            if is_word or text not in ("", ","):
                raise SelectorError(f"found '{text}', expected: ',' or 'end of string'")
            if not text:
                return
            is_word, text = self._peek()
            if not is_word and text != "!":
                raise SelectorError(f"found '{text}', expected: identifier after ','")

    def _requirement(self) -> Requirement:
        is_word, key = self._take()
        negated = not is_word and key == "!"
        if negated:
            is_word, key = self._take()
        if not is_word:
            raise SelectorError(f"found '{key}', expected: identifier")
        for error in _key_errors(key, Path()):
            raise SelectorError(str(error))
        if negated:
            return new_requirement(key, "!", ())
        if self._peek() in ((False, ""), (False, ",")):
            return new_requirement(key, "exists", ())
        _, text = self._take()
        operator = _OPERATOR_OF_TOKEN.get(text)
        if operator is None:
            raise SelectorError(f"found '{text}', expected: {_BINARY_OPERATORS_TEXT}")
        values = self._values() if operator in ("in", "notin") else {self._exact_value()}
        return new_requirement(key, operator, tuple(sorted(values)))

    def _exact_value(self) -> str:
        if self._peek() in ((False, ""), (False, ",")):
            return ""
        is_word, text = self._take()
        if not is_word:
            raise SelectorError(f"found '{text}', expected: identifier")
        return text

    def _values(self) -> set[str]:
        opening = self._take()
        if opening != (False, "("):
            raise SelectorError(f"found '{opening[1]}' expected: '('")
        is_word, text = self._peek()
        if not is_word and text == ")":
            self._take()
            return {""}
        if not is_word and text != ",":
            raise SelectorError(f"found '{text}', expected: ',', ')' or identifier")
        return self._value_list()

    def _value_list(self) -> set[str]:
        """Values up to the closing parenthesis; nothing between two commas is the empty value."""
        values: set[str] = set()
        while True:
            is_word, text = self._take()
            following = self._peek()
            if is_word:
                values.add(text)
                if following not in ((False, ","), (False, ")")):
                    raise SelectorError(f"found '{following[1]}', expected: ',' or ')'")
            elif text == ",":
                if not values or following in ((False, ","), (False, ")")):
                    values.add("")
            else:
                raise SelectorError(f"found '{text}', expected: ',', or identifier")
            if following == (False, ")"):
                self._take()
                return values

    def _peek(self) -> tuple[bool, str]:
        return self._tokens[self._position]

    def _take(self) -> tuple[bool, str]:
        token = self._tokens[self._position]
        # What follows the end is the end.
        self._position = min(self._position + 1, len(self._tokens) - 1)
        return token
