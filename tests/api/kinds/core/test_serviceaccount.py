"""ServiceAccounts: references to secrets."""

from __future__ import annotations

KIND_MODULE = "core.serviceaccount"


def test_only_names_count_in_references(bench) -> None:
    obj = bench.create({"secrets": [{"name": "a", "namespace": "n", "uid": "u"}]})
    assert obj["secrets"] == [{"name": "a"}]
    assert bench.update(obj, {"secrets": [{"name": "b", "kind": "Secret"}]})["secrets"] == [{"name": "b"}]


def test_the_old_annotation_is_warned_of_once(bench) -> None:
    old = bench.create({"metadata": {"annotations": {"kubernetes.io/enforce-mountable-secrets": "true"}}})
    assert len(bench.warnings) == 1
    bench.update(old, {})
    assert bench.warnings == []
