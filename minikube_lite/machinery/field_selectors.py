"""Field selectors: `spec.nodeName=a,status.phase!=Running`; upstream: apimachinery/pkg/fields.

Which fields a kind can be selected by is the kind's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from minikube_lite.machinery.selectors import SelectorError

FieldOperator = Literal["=", "!="]


class FieldRequirement(NamedTuple):
    """One condition on one field."""

    field: str
    operator: FieldOperator
    value: str

    def __str__(self) -> str:
        return f"{self.field}{self.operator}{escape_value(self.value)}"


class FieldSelector:
    """Conditions on fields that all must be met; without any it selects everything. Immutable."""

    __slots__ = ("requirements",)

    def __init__(self, requirements: Iterable[FieldRequirement] = ()) -> None:
        self.requirements = tuple(requirements)

    @property
    def everything(self) -> bool:
        """Whether it selects all objects."""
        return not self.requirements

    def matches(self, fields: Mapping[str, str]) -> bool:
        """Whether an object with these selectable fields is selected; a missing field is the empty text."""
        return all(
            (fields.get(field, "") == value) is (operator == "=") for field, operator, value in self.requirements
        )

    def requires_exact_match(self, field: str) -> str | None:
        """The value which that field must have, if there is one."""
        for requirement in self.requirements:
            if requirement.field == field and requirement.operator == "=":
                return requirement.value
        return None

    def transform(self, change: Callable[[str, str], tuple[str, str]]) -> FieldSelector:
        """The selector with each field and value changed (a kind's own names); what becomes empty is dropped."""
        kept = []
        for field, operator, value in self.requirements:
            new_field, new_value = change(field, value)
            if new_field or new_value:
                kept.append(FieldRequirement(new_field, operator, new_value))
        return FieldSelector(kept)

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))

    def __repr__(self) -> str:
        return f"FieldSelector({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldSelector) and self.requirements == other.requirements

    def __hash__(self) -> int:
        return hash(self.requirements)


ALL_FIELDS = FieldSelector()


def parse_field_selector(text: str) -> FieldSelector:
    """The matcher of a field selector in a query; raises SelectorError."""
    if not text:
        return ALL_FIELDS
    requirements = []
    for term in sorted(_split_terms(text)):
        if not term:
            continue
        split = _split_term(term)
        if split is None:
            raise SelectorError(f"invalid selector: '{text}'; can't understand '{term}'")
        requirements.append(split)
    return FieldSelector(requirements) if requirements else ALL_FIELDS


def escape_value(value: str) -> str:
    """The value as it must be written in a selector."""
    return value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")


def unescape_value(value: str) -> str:
    """The value as it is meant; raises SelectorError."""
    if not any(character in value for character in "\\,="):
        return value
    plain: list[str] = []
    characters = iter(value)
    for character in characters:
        if character == "\\":
            escaped = next(characters, "")
            if escaped not in ("\\", ",", "="):
                raise SelectorError(f"invalid field selector: invalid escape sequence: \\{escaped}")
            plain.append(escaped)
        elif character in ",=":
            raise SelectorError(f"invalid field selector: unescaped character in value: {ord(character)}")
        else:
            plain.append(character)
    return "".join(plain)


def _split_terms(text: str) -> Iterator[str]:
    start, escaped = 0, False
    for position, character in enumerate(text):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == ",":
            yield text[start:position]
            start = position + 1
    yield text[start:]


def _split_term(term: str) -> FieldRequirement | None:
    """The field, the first operator found, and the value."""
    for position in range(len(term)):
        for sign in ("!=", "==", "="):
            if term.startswith(sign, position):
                value = unescape_value(term[position + len(sign) :])
                return FieldRequirement(term[:position], "!=" if sign == "!=" else "=", value)
    return None
