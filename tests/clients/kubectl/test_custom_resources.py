"""Definitions and what they define: apply, wait, short names, categories, explain, scale, patch, printer columns, delete."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.clients.kubectl.conftest import Kube

WIDGETS = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: widgets.{group}}}
spec:
  group: {group}
  scope: Namespaced
  names: {{plural: widgets, singular: widget, kind: Widget, shortNames: [wd], categories: [all, things]}}
  versions:
  - name: v1
    served: true
    storage: true
    subresources:
      status: {{}}
      scale: {{specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}
    selectableFields: [{{jsonPath: .spec.size}}]
    additionalPrinterColumns:
    - {{name: Size, type: string, jsonPath: .spec.size}}
    - {{name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}}
    schema:
      openAPIV3Schema:
        type: object
        description: Something to test with.
        required: [spec]
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: {{type: string, enum: [small, large], description: How big it is.}}
              replicas: {{type: integer, minimum: 0, default: 1}}
              parts:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items: {{type: object, required: [name], properties: {{name: {{type: string}}, count: {{type: integer}}}}}}
          status: {{type: object, x-kubernetes-preserve-unknown-fields: true}}
"""


@contextmanager
def defined(kubectl: Kube) -> Iterator[str]:
    """The definition, in a group of the test's own; its resource's full name."""
    group = f"{kubectl.namespace}.example.com"
    kubectl.write("crd.yaml", WIDGETS.format(group=group))
    kubectl("apply", "-f", "crd.yaml")
    kubectl("wait", "--for=condition=Established", f"crd/widgets.{group}", "--timeout=20s")
    yield f"widgets.{group}"
    kubectl("delete", "crd", f"widgets.{group}", "--timeout=20s")


@pytest.fixture
def widgets(kubectl: Kube) -> Iterator[str]:
    """The full name of the resource that is defined."""
    with defined(kubectl) as resource:
        yield resource


def widget(kubectl: Kube, name: str, **spec: Any) -> str:
    """A file with a Widget."""
    group = f"{kubectl.namespace}.example.com"
    obj = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": name}, "spec": {"size": "small", **spec}}
    return kubectl.write(f"{name}.json", obj)


def test_a_custom_resource_lives_as_others_do(kubectl: Kube, widgets: str) -> None:
    assert "created" in kubectl("apply", "-f", widget(kubectl, "one"))
    kubectl("apply", "-f", widget(kubectl, "two", size="large"))
    assert kubectl("get", "wd", "-o", "name").splitlines() == [
        f"widget.{kubectl.namespace}.example.com/one",
        f"widget.{kubectl.namespace}.example.com/two",
    ]
    assert "widget." in kubectl("get", "things", "-o", "name")
    assert kubectl("get", widgets, "--field-selector", "spec.size=large", "-o", "name").strip().endswith("/two")
    kubectl("patch", "wd", "one", "--subresource=status", "--type=merge", "-p",
            json.dumps({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}))  # fmt: skip
    lines = kubectl("get", "wd").splitlines()
    assert lines[0].split() == ["NAME", "SIZE", "READY"]
    assert lines[1].split() == ["one", "small", "True"]
    assert kubectl("scale", "wd", "one", "--replicas=4")
    assert kubectl.object("wd", "one")["spec"]["replicas"] == 4
    kubectl("patch", "wd", "one", "--type=merge", "-p", '{"spec": {"size": "large"}}')
    assert kubectl.object("wd", "one")["metadata"]["generation"] == 3
    kubectl("label", "wd", "one", "a=b")
    kubectl("delete", "wd", "--all", "--timeout=20s")
    assert "No resources found" in kubectl("get", "wd")


def test_what_does_not_fit_is_refused(kubectl: Kube, widgets: str) -> None:
    refused = kubectl("apply", "-f", widget(kubectl, "one", size="huge"), code=1)
    assert 'spec.size: Unsupported value: "huge": supported values: "small", "large"' in refused
    unknown = kubectl("apply", "--validate=strict", "-f", widget(kubectl, "one", colour="red"), code=1)
    assert 'unknown field "spec.colour"' in unknown


def test_server_side_apply_merges_lists_by_their_keys(kubectl: Kube, widgets: str) -> None:
    def apply(manager: str, name: str) -> None:
        file = widget(kubectl, "one", parts=[{"name": name, "count": 1}])
        kubectl("apply", "--server-side", f"--field-manager={manager}", "-f", file)

    apply("first", "a")
    apply("second", "b")
    assert [part["name"] for part in kubectl.object("wd", "one")["spec"]["parts"]] == ["a", "b"]


def test_custom_resources_are_counted_and_collected(kubectl: Kube, widgets: str) -> None:
    def used() -> str:
        kubectl.cluster.settle()
        amounts: dict[str, str] = kubectl.object("quota", "q")["status"]["used"]
        return amounts[f"count/{widgets}"]

    kubectl("create", "configmap", "owner")
    kubectl("create", "quota", "q", f"--hard=count/{widgets}=1")
    assert used() == "0"
    kubectl("create", "-f", widget(kubectl, "one"))
    assert used() == "1"
    printed = kubectl("create", "-f", widget(kubectl, "two"), code=1)
    text = f"exceeded quota: q, requested: count/{widgets}=1, used: count/{widgets}=1, limited: count/{widgets}=1"
    assert text in printed

    uid = kubectl.object("configmap", "owner")["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
    patch = json.dumps({"metadata": {"ownerReferences": [owner]}})
    kubectl("patch", "widget", "one", "--type=merge", "-p", patch)
    kubectl("delete", "configmap", "owner")
    kubectl("wait", "--for=delete", "widget/one", "--timeout=20s")
    assert used() == "0"


def test_a_quota_of_what_is_defined_later_counts_once_it_is(kubectl: Kube) -> None:
    key = f"count/widgets.{kubectl.namespace}.example.com"
    kubectl("create", "quota", "q", f"--hard={key}=5")
    kubectl.cluster.settle()
    assert "used" not in kubectl.object("quota", "q")["status"]
    with defined(kubectl):
        kubectl.cluster.settle()
        assert kubectl.object("quota", "q")["status"]["used"] == {key: "0"}


def test_explain(kubectl: Kube, widgets: str) -> None:
    kubectl("api-resources")  # which reads anew what kubectl remembers of discovery
    assert "How big it is." in kubectl("explain", "widgets.spec.size")
    assert "Something to test with." in kubectl("explain", "wd")


def test_what_is_defined_goes_with_its_definition(kubectl: Kube) -> None:
    with defined(kubectl) as resource:
        kubectl("apply", "-f", widget(kubectl, "one"))
    group = resource.partition(".")[2]
    assert group not in kubectl("api-resources", "-o", "name")
    gone = kubectl("get", resource, code=1)
    assert "the server doesn't have a resource type" in gone


def test_a_namespace_takes_custom_resources_along(kubectl: Kube, widgets: str) -> None:
    kubectl("create", "namespace", f"{kubectl.namespace}-other")
    kubectl("apply", "-n", f"{kubectl.namespace}-other", "-f", widget(kubectl, "one"))
    kubectl("delete", "namespace", f"{kubectl.namespace}-other", "--timeout=30s")
    assert "No resources found" in kubectl("get", "wd", "-A")
