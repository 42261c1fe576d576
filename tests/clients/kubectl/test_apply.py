"""Objects from files: create, apply by both ways, diff, replace, edit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from tests.clients.kubectl.conftest import Kube

OTHER = "somebody-else"


def config_map(name: str = "settings", /, labels: dict[str, str] | None = None, **data: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name}
    if labels:
        metadata["labels"] = labels
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def data_of(kubectl: Kube, name: str = "settings") -> dict[str, str]:
    found: dict[str, str] = kubectl.object("configmap", name).get("data", {})
    return found


# Client-side apply


def test_apply_changes_what_the_file_says(kubectl: Kube) -> None:
    file = kubectl.write("f.yaml", config_map(colour="red", size="10"))
    assert kubectl("apply", "-f", file) == "configmap/settings created\n"
    assert kubectl("apply", "-f", file) == "configmap/settings unchanged\n"
    kubectl("patch", "configmap", "settings", "--type=merge", "-p", '{"data":{"by": "hand"}}')
    kubectl.write("f.yaml", config_map(colour="blue"))
    assert kubectl("apply", "-f", file) == "configmap/settings configured\n"
    assert data_of(kubectl) == {"colour": "blue", "by": "hand"}
    assert "colour: blue" in kubectl("apply", "view-last-applied", "configmap/settings")


def test_apply_takes_documents_lists_and_directories(kubectl: Kube) -> None:
    documents = "---\n".join(yaml.safe_dump(config_map(name)) for name in ("a", "b"))
    assert kubectl("apply", "-f", "-", stdin=documents) == "configmap/a created\nconfigmap/b created\n"
    kubectl.write("list.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": [config_map("c")]}))
    kubectl.write("d.yaml", config_map("d"))
    assert kubectl("apply", "-f", ".") == "configmap/d created\nconfigmap/c created\n"


def test_apply_of_a_kustomization(kubectl: Kube) -> None:
    kubectl.write("d.yaml", config_map("d", colour="red"))
    kubectl.write(
        "kustomization.yaml",
        {
            "resources": ["d.yaml"],
            "namePrefix": "my-",
            "configMapGenerator": [{"name": "made", "literals": ["a=1"], "options": {"disableNameSuffixHash": True}}],
        },
    )
    assert kubectl("apply", "-k", ".") == "configmap/my-d created\nconfigmap/my-made created\n"
    assert "name: my-d" in kubectl("kustomize", ".")


def test_apply_prunes_what_the_files_name_no_more(kubectl: Kube) -> None:
    words = ("apply", "-f", ".", "--prune", "-l", "app=x", "--prune-allowlist=core/v1/ConfigMap")
    for name in ("a", "b"):
        kubectl.write(f"{name}.yaml", config_map(name, {"app": "x"}))
    kubectl(*words)
    (kubectl.directory / "b.yaml").unlink()
    assert kubectl(*words).endswith("configmap/b pruned\n")


def test_apply_prunes_by_a_set(kubectl: Kube) -> None:
    for name in ("a", "b"):
        kubectl.write(f"{name}.yaml", config_map(name))
    words = ("apply", "-f", ".", "--prune", "--applyset=mine", "--server-side", "-n", kubectl.namespace)
    assert "configmap/b serverside-applied" in kubectl(*words, KUBECTL_APPLYSET="true")
    (kubectl.directory / "b.yaml").unlink()
    assert "configmap/b pruned" in kubectl(*words, KUBECTL_APPLYSET="true")
    assert kubectl.object("secret", "mine")["metadata"]["labels"]["applyset.kubernetes.io/id"].startswith("applyset-")
    assert "NotFound" in kubectl("get", "configmap", "b", code=1)


def test_apply_by_force_makes_anew_what_cannot_be_changed(kubectl: Kube) -> None:
    file = kubectl.write("f.yaml", {**config_map(a="1"), "immutable": True})
    kubectl("apply", "-f", file)
    uid = kubectl.object("configmap", "settings")["metadata"]["uid"]
    kubectl.write("f.yaml", {**config_map(a="2"), "immutable": True})
    assert "field is immutable when `immutable` is set" in kubectl("apply", "-f", file, code=1)
    assert "configmap/settings configured" in kubectl("apply", "-f", file, "--force")
    assert data_of(kubectl) == {"a": "2"}
    assert kubectl.object("configmap", "settings")["metadata"]["uid"] != uid


def test_a_mistake_is_refused_before_anything_is_changed(kubectl: Kube) -> None:
    wrong = {**config_map(), "dada": {"a": "b"}}
    assert 'unknown field "dada"' in kubectl("apply", "-f", kubectl.write("f.yaml", wrong), code=1)
    assert "NotFound" in kubectl("get", "configmap", "settings", code=1)
    warned = kubectl("apply", "-f", "f.yaml", "--validate=warn")
    assert 'Warning: unknown field "dada"' in warned and "configmap/settings created" in warned


@pytest.mark.parametrize("way", ["client", "server"])
def test_a_dry_run_changes_nothing(kubectl: Kube, way: str) -> None:
    suffix = "dry run" if way == "client" else "server dry run"
    file = kubectl.write("f.yaml", config_map(a="1"))
    for verb in ("apply", "create"):
        assert kubectl(verb, "-f", file, f"--dry-run={way}") == f"configmap/settings created ({suffix})\n"
    assert "NotFound" in kubectl("get", "configmap", "settings", code=1)


# Server-side apply


def test_server_side_apply_and_its_conflicts(kubectl: Kube) -> None:
    file = kubectl.write("f.yaml", config_map(colour="red"))
    words = ("apply", "--server-side", "-f", file)
    assert kubectl(*words) == "configmap/settings serverside-applied\n"
    kubectl.write("f.yaml", config_map(colour="blue"))
    refused = kubectl(*words, f"--field-manager={OTHER}", code=1)
    assert 'Apply failed with 1 conflict: conflict with "kubectl": .data.colour' in refused
    kubectl(*words, f"--field-manager={OTHER}", "--force-conflicts")
    assert data_of(kubectl) == {"colour": "blue"}
    managers = kubectl.object("configmap", "settings", "--show-managed-fields")["metadata"]["managedFields"]
    assert [(entry["manager"], entry["operation"]) for entry in managers] == [(OTHER, "Apply")]


def test_server_side_apply_takes_over_from_client_side_apply(kubectl: Kube) -> None:
    file = kubectl.write("f.yaml", config_map(a="1", b="2"))
    kubectl("apply", "-f", file)
    kubectl.write("f.yaml", config_map(a="1"))
    assert kubectl("apply", "--server-side", "-f", file) == "configmap/settings serverside-applied\n"
    assert data_of(kubectl) == {"a": "1"}


def test_who_scales_owns_the_replicas(kubia: Kube) -> None:
    kubia("delete", "statefulset", "kubia", "--cascade=orphan")
    words = ("apply", "--server-side", "-f", "kubia.yaml")
    kubia(*words)
    assert "statefulset.apps/kubia scaled" in kubia("scale", "statefulset", "kubia", "--replicas=1")
    refused = kubia(*words, code=1)
    assert refused.count('with subresource "scale" using apps/v1: .spec.replicas') == 1
    kubia(*words, "--force-conflicts")
    assert kubia("get", "statefulset", "kubia", "-o", "jsonpath={.spec.replicas}") == "2"


# Diff


def test_diff_tells_by_its_exit_code(kubectl: Kube) -> None:
    file = kubectl.write("f.yaml", config_map(colour="red"))
    assert "+  colour: red" in kubectl("diff", "-f", file, code=1)
    kubectl("apply", "-f", file)
    assert kubectl("diff", "-f", file) == ""
    kubectl.write("f.yaml", config_map(colour="blue"))
    printed = kubectl("diff", "-f", file, code=1)
    assert "-  colour: red" in printed and "+  colour: blue" in printed
    assert "+  colour: blue" in kubectl("diff", "--server-side", "--force-conflicts", "-f", file, code=1)
    assert data_of(kubectl) == {"colour": "red"}
    assert "dada" in kubectl("diff", "-f", kubectl.write("g.yaml", {**config_map(), "dada": "x"}), code=1)


# Create, replace, edit


def test_create_refuses_what_is_there_and_edits_before(kubectl: Kube) -> None:
    file = kubectl.write("f.yaml", config_map(colour="red"))
    editor = kubectl.editor('sed -i "s/colour: red/colour: green/" "$1"')
    assert "configmap/settings created" in kubectl("create", "-f", file, "--edit", KUBE_EDITOR=editor)
    assert data_of(kubectl) == {"colour": "green"}
    refused = kubectl("create", "-f", file, code=1)
    assert (
        'Error from server (AlreadyExists): error when creating "f.yaml": configmaps "settings" already exists'
        in refused
    )


def test_replace(kubectl: Kube) -> None:
    file = kubectl.write("f.yaml", config_map(a="1"))
    assert 'Error from server (NotFound): error when replacing "f.yaml": configmaps "settings" not found' in kubectl(
        "replace", "-f", file, code=1
    )
    kubectl("create", "-f", file)
    kubectl.write("f.yaml", config_map(b="2"))
    assert kubectl("replace", "-f", file) == "configmap/settings replaced\n"
    assert data_of(kubectl) == {"b": "2"}
    before = kubectl.object("configmap", "settings")["metadata"]
    stale = config_map(c="3")
    stale["metadata"]["resourceVersion"] = "1"
    assert "the object has been modified" in kubectl("replace", "-f", kubectl.write("stale.yaml", stale), code=1)
    printed = kubectl("replace", "--force", "-f", file)
    assert 'configmap "settings" deleted' in printed and "configmap/settings replaced" in printed
    assert kubectl.object("configmap", "settings")["metadata"]["uid"] != before["uid"]


def test_edit(kubectl: Kube) -> None:
    kubectl("apply", "-f", kubectl.write("f.yaml", config_map(colour="red")))
    editor = kubectl.editor('sed -i "s/colour: red/colour: green/" "$1"')
    assert kubectl("edit", "configmap", "settings", KUBE_EDITOR=editor) == "configmap/settings edited\n"
    assert data_of(kubectl) == {"colour": "green"}
    unchanged = kubectl("edit", "configmap", "settings", KUBE_EDITOR=kubectl.editor("true"))
    assert unchanged == "Edit cancelled, no changes made.\n"


def test_an_edit_that_is_refused_is_kept_in_a_file(kubectl: Kube) -> None:
    kubectl("create", "service", "clusterip", "s", "--tcp=80")
    editor = kubectl.editor('grep -q "Invalid value" "$1" || sed -i "s/port: 80/port: 0/" "$1"')
    printed = kubectl("edit", "service", "s", code=1, KUBE_EDITOR=editor, TMPDIR=str(kubectl.directory))
    assert "A copy of your changes has been stored to" in printed
    kept = [path.read_text() for path in kubectl.directory.glob("kubectl*-edit-*")]
    assert any("port: 0" in text and "must be between 1 and 65535" in text for text in kept)


def test_edit_of_a_subresource(kubia: Kube, needs_kubectl: Any) -> None:
    needs_kubectl(27, "edit knows --subresource=status only as alpha")
    editor = kubia.editor('sed -i "s/^  replicas: 2/  replicas: 7/" "$1"')
    printed = kubia("edit", "statefulset", "kubia", "--subresource=status", KUBE_EDITOR=editor)
    assert printed == "statefulset.apps/kubia edited\n"
