"""What stands before every request, over HTTP and in process: authenticate, impersonate, authorize."""

from __future__ import annotations

import pytest

from minikube_lite.api.authorization.bootstrap import create_bootstrap_policy
from minikube_lite.config import Options
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.resources import CLUSTER_ROLES, NAMESPACES, PODS, ROLE_BINDINGS

PODS_PATH = "/api/v1/namespaces/default/pods"
JANE = {"Authorization": "Bearer janes"}


@pytest.fixture
def options(tmp_path) -> Options:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text("janes,jane,uid-1\nadmins,admin,uid-2,system:masters\n")
    return Options(token_auth_file=tokens)


@pytest.fixture
async def policy(client):
    await client.create(NAMESPACES, "", {"metadata": {"name": "kube-system"}})
    await create_bootstrap_policy(client)


@pytest.fixture
async def view(client, policy):
    """Lets jane view the namespace."""
    subjects = [{"kind": "User", "name": "jane"}]
    binding = {"metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": "view"}, "subjects": subjects}
    await client.create(ROLE_BINDINGS, "default", binding)


async def test_who_presents_nothing_may_everything(http) -> None:
    assert (await http.get(PODS_PATH)).status_code == 200
    assert (await http.get("/metrics")).status_code == 404


async def test_a_token_of_nobody_is_refused_before_anything_else(http) -> None:
    for path in (PODS_PATH, "/version", "/nothing", "/apis/no.such/v1/things"):
        answer = await http.get(path, headers={"Authorization": "Bearer wrong"})
        assert (answer.status_code, answer.json()["reason"]) == (401, "Unauthorized")


async def test_known_users_may_what_their_roles_allow(http, view) -> None:
    assert (await http.get(PODS_PATH, headers=JANE)).status_code == 200
    assert (await http.get("/api/v1", headers=JANE)).status_code == 200
    answer = await http.post(PODS_PATH, headers=JANE, json={})
    assert answer.status_code == 403
    assert answer.json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'pods is forbidden: User "jane" cannot create resource "pods" in API group "" in the namespace "default"',
        "reason": "Forbidden",
        "details": {"kind": "pods"},
        "code": 403,
    }


@pytest.mark.parametrize("path", ["/api/v1/nodes", "/apis/no.such/v1/things", "/nothing", "/metrics"])
async def test_what_nobody_allows_is_not_even_looked_for(http, policy, path) -> None:
    assert (await http.get(path, headers=JANE)).status_code == 403


async def test_watches_are_authorized(http, view) -> None:
    answer = await http.get("/api/v1/secrets?watch=true", headers=JANE)
    assert answer.status_code == 403
    assert 'cannot watch resource "secrets"' in answer.json()["message"]


