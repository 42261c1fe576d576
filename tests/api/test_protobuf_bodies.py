"""Bodies in protobuf go the way of those in JSON: create, replace, subresources, options of deletion, and refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from minikube_lite.api.bodies import Bodies
from minikube_lite.api.scheme import Decodable
from minikube_lite.machinery.errors import ApiError
from minikube_lite.schema.model import Schema

PROTOBUF = "application/vnd.kubernetes.protobuf"
HEADERS = {"Content-Type": PROTOBUF, "Accept": f"{PROTOBUF},application/json"}
NAMESPACE = "/api/v1/namespaces/default"


def body(kind: str, raw: bytes, api_version: str = "v1") -> bytes:
    """An object's message, of less than 128 bytes, in its envelope."""
    return b"k8s\0" + message(1, message(1, api_version.encode()) + message(2, kind.encode())) + message(2, raw)


def message(number: int, data: bytes) -> bytes:
    """A field of less than 128 bytes."""
    return bytes([number << 3 | 2, len(data)]) + data


def named(name: str, more: bytes = b"") -> bytes:
    """Metadata."""
    return message(1, message(1, name.encode()) + more)


CONFIG_MAP = named("one") + message(2, message(1, b"key") + message(2, b"value"))


@pytest.fixture
def sent(root: Path) -> Path:
    """Bodies that real clients sent."""
    return root / "tests" / "schema" / "protobuf_bodies"


async def test_create_and_replace(http) -> None:
    made = await http.post(f"{NAMESPACE}/configmaps", content=body("ConfigMap", CONFIG_MAP), headers=HEADERS)
    assert (made.status_code, made.headers["Content-Type"]) == (201, "application/json")
    assert made.json()["data"] == {"key": "value"}
    raw = named("one") + message(2, message(1, b"other") + message(2, b""))
    url = f"{NAMESPACE}/configmaps/one"
    replaced = await http.put(url, content=body("ConfigMap", raw), headers=HEADERS)
    assert (replaced.status_code, replaced.json()["data"]) == (200, {"other": ""})
    assert replaced.json()["metadata"]["uid"] == made.json()["metadata"]["uid"]


async def test_the_same_object_in_json_and_in_protobuf(http, sent) -> None:
    url = "/apis/apps/v1/namespaces/default/deployments"
    files = [(sent / "deployment.bin", PROTOBUF), (sent / "deployment.json", "application/json")]
    answers = []
    for file, content_type in files:
        answer = await http.post(url, content=file.read_bytes(), headers={"Content-Type": content_type})
        assert answer.status_code == 201
        answers.append(answer.json())
        await http.delete(f"{url}/kubia")
    assert answers[0]["spec"] == answers[1]["spec"]
    assert answers[0]["spec"]["replicas"] == 0


async def test_type_meta_may_be_left_out(http) -> None:
    data = b"k8s\0" + message(1, b"") + message(2, CONFIG_MAP)
    assert (await http.post(f"{NAMESPACE}/configmaps", content=data, headers=HEADERS)).status_code == 201


async def test_options_of_a_deletion(http) -> None:
    url = f"{NAMESPACE}/configmaps"
    await http.post(url, content=body("ConfigMap", CONFIG_MAP), headers=HEADERS)
    unlike = body("DeleteOptions", message(2, message(1, b"another uid")))
    refused = await http.request("DELETE", f"{url}/one", content=unlike, headers=HEADERS)
    assert (refused.status_code, refused.json()["reason"]) == (409, "Conflict")
    for data in (body("Pod", b""), body("Wrong", b""), b"k8s\0", b"k8s\0\x80", b"{}"):
        assert (await http.request("DELETE", f"{url}/one", content=data, headers=HEADERS)).status_code == 400
    for kind, api_version in (("DeleteOptions", "policy/v1"), ("", "")):
        data = body(kind, message(5, b"All"), api_version)
        assert (await http.request("DELETE", f"{url}/one", content=data, headers=HEADERS)).status_code == 200
    gone = await http.request("DELETE", f"{url}/one", content=body("DeleteOptions", b""), headers=HEADERS)
    assert gone.status_code == 200
    assert (await http.get(f"{url}/one")).status_code == 404


async def test_actions(http, sent) -> None:
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    assert (await http.post(f"{NAMESPACE}/pods", json=pod)).status_code == 201
    bound = await http.post(
        f"{NAMESPACE}/pods/p/binding", content=(sent / "go-binding.bin").read_bytes(), headers=HEADERS
    )
    assert bound.status_code == 201
    assert (await http.get(f"{NAMESPACE}/pods/p")).json()["spec"]["nodeName"] == "n"
    evicted = await http.post(
        f"{NAMESPACE}/pods/p/eviction", content=(sent / "go-eviction.bin").read_bytes(), headers=HEADERS
    )
    assert (evicted.status_code, evicted.json()["reason"]) == (409, "Conflict"), "its precondition is another uid"


async def test_a_scale(http, sent) -> None:
    url = "/apis/apps/v1/namespaces/default/deployments"
    await http.post(url, content=(sent / "deployment-command.bin").read_bytes(), headers=HEADERS)
    scale = body("Scale", named("shell") + message(2, b"\x08\x00"), "autoscaling/v1")
    answer = await http.put(f"{url}/shell/scale", content=scale, headers=HEADERS)
    assert (answer.status_code, answer.json()["kind"]) == (200, "Scale")
    assert (await http.get(f"{url}/shell")).json()["spec"]["replicas"] == 0


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "the object provided is unrecognized (must be of type ConfigMap): empty data (<empty>)"),
        (b"k8s\0", "the object provided is unrecognized (must be of type ConfigMap): empty body (6b387300)"),
        (b"{}", "the object provided is unrecognized (must be of type ConfigMap): provided data does not appear to be"),
        (
            body("ConfigMap", b"\x0a\x05a"),
            'ConfigMap in version "v1" cannot be handled as a ConfigMap: unexpected EOF',
        ),
        (
            body("Secret", b""),
            'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap)',
        ),
        (
            body("Wrong", b""),
            'Wrong in version "v1" cannot be handled as a ConfigMap: no kind "Wrong" is registered for version "v1"',
        ),
    ],
)
async def test_a_wrong_body_is_a_bad_request(http, data, text) -> None:
    answer = await http.post(f"{NAMESPACE}/configmaps", content=data, headers=HEADERS)
    assert (answer.status_code, answer.json()["reason"]) == (400, "BadRequest")
    assert answer.json()["message"].startswith(text)


async def test_a_patch_is_no_protobuf(http) -> None:
    await http.post(f"{NAMESPACE}/configmaps", content=body("ConfigMap", CONFIG_MAP), headers=HEADERS)
    answer = await http.patch(f"{NAMESPACE}/configmaps/one", content=body("ConfigMap", CONFIG_MAP), headers=HEADERS)
    assert answer.status_code == 415


def test_types_without_a_message_are_refused(scheme) -> None:
    custom = Decodable("Foo", "example.com/v1", Schema("object"))
    with pytest.raises(ApiError) as caught:
        Bodies(scheme).decode(body("Foo", b"", "example.com/v1"), PROTOBUF, custom, "Strict", [])
    assert (caught.value.code, caught.value.reason) == (415, "UnsupportedMediaType")
    assert "protobuf" not in caught.value.message
