"""Webhooks are asked before anything is stored: they change objects and refuse them, over HTTPS as upstream calls them."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from minikube_lite import Cluster
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import CONFIG_MAPS, NAMESPACES, GroupVersionResource
from minikube_lite.store import Object

GROUP = "admissionregistration.k8s.io"
VALIDATING = GroupVersionResource(GROUP, "v1", "validatingwebhookconfigurations")
MUTATING = GroupVersionResource(GROUP, "v1", "mutatingwebhookconfigurations")
Answer = Callable[[Object], Object]


def certificate(directory: Path) -> tuple[ssl.SSLContext, str]:
    """A server's certificate for 127.0.0.1, and the bundle that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "webhook")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    builder = builder.add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
    )
    signed = builder.add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    pem = signed.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (directory / "webhook.pem").write_bytes(pem + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "webhook.pem")
    return context, base64.b64encode(pem).decode()


class Webhook:
    """An HTTPS server whose paths are answered by functions; `asked` holds the requests."""

    def __init__(self, bundle: str) -> None:
        self.bundle = bundle
        self.port = 0
        self.asked: list[Object] = []
        self.answers: dict[str, Answer] = {}

    async def handle(self, request: web.BaseRequest) -> web.Response:
        review = orjson.loads(await request.read())
        self.asked.append(review["request"])
        answer = self.answers[request.path](review["request"])
        response = {"uid": review["request"]["uid"], **answer}
        return web.json_response({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "response": response})

    def hook(self, path: str, answer: Answer, **changes: Any) -> Object:
        """A webhook of a configuration that asks for ConfigMaps; `changes` are its fields."""
        self.answers[path] = answer
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}
        return {
            "name": f"{path[1:]}.example.com",
            "clientConfig": {"url": f"https://127.0.0.1:{self.port}{path}", "caBundle": self.bundle},
            "rules": [rule],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            **changes,
        }


