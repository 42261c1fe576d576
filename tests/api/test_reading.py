"""Get and list: selectors, resourceVersions, and pages that stay consistent while objects change."""

from __future__ import annotations

import pytest

from minikube_lite.machinery.resources import CONFIG_MAPS, PODS

PATH = "/api/v1/namespaces/default/configmaps"


def names(answer) -> list[str]:
    return [item["metadata"]["name"] for item in answer.json()["items"]]


@pytest.fixture
async def five(client, config_map):
    """Five ConfigMaps; gives the revisions at which they were made."""
    made = [await client.create(CONFIG_MAPS, "default", config_map(name, labels={"app": name})) for name in "dbeac"]
    return [int(obj["metadata"]["resourceVersion"]) for obj in made]


# Selections


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, "abcde"),
        ({"labelSelector": "app=a"}, "a"),
        ({"labelSelector": "app in (a,b),app!=b"}, "a"),
        ({"labelSelector": "app notin (a)"}, "bcde"),
        ({"labelSelector": "!app"}, ""),
        ({"fieldSelector": "metadata.name=c"}, "c"),
        ({"fieldSelector": "metadata.name!=c"}, "abde"),
        ({"fieldSelector": "metadata.name=nosuch"}, ""),
        ({"fieldSelector": "metadata.namespace=default"}, "abcde"),
        ({"fieldSelector": "metadata.namespace=other"}, ""),
        ({"fieldSelector": "metadata.name=c", "labelSelector": "app=a"}, ""),
        ({"limit": "2", "labelSelector": "app=e"}, "e"),
        ({"limit": "-1"}, "abcde"),
    ],
)
async def test_selectors(http, five, query, found) -> None:
    assert "".join(names(await http.get(PATH, params=query))) == found
    assert "".join(names(await http.get("/api/v1/configmaps", params=query))) == found


async def test_pods_are_selected_by_what_kubelets_ask_for(http, client, pod) -> None:
    for name, node in (("a", "n1"), ("b", "n2"), ("c", "")):
        await client.create(PODS, "default", pod(name, node))
    path = "/api/v1/pods"
    assert names(await http.get(path, params={"fieldSelector": "spec.nodeName=n1"})) == ["a"]
    assert names(await http.get(path, params={"fieldSelector": "spec.nodeName="})) == ["c"]
    assert names(await http.get(path, params={"fieldSelector": "status.phase=Pending,spec.nodeName!="})) == ["a", "b"]


@pytest.mark.parametrize(
    ("path", "selector", "text"),
    [
        (PATH, "spec.x=1", '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"'),
        ("/api/v1/pods", "spec.x=1", "field label not supported: spec.x"),
        (PATH, "metadata.name", "invalid selector"),
    ],
)
async def test_fields_that_cannot_be_selected_by_are_refused(http, path, selector, text) -> None:
    answer = await http.get(path, params={"fieldSelector": selector})
    assert answer.status_code == 400
    assert text in answer.json()["message"]


# Versions


async def test_a_list_stands_at_a_revision_of_the_cluster(http, store, five) -> None:
    answer = (await http.get(PATH)).json()
    assert (answer["kind"], answer["apiVersion"]) == ("ConfigMapList", "v1")
    assert answer["metadata"] == {"resourceVersion": str(store.revision)}
    assert not {"kind", "apiVersion"} & set(answer["items"][0])


@pytest.mark.parametrize(
    ("version", "query", "found", "exact"),
    [
        (2, {}, "abcde", False),
        (2, {"resourceVersionMatch": "NotOlderThan"}, "abcde", False),
        (2, {"resourceVersionMatch": "Exact"}, "bde", True),
        (2, {"limit": "500"}, "bde", True),
        (2, {"limit": "500", "resourceVersionMatch": "NotOlderThan"}, "abcde", False),
        (0, {"resourceVersionMatch": "Exact"}, "d", True),
    ],
)
async def test_a_version_is_a_floor_or_exact(http, store, five, version, query, found, exact) -> None:
    """`version` counts the objects that were made after it."""
    answer = await http.get(PATH, params={"resourceVersion": str(five[version]), **query})
    assert "".join(names(answer)) == found
    assert answer.json()["metadata"]["resourceVersion"] == str(five[version] if exact else store.revision)


@pytest.mark.parametrize(
    ("query", "code", "text"),
    [
        ({"resourceVersion": "abc"}, 400, 'strconv.ParseUint: parsing "abc": invalid syntax'),
        ({"resourceVersion": "-1"}, 400, "invalid syntax"),
        ({"resourceVersion": "٣"}, 400, "invalid syntax"),
        ({"resourceVersion": "9" * 5000}, 400, "value out of range"),
        ({"resourceVersion": "99999"}, 504, "Too large resource version: 99999, current: "),
        ({"resourceVersionMatch": "Exact"}, 422, "forbidden unless resourceVersion is provided"),
        ({"resourceVersionMatch": "Exact", "resourceVersion": "0"}, 422, 'is forbidden for resourceVersion "0"'),
        ({"resourceVersionMatch": "Other", "resourceVersion": "1"}, 422, 'Unsupported value: "Other"'),
        ({"sendInitialEvents": "true"}, 422, "sendInitialEvents is forbidden for list"),
        ({"limit": "x"}, 400, "invalid syntax"),
        ({"limit": "9" * 5000}, 400, "value out of range"),
        ({"continue": "!!!"}, 400, "continue key is not valid"),
        ({"continue": "é"}, 400, "continue key is not valid"),
    ],
)
async def test_what_makes_no_sense_is_refused(http, query, code, text) -> None:
    answer = await http.get(PATH, params=query)
    assert answer.status_code == code
    assert text in answer.json()["message"]
    if code == 504:
        assert answer.headers["Retry-After"] == "1"


