"""Acting as somebody else: what the headers ask for, and who may."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from minikube_lite.api.authentication import Impersonation
from minikube_lite.api.authentication.impersonation import wanted_user
from minikube_lite.api.authorization import Attributes
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES

ADMIN = User("admin", ("system:masters",))
JANE = User("jane", ("system:authenticated",))
LISTS_PODS = Attributes(JANE, "list", "default", "", "pods")
SYSTEM_GROUPS = ("system:serviceaccounts", "system:serviceaccounts:a")
NODE_EXTRA = "authentication.kubernetes.io/node-name"


def headers(*pairs: tuple[str, str]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(pairs))


def test_headers() -> None:
    asked = headers(
        ("Impersonate-User", "joe"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
        ("Impersonate-Uid", "u"),
        ("Impersonate-Extra-Example.com%2fScopes", "x"),
        ("impersonate-extra-example.com%2Fscopes", "y"),
    )
    assert wanted_user(asked) == User("joe", ("a", "b"), "u", {"example.com/scopes": ("x", "y")})
    assert wanted_user(headers(("Accept", "*/*"))) is None


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (("Impersonate-Group", "g"), 'UID:"", Groups:[]string{"g"}, Extra:map[string][]string(nil)'),
        (("Impersonate-Uid", "u"), 'UID:"u", Groups:[]string(nil), Extra:map[string][]string(nil)'),
        (
            ("Impersonate-Extra-K", "v"),
            'UID:"", Groups:[]string(nil), Extra:map[string][]string{"k":[]string{"v"}}',
        ),
    ],
)
def test_headers_that_name_nobody_are_refused(asked, shown) -> None:
    with pytest.raises(ApiError) as caught:
        wanted_user(headers(asked))
    text = f'requested &user.DefaultInfo{{Name:"", {shown}}} without impersonating a user name'
    assert (caught.value.code, caught.value.message) == (400, text)


@pytest.fixture
def impersonation(api) -> Impersonation:
    return Impersonation(api.access.authorizer)


@pytest.fixture
def may(client):
    """Gives jane rights: verbs, API group, resources, names."""

    async def may(*rules) -> None:
        made = [
            {"verbs": [verb], "apiGroups": [group], "resources": [resource], "resourceNames": list(names)}
            for verb, group, resource, *names in rules
        ]
        await client.create(CLUSTER_ROLES, "", {"metadata": {"name": "r"}, "rules": made})
        binding = {
            "metadata": {"name": "b"},
            "roleRef": {"kind": "ClusterRole", "name": "r"},
            "subjects": [{"kind": "User", "name": "jane"}],
        }
        await client.create(CLUSTER_ROLE_BINDINGS, "", binding)

    return may


@pytest.mark.parametrize(
    ("wanted", "groups"),
    [
        (User("joe"), ("system:authenticated",)),
        (User("joe", ("g",)), ("g", "system:authenticated")),
        (User("joe", ("system:masters",)), ("system:masters", "system:authenticated")),
        (User("joe", ("system:unauthenticated",)), ("system:unauthenticated",)),
        (User("system:anonymous"), ("system:unauthenticated",)),
        (User("system:serviceaccount:a:b"), (*SYSTEM_GROUPS, "system:authenticated")),
        (User("system:serviceaccount:a:b", ("g",)), ("g", "system:authenticated")),
        (User("system:serviceaccount:a:b", (), "u"), (*SYSTEM_GROUPS, "system:authenticated")),
        (User("system:node:n"), ("system:nodes", "system:authenticated")),
        (User("system:node:n", ("g",)), ("g", "system:authenticated")),
    ],
)
async def test_an_admin_may_be_anybody(impersonation, wanted, groups) -> None:
    user = impersonation.impersonate(wanted, Attributes(ADMIN, "list", resource="pods"))
    assert user == User(wanted.name, groups, wanted.uid, wanted.extra)


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (User("joe"), "impersonate-on:user-info:list"),
        (User("joe", ("g",)), "impersonate-on:user-info:list"),
        (User("system:serviceaccount:a:b"), "impersonate-on:serviceaccount:list"),
        (User("system:node:n"), "impersonate-on:arbitrary-node:list"),
    ],
)
async def test_who_has_no_right_is_told_the_least_that_is_missing(impersonation, wanted, text) -> None:
    with pytest.raises(ApiError) as caught:
        impersonation.impersonate(wanted, LISTS_PODS)
    where = 'in API group "" in the namespace "default"'
    assert caught.value.message == f'pods is forbidden: User "jane" cannot {text} resource "pods" {where}'


async def test_a_service_account_with_groups_needs_the_old_right(impersonation, may) -> None:
    wanted = User("system:serviceaccount:a:b", ("g",))
    with pytest.raises(ApiError) as caught:
        impersonation.impersonate(wanted, LISTS_PODS)
    text = 'cannot impersonate resource "serviceaccounts" in API group "" in the namespace "a"'
    assert caught.value.message == f'serviceaccounts "b" is forbidden: User "jane" {text}'
    await may(("impersonate", "", "serviceaccounts", "b"), ("impersonate", "", "groups"))
    assert impersonation.impersonate(wanted, LISTS_PODS).groups == ("g", "system:authenticated")


async def test_the_old_right_is_asked_for_each_part(impersonation, may) -> None:
    group = "authentication.k8s.io"
    await may(
        ("impersonate", "", "users", "joe"),
        ("impersonate", "", "groups", "a", "system:masters"),
        ("impersonate", group, "uids", "u"),
        ("impersonate", group, "userextras/k", "v"),
    )
    wanted = User("joe", ("a", "system:masters"), "u", {"k": ("v",)})
    assert impersonation.impersonate(wanted, LISTS_PODS).extra == {"k": ("v",)}
    others = [
        User("jim"),
        User("joe", ("b",)),
        User("joe", (), "w"),
        User("joe", (), "", {"k": ("w",)}),
        User("joe", (), "", {"l": ("v",)}),
    ]
    for other in others:
        with pytest.raises(ApiError):
            impersonation.impersonate(other, LISTS_PODS)


async def test_the_constrained_right_is_for_one_verb(impersonation, may) -> None:
    group = "authentication.k8s.io"
    await may(("impersonate-on:user-info:list", "", "pods"), ("impersonate:user-info", group, "users", "joe"))
    assert impersonation.impersonate(User("joe"), LISTS_PODS).name == "joe"
    with pytest.raises(ApiError, match="impersonate-on:user-info:get"):
        impersonation.impersonate(User("joe"), Attributes(JANE, "get", "default", "", "pods", "", "p"))


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (User("joe", ("system:masters",)), "impersonating the system:masters group is not allowed"),
        (User("joe", ("",)), "impersonating the empty string group is not allowed"),
        (
            User("joe", (), "", {"scopes": ("x",)}),
            "impersonating an invalid key in extra is not allowed: extra.key: Invalid value: "
            '"scopes": must be a domain-prefixed path (such as "acme.io/foo")',
        ),
        (User("joe", (), "", {"a.b/c": ("",)}), "impersonating the empty string value in extra is not allowed"),
    ],
)
async def test_what_the_constrained_right_never_gives(impersonation, may, wanted, text) -> None:
    group = "authentication.k8s.io"
    resources = ("users", "groups", "userextras", "userextras/scopes", "userextras/a.b/c")
    await may(
        ("impersonate-on:user-info:list", "", "pods"),
        *(("impersonate:user-info", group, resource) for resource in resources),
    )
    with pytest.raises(ApiError) as caught:
        impersonation.impersonate(wanted, LISTS_PODS)
    assert caught.value.message.endswith(f": {text}")


async def test_many_groups_may_be_allowed_as_one(impersonation, may) -> None:
    group = "authentication.k8s.io"
    await may(
        ("impersonate-on:user-info:list", "", "pods"),
        ("impersonate:user-info", group, "users"),
        ("impersonate:user-info", group, "groups", "*"),
    )
    assert impersonation.impersonate(User("joe", ("a", "b", "c", "d")), LISTS_PODS).name == "joe"
    with pytest.raises(ApiError):
        impersonation.impersonate(User("joe", ("a", "b", "c")), LISTS_PODS)


async def test_a_pod_may_be_its_own_node(impersonation, client) -> None:
    account = User("system:serviceaccount:a:b", (), "", {NODE_EXTRA: ("n",)})
    rules = [
        {"verbs": ["impersonate-on:associated-node:list"], "apiGroups": [""], "resources": ["pods"]},
        {"verbs": ["impersonate:associated-node"], "apiGroups": ["authentication.k8s.io"], "resources": ["nodes"]},
    ]
    await client.create(CLUSTER_ROLES, "", {"metadata": {"name": "r"}, "rules": rules})
    binding = {
        "metadata": {"name": "b"},
        "roleRef": {"kind": "ClusterRole", "name": "r"},
        "subjects": [{"kind": "ServiceAccount", "namespace": "a", "name": "b"}],
    }
    await client.create(CLUSTER_ROLE_BINDINGS, "", binding)
    asks = Attributes(account, "list", "default", "", "pods")
    node = impersonation.impersonate(User("system:node:n"), asks)
    assert (node.name, node.groups) == ("system:node:n", ("system:nodes", "system:authenticated"))
    with pytest.raises(ApiError, match="arbitrary-node"):
        impersonation.impersonate(User("system:node:m"), asks)
