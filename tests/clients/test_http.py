"""Plain HTTP, as a program without any client library speaks it."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
CLIENTS = 50


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def test_the_life_of_an_object(cluster: RunningCluster) -> None:
    with httpx.Client(base_url=cluster.server) as http:
        made = http.post(CONFIG_MAPS, json=config_map("a", k="v"))
        assert (made.status_code, made.json()["kind"], made.json()["data"]) == (201, "ConfigMap", {"k": "v"})
        assert http.get(f"{CONFIG_MAPS}/a").json() == made.json()
        changed = http.put(f"{CONFIG_MAPS}/a", json={**made.json(), "data": {"k": "w"}})
        assert changed.status_code == 200
        assert int(changed.json()["metadata"]["resourceVersion"]) > int(made.json()["metadata"]["resourceVersion"])
        gone = http.delete(f"{CONFIG_MAPS}/a")
        assert (gone.status_code, gone.json()["kind"], gone.json()["status"]) == (200, "Status", "Success")
        missing = http.get(f"{CONFIG_MAPS}/a")
        assert (missing.status_code, missing.json()["reason"], missing.json()["code"]) == (404, "NotFound", 404)


def test_yaml_goes_in_and_comes_out(cluster: RunningCluster) -> None:
    headers = {"Content-Type": "application/yaml", "Accept": "application/yaml"}
    body = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n"
    answer = httpx.post(f"{cluster.server}{CONFIG_MAPS}", content=body, headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (201, "application/yaml")
    assert "kind: ConfigMap\n" in answer.text


def test_pages_show_one_moment(cluster: RunningCluster) -> None:
    with httpx.Client(base_url=cluster.server) as http:
        for number in range(7):
            http.post(CONFIG_MAPS, json=config_map(f"c{number}"))
        query: dict[str, Any] = {"limit": 3}
        first = http.get(CONFIG_MAPS, params=query).json()
        http.post(CONFIG_MAPS, json=config_map("c9-late"))
        names, page = [item["metadata"]["name"] for item in first["items"]], first
        while token := page["metadata"].get("continue"):
            page = http.get(CONFIG_MAPS, params={**query, "continue": token}).json()
            assert page["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
            names += [item["metadata"]["name"] for item in page["items"]]
    assert names == [*(f"c{number}" for number in range(7)), "kube-root-ca.crt"]


def test_a_watch_shows_a_pods_whole_life(cluster: RunningCluster) -> None:
    """A pod with a finalizer and a grace period: changed while it is deleted, then deleted once, at a newer revision."""
    pods = "/api/v1/namespaces/default/pods"
    spec = {"containers": [{"name": "main", "image": "example/app"}], "terminationGracePeriodSeconds": 5}
    metadata = {"name": "p", "finalizers": ["example.com/stay"]}
    with httpx.Client(base_url=cluster.server) as http:
        start = http.get(pods).json()["metadata"]["resourceVersion"]
        http.post(pods, json={"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        cluster.settle()
        http.delete(f"{pods}/p")
        cluster.settle()
        patch = {"Content-Type": "application/merge-patch+json"}
        http.patch(f"{pods}/p", content='{"metadata":{"finalizers":null}}', headers=patch)
        cluster.settle()
        changes = []
        with http.stream("GET", pods, params={"watch": "true", "resourceVersion": start}) as stream:
            for line in stream.iter_lines():
                changes.append(json.loads(line))
                if changes[-1]["type"] == "DELETED":
                    break
    kinds = [change["type"] for change in changes]
    assert (kinds[0], kinds[-1], set(kinds[1:-1])) == ("ADDED", "DELETED", {"MODIFIED"})
    deleting = ["deletionTimestamp" in change["object"]["metadata"] for change in changes]
    assert deleting == sorted(deleting)
    assert deleting.count(True) >= 3
    revisions = [int(change["object"]["metadata"]["resourceVersion"]) for change in changes]
    assert revisions == sorted(set(revisions))


def test_fifty_clients_count_to_fifty(cluster: RunningCluster) -> None:
    """Each adds one by reading, changing and writing; nothing but conflicts comes between."""
    url = f"{cluster.server}{CONFIG_MAPS}"
    httpx.post(url, json=config_map("counter", count="0"))
    codes: list[int] = []
    gate = threading.Barrier(CLIENTS)

    def add_one(_: int) -> None:
        with httpx.Client() as http:
            gate.wait()
            while True:
                found = http.get(f"{url}/counter").json()
                found["data"]["count"] = str(int(found["data"]["count"]) + 1)
                codes.append(http.put(f"{url}/counter", json=found).status_code)
                if codes[-1] != 409:
                    return

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(add_one, range(CLIENTS)))
    assert httpx.get(f"{url}/counter").json()["data"]["count"] == str(CLIENTS)
    assert codes.count(200) == CLIENTS
    assert set(codes) <= {200, 409}


def test_a_web_page_may_not_ask(cluster: RunningCluster) -> None:
    for header in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        assert httpx.get(f"{cluster.server}/api/v1/pods", headers=header).status_code == 403
