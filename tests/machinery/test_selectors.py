"""Label and field selectors: reading, matching, writing, and what is said of wrong ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.machinery import field_selectors, selectors
from minikube_lite.machinery.field_selectors import parse_field_selector
from minikube_lite.machinery.selectors import SelectorError, parse_label_selector
from minikube_lite.schema.field import Path

BAD_KEY = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric"
    " character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is"
    " '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)


@pytest.mark.parametrize(
    ("text", "printed", "yes", "no"),
    [
        ("", "", [{}, {"a": "b"}], []),
        (" ", "", [{}], []),
        ("app=web", "app=web", [{"app": "web", "x": "y"}], [{}, {"app": "db"}]),
        ("b=1,a==2", "a==2,b=1", [{"a": "2", "b": "1"}], [{"a": "2"}, {"b": "1"}]),
        ("a=1,a=2", "a=1,a=2", [], [{"a": "1"}, {"a": "2"}]),
        ("a!=1", "a!=1", [{}, {"a": "2"}], [{"a": "1"}]),
        ("a in (y,x)", "a in (x,y)", [{"a": "x"}, {"a": "y"}], [{}, {"a": "z"}]),
        ("a in ()", "a in ()", [{"a": ""}], [{}, {"a": "z"}]),
        ("a in (,b)", "a in (,b)", [{"a": ""}, {"a": "b"}], [{}]),
        ("a in (b,)", "a in (,b)", [{"a": ""}, {"a": "b"}], [{}]),
        ("a in (b,,c)", "a in (,b,c)", [{"a": ""}, {"a": "c"}], [{}]),
        ("a notin (x)", "a notin (x)", [{}, {"a": "y"}], [{"a": "x"}]),
        ("a", "a", [{"a": ""}], [{}]),
        ("!a", "!a", [{}], [{"a": ""}]),
        ("in in (in,notin)", "in in (in,notin)", [{"in": "in"}], [{}]),
        ("a=", "a=", [{"a": ""}], [{}]),
        ("a=,b", "a=,b", [{"a": "", "b": "1"}], [{"a": ""}]),
        ("a>5", "a>5", [{"a": "6"}, {"a": "+7"}], [{"a": "5"}, {}, {"a": "x"}, {"a": "1_0"}]),
        ("a<5", "a<5", [{"a": "-6"}], [{"a": "5"}, {"a": "99999999999999999999"}]),
        (" x in ( a , b ) , ! y ", "x in (a,b),!y", [{"x": "a"}], [{"x": "a", "y": ""}]),
    ],
)  # fmt: skip
def test_label_selectors(text, printed, yes, no):
    selector = parse_label_selector(text)
    assert str(selector) == printed
    assert [selector.matches(labels) for labels in yes] == [True] * len(yes)
    assert [selector.matches(labels) for labels in no] == [False] * len(no)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("app in web", "unable to parse requirement: found 'web' expected: '('"),
        ("=x", "found '=', expected: !, identifier, or 'end of string'"),
        ("(", "found '(', expected: !, identifier, or 'end of string'"),
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("-bad-=x", f'unable to parse requirement: <nil>: Invalid value: "-bad-": {BAD_KEY}'),
        ("a>b", "unable to parse requirement: values[0]: Invalid value: \"b\":"
                " for 'Gt', 'Lt' operators, the value must be an integer"),
        ("a,", "found '', expected: identifier after ','"),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("!a in (b)", "found 'in', expected: ',' or 'end of string'"),
        ("a in", "unable to parse requirement: found '' expected: '('"),
        ("a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a in (b,", "unable to parse requirement: found '', expected: ',', or identifier"),
        ("a==!", "unable to parse requirement: found '!', expected: identifier"),
    ],
)  # fmt: skip
def test_label_selectors_that_are_wrong(text, message):
    with pytest.raises(SelectorError) as caught:
        parse_label_selector(text)
    assert str(caught.value) == message


def test_a_wrong_value_names_its_place():
    with pytest.raises(SelectorError, match=r'^unable to parse requirement: values\[0\]\[a\]: Invalid value: "b\+c": '):
        parse_label_selector("a=b+c")


def test_label_selector_objects():
    selector = {
        "matchLabels": {"b": "1", "a": "2"},
        "matchExpressions": [
            {"key": "c", "operator": "In", "values": ["y", "x"]},
            {"key": "d", "operator": "NotIn", "values": ["z"]},
            {"key": "e", "operator": "Exists"},
            {"key": "f", "operator": "DoesNotExist"},
        ],
    }
    matcher = selectors.label_selector_as_selector(selector)
    assert str(matcher) == "a=2,b=1,c in (x,y),d notin (z),e,!f"
    assert matcher.matches({"a": "2", "b": "1", "c": "x", "e": ""})
    assert not matcher.matches({"a": "2", "b": "1", "c": "x", "e": "", "f": ""})
    assert selectors.format_label_selector(selector) == str(matcher)


def test_an_absent_selector_selects_nothing_and_an_empty_one_everything():
    assert not selectors.label_selector_as_selector(None).matches({"a": "b"})
    assert selectors.label_selector_as_selector({}).everything
    assert selectors.format_label_selector(None) == "<none>"
    assert selectors.format_label_selector({}) == "<none>"
    assert selectors.format_label_selector({"matchExpressions": [{"key": "a", "operator": "x"}]}) == "<error>"
    assert selectors.selector_from_set({"a": "b"}).matches({"a": "b"})
    assert selectors.selector_from_set(None).matches(None)


def test_exact_matches_are_found():
    selector = parse_label_selector("a=1,b in (2),c in (3,4),d")
    assert [selector.requires_exact_match(key) for key in "abcde"] == ["1", "2", None, None, None]


@pytest.mark.parametrize(
    ("selector", "errors"),
    [
        (None, []),
        ({}, []),
        ({"matchLabels": {"a b": "1"}}, [f's.matchLabels: Invalid value: "a b": {BAD_KEY}']),
        (
            {"matchExpressions": [{"key": "a", "operator": "In"}, {"key": "a", "operator": "Exists", "values": ["b"]}]},
            [
                "s.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
                "s.matchExpressions[1].values: Forbidden:"
                " may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            ],
        ),
        (
            {"matchExpressions": [{"key": "a", "operator": "Gt"}]},
            ['s.matchExpressions[0].operator: Invalid value: "Gt": not a valid selector operator'],
        ),
    ],
)
def test_validation_of_label_selector_objects(selector, errors):
    assert [str(error) for error in selectors.validate_label_selector(selector, Path("s"))] == errors


KEYS = st.sampled_from(["a", "b", "in", "notin", "x.io/y"])
VALUES = st.sampled_from(["", "1", "in", "b-c"])
LABELS = st.dictionaries(KEYS, VALUES)
REQUIREMENTS = st.one_of(
    st.tuples(KEYS, st.sampled_from(["=", "!=", "=="]), st.tuples(VALUES)),
    st.tuples(KEYS, st.sampled_from(["in", "notin"]), st.lists(VALUES, min_size=1, max_size=3, unique=True).map(tuple)),
    st.tuples(KEYS, st.sampled_from(["exists", "!"]), st.just(())),
).map(lambda parts: selectors.Requirement(*parts))


@given(st.lists(REQUIREMENTS, max_size=4), LABELS)
def test_what_is_printed_reads_back_and_matches_the_same(requirements, labels):
    selector = selectors.Selector(requirements)
    again = parse_label_selector(str(selector))
    assert str(again) == str(selector)
    expected = all(requirement.matches(labels) for requirement in requirements)
    assert selector.matches(labels) is again.matches(labels) is expected


@pytest.mark.parametrize(
    ("text", "printed", "fields", "selected"),
    [
        ("", "", {}, True),
        ("metadata.name=a", "metadata.name=a", {"metadata.name": "a"}, True),
        ("metadata.name==a,", "metadata.name=a", {"metadata.name": "b"}, False),
        ("b!=1,a=2", "a=2,b!=1", {"a": "2"}, True),
        ("spec.nodeName=", "spec.nodeName=", {}, True),
        (r"a=x\,y\=z\\", r"a=x\,y\=z\\", {"a": "x,y=z\\"}, True),
    ],
)
def test_field_selectors(text, printed, fields, selected):
    selector = parse_field_selector(text)
    assert str(selector) == printed
    assert selector.matches(fields) is selected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "invalid selector: 'nonsense'; can't understand 'nonsense'"),
        ("a=b=c", "invalid field selector: unescaped character in value: 61"),
        (r"a=\b", r"invalid field selector: invalid escape sequence: \b"),
        ("a=b\\", "invalid field selector: invalid escape sequence: \\"),
    ],
)
def test_field_selectors_that_are_wrong(text, message):
    with pytest.raises(SelectorError) as caught:
        parse_field_selector(text)
    assert str(caught.value) == message


def test_fields_can_be_renamed_and_dropped():
    selector = parse_field_selector("name=a,gone=b")
    changed = selector.transform(lambda field, value: ("metadata.name", value) if field == "name" else ("", ""))
    assert str(changed) == "metadata.name=a"
    assert changed.requires_exact_match("metadata.name") == "a"


@given(st.text(alphabet="ab\\,=", max_size=8))
def test_escaped_field_values_read_back(value):
    assert field_selectors.unescape_value(field_selectors.escape_value(value)) == value
