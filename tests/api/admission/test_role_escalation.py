"""Nobody gives away rights that he does not have."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES
from minikube_lite.store import Object

WRITES = ["create", "update", "patch", "get"]
RBAC = "rbac.authorization.k8s.io"


def rule(verbs: str, resources: str, group: str = "") -> Object:
    return {"verbs": verbs.split(), "apiGroups": [group], "resources": resources.split()}


def role(name: str, *rules: Object, **more: Any) -> Object:
    return {"metadata": {"name": name}, "rules": list(rules), **more}


def binding(name: str, kind: str, to: str, user: str = "joe") -> Object:
    subject = {"kind": "User", "name": user}
    return {"metadata": {"name": name}, "roleRef": {"kind": kind, "name": to}, "subjects": [subject]}


@pytest.fixture
async def jane(api):
    """Makes jane, who may write roles and bindings and has those rules, in the namespace or in the whole cluster."""

    async def make(*rules: Object, cluster: bool = True) -> Any:
        writes = rule(" ".join(WRITES), "roles rolebindings clusterroles clusterrolebindings", RBAC)
        await api.create(CLUSTER_ROLES, role("janes", writes, *rules))
        bound = binding("janes", "ClusterRole", "janes", "jane")
        if cluster:
            await api.create(CLUSTER_ROLE_BINDINGS, bound)
        else:
            await api.create(ROLE_BINDINGS, bound, "default")
        return api.client_as(User("jane", ("dev", "system:authenticated")))

    return make


async def refusal(awaited: Any) -> str:
    with pytest.raises(ApiError) as caught:
        await awaited
    assert caught.value.code == 403
    return caught.value.message


NOT_HELD = (
    'user "jane" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:'
)


async def test_a_role_may_say_what_its_writer_may(jane) -> None:
    client = await jane(rule("get list", "pods"))
    await client.create(ROLES, "default", role("r", rule("get", "pods")))
    missing = '\n{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}'
    found = await refusal(
        client.create(ROLES, "default", role("s", rule("get delete", "pods"), rule("get", "secrets")))
    )
    assert found == f'roles.{RBAC} "s" is forbidden: {NOT_HELD}{missing}'
    found = await refusal(client.patch(ROLES, "default", "r", {"rules": [rule("delete", "pods")]}))
    assert found.endswith('\n{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}')
    assert f'roles.{RBAC} "r" is forbidden' in found


async def test_rights_of_a_namespace_are_not_of_the_cluster(jane) -> None:
    client = await jane(rule("get", "pods"), cluster=False)
    await client.create(ROLES, "default", role("r", rule("get", "pods")))
    assert "cannot create resource" in await refusal(client.create(CLUSTER_ROLES, "", role("r", rule("get", "pods"))))


async def test_owners_and_finalizers_may_be_changed_of_any_role(api, jane) -> None:
    await api.create(ROLES, role("big", rule("*", "*", "*")), "default")
    client = await jane()
    await client.patch(ROLES, "default", "big", {"metadata": {"finalizers": ["example.com/f"]}})
    await refusal(client.patch(ROLES, "default", "big", {"metadata": {"labels": {"a": "b"}}}))


async def test_escalate_allows_any_rule(jane) -> None:
    client = await jane(rule("escalate", "roles", RBAC))
    await client.create(ROLES, "default", role("r", rule("*", "*", "*")))
    await refusal(client.create(CLUSTER_ROLES, "", role("r", rule("*", "*", "*"))))


async def test_a_binding_gives_what_its_writer_may(api, jane) -> None:
    await api.create(ROLES, role("small", rule("get", "pods")), "default")
    await api.create(ROLES, role("big", rule("get", "secrets")), "default")
    client = await jane(rule("get", "pods"))
    await client.create(ROLE_BINDINGS, "default", binding("a", "Role", "small"))
    found = await refusal(client.create(ROLE_BINDINGS, "default", binding("b", "Role", "big")))
    assert found.startswith(f'rolebindings.{RBAC} "b" is forbidden: {NOT_HELD}\n')
    await api.create(ROLE_BINDINGS, binding("c", "Role", "big"), "default")
    await refusal(client.patch(ROLE_BINDINGS, "default", "c", {"subjects": []}))
    await client.patch(ROLE_BINDINGS, "default", "a", {"subjects": []})


async def test_a_role_that_is_not_there_cannot_be_bound_blindly(api, jane) -> None:
    client = await jane()
    with pytest.raises(ApiError, match=f'^clusterroles.{RBAC} "none" not found$'):
        await client.create(CLUSTER_ROLE_BINDINGS, "", binding("b", "ClusterRole", "none"))
    await api.create(CLUSTER_ROLE_BINDINGS, binding("b", "ClusterRole", "none"))


async def test_bind_allows_to_bind_those_roles(api, jane) -> None:
    for name in ("big", "other"):
        await api.create(CLUSTER_ROLES, role(name, rule("*", "*", "*")))
    client = await jane({**rule("bind", "clusterroles", RBAC), "resourceNames": ["big"]})
    await client.create(CLUSTER_ROLE_BINDINGS, "", binding("b", "ClusterRole", "big"))
    await client.create(ROLE_BINDINGS, "default", binding("b", "ClusterRole", "big"))
    await refusal(client.create(CLUSTER_ROLE_BINDINGS, "", binding("c", "ClusterRole", "other")))


async def test_only_cluster_admins_gather_rules(api, jane) -> None:
    client = await jane(rule("get", "pods"))
    gathers = {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}
    found = await refusal(client.create(CLUSTER_ROLES, "", role("r", aggregationRule=gathers)))
    assert found.endswith("must have cluster-admin privileges to use the aggregationRule")
    await api.create(CLUSTER_ROLES, role("r", aggregationRule=gathers))
    await refusal(client.patch(CLUSTER_ROLES, "", "r", {"aggregationRule": None}))


async def test_missing_roles_of_the_writer_are_told(api, jane) -> None:
    client = await jane()
    await api.create(CLUSTER_ROLE_BINDINGS, binding("lost", "ClusterRole", "none", "jane"))
    found = await refusal(client.create(ROLES, "default", role("r", rule("get", "pods"))))
    assert found.endswith(f'; resolution errors: [clusterroles.{RBAC} "none" not found]')
