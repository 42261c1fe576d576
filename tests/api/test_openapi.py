"""OpenAPI: version 3 by group version, with tags; version 2 as one document."""

from __future__ import annotations

import pytest

from minikube_lite.api.openapi import V2_PROTOBUF


@pytest.fixture
async def paths(http) -> dict[str, dict]:
    return (await http.get("/openapi/v3")).json()["paths"]


@pytest.fixture
async def swagger(http) -> dict:
    return (await http.get("/openapi/v2", headers={"Accept": "application/json"})).json()


async def test_version_2_refers_to_nothing_that_is_not_there(swagger) -> None:
    assert swagger["swagger"] == "2.0"
    assert references(swagger) <= set(swagger["definitions"])


async def test_version_2_knows_each_kind_and_its_parameters(swagger, scheme) -> None:
    kinds = {
        (kind["group"], kind["version"], kind["kind"])
        for definition in swagger["definitions"].values()
        for kind in definition.get("x-kubernetes-group-version-kind", ())
    }
    assert {(resource.info.group, resource.info.version, resource.info.kind) for resource in scheme} <= kinds
    patch = swagger["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert "dryRun" in [parameter["name"] for parameter in patch["parameters"]]
    scale = swagger["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"]["put"]
    assert scale["x-kubernetes-group-version-kind"] == {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    assert scale["parameters"][0]["schema"] == {"$ref": "#/definitions/io.k8s.api.autoscaling.v1.Scale"}


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/com.github.proto-openapi.spec.v2@v1.0+protobuf", V2_PROTOBUF),
        ("application/com.github.proto-openapi.spec.v2.v1.0+protobuf, application/json", V2_PROTOBUF),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
    ],
)
async def test_version_2_is_kept_by_its_tag(http, accept, content_type) -> None:
    answer = await http.get("/openapi/v2", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, content_type)
    kept = await http.get("/openapi/v2", headers={"Accept": accept, "If-None-Match": answer.headers["ETag"]})
    assert (kept.status_code, kept.content) == (304, b"")


async def test_version_2_in_no_other_form(http) -> None:
    assert (await http.get("/openapi/v2", headers={"Accept": "text/html"})).status_code == 406


async def test_every_group_version_has_a_document(http, paths, scheme) -> None:
    served = {
        f"apis/{group}/{version}" if group else f"api/{version}"
        for group in scheme.groups
        for version in scheme.groups[group]
    }
    assert set(paths) == served
    for name, path in paths.items():
        document = (await http.get(path["serverRelativeURL"])).json()
        assert document["openapi"].startswith("3.0"), name
        missing = [
            reference for reference in references(document) if reference not in document["components"]["schemas"]
        ]
        assert missing == [], name


def references(value) -> set[str]:
    """The names of all schemas that a document refers to."""
    if isinstance(value, dict):
        own = {value["$ref"].rpartition("/")[2]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(references(item) for item in value))
    return set()


async def test_a_document_is_kept_by_its_hash_and_tag(http, paths) -> None:
    url = paths["apis/apps/v1"]["serverRelativeURL"]
    name, _, asked = url.partition("?hash=")
    answer = await http.get(url)
    assert answer.headers["Cache-Control"] == "public, immutable"
    assert answer.headers["ETag"] == f'"{asked}"'
    unasked = await http.get(name)
    assert (unasked.content, unasked.headers["Cache-Control"]) == (answer.content, "no-cache, private")
    kept = await http.get(name, headers={"If-None-Match": answer.headers["ETag"]})
    assert (kept.status_code, kept.content) == (304, b"")
    moved = await http.get(f"{name}?hash=OLD")
    assert (moved.status_code, moved.headers["Location"]) == (301, url)


async def test_a_document_shows_kinds_and_what_can_be_done_with_them(http, paths) -> None:
    document = (await http.get(paths["apis/apps/v1"]["serverRelativeURL"])).json()
    schema = document["components"]["schemas"]["io.k8s.api.apps.v1.StatefulSet"]
    kind = {"group": "apps", "version": "v1", "kind": "StatefulSet"}
    assert schema["x-kubernetes-group-version-kind"] == [kind]
    assert {"metadata", "spec", "status"} <= set(schema["properties"])
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}"]["patch"]
    assert patch["x-kubernetes-group-version-kind"] == kind
    assert {"dryRun", "fieldValidation"} <= {parameter["name"] for parameter in patch["parameters"]}


async def test_documents_of_equal_clusters_are_equal(http, paths, scheme) -> None:
    from minikube_lite.api.openapi import OpenAPI

    body = (await http.get(paths["api/v1"]["serverRelativeURL"])).content
    assert OpenAPI(scheme).answer(["openapi", "v3", "api", "v1"], {}, "", "").body == body


@pytest.mark.parametrize("path", ["/openapi", "/openapi/v4", "/openapi/v3/apis/nosuch/v1", "/openapi/v3/api/v9"])
async def test_documents_that_are_not_there(http, path) -> None:
    assert (await http.get(path)).status_code == 404
