"""Which roles somebody has, and what the authorizer answers by them."""

from __future__ import annotations

import pytest

from minikube_lite.api.authorization import Attributes, Decision
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES

READS_PODS = [{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}]
JANE = User("jane", ("dev", "system:authenticated"))
ACCOUNT = User("system:serviceaccount:default:robot")


@pytest.fixture
async def bind(client):
    """Makes a role that reads pods, and a binding of it to subjects given as `kind/name` or `kind/namespace/name`."""
    for resource, place in ((ROLES, "default"), (CLUSTER_ROLES, "")):
        await client.create(resource, place, {"metadata": {"name": "reader"}, "rules": READS_PODS})

    async def bind(kind: str, *subjects: str, role: str = "reader", name: str = "b", cluster: bool = False):
        made = []
        for subject in subjects:
            subject_kind, *place = subject.split("/")
            made.append({"kind": subject_kind, "name": place[-1], **({"namespace": place[0]} if place[1:] else {})})
        body = {"metadata": {"name": name}, "roleRef": {"kind": kind, "name": role}, "subjects": made}
        resource, namespace = (CLUSTER_ROLE_BINDINGS, "") if cluster else (ROLE_BINDINGS, "default")
        return await client.create(resource, namespace, body)

    return bind


@pytest.fixture
def ask(api):
    """Asks whether somebody may list pods in a namespace."""

    def ask(user: User = JANE, namespace: str = "default", verb: str = "list", resource: str = "pods") -> Decision:
        return api.access.authorizer.authorize(Attributes(user, verb, namespace, "", resource))

    return ask


@pytest.mark.parametrize(
    ("subjects", "user", "reason"),
    [
        (["User/jane"], JANE, 'User "jane"'),
        (["User/joe", "Group/dev", "User/jane"], JANE, 'Group "dev"'),
        (["ServiceAccount/robot"], ACCOUNT, 'ServiceAccount "robot/default"'),
        (["ServiceAccount/default/robot"], ACCOUNT, 'ServiceAccount "robot/default"'),
    ],
)
async def test_a_role_binding_gives_a_role_in_its_namespace(bind, ask, subjects, user, reason) -> None:
    await bind("Role", *subjects)
    assert ask(user) == (True, f'RBAC: allowed by RoleBinding "b/default" of Role "reader" to {reason}')
    assert (
        ask(user, "other") == ask(user, "") == ask(user, verb="delete") == ask(user, resource="secrets") == (False, "")
    )


async def test_a_cluster_role_binding_gives_it_everywhere(bind, ask) -> None:
    await bind("ClusterRole", "Group/dev", "ServiceAccount/default/robot", cluster=True)
    text = 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "reader" to'
    assert ask() == ask(namespace="") == (True, f'{text} Group "dev"')
    assert ask(ACCOUNT, "other") == (True, f'{text} ServiceAccount "robot/default"')
    assert ask(User("joe")) == (False, "")


@pytest.mark.parametrize("subject", ["User/joe", "Group/jane", "User/dev", "ServiceAccount/other/robot"])
async def test_others_have_nothing_of_it(bind, ask, subject) -> None:
    await bind("ClusterRole", subject)
    assert ask() == ask(ACCOUNT) == (False, "")


async def test_a_role_that_is_not_there_is_named(bind, ask) -> None:
    await bind("Role", "User/jane", role="gone", name="a")
    await bind("ClusterRole", "User/jane", role="lost", name="b")
    faults = 'role.rbac.authorization.k8s.io "gone" not found, clusterrole.rbac.authorization.k8s.io "lost" not found'
    assert ask() == (False, f"RBAC: [{faults}]")
    await bind("ClusterRole", "User/jane", name="c")
    assert ask().allowed


async def test_changes_are_seen_at_once(bind, ask, client) -> None:
    await bind("Role", "User/jane")
    assert ask().allowed
    await client.patch(ROLES, "default", "reader", {"rules": []})
    assert not ask().allowed
    await client.patch(ROLES, "default", "reader", {"rules": READS_PODS})
    await client.patch(ROLE_BINDINGS, "default", "b", {"subjects": [{"kind": "User", "name": "joe"}]})
    assert (ask().allowed, ask(User("joe")).allowed) == (False, True)
    await client.delete(ROLE_BINDINGS, "default", "b")
    assert not ask(User("joe")).allowed


async def test_masters_may_everything_without_any_role(ask) -> None:
    assert ask(User("x", ("system:masters",)), verb="anything") == (True, "")