@pytest.fixture
async def webhook(tmp_path: Path) -> AsyncIterator[Webhook]:
    context, bundle = certificate(tmp_path)
    webhook = Webhook(bundle)
    runner = web.ServerRunner(web.Server(webhook.handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    webhook.port = runner.addresses[0][1]
    yield webhook
    await runner.cleanup()


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster(nodes=0, serve_api=False, serve_dns=False, detect_mutation=True) as cluster:
        yield cluster


async def configure(cluster: Cluster, resource: GroupVersionResource, *hooks: Object) -> None:
    await cluster.client.create(resource, "", {"metadata": {"name": "test"}, "webhooks": list(hooks)})


async def create(cluster: Cluster, name: str = "one", **more: Any) -> Object:
    return await cluster.client.create(CONFIG_MAPS, "default", {"metadata": {"name": name}, **more})


def allow(_request: Object) -> Object:
    return {"allowed": True}


def deny(_request: Object) -> Object:
    return {"allowed": False, "status": {"message": "not today", "code": 403, "reason": "Forbidden"}}


def patching(*operations: Object) -> Answer:
    patch = base64.b64encode(orjson.dumps(operations)).decode()
    return lambda request: {"allowed": True, "patchType": "JSONPatch", "patch": patch}


async def test_what_is_refused_is_not_stored(cluster, webhook) -> None:
    await configure(cluster, VALIDATING, webhook.hook("/deny", deny))
    with pytest.raises(ApiError) as error:
        await create(cluster)
    assert str(error.value) == 'admission webhook "deny.example.com" denied the request: not today'
    assert (error.value.code, error.value.reason) == (403, "Forbidden")
    with pytest.raises(ApiError, match="not found"):
        await cluster.client.get(CONFIG_MAPS, "default", "one")


async def test_what_a_webhook_is_told(cluster, webhook) -> None:
    await configure(cluster, VALIDATING, webhook.hook("/allow", allow))
    await create(cluster, data={"a": "b"})
    await cluster.client.patch(CONFIG_MAPS, "default", "one", {"data": {"a": "c"}})
    await cluster.client.delete(CONFIG_MAPS, "default", "one")
    created, updated, deleted = (request for request in webhook.asked if request.get("name") == "one")
    assert created["operation"] == "CREATE" and created["oldObject"] is None
    assert created["kind"] == {"group": "", "version": "v1", "kind": "ConfigMap"}
    assert created["object"]["kind"] == "ConfigMap" and created["object"]["data"] == {"a": "b"}
    assert created["userInfo"]["groups"] == ["system:masters"] and created["dryRun"] is False
    assert (updated["oldObject"]["data"], updated["object"]["data"]) == ({"a": "b"}, {"a": "c"})
    assert deleted["object"] is None and deleted["oldObject"]["data"] == {"a": "c"}


async def test_a_patch_changes_what_is_stored(cluster, webhook) -> None:
    change = patching({"op": "add", "path": "/metadata/labels", "value": {"seen": "yes"}})
    await configure(cluster, MUTATING, webhook.hook("/label", change))
    await create(cluster)
    found = await cluster.client.get(CONFIG_MAPS, "default", "one")
    assert found["metadata"]["labels"] == {"seen": "yes"} and found["metadata"]["uid"]


async def test_an_earlier_webhook_is_asked_again_if_it_wants(cluster, webhook) -> None:
    first = webhook.hook("/first", allow, reinvocationPolicy="IfNeeded")
    second = webhook.hook("/second", patching({"op": "add", "path": "/data", "value": {"x": "y"}}))
    await configure(cluster, MUTATING, first, second)
    await create(cluster)
    assert [(request["object"].get("data")) for request in webhook.asked if request.get("name") == "one"] == [
        None,
        None,
        {"x": "y"},
    ]


async def test_warnings_and_denials_without_a_word(cluster, webhook) -> None:
    await configure(cluster, VALIDATING, webhook.hook("/quiet", lambda request: {"allowed": False}))
    with pytest.raises(ApiError, match='admission webhook "quiet.example.com" denied the request without explanation'):
        await create(cluster)


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"objectSelector": {"matchLabels": {"a": "b"}}}, False),
        ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "default"}}}, True),
        ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "other"}}}, False),
        ({"matchConditions": [{"name": "data", "expression": "has(object.data)"}]}, False),
        ({"matchConditions": [{"name": "name", "expression": "request.name == 'one'"}]}, True),
        ({"rules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["UPDATE"], "resources": ["*"]}]}, False),
        ({"rules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["CREATE"], "resources": ["*/*"]}]}, True),
    ],
)
async def test_who_is_asked(cluster, webhook, changes, asked) -> None:
    await configure(cluster, VALIDATING, webhook.hook("/deny", deny, **changes))
    if asked:
        with pytest.raises(ApiError, match="denied the request"):
            await create(cluster)
    else:
        await create(cluster)


async def test_a_webhook_that_cannot_be_reached(cluster, webhook) -> None:
    gone = webhook.hook("/gone", allow)
    gone["clientConfig"]["url"] = "https://127.0.0.1:1/gone"
    await configure(cluster, VALIDATING, gone)
    with pytest.raises(ApiError) as error:
        await create(cluster)
    assert str(error.value) == (
        'Internal error occurred: failed calling webhook "gone.example.com": failed to call webhook: '
        'Post "https://127.0.0.1:1/gone?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused'
    )
    await cluster.client.patch(VALIDATING, "", "test", [{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}],
                               patch_type="application/json-patch+json")  # fmt: skip
    await create(cluster)


async def test_a_certificate_that_is_not_trusted(cluster, webhook) -> None:
    hook = webhook.hook("/allow", allow)
    del hook["clientConfig"]["caBundle"]
    await configure(cluster, VALIDATING, hook)
    with pytest.raises(ApiError, match="tls: failed to verify certificate"):
        await create(cluster)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"uid": "other", "allowed": True}, "expected response.uid="),
        ({"allowed": True, "patch": "W10="}, "webhook returned response.patch but not response.patchType"),
        ({"allowed": True, "patchType": "JSONPatch", "patch": "e30="}, "undecodable patch"),
    ],
)
async def test_answers_that_are_none(cluster, webhook, answer, told) -> None:
    await configure(cluster, MUTATING, webhook.hook("/odd", lambda request: answer))
    with pytest.raises(ApiError) as error:
        await create(cluster)
    assert "received invalid webhook response" in str(error.value) and told in str(error.value)


async def test_a_service_is_told_to_be_out_of_reach(cluster, webhook) -> None:
    service = {"service": {"name": "s", "namespace": "default"}}
    await configure(cluster, VALIDATING, webhook.hook("/allow", allow, clientConfig=service))
    with pytest.raises(ApiError, match="webhooks behind a Service are not emulated"):
        await create(cluster)


async def test_configurations_can_always_be_repaired(cluster, webhook) -> None:
    rule = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}
    await configure(cluster, VALIDATING, webhook.hook("/deny", deny, rules=[rule]))
    with pytest.raises(ApiError, match="denied the request"):
        await cluster.client.create(NAMESPACES, "", {"metadata": {"name": "other"}})
    await cluster.client.delete(VALIDATING, "", "test")
    await cluster.client.create(NAMESPACES, "", {"metadata": {"name": "other"}})
