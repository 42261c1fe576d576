"""The roles with which a cluster begins."""

from __future__ import annotations

import pytest

from minikube_lite.api.authorization import Attributes
from minikube_lite.api.authorization.bootstrap import bootstrap_policy, create_bootstrap_policy
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.resources import CLUSTER_ROLES, NAMESPACES, ROLE_BINDINGS

ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
KNOWN = User("jane", ("system:authenticated",))
ACCOUNT = User("system:serviceaccount:a:b", ("system:serviceaccounts", "system:authenticated"))


@pytest.fixture
async def authorizer(api, client):
    await client.create(NAMESPACES, "", {"metadata": {"name": "kube-system"}})
    await create_bootstrap_policy(client)
    return api.access.authorizer


@pytest.mark.parametrize(
    ("user", "path", "allowed"),
    [
        (ANONYMOUS, "/healthz", True),
        (ANONYMOUS, "/livez", True),
        (ANONYMOUS, "/readyz", True),
        (ANONYMOUS, "/version", True),
        (ANONYMOUS, "/healthz/ping", False),
        (ANONYMOUS, "/api", False),
        (KNOWN, "/api/v1", True),
        (KNOWN, "/openapi/v3/apis/apps/v1", True),
        (KNOWN, "/openid/v1/jwks", False),
        (ACCOUNT, "/openid/v1/jwks", True),
        (User("m", ("system:monitoring",)), "/metrics", True),
        (KNOWN, "/metrics", False),
    ],
)
async def test_paths(authorizer, user, path, allowed) -> None:
    assert authorizer.authorize(Attributes(user, "get", path=path, is_resource=False)).allowed is allowed


async def test_everybody_who_is_known_may_ask_about_himself(authorizer) -> None:
    ask = Attributes(KNOWN, "create", group="authorization.k8s.io", resource="selfsubjectaccessreviews")
    assert authorizer.authorize(ask).allowed
    assert not authorizer.authorize(Attributes(ANONYMOUS, ask.verb, group=ask.group, resource=ask.resource)).allowed


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("view", "get core pods", "get core secrets"),
        ("view", "list core pods/log", "create core pods"),
        ("edit", "create core pods", "create rbac.authorization.k8s.io roles"),
        ("edit", "get core secrets", "update core resourcequotas"),
        ("edit", "create core serviceaccounts/token", "bind rbac.authorization.k8s.io clusterroles"),
        ("admin", "create rbac.authorization.k8s.io rolebindings", "delete core namespaces"),
        ("admin", "get apps deployments/scale", "get core nodes"),
        ("cluster-admin", "anything core nodes", ""),
    ],
)
async def test_what_the_roles_for_people_allow(authorizer, client, role, may, may_not) -> None:
    subject = {"kind": "User", "name": "jane"}
    binding = {"metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": role}, "subjects": [subject]}
    await client.create(ROLE_BINDINGS, "default", binding)
    for text, allowed in ((may, True), (may_not, False)):
        if text:
            verb, group, resource = text.split()
            name, _, subresource = resource.partition("/")
            group = "" if group == "core" else group
            ask = Attributes(User("jane"), verb, "default", group, name, subresource)
            assert authorizer.authorize(ask).allowed is allowed


async def test_roles_look_as_upstream_makes_them(authorizer, client) -> None:
    role = await client.get(CLUSTER_ROLES, "", "system:basic-user")
    assert role["metadata"]["labels"] == {"kubernetes.io/bootstrapping": "rbac-defaults"}
    assert role["metadata"]["annotations"] == {"rbac.authorization.kubernetes.io/autoupdate": "true"}
    reviews = ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]
    assert role["rules"] == [
        {"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": reviews},
        {"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]},
    ]


def test_every_binding_has_its_role_and_every_role_a_rule() -> None:
    policy = [(resource.resource, namespace, obj) for resource, namespace, obj in bootstrap_policy()]
    roles = {(namespace, obj["metadata"]["name"]): obj for _, namespace, obj in policy if "rules" in obj}
    assert all(role["rules"] for role in roles.values())
    for _, namespace, obj in policy:
        if "roleRef" in obj:
            assert (namespace, obj["roleRef"]["name"]) in roles
