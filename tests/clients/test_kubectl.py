"""The real kubectl beside the lesson: apply, diff, edit, patch, label, explain."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from minikube_lite.testing import RunningCluster

CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  colour: red
  size: "10"
"""
Kubectl = Callable[..., str]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "settings.yaml"
    file.write_text(CONFIG_MAP)
    return file


@pytest.fixture
def data(kubectl: Kubectl) -> Callable[[], dict[str, str]]:
    return lambda: json.loads(kubectl("get", "configmap", "settings", "-o", "json"))["data"]


def test_apply_changes_what_the_file_says(kubectl: Kubectl, file: Path, data: Callable[[], dict[str, str]]) -> None:
    assert kubectl("apply", "-f", str(file)) == "configmap/settings created\n"
    assert kubectl("apply", "-f", str(file)) == "configmap/settings unchanged\n"
    kubectl("patch", "configmap", "settings", "--type=merge", "-p", '{"data":{"by": "hand"}}')
    file.write_text(CONFIG_MAP.replace("red", "blue").replace('  size: "10"\n', ""))
    assert kubectl("apply", "-f", str(file)) == "configmap/settings configured\n"
    assert data() == {"colour": "blue", "by": "hand"}


def test_diff(
    kubectl: Kubectl, file: Path, data: Callable[[], dict[str, str]], needs_kubectl: Callable[[int, str], None]
) -> None:
    """It asks for a dry run, and exits with 1 where there is a difference."""
    needs_kubectl(27, "it learns from OpenAPI v3 what can be tried")
    kubectl("apply", "-f", str(file))
    assert kubectl("diff", "-f", str(file)) == ""
    file.write_text(CONFIG_MAP.replace("red", "blue"))
    printed = kubectl("diff", "-f", str(file), code=1)
    assert "-  colour: red" in printed
    assert "+  colour: blue" in printed
    assert data()["colour"] == "red"


def test_edit(kubectl: Kubectl, file: Path, data: Callable[[], dict[str, str]], tmp_path: Path) -> None:
    kubectl("apply", "-f", str(file))
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i "s/colour: red/colour: green/" "$1"\n')
    editor.chmod(0o755)
    assert kubectl("edit", "configmap", "settings", KUBE_EDITOR=str(editor)) == "configmap/settings edited\n"
    assert data()["colour"] == "green"


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("strategic", '{"data":{"colour":"blue"}}'),
        ("merge", '{"data":{"colour":"blue"}}'),
        ("json", '[{"op":"replace","path":"/data/colour","value":"blue"}]'),
    ],
)
def test_patch(kubectl: Kubectl, file: Path, data: Callable[[], dict[str, str]], kind: str, patch: str) -> None:
    kubectl("apply", "-f", str(file))
    assert kubectl("patch", "configmap", "settings", f"--type={kind}", "-p", patch) == "configmap/settings patched\n"
    assert data() == {"colour": "blue", "size": "10"}


def test_a_mistake_is_refused_before_anything_is_changed(
    kubectl: Kubectl, file: Path, needs_kubectl: Callable[[int, str], None]
) -> None:
    needs_kubectl(25, "it lets the server refuse unknown fields")
    wrong = yaml.safe_load(CONFIG_MAP)
    wrong["dada"] = wrong.pop("data")
    printed = kubectl("apply", "-f", "-", stdin=yaml.safe_dump(wrong), code=1)
    assert "dada" in printed
    assert "NotFound" in kubectl("get", "configmap", "settings", code=1)


def test_label_annotate_and_delete_by_label(kubectl: Kubectl, file: Path) -> None:
    kubectl("apply", "-f", str(file))
    assert kubectl("label", "configmap", "settings", "tier=front").startswith("configmap/settings labeled")
    assert kubectl("annotate", "configmap", "settings", "note=x").startswith("configmap/settings annotate")
    assert kubectl("get", "configmap", "-l", "tier=front", "-o", "name") == "configmap/settings\n"
    assert kubectl("delete", "configmap", "-l", "tier=front").startswith('configmap "settings" deleted')


def test_a_pod_from_beginning_to_end(cluster: RunningCluster, kubectl: Kubectl) -> None:
    assert kubectl("run", "one", "--image=luksa/kubia-pet") == "pod/one created\n"
    kubectl("wait", "--for=condition=Ready", "pod/one", "--timeout=30s")
    assert kubectl("get", "pod", "one", "-o", "jsonpath={.status.phase}") == "Running"
    assert kubectl("delete", "pod", "one").startswith('pod "one" deleted')
    assert kubectl("get", "pods") == "No resources found in default namespace.\n"


def test_a_namespace_goes_with_what_it_holds(kubectl: Kubectl) -> None:
    kubectl("create", "namespace", "team")
    kubectl("create", "configmap", "a", "-n", "team", "--from-literal=k=v")
    kubectl("run", "one", "--image=example/app", "-n", "team")
    assert kubectl("delete", "namespace", "team").startswith('namespace "team" deleted')
    assert "NotFound" in kubectl("get", "namespace", "team", code=1)
    assert kubectl("get", "pods", "-A") == "No resources found\n"


def test_what_there_is(kubectl: Kubectl) -> None:
    names = kubectl("api-resources", "-o", "name").split()
    assert {"pods", "statefulsets.apps", "persistentvolumeclaims", "endpointslices.discovery.k8s.io"} <= set(names)
    assert "apps/v1" in kubectl("api-versions").split()
    assert "v1.36" in kubectl("version", "-o", "json")
