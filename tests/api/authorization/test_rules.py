"""What rules allow, and what they leave uncovered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikube_lite.api.authorization import Attributes
from minikube_lite.api.authorization.rules import broken_down, compacted, rule_allows, rule_text, uncovered
from minikube_lite.machinery.kind import User

USER = User("jane")


def rule(verbs: str, groups: str = "", resources: str = "", names: str = "", urls: str = "") -> dict:
    made: dict = {"verbs": verbs.split()}
    if urls:
        return {**made, "nonResourceURLs": urls.split()}
    made |= {"apiGroups": ["" if one == "core" else one for one in groups.split()], "resources": resources.split()}
    return {**made, "resourceNames": names.split()} if names else made


@pytest.mark.parametrize(
    ("allows", "asked", "expected"),
    [
        (rule("get list", "core", "pods"), ("get", "", "pods"), True),
        (rule("get list", "core", "pods"), ("watch", "", "pods"), False),
        (rule("*", "core", "pods"), ("watch", "", "pods"), True),
        (rule("get", "core", "pods"), ("get", "apps", "pods"), False),
        (rule("get", "*", "pods"), ("get", "apps", "pods"), True),
        (rule("get", "core", "pods"), ("get", "", "pods", "log"), False),
        (rule("get", "core", "pods/log"), ("get", "", "pods", "log"), True),
        (rule("get", "core", "pods/*"), ("get", "", "pods", "log"), False),
        (rule("get", "core", "*/log"), ("get", "", "pods", "log"), True),
        (rule("get", "core", "*"), ("get", "", "pods", "log"), True),
        (rule("get", "core", "pods", "a b"), ("get", "", "pods", "", "b"), True),
        (rule("get", "core", "pods", "a b"), ("get", "", "pods", "", "c"), False),
        (rule("get", "core", "pods", "a b"), ("get", "", "pods", "", ""), False),
        (rule("get", urls="/healthz"), ("get", "", "pods"), False),
        ({"verbs": ["get"], "apiGroups": None, "resources": None}, ("get", "", "pods"), False),
    ],
)
def test_resources(allows, asked, expected) -> None:
    verb, group, resource, subresource, name = (*asked, "", "")[:5]
    attributes = Attributes(USER, verb, "default", group, resource, subresource, name)
    assert rule_allows(allows, attributes) is expected


@pytest.mark.parametrize(
    ("urls", "path", "expected"),
    [
        ("/healthz", "/healthz", True),
        ("/healthz", "/healthz/ping", False),
        ("/healthz/*", "/healthz/ping", True),
        ("/healthz/*", "/healthz", False),
        ("/health*", "/healthz", True),
        ("*", "/anything", True),
    ],
)
def test_paths(urls, path, expected) -> None:
    assert rule_allows(rule("get", urls=urls), Attributes(USER, "get", path=path, is_resource=False)) is expected


@pytest.mark.parametrize(
    ("owned", "wanted", "missing"),
    [
        ([rule("*", "*", "*")], [rule("get", "apps", "pods/log", "a")], []),
        ([rule("get", "core", "pods")], [rule("get", "core", "pods", "a")], []),
        ([rule("get", "core", "pods", "a")], [rule("get", "core", "pods")], [rule("get", "core", "pods")]),
        ([rule("get", "core", "pods", "a")], [rule("get", "core", "pods", "a b")], [rule("get", "core", "pods", "b")]),
        ([rule("get", "core", "*/scale")], [rule("get", "core", "x/scale y/log")], [rule("get", "core", "y/log")]),
        ([rule("get", "core", "pods"), rule("list", "core", "pods")], [rule("get list", "core", "pods")], []),
        ([rule("get", "core", "pods")], [rule("*", "core", "pods")], [rule("*", "core", "pods")]),
        ([rule("get", urls="/a/*")], [rule("get", urls="/a/b /a/*")], []),
        ([rule("get", urls="/a")], [rule("get post", urls="/a")], [rule("post", urls="/a")]),
        ([rule("*", "*", "*")], [rule("get", urls="/a")], [rule("get", urls="/a")]),
        ([], [rule("get", "core")], []),
    ],
)
def test_uncovered(owned, wanted, missing) -> None:
    assert uncovered(owned, wanted) == missing


def test_what_is_missing_is_told_in_few_rules() -> None:
    parts = broken_down(rule("get list", "core apps", "pods", "a"))
    told = [rule_text(one) for one in compacted([*parts, *broken_down(rule("get post", urls="/x"))])]
    assert told == [
        '{NonResourceURLs:["/x"], Verbs:["get"]}',
        '{NonResourceURLs:["/x"], Verbs:["post"]}',
        '{APIGroups:[""], Resources:["pods"], ResourceNames:["a"], Verbs:["get" "list"]}',
        '{APIGroups:["apps"], Resources:["pods"], ResourceNames:["a"], Verbs:["get" "list"]}',
    ]


VERB, GROUP, NAME = st.sampled_from(["get", "list", "*"]), st.sampled_from(["", "apps", "*"]), st.sampled_from("ab")
RESOURCE = st.sampled_from(["pods", "pods/log", "x/log", "*", "*/log"])
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "verbs": st.lists(VERB, min_size=1, max_size=2),
            "apiGroups": st.lists(GROUP, min_size=1, max_size=2),
            "resources": st.lists(RESOURCE, min_size=1, max_size=2),
            "resourceNames": st.lists(NAME, max_size=2),
        }
    ),
    max_size=3,
)
QUESTION = st.builds(
    Attributes,
    st.just(USER),
    st.sampled_from(["get", "list", "delete"]),
    st.just("default"),
    st.sampled_from(["", "apps", "batch"]),
    st.sampled_from(["pods", "x"]),
    st.sampled_from(["", "log", "status"]),
    st.sampled_from(["", "a", "b", "c"]),
)


@given(RULES, RULES, QUESTION)
def test_rules_that_cover_others_allow_all_that_they_do(owned, wanted, question) -> None:
    if not uncovered(owned, wanted) and any(rule_allows(one, question) for one in wanted):
        assert any(rule_allows(one, question) for one in owned)
