"""The API's proxies to pods, Services and nodes, with plain HTTP clients."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from minikube_lite.machinery.resources import ENDPOINTS, NODES, PODS, SERVICES
from minikube_lite.programs.program import PodContext

PODS_PATH = "/api/v1/namespaces/default/pods"


async def mirror(scope: Any, receive: Any, send: Any) -> None:
    """Answers with what it was asked, and as it was asked to."""
    body = b""
    while (message := await receive()).get("more_body"):
        body += message["body"]
    body += message.get("body", b"")
    told = {
        "method": scope["method"],
        "target": scope["raw_path"].decode() + ("?" + scope["query_string"].decode() if scope["query_string"] else ""),
        "headers": {name.decode(): value.decode() for name, value in scope["headers"]},
        "body": body.decode(),
    }
    status, headers = 200, [(b"content-type", b"application/json"), (b"x-own", b"1"), (b"x-own", b"2")]
    match scope["path"]:
        case "/away":
            status, headers = 302, [(b"location", b"/there?x=1")]
        case "/page":
            headers = [(b"content-type", b"text/html; charset=utf-8")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b'<a href="/x">'})
            return
        case "/teapot":
            status = 418
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/b/?x=1&y=%20", "/a/b/?x=1&y=%20"),
        ("/a%20b", "/a%20b"),
        ("/a//b", "/a/b"),
        ("?x=1", ""),
        ("/q?a=/../b", "/q?a=/../b"),
    ],
)
async def test_paths(streamed, path, target) -> None:
    await streamed.run_asgi("mirror", mirror)
    answer = await streamed.http.get(f"{PODS_PATH}/mirror/proxy{path}")
    if not target:
        assert answer.status_code == 301
        assert answer.headers["location"] == f"{PODS_PATH}/mirror/proxy/{path}"
    else:
        assert answer.json()["target"] == target


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
async def test_methods_headers_and_bodies(streamed, method) -> None:
    await streamed.run_asgi("mirror", mirror)
    sent = {"X-Mine": "a", "Authorization": "", "Connection": "close, X-Hop", "X-Hop": "b", "Accept-Encoding": "gzip"}
    del sent["Authorization"]
    answer = await streamed.http.request(method, f"{PODS_PATH}/mirror/proxy/x", content=b"body", headers=sent)
    assert answer.status_code == 200
    assert answer.headers.get_list("x-own") == ["1", "2"]
    if method == "HEAD":
        assert answer.content == b""
        return
    told = answer.json()
    assert (told["method"], told["body"]) == (method, "body")
    headers = told["headers"]
    assert headers["x-mine"] == "a"
    assert headers["accept-encoding"] == "gzip"
    assert headers["host"] == streamed.http.base_url.netloc.decode()
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-uri"] == f"{PODS_PATH}/mirror/proxy/x"
    assert "x-hop" not in headers


async def test_credentials_are_for_the_api_server(streamed) -> None:
    await streamed.run_asgi("mirror", mirror)
    made = await streamed.http.post("/api/v1/namespaces/default/serviceaccounts/default/token", json={})
    acting = {"Impersonate-User": "jane", "Impersonate-Group": "system:masters", "Impersonate-Extra-A.b%2fc": "d"}
    told = (await streamed.http.get(f"{PODS_PATH}/mirror/proxy/", headers=acting)).json()
    assert [name for name in told["headers"] if "impersonate" in name] == []
    bearer = {"Authorization": f"Bearer {made.json()['status']['token']}"}
    assert (await streamed.http.get(f"{PODS_PATH}/mirror/proxy/", headers=bearer)).status_code == 403
    refused = await streamed.http.get(f"{PODS_PATH}/mirror/proxy/", headers={"Authorization": "Bearer wrong"})
    assert refused.status_code == 401


async def test_statuses_redirects_and_pages(streamed) -> None:
    await streamed.run_asgi("mirror", mirror)
    proxy = f"{PODS_PATH}/mirror/proxy"
    assert (await streamed.http.get(f"{proxy}/teapot")).status_code == 418
    away = await streamed.http.get(f"{proxy}/away")
    assert (away.status_code, away.headers["location"]) == (302, f"{proxy}/there?x=1")
    page = await streamed.http.get(f"{proxy}/page")
    assert page.text == f'<a href="{proxy}/x">'
    assert page.headers["content-length"] == str(len(page.content))


async def test_ports(streamed) -> None:
    await streamed.run_asgi("mirror", mirror, 9000)
    for name in ("mirror", "mirror:9000", "http:mirror:9000", "http:mirror:"):
        assert (await streamed.http.get(f"{PODS_PATH}/{name}/proxy/")).status_code == 200
    for name, message in (
        ("mirror:9001", "error trying to reach service: dial tcp 10.244.0.2:9001: connect: connection refused"),
        ("mirror:web", "error trying to reach service: dial tcp: lookup tcp/web: unknown port"),
        ("mirror:99999", "error trying to reach service: dial tcp: address 99999: invalid port"),
        ("https:mirror:9000", "error trying to reach service: http: server gave HTTP response to HTTPS client"),
    ):
        answer = await streamed.http.get(f"{PODS_PATH}/{name}/proxy/")
        assert (answer.status_code, answer.json()["reason"]) == (503, "ServiceUnavailable")
        assert answer.json()["message"] == message
    for name in ("ftp:mirror:21", "a:b:c:d", ":80"):
        answer = await streamed.http.get(f"{PODS_PATH}/{name}/proxy/")
        assert (answer.status_code, answer.json()["message"]) == (400, f'invalid pod request "{name}"')


async def test_bodies_stream_both_ways(streamed) -> None:
    """The answer begins before the request has ended, and each part arrives when it was sent."""

    async def echo(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (message := await receive()).get("more_body"):
            await send({"type": "http.response.body", "body": message["body"], "more_body": True})
        await send({"type": "http.response.body", "body": b"end"})

    await streamed.run_asgi("echo", echo)
    parts: asyncio.Queue[bytes] = asyncio.Queue()

    async def body() -> Any:
        while part := await parts.get():
            yield part

    async with aiohttp.ClientSession() as session:
        url = f"{streamed.cluster.addresses.server}{PODS_PATH}/echo/proxy/"
        parts.put_nowait(b"one")
        async with session.post(url, data=body()) as answer:
            for part in (b"two", b"three"):
                assert await answer.content.readany()
                parts.put_nowait(part)
            assert await answer.content.readany() == b"three"
            parts.put_nowait(b"")
            assert await answer.content.read() == b"end"


async def test_fifty_megabytes_go_through_whole(streamed) -> None:
    size = 50 << 20

    async def count(scope: Any, receive: Any, send: Any) -> None:
        total = 0
        while (message := await receive()).get("more_body"):
            total += len(message["body"])
        total += len(message.get("body", b""))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(total >> 20):
            await send({"type": "http.response.body", "body": b"x" * (1 << 20), "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    await streamed.run_asgi("count", count)
    async with aiohttp.ClientSession() as session:
        url = f"{streamed.cluster.addresses.server}{PODS_PATH}/count/proxy/"
        async with session.post(url, data=io.BytesIO(b"y" * size)) as answer:
            assert len(await answer.read()) == size


async def test_a_backend_that_breaks_off_ends_the_answer(streamed) -> None:
    async def broken(context: PodContext) -> None:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot all")
            await writer.drain()
            writer.close()

        context.network.listen_streams(8080, handler)
        await context.clock.sleep(3600)

    streamed.cluster.programs["broken"] = broken
    await streamed.run("broken")
    async with aiohttp.ClientSession() as session:
        url = f"{streamed.cluster.addresses.server}{PODS_PATH}/broken:8080/proxy/"
        with pytest.raises(aiohttp.ClientPayloadError):
            async with session.get(url) as answer:
                await answer.read()


async def websocket_program(context: PodContext) -> None:
    """Echoes messages, and says where it was asked."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/no":
            return web.Response(status=403, text="not here")
        if request.path == "/plain":
            return web.Response(text="plain")
        socket = web.WebSocketResponse(protocols=("chat",))
        await socket.prepare(request)
        await socket.send_str(request.path_qs)
        async for message in socket:
            await socket.send_str(f"{message.data}!")
        return socket

    context.network.listen(8080, web.Server(handle, access_log=None))
    await context.clock.sleep(3600)


