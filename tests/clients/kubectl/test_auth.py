"""The real kubectl where somebody asks who he is and what he may do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from tests.clients.kubectl.conftest import Kube

RBAC = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: NAMESPACE}
rules:
- {apiGroups: [""], resources: [pods], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: NAMESPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects:
- {kind: ServiceAccount, name: robot}
"""


@pytest.fixture
def robot(kubectl: Kube) -> str:
    """A service account as the user that it is."""
    kubectl("create", "serviceaccount", "robot")
    return f"system:serviceaccount:{kubectl.namespace}:robot"


def test_an_admin_may_everything(kubectl: Kube) -> None:
    assert kubectl("auth", "can-i", "*", "*", "--all-namespaces") == "yes\n"
    assert kubectl("auth", "can-i", "get", "/metrics") == "yes\n"
    printed = kubectl("auth", "can-i", "--list")
    assert "*.*" in printed


@pytest.mark.parametrize("output", ["", "json"])
def test_whoami(kubectl: Kube, robot: str, output: str) -> None:
    if kubectl.minor < 27:
        pytest.skip("kubectl auth whoami came with 1.27")
    # Those before 1.28 ask for versions of the review that Kubernetes serves no more.
    words = ["auth", "whoami", *(["-o", output] if output else [])]
    if kubectl.minor < 28:
        assert "selfsubjectreviews API is not enabled" in kubectl(*words, code=1)
        return
    printed = kubectl(*words)
    assert "kubernetes-admin" in printed
    assert "system:masters" in printed
    assert robot in kubectl(*words, "--as", robot)


def test_a_role_and_its_binding(kubectl: Kube, robot: str, table: Callable[[str], list[list[str]]]) -> None:
    assert kubectl("auth", "can-i", "list", "pods", "--as", robot, code=1) == "no\n"
    kubectl("create", "role", "reader", "--verb=get,list", "--resource=pods,pods/log")
    kubectl("create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={kubectl.namespace}:robot")
    assert kubectl("auth", "can-i", "list", "pods", "--as", robot) == "yes\n"
    assert kubectl("auth", "can-i", "get", "pods", "--subresource=log", "--as", robot) == "yes\n"
    assert kubectl("auth", "can-i", "delete", "pods", "--as", robot, code=1) == "no\n"
    assert kubectl("auth", "can-i", "list", "pods", "-n", "default", "--as", robot, code=1) == "no\n"
    listed = kubectl("auth", "can-i", "--list", "--as", robot)
    assert any(row[0] == "pods" and row[-2:] == ["[get", "list]"] for row in table(listed))


def get(kubectl: Kube, path: str, token: str, **headers: str) -> tuple[int, Any]:
    """What the API answers to who presents a token: kubectl itself presents none over plain HTTP."""
    headers = {"Authorization": f"Bearer {token}", **headers}
    answer = httpx.get(kubectl.cluster.server + path, headers=headers, trust_env=False)
    return answer.status_code, answer.json()


def test_a_token_of_a_service_account(kubectl: Kube, robot: str) -> None:
    token = kubectl("create", "token", "robot", "--duration=10m").strip()
    path = f"/api/v1/namespaces/{kubectl.namespace}/pods"
    code, refused = get(kubectl, path, token)
    assert code == 403
    assert f'pods is forbidden: User "{robot}" cannot list resource "pods" in API group ""' in refused["message"]
    kubectl("create", "rolebinding", "viewer", "--clusterrole=view", f"--serviceaccount={kubectl.namespace}:robot")
    assert get(kubectl, path, token)[0] == 200
    assert get(kubectl, path.replace("pods", "secrets"), token)[0] == 403
    kubectl("delete", "serviceaccount", "robot")
    assert get(kubectl, path, token)[0] == 401


def test_who_is_not_admin_cannot_act_as_another(kubectl: Kube, robot: str) -> None:
    token = kubectl("create", "token", "robot").strip()
    headers = {"Impersonate-User": "jane"}
    code, refused = get(kubectl, "/api/v1/pods", token, **headers)
    assert code == 403
    assert f'User "{robot}" cannot impersonate-on:user-info:list resource "pods"' in refused["message"]


