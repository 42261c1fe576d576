"""Values checked against a JSON schema, in the words of upstream's validator; upstream: kube-openapi/pkg/validation/validate.

The order of the checks, and how often they count, are upstream's: of alternatives that all fail, the one that got furthest is told.
What an update leaves as it was is not told again (ratcheting).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from minikube_lite.schema.custom.correlation import Correlated
from minikube_lite.schema.custom.formats import STRING_FORMATS, known_format
from minikube_lite.schema.custom.regex import PatternError, compile_go
from minikube_lite.schema.custom.structural import INT_OR_STRING, JSONSchema
from minikube_lite.schema.field import (
    OMITTED,
    FieldError,
    Path,
    invalid,
    not_supported,
    required,
    too_long,
    too_many,
)

FLOAT32_MAX = 3.4028234663852886e38
_INTEGER_LIMITS = {"int32": 2**31, "int64": 2**63, "": 2**63}
_WITHOUT_PATH = ""


@dataclass(slots=True)
class Result:
    """What was found, and how many checks were made."""

    errors: list[FieldError] = field(default_factory=list)
    matches: int = 0

    def merge(self, other: Result) -> None:
        """Add what another found."""
        self.errors.extend(other.errors)
        self.matches += other.matches


class Validator:
    """Checks values against one schema. `base` is where its values stand."""

    def __init__(self, schema: JSONSchema, base: Path | None = None) -> None:
        self._schema = schema
        self._base = base

    def faults(self, value: Any, correlated: Correlated | None = None) -> list[FieldError]:
        """What is wrong; `correlated` are the new and the old value of an update."""
        if correlated is None:
            return self._check(self._schema, value, "", None).errors
        return self._ratcheted(self._schema, value, "", correlated).errors

    def _place(self, name: str) -> Path:
        name = name.removeprefix(".")
        if self._base is None:
            return Path(name)
        return self._base.child(name) if name else self._base

    def _ratcheted(self, schema: JSONSchema, value: Any, path: str, correlated: Correlated | None) -> Result:
        result = self._check(schema, value, path, correlated)
        if result.errors and correlated is not None and correlated.same:
            return Result()
        return result

    def _check(self, schema: JSONSchema, value: Any, path: str, correlated: Correlated | None) -> Result:
        types = _types(schema)
        result = Result()
        if value is None:
            self._type(schema, types, value, path, result)
            self._enum(schema, value, path, result)
            return result
        name_format = _format(schema, types)
        if types or name_format:
            self._type(schema, types, value, path, result)
            result.matches += 2
        self._alternatives(schema, value, path, correlated, result)
        if isinstance(value, str):
            self._string(schema, value, path, result)
            self._string_format(name_format, value, path, result)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self._number(schema, types, value, path, result)
        elif isinstance(value, list):
            self._list(schema, value, path, correlated, result)
        self._enum(schema, value, path, result)
        if isinstance(value, dict):
            self._object(schema, value, path, correlated, result)
        result.matches += 1
        return result

    # One aspect each

    def _type(self, schema: JSONSchema, types: tuple[str, ...], value: Any, path: str, result: Result) -> None:
        if value is None:
            if types and not schema.get("nullable"):
                result.errors.append(self._wrong_type(path, ",".join(types), "null"))
            return
        name_format = _format(schema, types)
        found, found_format = _kind(value)
        integral = isinstance(value, float) and value.is_integer() and "integer" in types
        widened = found == "integer" and "number" in types
        fits = found in types or integral or widened
        textual = isinstance(value, str | list)
        if not textual and name_format and not (fits or found_format == name_format):
            result.errors.append(self._wrong_type(path, name_format, found_format))
        elif not {"number", "integer"} & set(types) and name_format and textual:
            return
        elif types and not fits:
            result.errors.append(self._wrong_type(path, ",".join(types), found))

    def _wrong_type(self, path: str, wanted: str, found: str) -> FieldError:
        text = f'{path} in body must be of type {wanted}: "{found}"'
        return FieldError("FieldValueTypeInvalid", self._place(path), found, text)

    def _enum(self, schema: JSONSchema, value: Any, path: str, result: Result) -> None:
        allowed = schema.get("enum")
        if not allowed or any(_equal(value, each) for each in allowed if each is not None):
            return
        shown = [each if isinstance(each, str) else orjson.dumps(each).decode() for each in allowed]
        result.errors.append(not_supported(self._place(path), value, shown))

    def _string(self, schema: JSONSchema, value: str, path: str, result: Result) -> None:
        result.matches += 1
        longest, shortest, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
        place = self._place(path)
        if longest is not None and len(value) > longest:
            result.errors.append(too_long(place, longest))
        elif shortest is not None and len(value) < shortest:
            text = f"{path} in body should be at least {shortest} chars long"
            result.errors.append(invalid(place, value, text))
        elif pattern:
            try:
                if compile_go(pattern).search(value):
                    return
                text = pattern
            except PatternError as error:
                text = f"{pattern}, but pattern is invalid: {error}"
            result.errors.append(invalid(place, value, f"{path} in body should match '{text}'"))

    def _string_format(self, name_format: str, value: str, path: str, result: Result) -> None:
        check = STRING_FORMATS.get(name_format.replace("-", ""))
        if check is None:
            return
        result.matches += 1
        if not check(value):
            text = f'{path} in body must be of type {name_format}: "{value}"'
            result.errors.append(FieldError("FieldValueTypeInvalid", self._place(path), value, text))

    def _number(self, schema: JSONSchema, types: tuple[str, ...], value: float, path: str, result: Result) -> None:
        result.matches += 2
        place = self._place(path)
        name_type = types[0] if len(types) == 1 and types[0] in ("integer", "number") else ""
        name_format = _format(schema, types) if name_type else ""
        if name_type == "integer":
            limit = _INTEGER_LIMITS[name_format]
            if not float(value).is_integer() or not -limit <= value < limit:
                shown = f"integer with format {name_format}" if name_format else "integer (default format)"
                result.errors.append(invalid(self._place(""), "", f"Checked value must be of type {shown} in {path}"))
        elif name_format == "float" and abs(value) > FLOAT32_MAX:
            text = f"Checked value must be of type number with format float in {path}"
            result.errors.append(invalid(self._place(""), "", text))
        multiple = schema.get("multipleOf")
        if multiple is not None and not _is_multiple(value, multiple):
            text = f"{path} in body should be a multiple of {go_number(_as(value, multiple))}"
            result.errors.append(invalid(place, value, text))
        lowest, highest = schema.get("minimum"), schema.get("maximum")
        if lowest is not None:
            bound, exclusive = _as(value, lowest), bool(schema.get("exclusiveMinimum"))
            if value < bound or exclusive and value == bound:
                words = "greater than" if exclusive else "greater than or equal to"
                text = f"{path} in body should be {words} {go_number(bound)}"
                result.errors.append(invalid(place, value, text))
        if highest is not None:
            bound, exclusive = _as(value, highest), bool(schema.get("exclusiveMaximum"))
            if value > bound or exclusive and value == bound:
                words = "less than" if exclusive else "less than or equal to"
                text = f"{path} in body should be {words} {go_number(bound)}"
                result.errors.append(invalid(place, value, text))

    def _list(
        self, schema: JSONSchema, value: list[Any], path: str, correlated: Correlated | None, result: Result
    ) -> None:
        items = schema.get("items")
        if isinstance(items, dict):
            for position, item in enumerate(value):
                below = correlated.index(position) if correlated is not None else None
                result.merge(self._ratcheted(items, item, f"{path}[{position}]", below))
        fewest, most = schema.get("minItems"), schema.get("maxItems")
        place = self._place(path)
        if fewest is not None and len(value) < fewest:
            result.errors.append(invalid(place, len(value), f"{path} in body should have at least {fewest} items"))
        if most is not None and len(value) > most:
            result.errors.append(too_many(place, len(value), most))
        if schema.get("uniqueItems") and any(
            _equal(item, other) for n, item in enumerate(value) for other in value[:n]
        ):
            result.errors.append(invalid(place, "", f"{path} in body shouldn't contain duplicates"))
        result.matches += 2

    def _object(
        self, schema: JSONSchema, value: dict[str, Any], path: str, correlated: Correlated | None, result: Result
    ) -> None:
        fewest, most = schema.get("minProperties"), schema.get("maxProperties")
        properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
        place = self._place(path)
        if fewest is not None and len(value) < fewest:
            text = f"{path} in body should have at least {fewest} properties"
            result.errors.append(invalid(place, len(value), text))
        if most is not None and len(value) > most:
            result.errors.append(too_many(place, len(value), most))
        for name, item in value.items():
            if name in properties:
                continue
            if additional is False:
                result.errors.append(invalid(place, name, f"{path}.{name} in body is a forbidden property"))
            elif isinstance(additional, dict):
                result.merge(self._below(additional, item, path, f"{path}.{name}", name, correlated))
        for name, below in properties.items():
            if name in value:
                inner = f"{path}.{name}" if path else name
                result.merge(self._below(below, value[name], path, inner, name, correlated))
        for name in schema.get("required") or ():
            if name not in value:
                result.errors.append(required(self._place(f"{path}.{name}")))
        result.matches += 1

    def _below(
        self, schema: JSONSchema, value: Any, path: str, inner: str, name: str, correlated: Correlated | None
    ) -> Result:
        told = not path and name in ("apiVersion", "kind")
        child = correlated.key(name) if correlated is not None and not told else None
        return self._ratcheted(schema, value, inner, child)

    def _alternatives(
        self, schema: JSONSchema, value: Any, path: str, correlated: Correlated | None, result: Result
    ) -> None:
        def check(each: JSONSchema) -> Result:
            return self._check(each, value, path, correlated)

        def tell(text: str) -> None:
            result.errors.append(invalid(self._base or Path(""), "", f'"{path}" {text}'))

        any_of, one_of, all_of = schema.get("anyOf"), schema.get("oneOf"), schema.get("allOf")
        if any_of:
            results = [check(each) for each in any_of]
            valid = [each for each in results if not each.errors]
            if not valid:
                tell("must validate at least one schema (anyOf)")
            result.merge(valid[0] if valid else _furthest(results))
        if one_of:
            results = [check(each) for each in one_of]
            valid = [each for each in results if not each.errors]
            if len(valid) == 1:
                result.merge(valid[0])
            else:
                found = f"Found {len(valid)} valid alternatives" if valid else "Found none valid"
                tell(f"must validate one and only one schema (oneOf). {found}")
                if not valid:
                    result.merge(_furthest(results))
        if all_of:
            results = [check(each) for each in all_of]
            for each in results:
                result.merge(each)
            failed = sum(1 for each in results if each.errors)
            if failed:
                none = ". None validated" if failed == len(results) else ""
                tell(f"must validate all the schemas (allOf){none}")
        if schema.get("not") is not None and not check(schema["not"]).errors:
            tell("must not validate the schema (not)")
        result.matches += 2


def _furthest(results: list[Result]) -> Result:
    best = results[0]
    for each in results[1:]:
        if each.matches > best.matches:
            best = each
    return best


def _types(schema: JSONSchema) -> tuple[str, ...]:
    if schema.get(INT_OR_STRING):
        return ("integer", "string")
    return (schema["type"],) if schema.get("type") else ()


def _format(schema: JSONSchema, types: tuple[str, ...]) -> str:
    name = schema.get("format") or ""
    return name if name and known_format(types[0] if len(types) == 1 else "", name) else ""


def _kind(value: Any) -> tuple[str, str]:
    if isinstance(value, bool):
        return "boolean", ""
    if isinstance(value, int):
        return "integer", "int64"
    if isinstance(value, float):
        return "number", "float64"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object", ""


def _equal(left: Any, right: Any) -> bool:
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def _as(value: float, bound: float) -> float:
    """A bound as upstream compares it: with an integer, as an integer."""
    return int(bound) if isinstance(value, int) else float(bound)


def _is_multiple(value: float, factor: float) -> bool:
    if isinstance(value, int) and float(factor).is_integer():
        return factor > 0 and value % int(factor) == 0
    quotient = 1 / factor * value if factor < 1 else value / factor
    return abs(quotient - round(quotient)) < 1e-9 * max(1.0, abs(quotient))


def go_number(value: float) -> str:
    """A number as Go's %v writes it."""
    if isinstance(value, int):
        return str(value)
    if value.is_integer() and abs(value) < 1e21:
        return f"{value:.0f}" if abs(value) < 1e6 else _exponent(value)
    return repr(value)


def _exponent(value: float) -> str:
    digits, _, exponent = f"{value:e}".partition("e")
    return f"{digits.rstrip('0').rstrip('.')}e{exponent}"


__all__ = ["OMITTED", "Result", "Validator", "go_number"]
