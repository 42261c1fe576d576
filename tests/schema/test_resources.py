"""The table of served resources agrees with what a 1.36 server answers to discovery."""

from __future__ import annotations

from minikube_lite.schema.resources import ResourceInfo, SubresourceInfo, load_resources


def find(group: str, version: str, name: str) -> ResourceInfo:
    return next(each for each in load_resources() if (each.group, each.version, each.name) == (group, version, name))


def test_groups_stand_in_discovery_order_and_only_stable_versions_are_served() -> None:
    versions = list(dict.fromkeys((each.group, each.version) for each in load_resources()))
    assert versions == [
        ("", "v1"),
        ("apiregistration.k8s.io", "v1"),
        ("apps", "v1"),
        ("events.k8s.io", "v1"),
        ("authentication.k8s.io", "v1"),
        ("authorization.k8s.io", "v1"),
        ("autoscaling", "v2"),
        ("autoscaling", "v1"),
        ("batch", "v1"),
        ("certificates.k8s.io", "v1"),
        ("networking.k8s.io", "v1"),
        ("policy", "v1"),
        ("rbac.authorization.k8s.io", "v1"),
        ("storage.k8s.io", "v1"),
        ("admissionregistration.k8s.io", "v1"),
        ("apiextensions.k8s.io", "v1"),
        ("scheduling.k8s.io", "v1"),
        ("coordination.k8s.io", "v1"),
        ("node.k8s.io", "v1"),
        ("discovery.k8s.io", "v1"),
        ("resource.k8s.io", "v1"),
        ("flowcontrol.apiserver.k8s.io", "v1"),
    ]
    assert find("autoscaling", "v1", "horizontalpodautoscalers").preferred_version == "v2"


def test_core_resources_in_order() -> None:
    assert [each.name for each in load_resources() if each.group == ""] == [
        "bindings",
        "componentstatuses",
        "configmaps",
        "endpoints",
        "events",
        "limitranges",
        "namespaces",
        "nodes",
        "persistentvolumeclaims",
        "persistentvolumes",
        "pods",
        "podtemplates",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "serviceaccounts",
        "services",
    ]


def test_a_resource_tells_its_names_and_verbs() -> None:
    pods = find("", "v1", "pods")
    assert (pods.singular, pods.kind, pods.namespaced) == ("pod", "Pod", True)
    assert (pods.short_names, pods.categories) == (("po",), ("all",))
    assert pods.verbs == ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
    assert not find("", "v1", "nodes").namespaced
    assert find("", "v1", "services").verbs == pods.verbs


def test_subresources_tell_the_kind_they_answer_with() -> None:
    pods = {each.name: each for each in find("", "v1", "pods").subresources}
    assert list(pods) == [
        "attach",
        "binding",
        "ephemeralcontainers",
        "eviction",
        "exec",
        "log",
        "portforward",
        "proxy",
        "resize",
        "status",
    ]
    assert pods["eviction"] == SubresourceInfo("eviction", "Eviction", ("create",), "policy", "v1")
    assert pods["status"] == SubresourceInfo("status", "Pod", ("get", "patch", "update"))
    scale = find("apps", "v1", "statefulsets").subresources[0]
    assert scale == SubresourceInfo("scale", "Scale", ("get", "patch", "update"), "autoscaling", "v1")
