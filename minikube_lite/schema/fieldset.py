"""Sets of fields in the form in which managedFields hold them; upstream: structured-merge-diff/fieldpath.

A set is a FieldsV1 object itself: `{"f:spec": {"f:ports": {".": {}, 'k:{"port":80}': {}}}}`. An empty value means that
the field is a member; one with contents stands for fields below it and is a member too if it has a `.`. Sets are never
changed in place, so they can share parts with each other and with stored objects; nothing empty stands for no member.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

Fields = dict[str, Any]
"""A set of fields."""

Filter = Callable[[Fields], Fields]
"""Keeps some of the fields of a set."""

ANY_ELEMENT = "*"
"""Stands in a path of `include_filter` for every element."""

SELF = "."
_FIELDS_DEPTH_MAX = 200


class FieldsError(ValueError):
    """What claims to be FieldsV1 is none."""


def field_element(name: str) -> str:
    """The element of a named field or of a map's entry."""
    return f"f:{name}"


def value_element(value: Any) -> str:
    """The element of an item of a set."""
    return f"v:{_json(value)}"


def key_element(key: Iterable[tuple[str, Any]]) -> str:
    """The element of a list item with those key fields, which must come sorted by name."""
    return "k:{" + ",".join([f"{_json(name)}:{_json(value)}" for name, value in key]) + "}"


def _json(value: Any) -> str:
    """JSON as Go writes it by default: without needless escapes but for the characters that matter in HTML."""
    if type(value) is str:
        if value.isalnum() and value.isascii():
            return f'"{value}"'
        text = json.dumps(value, ensure_ascii=False)
        for character in "<>&\u2028\u2029":
            if character in text:
                text = text.replace(character, f"\\u{ord(character):04x}")
        return text
    if type(value) is int:
        return str(value)
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def from_paths(*paths: Sequence[str]) -> Fields:
    """The set of those fields; each path is a sequence of field names."""
    result: Fields = {}
    for path in paths:
        single: Fields = {}
        for name in reversed(path):
            single = {field_element(name): single}
        result = union(result, single)
    return result


def is_member(node: Fields) -> bool:
    """Whether a field with this content is itself a member."""
    return not node or SELF in node


def has(fields: Fields, elements: Sequence[str]) -> bool:
    """Whether the field at the end of those elements is a member."""
    node: Fields | None = fields
    for element in elements:
        node = node.get(element) if node else None
        if node is None:
            return False
    return bool(elements) and node is not None and is_member(node)


def union(left: Fields, right: Fields) -> Fields:
    """The fields that are in either set."""
    if not right or left is right:
        return left
    if not left:
        return right
    result = dict(left)
    for element, theirs in right.items():
        ours = result.get(element)
        if ours is None:
            result[element] = theirs
        elif ours is not theirs:
            result[element] = _union_node(ours, theirs)
    return result


def _union_node(left: Fields, right: Fields) -> Fields:
    if not left:
        return right if is_member(right) else {SELF: {}, **right}
    if not right:
        return left if is_member(left) else {SELF: {}, **left}
    return union(left, right)


def intersection(left: Fields, right: Fields) -> Fields:
    """The fields that are in both sets."""
    if left is right:
        return left
    if len(right) < len(left):
        left, right = right, left
    result: Fields = {}
    for element, ours in left.items():
        theirs = right.get(element)
        if theirs is None:
            continue
        if ours is theirs or ours == theirs:
            result[element] = ours
            continue
        below = intersection(_children(ours), _children(theirs)) if ours and theirs else {}
        _put(result, element, is_member(ours) and is_member(theirs), below)
    return result


def difference(left: Fields, right: Fields) -> Fields:
    """The fields of the first set that are not in the second. A field stays although fields below it go."""
    if not left or not right:
        return left
    result = dict(left)
    for element, theirs in right.items():
        ours = result.get(element)
        if ours is None:
            continue
        del result[element]
        if ours is theirs or ours == theirs:
            continue
        member = is_member(ours) and not is_member(theirs)
        _put(result, element, member, difference(_children(ours), _children(theirs)))
    return result


def recursive_difference(left: Fields, right: Fields) -> Fields:
    """The fields of the first set without those of the second and all that is below them."""
    if not left or not right:
        return left
    result = dict(left)
    for element, theirs in right.items():
        ours = result.get(element)
        if ours is None:
            continue
        del result[element]
        if not is_member(theirs):
            _put(result, element, is_member(ours), recursive_difference(_children(ours), theirs))
    return result


def _children(node: Fields) -> Fields:
    if SELF not in node:
        return node
    return {element: child for element, child in node.items() if element != SELF}


def _put(result: Fields, element: str, member: bool, below: Fields) -> None:
    if below:
        result[element] = {SELF: {}, **below} if member else below
    elif member:
        result[element] = {}


