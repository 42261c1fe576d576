"""Discovery in its three forms, which must agree."""

from __future__ import annotations

import pytest

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList,application/json"


async def unaggregated(http) -> dict[str, dict]:
    """Every resource by group version and name, asked for the old way."""
    found = {}
    roots = [("/api", "v1")]
    groups = (await http.get("/apis")).json()["groups"]
    roots += [("/apis", version["groupVersion"]) for group in groups for version in group["versions"]]
    for root, group_version in roots:
        listed = (await http.get(f"{root}/{group_version}")).json()
        assert (listed["kind"], listed["groupVersion"]) == ("APIResourceList", group_version)
        found.update({f"{group_version}/{resource['name']}": resource for resource in listed["resources"]})
    return found


async def aggregated(http, version: str) -> dict[str, dict]:
    """The same, asked for at once."""
    found = {}
    for root in ("/api", "/apis"):
        answer = await http.get(root, headers={"Accept": AGGREGATED.format(version)})
        assert (
            answer.headers["Content-Type"]
            == f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
        )
        assert answer.json()["apiVersion"] == f"apidiscovery.k8s.io/{version}"
        for group in answer.json()["items"]:
            for served in group["versions"]:
                assert served["freshness"] == "Current"
                name = group["metadata"].get("name")
                prefix = f"{name}/{served['version']}" if name else served["version"]
                for resource in served["resources"]:
                    found[f"{prefix}/{resource['resource']}"] = resource
                    for sub in resource.get("subresources", ()):
                        found[f"{prefix}/{resource['resource']}/{sub['subresource']}"] = sub
    return found


@pytest.mark.parametrize("version", ["v2", "v2beta1"])
async def test_the_forms_agree(http, version) -> None:
    one_by_one, at_once = await unaggregated(http), await aggregated(http, version)
    assert list(one_by_one) == list(at_once)
    for name, resource in one_by_one.items():
        other = at_once[name]
        assert (resource["verbs"], resource["kind"]) == (other["verbs"], other["responseKind"]["kind"]), name
        assert resource.get("shortNames", []) == other.get("shortNames", []), name
        if "scope" in other:
            assert resource["namespaced"] == (other["scope"] == "Namespaced"), name
    assert one_by_one["v1/pods"]["shortNames"] == ["po"]
    assert {"apps/v1/statefulsets", "apps/v1/statefulsets/scale", "v1/pods/binding"} <= set(one_by_one)


async def test_an_aggregated_answer_is_kept_by_its_tag(http) -> None:
    accept = {"Accept": AGGREGATED.format("v2")}
    for root in ("/api", "/apis"):
        first = await http.get(root, headers=accept)
        tag = first.headers["ETag"]
        again = await http.get(root, headers={**accept, "If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
        assert (await http.get(root, headers={**accept, "If-None-Match": '"OTHER"'})).status_code == 200


async def test_groups(http) -> None:
    groups = (await http.get("/apis")).json()
    assert groups["kind"] == "APIGroupList"
    assert all(group["preferredVersion"] == group["versions"][0] for group in groups["groups"])
    apps = (await http.get("/apis/apps")).json()
    assert (apps["kind"], apps["name"]) == ("APIGroup", "apps")
    assert apps["preferredVersion"] == {"groupVersion": "apps/v1", "version": "v1"}


async def test_the_core_group_tells_where_it_is_reached(http, url) -> None:
    versions = (await http.get("/api")).json()
    assert (versions["kind"], versions["versions"]) == ("APIVersions", ["v1"])
    [address] = versions["serverAddressByClientCIDRs"]
    assert f"http://{address['serverAddress']}" == url


@pytest.mark.parametrize(
    ("accept", "code"),
    [("text/html", 406), ("application/yaml", 200), ("*/*", 200), ("application/json;as=Other;g=x;v=v1", 200)],
)
@pytest.mark.parametrize("path", ["/api", "/apis", "/apis/apps", "/apis/apps/v1"])
async def test_forms(http, path, accept, code) -> None:
    assert (await http.get(path, headers={"Accept": accept})).status_code == code
