"""What is done to a kubeconfig's document: ours comes and goes, and everything else stays as it was written."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from minikube_lite.cli.kubeconfig_document import (
    BrokenKubeconfigError,
    context_names,
    current_context,
    names,
    parse,
    server_of,
    text_of,
    with_current_context,
    with_entries,
    without_entries,
)
from minikube_lite.kubeconfig import kubeconfig_text

OURS = kubeconfig_text("http://127.0.0.1:8080", "minikube-lite")
THEIRS = """\
# a comment
apiVersion: v1
kind: Config
preferences: {}
clusters:
- name: prod
  cluster:
    server: https://prod.example
    certificate-authority-data: QUJD
    insecure-skip-tls-verify: false
contexts:
- name: prod
  context: {cluster: prod, user: admin}
current-context: prod
users:
- name: admin
  user:
    token: "0123"
    username: 'yes'
    password: "1e3"
- name: 2024-01-01
  user:
    exec: {command: aws, args: ["--x", "1e3"], env: null}
x-of-others: 0x1F
"""
JSON = '{"apiVersion": "v1", "kind": "Config", "clusters": [], "users": null, "current-context": ""}'


def merged(text: str) -> str:
    return text_of(with_current_context(with_entries(parse(text), parse(OURS)), "minikube-lite"))


@pytest.mark.parametrize("text", ["", "{}", "# nothing\n", "null", THEIRS, JSON])
def test_our_entries_are_in(text: str) -> None:
    document = yaml.safe_load(merged(text))
    assert document["current-context"] == "minikube-lite"
    for section in ("clusters", "contexts", "users"):
        assert document[section][-1] == yaml.safe_load(OURS)[section][0]


def test_what_others_wrote_stays_as_it_was_written() -> None:
    text = merged(THEIRS)
    for written in ("'yes'", '"0123"', '"1e3"', "2024-01-01", "0x1F", "env: null", "insecure-skip-tls-verify: false"):
        assert written in text
    loaded, before = (yaml.load(one, yaml.BaseLoader) for one in (text, THEIRS))
    assert loaded["clusters"][:1] == before["clusters"]
    assert loaded["contexts"][:1] == before["contexts"]
    assert loaded["users"][:2] == before["users"]
    assert loaded["preferences"] == before["preferences"]


def test_entries_of_the_same_names_are_replaced() -> None:
    other = kubeconfig_text("http://127.0.0.1:9", "minikube-lite")
    document = with_entries(parse(merged(THEIRS)), parse(other))
    assert server_of(document, "minikube-lite") == "http://127.0.0.1:9"
    assert context_names(document) == ["prod", "minikube-lite"]


def test_ours_goes_and_nothing_else() -> None:
    back = with_current_context(without_entries(parse(merged(THEIRS)), "minikube-lite"), "prod")
    assert yaml.load(text_of(back), yaml.BaseLoader) == yaml.load(THEIRS, yaml.BaseLoader)


def test_documents_given_are_not_changed() -> None:
    document = parse(THEIRS)
    before = text_of(document)
    with_current_context(without_entries(with_entries(document, parse(OURS)), "prod"), "x")
    assert text_of(document) == before


def test_names_of_all_sections() -> None:
    assert names(parse(THEIRS)) == ["prod", "admin", "2024-01-01"]
    assert (names(parse("")), current_context(parse("")), current_context(parse("current-context: null"))) == (
        [],
        "",
        "",
    )
    assert server_of(parse(THEIRS), "dev") == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [", "expected"),
        ("- a", "no mapping"),
        ("just text", "no mapping"),
        ("kind: Pod", "kind is not Config"),
        ("clusters: 7", "clusters are no list"),
        ("contexts: {a: b}", "contexts are no list"),
        ("users: [7]", "an entry of its users has no name"),
        ("users: [{user: {}}]", "an entry of its users has no name"),
        ("a: 1\n---\nb: 2\n", "expected a single document"),
        ("\ta: 1", "cannot start any token"),
    ],
)
def test_what_is_no_kubeconfig(text: str, why: str) -> None:
    with pytest.raises(BrokenKubeconfigError, match=why) as caught:
        parse(text)
    assert "\n" not in str(caught.value)


scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8))
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
entries = st.lists(st.fixed_dictionaries({"name": st.text(max_size=8).map("x".__add__), "more": values}), max_size=3)
kubeconfigs = st.fixed_dictionaries(
    {"clusters": entries, "contexts": entries, "users": entries, "current-context": st.text(max_size=5), "more": values}
)


@given(kubeconfigs, st.booleans())
@example(content={"clusters": [], "contexts": [], "users": [], "current-context": "\x85", "more": None}, flow=False)
def test_there_and_back_changes_nothing(content: dict[str, object], flow: bool) -> None:
    text = yaml.safe_dump(content, default_flow_style=flow, allow_unicode=True)
    before = current_context(parse(text))
    back = with_current_context(without_entries(parse(merged(text)), "minikube-lite"), before)
    assert yaml.safe_load(text_of(back)) == yaml.safe_load(text)  # not the content: PyYAML itself loses a NEL
