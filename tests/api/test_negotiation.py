"""Forms of answers and bodies."""

from __future__ import annotations

import pytest
import yaml

from minikube_lite.api.negotiation import Form, body_format, negotiate
from minikube_lite.machinery.errors import ApiError

PATH = "/api/v1/namespaces/default/configmaps"
KUBECTL = (
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", Form()),
        ("*/*", Form()),
        ("application/*", Form()),
        ("application/json", Form()),
        ("APPLICATION/JSON; charset=utf-8", Form()),
        ("application/yaml", Form(yaml=True)),
        ("text/html, application/yaml;q=0.9, application/json;q=0.8", Form(yaml=True)),
        ("application/json;q=0.1, application/yaml;q=0.2", Form(yaml=True)),
        ("application/vnd.kubernetes.protobuf, application/json", Form()),
        (KUBECTL, Form("Table", "v1")),
        ("application/json;as=Table;v=v1beta1;g=meta.k8s.io", Form("Table", "v1beta1")),
        ("application/json;as=Table;v=v2;g=meta.k8s.io, application/json", Form()),
        ("application/json;as=Table;v=v1;g=other, */*", Form()),
        ("application/yaml;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", Form("PartialObjectMetadata", "v1", True)),
        ("application/json;q=nonsense", Form()),
    ],
)
def test_accepted_forms(accept, form) -> None:
    assert negotiate(accept) == form


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "application/vnd.kubernetes.protobuf",
        "application/json;as=Table;v=v2;g=meta.k8s.io",
        "application/json;as=Nonsense;v=v1;g=meta.k8s.io",
    ],
)
def test_forms_that_cannot_be_given(accept) -> None:
    with pytest.raises(ApiError) as caught:
        negotiate(accept)
    assert (caught.value.code, caught.value.reason) == (406, "NotAcceptable")


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("", "application/json"),
        ("application/json", "application/json"),
        ("application/json; charset=utf-8", "application/json"),
        ("Application/YAML", "application/yaml"),
        ("application/vnd.kubernetes.protobuf", "application/vnd.kubernetes.protobuf"),
        ("text/plain", None),
        ("application/x-www-form-urlencoded", None),
    ],
)
def test_formats_of_bodies(content_type, expected) -> None:
    if expected is None:
        with pytest.raises(ApiError) as caught:
            body_format(content_type)
        assert (caught.value.code, caught.value.reason) == (415, "UnsupportedMediaType")
    else:
        assert body_format(content_type) == expected


async def test_an_answer_in_yaml_says_the_same(http, config_map) -> None:
    await http.post(PATH, json=config_map("a", {"k": "line\nline", "ü": "yes"}))
    for path in (PATH, f"{PATH}/a", f"{PATH}/nosuch"):
        plain = await http.get(path)
        written = await http.get(path, headers={"Accept": "application/yaml"})
        if plain.status_code == 200:
            assert written.headers["Content-Type"] == "application/yaml"
        assert yaml.safe_load(written.text) == plain.json()


@pytest.mark.parametrize(
    ("path", "kind"), [(PATH, "PartialObjectMetadata"), (f"{PATH}/a", "PartialObjectMetadataList")]
)
async def test_metadata_of_the_other_number_is_refused(http, config_map, path, kind) -> None:
    await http.post(PATH, json=config_map("a"))
    answer = await http.get(path, headers={"Accept": f"application/json;as={kind};g=meta.k8s.io;v=v1"})
    assert answer.status_code == 406
    assert kind in answer.json()["message"]


async def test_metadata_alone(http, config_map) -> None:
    accept = {"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}
    assert (await http.get(PATH, headers=accept)).json()["items"] is None
    made = (await http.post(PATH, json=config_map("a", {"k": "v"}))).json()
    [item] = (await http.get(PATH, headers=accept)).json()["items"]
    assert item == {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": made["metadata"]}
    one = {"Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}
    assert (await http.get(f"{PATH}/a", headers=one)).json() == item
