"""The HTTP server: concurrency, limits, crashes, and what a web page must not reach."""

from __future__ import annotations

import asyncio
import gzip
import json

import httpx
import pytest

from minikube_lite.api.apiserver import Apiserver
from minikube_lite.api.handlers import REQUEST_BODY_BYTES_MAX
from minikube_lite.api.scheme import Scheme
from minikube_lite.api.server import ApiServer
from minikube_lite.machinery.kind import Kind, RequestContext, Strategy
from minikube_lite.machinery.resources import NAMESPACES
from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.resources import load_resources
from minikube_lite.store import Object

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
CLIENTS = 50


async def test_fifty_clients_that_add_one_each_end_at_fifty(http, config_map) -> None:
    """Read, modify, write: whoever read an old version is refused, and reads again. Nothing is lost, nothing else fails."""
    await http.post(CONFIG_MAPS, json=config_map("counter", {"n": "0"}))
    codes: list[int] = []

    async def add_one() -> None:
        while True:
            obj = (await http.get(f"{CONFIG_MAPS}/counter")).json()
            obj["data"]["n"] = str(int(obj["data"]["n"]) + 1)
            answer = await http.put(f"{CONFIG_MAPS}/counter", json=obj)
            codes.append(answer.status_code)
            if answer.status_code == 200:
                return
            assert answer.json()["reason"] == "Conflict"

    await asyncio.gather(*(add_one() for _ in range(CLIENTS)))
    assert (await http.get(f"{CONFIG_MAPS}/counter")).json()["data"] == {"n": str(CLIENTS)}
    assert codes.count(200) == CLIENTS
    assert set(codes) <= {200, 409}


async def test_fifty_patches_without_a_version_all_count(http, store, config_map) -> None:
    await http.post(CONFIG_MAPS, json=config_map("counter", {}))
    merge = {"Content-Type": "application/merge-patch+json"}
    patches = [
        http.patch(f"{CONFIG_MAPS}/counter", content=json.dumps({"data": {f"k{number}": "v"}}), headers=merge)
        for number in range(CLIENTS)
    ]
    assert [answer.status_code for answer in await asyncio.gather(*patches)] == [200] * CLIENTS
    assert len((await http.get(f"{CONFIG_MAPS}/counter")).json()["data"]) == CLIENTS