async def test_websockets(streamed) -> None:
    streamed.cluster.programs["talk"] = websocket_program
    await streamed.run("talk")
    url = f"{streamed.cluster.addresses.server}{PODS_PATH}/talk:8080/proxy"
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(f"{url}/a/b?c=d", protocols=("chat",)) as socket:
            assert socket.protocol == "chat"
            assert await socket.receive_str() == "/a/b?c=d"
            await socket.send_str("hello")
            assert await socket.receive_str() == "hello!"
            await socket.ping()
        for path, status in (("/no", 403), ("/plain", 500)):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await session.ws_connect(url + path)
            assert caught.value.status == status
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(url.replace("8080", "81"))
        assert caught.value.status == 500
        async with session.get(f"{url}/no") as answer:
            assert (answer.status, await answer.text()) == (403, "not here")


async def test_a_websocket_ends_with_its_program_and_with_its_server(streamed) -> None:
    streamed.cluster.programs["talk"] = websocket_program
    await streamed.run("talk")
    url = f"{streamed.cluster.addresses.server}{PODS_PATH}/talk:8080/proxy/"
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(url)
        await socket.receive()
        await streamed.cluster.apiserver.stop()
        assert (await socket.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE)


async def make_service(streamed, name: str, **spec: Any) -> None:
    ports = [{"name": "web", "port": 80, "targetPort": 8080}, {"name": "other", "port": 81, "targetPort": 8081}]
    service = {"metadata": {"name": name}, "spec": {"selector": {"tier": "front"}, "ports": ports, **spec}}
    await streamed.cluster.client.create(SERVICES, "default", service)
    await streamed.cluster.settle()