async def test_get_with_a_version(http, five) -> None:
    assert (await http.get(f"{PATH}/a", params={"resourceVersion": "1"})).status_code == 200
    assert (await http.get(f"{PATH}/a", params={"resourceVersion": "0"})).status_code == 200
    assert (await http.get(f"{PATH}/a", params={"resourceVersion": "abc"})).status_code == 500
    assert (await http.get(f"{PATH}/a", params={"resourceVersion": "99999"})).status_code == 504
    missing = await http.get(f"{PATH}/nosuch")
    assert (missing.status_code, missing.json()["message"]) == (404, 'configmaps "nosuch" not found')


async def test_a_version_that_is_gone_cannot_be_listed(http, store, five) -> None:
    store.compact("configmaps")
    answer = await http.get(PATH, params={"resourceVersion": str(five[0]), "resourceVersionMatch": "Exact"})
    assert (answer.status_code, answer.json()["reason"]) == (410, "Expired")
    assert (await http.get(PATH, params={"resourceVersion": str(five[0])})).status_code == 200


# Pages


async def test_pages_show_one_moment_while_objects_change(http, client, store, five, config_map) -> None:
    first = await http.get(PATH, params={"limit": "2"})
    metadata = first.json()["metadata"]
    assert (names(first), metadata["remainingItemCount"]) == (["a", "b"], 3)
    await client.delete(CONFIG_MAPS, "default", "c")
    await client.create(CONFIG_MAPS, "default", config_map("bb"))
    await client.patch(CONFIG_MAPS, "default", "d", {"data": {"k": "v"}})
    second = await http.get(PATH, params={"limit": "2", "continue": metadata["continue"]})
    assert names(second) == ["c", "d"]
    assert "data" not in second.json()["items"][1]
    assert second.json()["metadata"]["resourceVersion"] == metadata["resourceVersion"]
    last = await http.get(PATH, params={"limit": "2", "continue": second.json()["metadata"]["continue"]})
    assert names(last) == ["e"]
    assert set(last.json()["metadata"]) == {"resourceVersion"}


async def test_an_expired_page_tells_how_to_go_on(http, client, store, five, config_map) -> None:
    first = (await http.get(PATH, params={"limit": "2"})).json()
    await client.create(CONFIG_MAPS, "default", config_map("bb"))
    store.compact("configmaps")
    gone = await http.get(PATH, params={"limit": "2", "continue": first["metadata"]["continue"]})
    status = gone.json()
    assert (gone.status_code, status["reason"]) == (410, "Expired")
    rest: list[str] = []
    token = status["metadata"]["continue"]
    while token:
        page = await http.get(PATH, params={"limit": "2", "continue": token})
        rest += names(page)
        token = page.json()["metadata"].get("continue", "")
    assert rest == ["bb", "c", "d", "e"]


async def test_a_selection_by_pages_does_not_know_what_remains(http, five) -> None:
    page = await http.get(PATH, params={"limit": "1", "labelSelector": "app in (a,e)"})
    assert names(page) == ["a"]
    assert "remainingItemCount" not in page.json()["metadata"]
    query = {"limit": "1", "labelSelector": "app in (a,e)", "continue": page.json()["metadata"]["continue"]}
    assert names(await http.get(PATH, params=query)) == ["e"]


async def test_pages_go_on_over_namespaces(http, client, config_map) -> None:
    for namespace in ("a", "a-b", "b"):
        await client.create(CONFIG_MAPS._replace(resource="namespaces"), "", {"metadata": {"name": namespace}})
        for name in ("x", "y"):
            await client.create(CONFIG_MAPS, namespace, config_map(name))
    found, token = [], ""
    while True:
        page = (await http.get("/api/v1/configmaps", params={"limit": "1", "continue": token})).json()
        found += [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in page["items"]]
        token = page["metadata"].get("continue", "")
        if not token:
            break
    assert found == [(namespace, name) for namespace in ("a-b", "a", "b") for name in ("x", "y")]


async def test_a_page_takes_no_version(http, five) -> None:
    token = (await http.get(PATH, params={"limit": "2"})).json()["metadata"]["continue"]
    answer = await http.get(PATH, params={"limit": "2", "continue": token, "resourceVersion": "1"})
    assert answer.status_code == 400
    assert "specifying resource version is not allowed when using continue" in answer.json()["message"]


async def test_of_any_version_no_page_is_made(http, five) -> None:
    """As upstream, which answers from its cache then."""
    for query in ({}, {"resourceVersionMatch": "NotOlderThan"}):
        answer = await http.get(PATH, params={"limit": "2", "resourceVersion": "0", **query})
        assert names(answer) == ["a", "b", "c", "d", "e"]
    token = (await http.get(PATH, params={"limit": "2"})).json()["metadata"]["continue"]
    assert names(await http.get(PATH, params={"limit": "2", "continue": token, "resourceVersion": "0"})) == ["c", "d"]


async def test_a_version_that_is_gone_is_refused_in_upstreams_words(http, store, five) -> None:
    store.compact("configmaps")
    answer = await http.get(PATH, params={"resourceVersion": str(five[0]), "limit": "1"})
    text = "The resourceVersion for the provided list is too old."
    assert (answer.status_code, answer.json()["message"]) == (410, text)
    assert "continue" not in answer.json()["metadata"]