def test_an_admin_of_a_namespace_gives_away_no_more_than_he_has(kubectl: Kube) -> None:
    kubectl("create", "rolebinding", "jane", "--clusterrole=admin", "--user=jane")
    kubectl("create", "role", "reader", "--verb=get", "--resource=pods", "--as=jane")
    refused = kubectl("create", "role", "all", "--verb=*", "--resource=*.*", "--as=jane", code=1)
    assert "is attempting to grant RBAC permissions not currently held" in refused
    refused = kubectl("create", "rolebinding", "all", "--clusterrole=cluster-admin", "--user=joe", "--as=jane", code=1)
    assert "is attempting to grant RBAC permissions not currently held" in refused
    kubectl("create", "rolebinding", "joe", "--clusterrole=view", "--user=joe", "--as=jane")
    assert kubectl("auth", "can-i", "list", "pods", "--as=joe") == "yes\n"


def test_reconcile(kubectl: Kube) -> None:
    kubectl("create", "role", "reader", "--verb=list", "--resource=pods")
    kubectl("auth", "reconcile", "-f", kubectl.write("rbac.yaml", RBAC.replace("NAMESPACE", kubectl.namespace)))
    rules = kubectl.object("role", "reader")["rules"]
    assert sorted(verb for rule in rules for verb in rule["verbs"]) == ["get", "list"]
    assert kubectl.object("rolebinding", "reader")["subjects"][0]["name"] == "robot"


def test_a_role_that_gathers_others(kubectl: Kube) -> None:
    name, label = f"all-{kubectl.namespace}", f"into-{kubectl.namespace}=true"
    kubectl("create", "clusterrole", name, f"--aggregation-rule={label}")
    kubectl("create", "clusterrole", f"part-{kubectl.namespace}", "--verb=get", "--resource=nodes")
    kubectl("label", "clusterrole", f"part-{kubectl.namespace}", label)
    kubectl("wait", "--for=jsonpath={.rules[0].resources[0]}=nodes", f"clusterrole/{name}", "--timeout=20s")
    kubectl("delete", "clusterrole", name, f"part-{kubectl.namespace}")


def test_the_roles_with_which_a_cluster_begins(kubectl: Kube) -> None:
    described = kubectl("describe", "clusterrole", "view")
    assert "rbac.authorization.k8s.io/aggregate-to-edit=true" in described
    names = {item["metadata"]["name"] for item in json.loads(kubectl("get", "clusterroles", "-o", "json"))["items"]}
    assert {"admin", "cluster-admin", "edit", "view", "system:discovery", "system:basic-user"} <= names
    refused = kubectl("get", "--raw", "/openid/v1/jwks", "--as=jane", code=1)
    assert 'User "jane" cannot get path "/openid/v1/jwks"' in refused
    assert json.loads(kubectl("get", "--raw", "/openid/v1/jwks"))["keys"][0]["alg"] == "ES256"


TOKEN_SECRET = """
apiVersion: v1
kind: Secret
type: kubernetes.io/service-account-token
metadata:
  name: robots-token
  annotations: {kubernetes.io/service-account.name: robot}
"""


def test_a_secret_with_a_token_of_a_service_account(kubectl: Kube, robot: str) -> None:
    kubectl("apply", "-f", "-", stdin=TOKEN_SECRET)
    uid = kubectl("get", "serviceaccount", "robot", "-o", "jsonpath={.metadata.uid}")
    filled = r"{.metadata.annotations.kubernetes\.io/service-account\.uid}=" + uid
    kubectl("wait", "secret/robots-token", f"--for=jsonpath={filled}", "--timeout=30s")
    described = kubectl("describe", "secret", "robots-token")
    assert "kubernetes.io/service-account.uid: " in described
    token = next(line.split()[1] for line in described.splitlines() if line.startswith("token:"))
    assert get(kubectl, "/api", token)[0] == 200
    kubectl("delete", "secret", "robots-token")
    assert get(kubectl, "/api", token)[0] == 401