async def test_services(streamed) -> None:
    path = "/api/v1/namespaces/default/services"
    await make_service(streamed, "front")
    empty = await streamed.http.get(f"{path}/front:80/proxy/")
    assert (empty.status_code, empty.json()["reason"]) == (503, "ServiceUnavailable")
    assert empty.json()["message"] == 'no endpoints available for service "front"'
    for name in ("one", "two"):
        pod = {
            "metadata": {"name": name, "labels": {"tier": "front"}},
            "spec": {"containers": [{"name": "kubia", "image": "luksa/kubia-pet"}]},
        }
        await streamed.cluster.client.create(PODS, "default", pod)
    await streamed.cluster.settle()
    hit = set()
    for identifier in ("front:80", "front:web", "http:front:80") * 8:
        hit.add((await streamed.http.get(f"{path}/{identifier}/proxy/")).text.splitlines()[0])
    assert hit == {"You've hit one", "You've hit two"}
    for identifier, message in (
        ("front:82", 'no service port 82 found for service "front"'),
        ("front:no", 'no endpoints available for service "front:no"'),
        ("front", 'no endpoints available for service "front"'),  # its ports have names
    ):
        answer = await streamed.http.get(f"{path}/{identifier}/proxy/")
        assert (answer.status_code, answer.json()["message"]) == (503, message)
    assert (await streamed.http.get(f"{path}/none:80/proxy/")).status_code == 404
    assert (await streamed.http.get(f"{path}/none/proxy/")).json()["message"] == 'endpoints "none" not found'