async def test_many_clients_that_create_one_name_make_one_object(http, config_map) -> None:
    answers = await asyncio.gather(*(http.post(CONFIG_MAPS, json=config_map("one")) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert {answer.json()["reason"] for answer in answers if answer.status_code == 409} == {"AlreadyExists"}


# Limits


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_above_the_limit_is_refused(http, store, chunked) -> None:
    body = b" " * (REQUEST_BODY_BYTES_MAX + 1)

    async def chunks():
        for start in range(0, len(body), 1 << 16):
            yield body[start : start + (1 << 16)]

    answer = await http.post(CONFIG_MAPS, content=chunks() if chunked else body)
    assert (answer.status_code, answer.json()["reason"]) == (413, "RequestEntityTooLarge")
    assert answer.json()["message"] == f"Request entity too large: limit is {REQUEST_BODY_BYTES_MAX}"
    assert (await http.get(CONFIG_MAPS)).json()["items"] == []


async def test_a_small_body_that_unpacks_to_a_large_one_is_refused(http) -> None:
    body = gzip.compress(b" " * (REQUEST_BODY_BYTES_MAX + 1))
    answer = await http.post(CONFIG_MAPS, content=body, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 413


async def test_a_body_below_the_limit_passes(http, config_map) -> None:
    body = json.dumps(config_map("padded")).encode()
    answer = await http.post(CONFIG_MAPS, content=body.ljust(REQUEST_BODY_BYTES_MAX))
    assert answer.status_code == 201


async def test_long_urls_are_answered(http) -> None:
    selector = ",".join(f"k{number}!=v" for number in range(4_000))
    answer = await http.get(CONFIG_MAPS, params={"labelSelector": selector})
    assert len(str(answer.request.url)) > 40_000
    assert (answer.status_code, answer.json()["items"]) == (200, [])


async def test_a_body_that_is_slow_to_come_is_not_the_clusters_work(http, clock, url, config_map) -> None:
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps(config_map("slow")).encode()
    head = f"POST {CONFIG_MAPS} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body[:5])
    await writer.drain()
    await http.get("/healthz")
    await clock.settle(1)
    writer.write(body[5:])
    assert b"201 Created" in await reader.read()
    writer.close()
    await writer.wait_closed()


# What a web page must not reach


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Host": "localhost:8001"}, 200),
        ({"Host": "LocalHost"}, 200),
        ({"Host": "api.localhost:80"}, 200),
        ({"Host": "127.0.0.1"}, 200),
        ({"Host": "127.8.9.1:80"}, 200),
        ({"Host": "[::1]"}, 200),
        ({"Host": "[::1]:8001"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example:8001"}, 403),
        ({"Host": "localhost.evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "10.0.0.1"}, 403),
        ({"Host": "notlocalhost"}, 403),
        ({"Host": "localhost:8001", "Origin": "http://localhost:8001"}, 200),
        ({"Host": "localhost:8001", "Origin": "http://localhost:9999"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_foreign_hosts_and_origins_are_refused(http, headers, code) -> None:
    answer = await http.get("/api/v1/namespaces", headers=headers)
    assert answer.status_code == code
    if code == 403:
        assert answer.json()["reason"] == "Forbidden"


async def test_a_foreign_page_cannot_write_either(http, store) -> None:
    before = store.revision
    for method in ("POST", "DELETE"):
        answer = await http.request(method, CONFIG_MAPS, headers={"Origin": "https://evil.example"}, content=b"{}")
        assert answer.status_code == 403
    assert store.revision == before


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com"])
async def test_plain_http_listens_on_loopback_only(host) -> None:
    with pytest.raises(ValueError, match=f"plain HTTP listens on loopback addresses only, not on {host}"):
        await ApiServer.__new__(ApiServer).start(host, 0)


# Crashes


class CrashingStrategy(Strategy):
    """Crashes at objects of one name."""

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        if obj["metadata"]["name"] == "crash":
            raise RuntimeError("a bug")


async def test_a_request_that_crashes_is_a_status_and_hurts_no_other(store, clock, options, config_map, caplog) -> None:
    kinds = [Kind(group="", plural="configmaps", strategy=CrashingStrategy())]
    api = Apiserver(store, clock, Scheme(load_resources(), BuiltinSchemas.load(), kinds), options)
    await api.client("admin", "tests").create(NAMESPACES, "", {"metadata": {"name": "default"}})
    host, port = await api.start(lambda: True)
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", verify=False, trust_env=False) as http:
        names = ["a", "crash", "b", "crash", "c"]
        answers = await asyncio.gather(*(http.post(CONFIG_MAPS, json=config_map(name)) for name in names))
    await api.stop()
    assert [answer.status_code for answer in answers] == [201, 500, 201, 500, 201]
    status = answers[1].json()
    assert (status["kind"], status["reason"]) == ("Status", "InternalError")
    assert status["message"] == "Internal error occurred: RuntimeError: a bug"
    assert f"request failed: POST {CONFIG_MAPS}" in caplog.text
    await clock.settle(1)


# Paths and methods


@pytest.mark.parametrize(
    ("method", "path", "code", "reason"),
    [
        ("GET", "/nosuch", 404, None),
        ("GET", "/apis/nosuch.example/v1/things", 404, None),
        ("GET", "/apis/apps/v9/deployments", 404, "NotFound"),
        ("GET", "/api/v1/nosuch", 404, "NotFound"),
        ("GET", "/api/v1/namespaces/default/nosuch/x", 404, "NotFound"),
        ("GET", f"{CONFIG_MAPS}/x/status", 404, "NotFound"),
        ("GET", "/api/v1/namespaces/default/pods/x/status/more", 404, "NotFound"),
        ("GET", "/api/v1/configmaps/x", 404, "NotFound"),
        ("GET", "/api/v1/namespaces/default/nodes/x", 404, "NotFound"),
        ("GET", "/api/v2", 404, "NotFound"),
        ("POST", "/api/v1/configmaps", 405, "MethodNotAllowed"),
        ("POST", f"{CONFIG_MAPS}/x", 405, "MethodNotAllowed"),
        ("PUT", CONFIG_MAPS, 405, "MethodNotAllowed"),
        ("PATCH", CONFIG_MAPS, 405, "MethodNotAllowed"),
        ("OPTIONS", CONFIG_MAPS, 405, "MethodNotAllowed"),
        ("DELETE", "/api/v1/namespaces", 405, "MethodNotAllowed"),
        ("GET", "/api/v1/namespaces/default/pods/x/binding", 405, "MethodNotAllowed"),
        ("POST", "/api/v1/namespaces/default/pods/x/status", 405, "MethodNotAllowed"),
        ("DELETE", "/api/v1/namespaces/default/pods/x/status", 405, "MethodNotAllowed"),
        ("POST", "/version", 405, "MethodNotAllowed"),
        ("POST", "/apis", 405, "MethodNotAllowed"),
    ],
)
async def test_what_is_not_there_is_refused_in_kubernetes_words(http, method, path, code, reason) -> None:
    answer = await http.request(method, path)
    assert answer.status_code == code
    if reason is None:
        assert (answer.text, answer.headers["Content-Type"]) == ("404 page not found\n", "text/plain; charset=utf-8")
    else:
        assert (answer.json()["reason"], answer.json()["code"]) == (reason, code)


async def test_deleting_a_subresource_deletes_no_object(http, client, pod) -> None:
    """pods/proxy takes every method, DELETE too, which is meant for the pod's program."""
    await http.post("/api/v1/namespaces/default/pods", json=pod("x"))
    answer = await http.delete("/api/v1/namespaces/default/pods/x/proxy")
    assert (answer.status_code, answer.json()["message"]) == (400, "address not allowed")  # it has none yet
    assert (await http.get("/api/v1/namespaces/default/pods/x")).status_code == 200


async def test_odd_slashes_are_forgiven(http) -> None:
    assert (await http.get("/api/v1/namespaces/")).status_code == 200
    assert (await http.get("/api//v1//namespaces")).status_code == 200


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/healthz", "ok"),
        ("/livez", "ok"),
        ("/readyz", "ok"),
        ("/livez/ping", "ok"),
        (
            "/readyz?verbose",
            "[+]ping ok\n[+]log ok\n[+]etcd ok\n[+]informer-sync ok\nreadyz check passed\n",
        ),
    ],
)
async def test_health(http, path, text) -> None:
    answer = await http.get(path)
    assert (answer.status_code, answer.text) == (200, text)


async def test_a_server_that_is_not_ready_says_so(api) -> None:
    ready: list[bool] = []
    host, port = await api.start(lambda: bool(ready))
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", verify=False, trust_env=False) as http:
        assert (await http.get("/readyz")).status_code == 500
        assert (await http.get("/livez")).status_code == 200
        ready.append(True)
        assert (await http.get("/readyz")).status_code == 200
    await api.stop()


async def test_the_version_is_kubernetes(http) -> None:
    version = (await http.get("/version")).json()
    assert (version["major"], version["minor"]) == ("1", "36")
    assert version["gitVersion"].startswith("v1.36.")


async def test_the_root_names_the_paths(http) -> None:
    assert {"/api", "/apis", "/openapi/v3", "/version"} <= set((await http.get("/")).json()["paths"])