def exclude_filter(excluded: Fields) -> Filter:
    """Drops those fields and all below them (the fields that a strategy resets)."""
    return lambda fields: recursive_difference(fields, excluded)


def include_filter(*paths: Sequence[str]) -> Filter:
    """Keeps only what is at or below those paths of elements, in which `ANY_ELEMENT` is every element."""
    patterns = tuple(tuple(path) for path in paths)
    return lambda fields: _include(fields, patterns)


def _include(fields: Fields, patterns: tuple[tuple[str, ...], ...]) -> Fields:
    result: Fields = {}
    for element, node in fields.items():
        if element == SELF:
            continue
        rest = [path[1:] for path in patterns if path[0] in (element, ANY_ELEMENT)]
        if not rest:
            continue
        if () in rest:
            result[element] = node
        else:
            _put(result, element, is_member(node), _include(node, tuple(path for path in rest if path)))
    return result


def leaves(fields: Fields) -> Fields:
    """The members below which there are no others."""
    result: Fields = {}
    for element, node in fields.items():
        if element != SELF:
            result[element] = leaves(node) if node else node
    return result


def sort_fields(fields: Fields) -> Fields:
    """The set in the order in which upstream writes it: names, then keys, then values, each in its own order."""
    if len(fields) > 1:
        plain = all(element.startswith("f:") or element == SELF for element in fields)
        order = sorted(fields) if plain else sorted(fields, key=_element_order)
    else:
        order = list(fields)
    return {element: sort_fields(fields[element]) if fields[element] else {} for element in order}


def _element_order(element: str) -> tuple[int, Any]:
    kind, text = element[:2], element[2:]
    if element == SELF:
        return 0, ()
    if kind == "f:":
        return 1, text
    if kind == "k:":
        return 2, [(name, _value_order(value)) for name, value in sorted(json.loads(text).items())]
    if kind == "v:":
        return 3, _value_order(json.loads(text))
    return 4, int(text)


def _value_order(value: Any) -> tuple[int, Any]:
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, int | float):
        return 0, value
    if isinstance(value, str):
        return 1, value
    # Lists, objects and null cannot be keys; their text gives some order that is always the same.
    return 3, _json(value)


def decode_fields(value: Any) -> Fields:
    """The set that a client sent as FieldsV1, in the form that this module keeps; raises FieldsError."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise FieldsError("fieldsV1 is not an object")
    return _decode(value, 0)


def _decode(value: Mapping[str, Any], depth: int) -> Fields:
    if depth > _FIELDS_DEPTH_MAX:
        raise FieldsError("fieldsV1 is nested too deeply")
    result: Fields = {}
    for element, child in value.items():
        if not isinstance(child, Mapping):
            raise FieldsError(f"fieldsV1: {element} is not an object")
        if element == SELF:
            if depth:
                result[SELF] = {}
            continue
        decoded = _decode(child, depth + 1)
        canonical = _canonical_element(element)
        ours = result.get(canonical)
        result[canonical] = decoded if ours is None else _union_node(ours, decoded)
    return {} if len(result) == 1 and SELF in result else result


def _canonical_element(element: str) -> str:
    kind, text = element[:2], element[2:]
    if kind == "f:":
        return element
    try:
        if kind == "k:":
            return key_element(sorted(json.loads(text).items()))
        if kind == "v:":
            return value_element(json.loads(text))
        if kind == "i:":
            return f"i:{int(text)}"
    except (ValueError, AttributeError) as error:
        raise FieldsError(f"fieldsV1: {element}: {error}") from None
    raise FieldsError(f"fieldsV1: unknown path element type: {element}")


def paths(fields: Fields) -> Iterator[str]:
    """Each member as conflicts show it, such as `.spec.ports[port=80,protocol="TCP"].name`, in upstream's order."""
    yield from _paths(sort_fields(fields), "")


def _paths(fields: Fields, prefix: str) -> Iterator[str]:
    for element, node in fields.items():
        if element != SELF and is_member(node):
            yield prefix + element_text(element)
    for element, node in fields.items():
        if element != SELF and node:
            yield from _paths(node, prefix + element_text(element))


def member_elements(fields: Fields) -> Iterator[tuple[str, ...]]:
    """Each member as the elements that lead to it."""
    for element, node in fields.items():
        if element == SELF:
            continue
        if is_member(node):
            yield (element,)
        for rest in member_elements(node):
            yield (element, *rest)


def element_text(element: str) -> str:
    """An element as error texts show it."""
    kind, text = element[:2], element[2:]
    if kind == "f:":
        return f".{text}"
    if kind == "k:":
        shown = ",".join(f"{name}={_shown(value)}" for name, value in json.loads(text).items())
        return f"[{shown}]"
    return f"[={_shown(json.loads(text))}]" if kind == "v:" else f"[{text}]"


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
