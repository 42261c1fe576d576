"""Server-side apply over HTTP: who applies owns, who stops applying gives up, who is in the way is told."""

from __future__ import annotations

from typing import Any

APPLY = {"Content-Type": "application/apply-patch+yaml"}
SERVICE = "/api/v1/namespaces/default/services/web"
CONFIG_MAP = "/api/v1/namespaces/default/configmaps/one"


async def apply(http: Any, path: str, manager: str, body: dict[str, Any], **query: str) -> Any:
    return await http.patch(path, params={"fieldManager": manager, **query}, headers=APPLY, json=body)


def config_map(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": data}


def service(*ports: tuple[str, str]) -> dict[str, Any]:
    entries = [{"name": name, "port": 53, "protocol": protocol} for name, protocol in ports]
    spec = {"clusterIP": "None", "ports": entries}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}


async def test_an_apply_makes_what_is_not_there_and_owns_it(http) -> None:
    made = await apply(http, CONFIG_MAP, "me", config_map(a="1"))
    assert made.status_code == 201
    (entry,) = made.json()["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"], entry["fieldsV1"]) == ("me", "Apply", {"f:data": {"f:a": {}}})


async def test_the_same_again_changes_nothing(http) -> None:
    first = (await apply(http, CONFIG_MAP, "me", config_map(a="1"))).json()
    again = await apply(http, CONFIG_MAP, "me", config_map(a="1"))
    assert again.status_code == 200
    assert again.json()["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_what_is_applied_no_more_goes(http) -> None:
    await apply(http, CONFIG_MAP, "me", config_map(a="1", b="2"))
    assert (await apply(http, CONFIG_MAP, "me", config_map(b="2"))).json()["data"] == {"b": "2"}


async def test_another_value_of_an_owned_field_is_a_conflict_unless_forced(http) -> None:
    await apply(http, CONFIG_MAP, "me", config_map(a="1"))
    refused = await apply(http, CONFIG_MAP, "you", config_map(a="2"))
    assert refused.status_code == 409
    assert refused.json()["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "me"', "field": ".data.a"}
    ]
    forced = await apply(http, CONFIG_MAP, "you", config_map(a="2"), force="true")
    assert forced.json()["data"] == {"a": "2"}
    assert [entry["manager"] for entry in forced.json()["metadata"]["managedFields"]] == ["you"]


async def test_entries_of_a_keyed_list_have_owners_of_their_own(http) -> None:
    await apply(http, SERVICE, "tcp", service(("tcp", "TCP")))
    both = await apply(http, SERVICE, "udp", service(("udp", "UDP")))
    assert {port["protocol"] for port in both.json()["spec"]["ports"]} == {"TCP", "UDP"}
    left = await apply(http, SERVICE, "tcp", {**service(), "spec": {"clusterIP": "None"}})
    assert [port["protocol"] for port in left.json()["spec"]["ports"]] == ["UDP"]


async def test_what_cannot_be_applied_is_refused_in_upstreams_words(http) -> None:
    unknown = await apply(http, CONFIG_MAP, "me", {**config_map(), "nosuch": 1})
    assert unknown.status_code == 500
    assert unknown.json()["message"].endswith(".nosuch: field not declared in schema")
    nobody = await http.patch(CONFIG_MAP, headers=APPLY, json=config_map())
    assert nobody.status_code == 422
    assert nobody.json()["details"]["causes"][0]["field"] == "fieldManager"
    other = await apply(http, CONFIG_MAP, "me", {**config_map(), "kind": "Secret"})
    assert other.json()["message"] == "invalid object type: /v1, Kind=Secret"
