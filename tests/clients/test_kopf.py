"""A real operator framework against the cluster: its handlers are called, its finalizers honoured, its children collected."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kubernetes import client

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

pytest.importorskip("kopf", reason="the operator framework comes with the extra dev")

SECONDS_MAX = 30
OPERATOR = """\
import kopf
from kubernetes import client, config

config.load_kube_config()

@kopf.on.create("example.com", "v1", "widgets")
def created(spec, name, namespace, patch, **_):
    body = {"metadata": {"name": name}, "data": {"size": str(spec["size"])}}
    kopf.adopt(body)
    client.CoreV1Api().create_namespaced_config_map(namespace, body)
    patch.status["made"] = name

@kopf.on.update("example.com", "v1", "widgets", field="spec.size")
def resized(old, new, patch, **_):
    patch.status["resized"] = f"{old} to {new}"

@kopf.on.delete("example.com", "v1", "widgets")
def deleted(name, **_):
    print(f"gone: {name}", flush=True)
"""
SPEC = {"type": "object", "properties": {"size": {"type": "integer"}}}
STATUS = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "kind": "Widget"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": SPEC, "status": STATUS}}},
            }
        ],
    },
}


def await_change(api: Any, name: str, wanted: Any, since: str = "") -> Any:
    """Watch a Widget until it is as wanted; what it is then. `since` is a revision, so that nothing after it is missed."""
    from kubernetes import watch

    stream = watch.Watch().stream(
        api.list_namespaced_custom_object,
        "example.com",
        "v1",
        "default",
        "widgets",
        timeout_seconds=SECONDS_MAX,
        resource_version=since,
    )
    for event in stream:
        if event["object"]["metadata"]["name"] == name and wanted(event):
            return event["object"]
    raise AssertionError(f"{name} did not become what was wanted")


def test_an_operator_does_its_work(cluster: RunningCluster, api_client: Any, tmp_path: Path) -> None:
    custom: Any = client.CustomObjectsApi(api_client)
    definitions: Any = client.ApiextensionsV1Api(api_client)
    definitions.create_custom_resource_definition(DEFINITION)
    cluster.settle()
    (tmp_path / "operator.py").write_text(OPERATOR)
    command = [sys.executable, "-m", "kopf", "run", "--standalone", "--namespace=default", "operator.py"]
    environment = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig)}
    log = (tmp_path / "log").open("w+")
    operator = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        body = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "one"}, "spec": {"size": 1}}
        custom.create_namespaced_custom_object("example.com", "v1", "default", "widgets", body)
        made = await_change(custom, "one", lambda event: event["object"].get("status", {}).get("made"))
        assert made["metadata"]["finalizers"] == ["kopf.zalando.org/KopfFinalizerMarker"]
        core: Any = client.CoreV1Api(api_client)
        assert core.read_namespaced_config_map("one", "default").data == {"size": "1"}
        custom.patch_namespaced_custom_object("example.com", "v1", "default", "widgets", "one", {"spec": {"size": 2}})
        resized = await_change(custom, "one", lambda event: event["object"].get("status", {}).get("resized"))
        assert resized["status"]["resized"] == "1 to 2"
        custom.delete_namespaced_custom_object("example.com", "v1", "default", "widgets", "one")
        seen = resized["metadata"]["resourceVersion"]
        await_change(custom, "one", lambda event: event["type"] == "DELETED", since=seen)
        cluster.settle()
        names = [item.metadata.name for item in core.list_namespaced_config_map("default").items]
        assert "one" not in names
        log.seek(0)
        assert "gone: one" in log.read()
    finally:
        operator.terminate()
        operator.wait(SECONDS_MAX)
        log.close()
