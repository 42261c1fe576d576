"""Tables as `kubectl get` asks for them."""

from __future__ import annotations

import pytest

from minikube_lite.api.kinds import discover
from minikube_lite.api.table import description_of
from minikube_lite.machinery.resources import CONFIG_MAPS

PATH = "/api/v1/namespaces/default/configmaps"
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}


async def test_a_list_as_a_table(http, client, config_map, clock) -> None:
    await client.create(CONFIG_MAPS, "default", config_map("a", {"k": "v", "l": "w"}))
    await clock.advance(125)
    await client.create(CONFIG_MAPS, "default", config_map("b"))
    answer = (await http.get(PATH, headers=TABLE)).json()
    listed = (await http.get(PATH)).json()
    assert (answer["kind"], answer["apiVersion"], answer["metadata"]) == ("Table", "meta.k8s.io/v1", listed["metadata"])
    columns = answer["columnDefinitions"]
    assert [(column["name"], column["type"], column["priority"]) for column in columns] == [
        ("Name", "string", 0), ("Data", "string", 0), ("Age", "string", 0),
    ]  # fmt: skip
    assert all(set(column) == {"name", "type", "format", "description", "priority"} for column in columns)
    assert [row["cells"] for row in answer["rows"]] == [["a", 2, "2m5s"], ["b", 0, "0s"]]
    assert answer["rows"][0]["object"] == {
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": listed["items"][0]["metadata"],
    }  # fmt: skip


async def test_an_object_as_a_table(http, client, config_map) -> None:
    made = await client.create(CONFIG_MAPS, "default", config_map("a"))
    answer = (await http.get(f"{PATH}/a", headers=TABLE)).json()
    assert answer["metadata"] == {"resourceVersion": made["metadata"]["resourceVersion"]}
    assert [row["cells"][0] for row in answer["rows"]] == ["a"]


async def test_a_page_as_a_table(http, client, config_map) -> None:
    for name in "abc":
        await client.create(CONFIG_MAPS, "default", config_map(name))
    answer = (await http.get(PATH, headers=TABLE, params={"limit": "2"})).json()
    assert [row["cells"][0] for row in answer["rows"]] == ["a", "b"]
    assert answer["metadata"]["remainingItemCount"] == 1
    assert answer["metadata"]["continue"]


@pytest.mark.parametrize(
    ("include", "kind"),
    [("", "PartialObjectMetadata"), ("Metadata", "PartialObjectMetadata"), ("Object", "ConfigMap"), ("None", None)],
)
async def test_what_goes_with_a_row(http, client, config_map, include, kind) -> None:
    await client.create(CONFIG_MAPS, "default", config_map("a", {"k": "v"}))
    [row] = (await http.get(PATH, headers=TABLE, params={"includeObject": include})).json()["rows"]
    assert (row["object"]["kind"] if kind else row["object"]) == kind
    if include == "Object":
        assert row["object"]["data"] == {"k": "v"}


async def test_nothing_else_goes_with_a_row(http) -> None:
    answer = await http.get(PATH, headers=TABLE, params={"includeObject": "All"})
    assert answer.status_code == 400
    assert 'includeObject: Invalid value: "All"' in answer.json()["message"]


async def test_an_empty_table_has_its_columns(http) -> None:
    answer = (await http.get(PATH, headers=TABLE)).json()
    assert (len(answer["columnDefinitions"]), answer["rows"]) == (3, [])


async def test_every_kind_can_be_shown_as_a_table(http, scheme) -> None:
    for resource in scheme:
        if "list" not in resource.info.verbs:
            continue
        prefix = f"/apis/{resource.info.group}" if resource.info.group else "/api"
        answer = await http.get(f"{prefix}/{resource.info.version}/{resource.info.name}", headers=TABLE)
        assert answer.status_code == 200, resource.key
        columns = answer.json()["columnDefinitions"]
        assert "Name" in [column["name"] for column in columns], resource.key
        assert all(row["cells"] and len(row["cells"]) == len(columns) for row in answer.json()["rows"]), resource.key


async def test_columns_are_described_as_the_fields_that_they_show(http) -> None:
    columns = (await http.get(PATH, headers=TABLE)).json()["columnDefinitions"]
    assert [column["description"].split()[0] for column in columns] == ["Name", "Data", "CreationTimestamp"]


def test_every_description_of_a_column_is_there() -> None:
    kinds = {kind.plural: kind for kind in discover()}
    texts = [(plural, column.name, description_of(column)) for plural, kind in kinds.items() for column in kind.columns]
    assert len(texts) > 200
    assert [(plural, name) for plural, name, text in texts if not text] == [("runtimeclasses", "Handler")]