async def test_to_run_something_in_a_pod_by_get_is_to_create_it(http, client, view, pod) -> None:
    rules = [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods/exec"]}]
    await client.create(CLUSTER_ROLES, "", {"metadata": {"name": "get"}, "rules": rules})
    subjects = [{"kind": "User", "name": "jane"}]
    binding = {"metadata": {"name": "c"}, "roleRef": {"kind": "ClusterRole", "name": "get"}, "subjects": subjects}
    await client.create(ROLE_BINDINGS, "default", binding)
    answer = await http.get(f"{PODS_PATH}/p/exec?command=ls", headers=JANE)
    assert (answer.status_code, answer.json()["message"]) == (403, 'pods "p" is forbidden: ')
    await client.patch(CLUSTER_ROLES, "", "get", {"rules": [{**rules[0], "verbs": ["get", "create"]}]})
    answer = await http.get(f"{PODS_PATH}/p/exec?command=ls", headers=JANE)
    assert answer.status_code == 404


async def test_an_admin_acts_as_another(http, view) -> None:
    assert (await http.get(PODS_PATH, headers={"Impersonate-User": "jane"})).status_code == 200
    answer = await http.get("/api/v1/nodes", headers={"Impersonate-User": "jane"})
    assert answer.json()["message"].startswith('nodes is forbidden: User "jane" cannot list resource "nodes"')
    answer = await http.get("/api/v1/nodes", headers={**JANE, "Impersonate-User": "admin"})
    assert "impersonate-on:user-info:list" in answer.json()["message"]
    answer = await http.get("/api/v1/nodes", headers={"Impersonate-Group": "g"})
    assert answer.status_code == 400


async def test_a_token_of_a_service_account_works_until_the_account_goes(http, client, policy) -> None:
    path = "/api/v1/namespaces/default/serviceaccounts/default"
    token = (await http.post(f"{path}/token", json={})).json()["status"]["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await http.get("/apis", headers=headers)).status_code == 200
    answer = await http.get(PODS_PATH, headers=headers)
    assert 'User "system:serviceaccount:default:default" cannot list resource "pods"' in answer.json()["message"]
    await http.delete(path)
    assert (await http.get("/apis", headers=headers)).status_code == 401


async def test_a_token_for_others_is_none_for_the_api(http) -> None:
    path = "/api/v1/namespaces/default/serviceaccounts/default/token"
    token = (await http.post(path, json={"spec": {"audiences": ["vault"]}})).json()["status"]["token"]
    assert (await http.get("/apis", headers={"Authorization": f"Bearer {token}"})).status_code == 401


async def test_the_keys_are_found_by_discovery(http, policy) -> None:
    configuration = (await http.get("/.well-known/openid-configuration")).json()
    assert configuration["issuer"] == "https://kubernetes.default.svc.cluster.local"
    keys = await http.get(configuration["jwks_uri"])
    assert keys.headers["Content-Type"] == "application/jwk-set+json"
    assert keys.headers["Cache-Control"] == "public, max-age=3600"
    assert [key["alg"] for key in keys.json()["keys"]] == ["ES256"]
    assert (await http.get("/openid/v1/jwks", headers=JANE)).status_code == 403
    assert (await http.post("/openid/v1/jwks")).status_code == 405


async def test_in_process_a_client_may_what_its_user_may(api, view, pod) -> None:
    jane = api.client_as(User("jane", ("system:authenticated",)), "tests")
    assert (await jane.list_objects(PODS, "default")).items == []
    jane.watch(PODS, "default", after=api.registry.store.revision).close()
    refused = [
        jane.create(PODS, "default", pod("p")),
        jane.update(PODS, "default", pod("p")),
        jane.patch(PODS, "default", "p", {}),
        jane.delete(PODS, "default", "p"),
        jane.delete_collection(PODS, "default"),
        jane.list_objects(PODS),
        jane.create(PODS, "default", {}, name="p", subresource="binding"),
        jane.get(NAMESPACES, "", "kube-system"),
    ]
    for awaited in refused:
        with pytest.raises(ApiError) as caught:
            await awaited
        assert caught.value.code == 403
    with pytest.raises(ApiError, match='pods is forbidden: User "jane" cannot watch'):
        jane.watch(PODS, after=0)
    assert (await jane.get(NAMESPACES, "", "default"))["metadata"]["name"] == "default"


class TestAnonymous:
    """With --anonymous-auth it is as upstream."""

    @pytest.fixture
    def options(self) -> Options:
        return Options(anonymous_auth=True)

    async def test_who_presents_nothing_sees_only_what_is_public(self, http, policy) -> None:
        for path in ("/version", "/healthz", "/livez", "/readyz"):
            assert (await http.get(path)).status_code == 200
        answer = await http.get("/api")
        assert answer.status_code == 403
        assert answer.json()["message"] == 'forbidden: User "system:anonymous" cannot get path "/api"'

    async def test_the_admins_token_is_the_clusters(self, api, http) -> None:
        headers = {"Authorization": f"Bearer {api.access.admin_token}"}
        assert (await http.get(PODS_PATH, headers=headers)).status_code == 200


class TestNoAnonymous:
    """Without anonymous requests, credentials are needed for everything."""

    @pytest.fixture
    def options(self) -> Options:
        return Options(anonymous_auth=False)

    async def test_who_presents_nothing_is_refused(self, http, policy) -> None:
        assert (await http.get("/version")).status_code == 401
