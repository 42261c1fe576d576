"""Views in which a part of an object is written."""

from __future__ import annotations

from minikube_lite.machinery.resources import NAMESPACES, PODS, SERVICE_ACCOUNTS


async def test_a_resize_owns_what_containers_may_use_and_nothing_else(api, client, pod) -> None:
    await client.create(NAMESPACES, "", {"metadata": {"name": "team"}})
    await client.create(SERVICE_ACCOUNTS, "team", {"metadata": {"name": "default"}})
    made = pod("p", namespace="team")
    name = made["spec"]["containers"][0]["name"]
    made["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1"}}
    await client.create(PODS, "team", made)
    wanted = {"spec": {"containers": [{"name": name, "image": "other", "resources": {"requests": {"cpu": "2"}}}]}}
    options = {"subresource": "resize", "patch_type": "application/strategic-merge-patch+json"}
    resized = await api.client("admin", "autoscaler").patch(PODS, "team", "p", wanted, **options)
    owned = [entry for entry in resized["metadata"]["managedFields"] if entry["manager"] == "autoscaler"]
    assert [entry["fieldsV1"] for entry in owned] == [
        {"f:spec": {"f:containers": {f'k:{{"name":"{name}"}}': {"f:resources": {"f:requests": {"f:cpu": {}}}}}}}
    ]
