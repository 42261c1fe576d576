"""ValidatingAdmissionPolicies refuse what their bindings select, in upstream's words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from minikube_lite import Cluster
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import CONFIG_MAPS, NAMESPACES, GroupVersionResource

GROUP = "admissionregistration.k8s.io"
POLICIES = GroupVersionResource(GROUP, "v1", "validatingadmissionpolicies")
BINDINGS = GroupVersionResource(GROUP, "v1", "validatingadmissionpolicybindings")
RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}
HAS_DATA = {"expression": "has(object.data)"}


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with Cluster(nodes=0, serve_api=False, serve_dns=False, detect_mutation=True) as cluster:
        yield cluster


async def policy(cluster: Cluster, *validations: Any, binding: Any = None, **spec: Any) -> None:
    """A policy over ConfigMaps of the namespace `held`, and its binding."""
    await cluster.client.create(NAMESPACES, "", {"metadata": {"name": "held"}})
    spec = {"matchConstraints": {"resourceRules": [RULE]}, "validations": list(validations), **spec}
    await cluster.client.create(POLICIES, "", {"metadata": {"name": "p"}, "spec": spec})
    chosen = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "held"}}}
    bound = {"policyName": "p", "validationActions": ["Deny"], "matchResources": chosen, **(binding or {})}
    await cluster.client.create(BINDINGS, "", {"metadata": {"name": "b"}, "spec": bound})


async def create(cluster: Cluster, **more: Any) -> Any:
    return await cluster.client.create(CONFIG_MAPS, "held", {"metadata": {"name": "one"}, **more})


async def test_what_does_not_hold_is_refused(cluster) -> None:
    await policy(cluster, HAS_DATA)
    with pytest.raises(ApiError) as error:
        await create(cluster)
    head = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: has(object.data)"
    assert str(error.value) == f'configmaps "one" is forbidden: {head}'
    assert (error.value.code, error.value.reason) == (422, "Invalid")
    await create(cluster, data={"a": "b"})
    await cluster.client.create(CONFIG_MAPS, "default", {"metadata": {"name": "one"}})


@pytest.mark.parametrize(
    ("validation", "told", "code"),
    [
        ({**HAS_DATA, "message": "needs data"}, "denied request: needs data", 422),
        (
            {**HAS_DATA, "messageExpression": "object.metadata.name + ' needs data'"},
            "denied request: one needs data",
            422,
        ),
        ({**HAS_DATA, "reason": "Forbidden"}, "failed expression", 403),
        ({"expression": "object.data.x == 'y'"}, "resulted in error: no such key: data", 422),
        ({"expression": "variables.named != 'one'"}, "failed expression: variables.named != 'one'", 422),
        ({"expression": "namespaceObject.metadata.name != 'held'"}, "failed expression", 422),
        ({"expression": "request.operation != 'CREATE'"}, "failed expression", 422),
    ],
)
async def test_what_is_told(cluster, validation, told, code) -> None:
    await policy(cluster, validation, variables=[{"name": "named", "expression": "object.metadata.name"}])
    with pytest.raises(ApiError) as error:
        await create(cluster)
    assert told in str(error.value) and error.value.code == code


@pytest.mark.parametrize(
    "changes",
    [
        {"matchConditions": [{"name": "other", "expression": "object.metadata.name != 'one'"}]},
        {"failurePolicy": "Ignore", "validations": [{"expression": "object.data.x == 'y'"}]},
        {"matchConstraints": {"resourceRules": [RULE], "excludeResourceRules": [{**RULE, "resourceNames": ["one"]}]}},
        {"binding": {"validationActions": ["Warn"]}},
    ],
)
async def test_what_goes_through(cluster, changes) -> None:
    await policy(cluster, HAS_DATA, **changes)
    await create(cluster)


async def test_parameters(cluster) -> None:
    kind = {"apiVersion": "v1", "kind": "ConfigMap"}
    reference = {"name": "limits", "namespace": "default", "parameterNotFoundAction": "Deny"}
    await policy(
        cluster,
        {"expression": "size(object.data) <= int(params.data.most)"},
        paramKind=kind,
        binding={"paramRef": reference},
    )
    with pytest.raises(ApiError, match="failed to configure binding: no params found for policy binding"):
        await create(cluster, data={"a": "b"})
    await cluster.client.create(CONFIG_MAPS, "default", {"metadata": {"name": "limits"}, "data": {"most": "1"}})
    with pytest.raises(ApiError, match="failed expression"):
        await create(cluster, data={"a": "b", "c": "d"})
    await create(cluster, data={"a": "b"})


@pytest.mark.parametrize(
    ("validation", "told"),
    [
        ({"expression": "1 + 1"}, "must evaluate to bool but got int"),
        ({"expression": "nothing.x"}, "compilation failed: ERROR: <input>:1:1: undeclared reference to 'nothing'"),
        ({"expression": "params.x == 1"}, "undeclared reference to 'params'"),
        ({"expression": "true", "messageExpression": "1"}, "must evaluate to string but got int"),
        ({"expression": "variables.none == 1"}, "undefined field 'none'"),
    ],
)
async def test_expressions_that_are_none(cluster, validation, told) -> None:
    with pytest.raises(ApiError) as error:
        await policy(cluster, validation)
    assert told in str(error.value)
