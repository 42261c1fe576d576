"""Expressions compiled and asked."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.schema.cel.errors import CELError, CompileError
from minikube_lite.schema.cel.program import Program
from minikube_lite.schema.cel.types import DYN, INT, STRING, list_of, map_of, object_type

VARIABLES = {
    "self": DYN,
    "numbers": list_of(INT),
    "o": object_type({"a": STRING, "n": INT, "__in__": STRING}, "object"),
    "m": map_of(STRING, INT),
}
VALUES: dict[str, Any] = {
    "self": {"a": {"b": [1, 2]}, "none": None},
    "numbers": [3, 1, 2],
    "o": {"a": "xyz", "n": 4, "__in__": "x"},
    "m": {"k": 1, "l": 2},
}


def ask(text: str, **more: Any) -> Any:
    return Program(text, VARIABLES).ask(VALUES, **more)[0]


HOLDS = [
    "1 + 2 * 3 == 7", "-5 % 3 == -2", "7 / -2 == -3", "2u + 3u == 5u", "dyn(1) == 1.0", "0x10 == 16", "'a' + 'b' == 'ab'",
    "[1] + [2] == [1, 2]", "1 < 1.5", "!(true && false)", "true || 1 / 0 == 1", "1 / 0 == 1 || true", "!(false && 1 / 0 == 1)",
    "numbers.all(x, x > 0)", "numbers.exists(x, x == 3)", "numbers.exists_one(x, x == 1)", "numbers.map(x, x * 2) == [6, 2, 4]",
    "numbers.map(x, x > 1, x) == [3, 2]", "numbers.filter(x, x != 1).size() == 2", "m.all(k, m[k] > 0)", "'k' in m", "!('x' in m)",
    "numbers.transformList(i, v, i + v) == [3, 2, 4]", "m.transformMap(k, v, v * 2) == {'k': 2, 'l': 4}",
    "has(self.a.b)", "!has(self.x)", "self.none == null", "self.?a.?b.orValue([]) == [1, 2]", "self.?x.?y.orValue(5) == 5",
    "!optional.none().hasValue()", "optional.of(2).optMap(x, x + 1).value() == 3", "[?self.?x, 1] == [1]",
    "o.a.startsWith('x') && o.a.endsWith('z') && o.a.contains('y') && o.a.matches('^[x-z]+$')", "o.__in__ == 'x'",
    "'%s-%d %.2f'.format(['a', 3, 1.0]) == 'a-3 1.00'", "'a,b'.split(',') == ['a', 'b']", "['a', 'b'].join('-') == 'a-b'",
    "'Abc'.lowerAscii() == 'abc' && 'x'.upperAscii() == 'X'", "'hello'.substring(1, 3) == 'el'", "'hello'.replace('l', 'L', 1) == 'heLlo'",
    "'hello'.indexOf('l') == 2 && 'hello'.lastIndexOf('l') == 3", "' a '.trim() == 'a'", "'abc'.charAt(1) == 'b'",
    "string(1.5) == '1.5' && int('3') == 3 && double('1.5') == 1.5 && bool('true')", "type(1) == int", "size('é') == 1",
    "duration('1h') > duration('30m')", "timestamp('2024-03-01T00:00:00Z') - duration('24h') == timestamp('2024-02-29T00:00:00Z')",
    "timestamp('2024-03-01T12:30:00Z').getMonth() == 2 && timestamp('2024-03-01T12:30:00Z').getHours('Europe/Berlin') == 13",
    "[1, 2].isSorted() && !numbers.isSorted()", "numbers.sum() == 6 && numbers.min() == 1 && numbers.max() == 3",
    "numbers.indexOf(1) == 1", "'a1b2'.find('[0-9]') == '1' && 'a1b2'.findAll('[0-9]') == ['1', '2']",
    "quantity('1Gi').isGreaterThan(quantity('500Mi'))", "quantity('1').add(1).compareTo(quantity('2000m')) == 0", "!isQuantity('x')",
    "url('https://a.example:80/c?d=e').getHost() == 'a.example:80'", "url('https://a/c?d=e').getQuery()['d'] == ['e']", "!isURL('x y')",
    "cidr('10.0.0.0/8').containsIP('10.1.1.1') && !cidr('10.0.0.0/8').containsCIDR('10.0.0.0/7')", "ip('::1').isLoopback()", "!isIP('1.2')",
    "semver('1.2.3').isLessThan(semver('1.10.0')) && semver('1.0.0-rc.1').isLessThan(semver('1.0.0'))",
    "format.dns1123Label().validate('a b').hasValue() && !format.dns1123Label().validate('ab').hasValue()",
    "sets.contains([1, 2], [1]) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 2], [2, 1])", "r'\\d' == '\\\\d'",
]  # fmt: skip


@pytest.mark.parametrize("text", HOLDS)
def test_what_holds(text: str) -> None:
    assert ask(text) is True


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("self.x", "no such key: x"),
        ("m['x']", "no such key: x"),
        ("numbers[7]", "index out of bounds: 7"),
        ("1 / 0", "division by zero"),
        ("1 % 0", "modulus by zero"),
        ("9223372036854775807 + 1", "integer overflow"),
        ("self.a + 1", "no such overload"),
        ("optional.none().value()", "optional.none() dereference"),
        ("true && self.x", "no such key: x"),
    ],
)
def test_what_has_no_value(text: str, reason: str) -> None:
    with pytest.raises(CELError) as error:
        ask(text)
    assert str(error.value).startswith(reason)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("o.z", "ERROR: <input>:1:2: undefined field 'z'\n | o.z\n | .^"),
        ("z > 1", "ERROR: <input>:1:1: undeclared reference to 'z' (in container '')\n | z > 1\n | ^"),
        (
            "o.a + 1",
            "ERROR: <input>:1:5: found no matching overload for '_+_' applied to '(string, int)'\n | o.a + 1\n | ....^",
        ),
        (
            "o.n.startsWith('a')",
            "ERROR: <input>:1:4: found no matching overload for 'startsWith' applied to 'int.(string)'\n"
            " | o.n.startsWith('a')\n | ...^",
        ),
        (
            "o.n.all(x, x)",
            "ERROR: <input>:1:2: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)\n"
            " | o.n.all(x, x)\n | .^",
        ),
    ],
)
def test_what_does_not_compile(text: str, told: str) -> None:
    with pytest.raises(CompileError) as error:
        Program(text, VARIABLES)
    assert str(error.value) == told


@pytest.mark.parametrize("text", ["1 +", "(1", "a.", "'x", "1 2", "has(a)", "[1, 2].all(1, true)", "for"])
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(CompileError):
        Program(text, VARIABLES)


def test_a_run_is_bounded() -> None:
    with pytest.raises(CELError, match="actual cost limit exceeded"):
        ask("numbers.all(a, numbers.all(b, numbers.all(c, true)))", cost_max=20)
