"""How errors show Go's structs."""

from __future__ import annotations

from minikube_lite.api.kinds.go_structs import GoField, go_diff, go_map, go_struct

INNER = (GoField("Limits", "limits"), GoField("Requests", "requests"))
FIELDS = (GoField("Name", "name", ""), GoField("Resources", "resources", {}, INNER), GoField("Ref", "ref", None, INNER))


def test_absent_fields_show_their_zero_values() -> None:
    assert go_struct({}, FIELDS) == {"Name": "", "Resources": {"Limits": None, "Requests": None}, "Ref": None}


def test_lists_of_structs() -> None:
    fields = (GoField("Items", "items", None, (GoField("Key", "key", ""),)),)
    assert go_struct({"items": [{"key": "a"}, {}]}, fields) == {"Items": [{"Key": "a"}, {"Key": ""}]}


def test_a_map_is_shown_in_order_and_as_null_when_empty() -> None:
    assert list(go_map({"b": "1", "a": "2"}) or ()) == ["a", "b"]
    assert go_map({}) is None


def test_a_diff_ends_with_an_empty_line_and_has_no_file_names() -> None:
    assert go_diff({"Path": "/a"}, {"Path": "/b"}) == '@@ -1,3 +1,3 @@\n {\n- "Path": "/a"\n+ "Path": "/b"\n }\n'