async def test_nodes(streamed) -> None:
    nodes = "/api/v1/nodes"
    for name in ("node-1", "node-1:10250", "https:node-1:10250"):
        assert (await streamed.http.get(f"{nodes}/{name}/proxy/healthz")).text == "ok"
    await streamed.run("quiet")
    listed = (await streamed.http.get(f"{nodes}/node-1/proxy/pods")).json()
    assert [pod["metadata"]["name"] for pod in listed["items"]] == ["quiet"]
    assert listed["items"][0]["status"]["phase"] == "Running"
    logs = await streamed.http.get(f"{nodes}/node-1/proxy/containerLogs/default/quiet/main")
    assert (logs.status_code, logs.text) == (200, "")
    missing = await streamed.http.get(f"{nodes}/node-1/proxy/containerLogs/default/nobody/main")
    assert (missing.status_code, missing.text) == (404, 'pod "nobody" does not exist')
    assert (await streamed.http.get(f"{nodes}/node-1/proxy/nothing")).status_code == 404
    assert (await streamed.http.get(f"{nodes}/nowhere/proxy/")).status_code == 404
    streamed.cluster.network.isolate("node-1")
    cut = await streamed.http.get(f"{nodes}/node-1/proxy/healthz")
    assert cut.status_code == 503
    message = "error trying to reach service: dial tcp 172.18.0.3:10250: connect: no route to host"
    assert cut.json()["message"] == message
    assert (await streamed.http.get(f"{nodes}/node-2/proxy/healthz")).text == "ok"


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "0.0.0.0", "::1", "224.0.0.1", "255.255.255.255"])
async def test_no_proxy_reaches_the_host(streamed, unused_tcp_port_factory, address) -> None:
    """Whatever addresses users write into objects, a listener on the host is never connected to."""
    connections = 0

    async def listener(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.close()

    server = await asyncio.start_server(listener, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = streamed.cluster.client
    await streamed.run("pod", "quiet", node="nowhere")
    pod = await client.get(PODS, "default", "pod")
    status = {**pod["status"], "podIP": address, "podIPs": [{"ip": address}]}
    await client.update(PODS, "default", {**pod, "status": status}, subresource="status")
    node = {"metadata": {"name": "fake"}, "status": {"addresses": [{"type": "InternalIP", "address": address}]}}
    await client.create(NODES, "", node)
    for path in (f"{PODS_PATH}/pod:{port}/proxy/", f"/api/v1/nodes/fake:{port}/proxy/", "/api/v1/nodes/fake/proxy/"):
        answer = await streamed.http.get(path)
        assert (answer.status_code, answer.json()["message"]) == (400, "address not allowed")
    server.close()
    assert connections == 0


@pytest.mark.parametrize("address", ["8.8.8.8", "10.0.0.1", "172.18.0.2", "192.168.1.1"])
async def test_what_is_not_in_the_cluster_has_no_route(streamed, address) -> None:
    client = streamed.cluster.client
    node = {
        "metadata": {"name": "fake"},
        "status": {
            "addresses": [{"type": "InternalIP", "address": address}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 22}},
        },
    }
    await client.create(NODES, "", node)
    for name in ("fake", "fake:80"):
        answer = await streamed.http.get(f"/api/v1/nodes/{name}/proxy/")
        assert answer.status_code == 503
        assert answer.json()["message"].endswith("connect: no route to host")
    service = {"metadata": {"name": "by-hand"}, "spec": {"ports": [{"port": 80}]}}
    await client.create(SERVICES, "default", service)
    subsets = [{"addresses": [{"ip": address}], "ports": [{"port": 80}]}]
    await client.create(ENDPOINTS, "default", {"metadata": {"name": "by-hand"}, "subsets": subsets})
    answer = await streamed.http.get("/api/v1/namespaces/default/services/by-hand:80/proxy/")
    assert answer.json()["message"] == 'no endpoints available for service "by-hand:80"'
