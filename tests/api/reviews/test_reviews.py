"""Questions that are answered and not stored, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from minikube_lite.config import Options
from minikube_lite.machinery.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES

ISSUER = "https://kubernetes.default.svc.cluster.local"
AUTHENTICATION, AUTHORIZATION = "/apis/authentication.k8s.io/v1", "/apis/authorization.k8s.io/v1"
LISTS_PODS = {"verb": "list", "resource": "pods", "namespace": "default"}


@pytest.fixture
def options(tmp_path) -> Options:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('janes,jane,uid-1,"dev"\n')
    return Options(token_auth_file=tokens)


@pytest.fixture
def review(http):
    """Asks, and returns the code and the answer."""

    async def review(path: str, spec: Any = None, token: str = "", **metadata: Any) -> tuple[int, Any]:
        body: Any = {"metadata": metadata} if spec is None else {"metadata": metadata, "spec": spec}
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = await http.post(path, json=body, headers=headers)
        return answer.status_code, answer.json()

    return review


@pytest.fixture
async def reader(client):
    """The role of jane in the namespace: she reads pods, and may ask."""
    asks = {"verbs": ["create"], "apiGroups": ["authorization.k8s.io", "authentication.k8s.io"], "resources": ["*"]}
    reads = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"]}
    urls = {"verbs": ["get"], "nonResourceURLs": ["/metrics"]}
    await client.create(CLUSTER_ROLES, "", {"metadata": {"name": "r"}, "rules": [asks, urls]})
    await client.create(ROLES, "default", {"metadata": {"name": "r"}, "rules": [reads]})
    subjects = [{"kind": "User", "name": "jane"}]
    for resource, place, kind in ((CLUSTER_ROLE_BINDINGS, "", "ClusterRole"), (ROLE_BINDINGS, "default", "Role")):
        bound = {"metadata": {"name": "b"}, "roleRef": {"kind": kind, "name": "r"}, "subjects": subjects}
        await client.create(resource, place, bound)


async def test_who_am_i(review, reader, clock) -> None:
    code, answer = await review(f"{AUTHENTICATION}/selfsubjectreviews", token="janes")
    assert code == 201
    assert answer == {
        "kind": "SelfSubjectReview",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"creationTimestamp": clock.timestamp()},
        "status": {"userInfo": {"username": "jane", "uid": "uid-1", "groups": ["dev", "system:authenticated"]}},
    }


@pytest.mark.parametrize(
    ("spec", "status"),
    [
        ({"resourceAttributes": {**LISTS_PODS, "name": "a"}}, {"allowed": True}),
        ({"resourceAttributes": LISTS_PODS}, {"allowed": False}),
        ({"resourceAttributes": {**LISTS_PODS, "name": "a", "group": "apps"}}, {"allowed": False}),
        ({"nonResourceAttributes": {"verb": "get", "path": "/metrics"}}, {"allowed": True}),
        ({"nonResourceAttributes": {"verb": "get"}}, {"allowed": False}),
        (
            {"resourceAttributes": {**LISTS_PODS, "fieldSelector": {"rawSelector": "what"}}},
            {
                "allowed": False,
                "evaluationError": "spec.resourceAttributes.fieldSelector ignored due to parse error",
            },
        ),
        (
            {
                "resourceAttributes": {
                    **LISTS_PODS,
                    "labelSelector": {
                        "requirements": [{"key": "a", "operator": "Exists"}, {"key": "a", "operator": "Like"}]
                    },
                }
            },
            {
                "allowed": False,
                "evaluationError": "spec.resourceAttributes.labelSelector partially ignored due to parse error",
            },
        ),
    ],
)
async def test_what_may_i(review, reader, spec, status) -> None:
    code, answer = await review(f"{AUTHORIZATION}/selfsubjectaccessreviews", spec, "janes")
    answer["status"].pop("reason", None)
    assert (code, answer["status"]) == (201, status)
    assert answer["spec"] == spec
    assert list(answer["metadata"]) == ["managedFields"]


async def test_what_may_another(review, reader) -> None:
    spec = {"user": "jane", "resourceAttributes": {**LISTS_PODS, "name": "a"}}
    reason = 'RBAC: allowed by RoleBinding "b/default" of Role "r" to User "jane"'
    for path in ("subjectaccessreviews", "namespaces/default/localsubjectaccessreviews"):
        code, answer = await review(f"{AUTHORIZATION}/{path}", spec)
        assert (code, answer["status"]) == (201, {"allowed": True, "reason": reason})
    spec = {"groups": ["system:masters"], "resourceAttributes": LISTS_PODS}
    assert (await review(f"{AUTHORIZATION}/subjectaccessreviews", spec))[1]["status"] == {"allowed": True}


BOTH = {"resourceAttributes": LISTS_PODS, "nonResourceAttributes": {"path": "/x"}}
SELECTOR_PATH = "spec.resourceAttributes"


@pytest.mark.parametrize(
    ("path", "spec", "metadata", "faults"),
    [
        (
            "selfsubjectaccessreviews",
            {},
            {},
            [
                "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
            ],
        ),
        (
            "subjectaccessreviews",
            BOTH,
            {},
            [
                'spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":""}: '
                "cannot be specified in combination with resourceAttributes",
                'spec.user: Invalid value: "": at least one of user or group must be specified',
            ],
        ),
        (
            "selfsubjectaccessreviews",
            {
                "resourceAttributes": {
                    "fieldSelector": {},
                    "labelSelector": {"rawSelector": "a", "requirements": [{"key": "!", "operator": "In"}]},
                }
            },
            {},
            [
                f"{SELECTOR_PATH}.fieldSelector.requirements: Required value: "
                f"when {SELECTOR_PATH}.fieldSelector is specified, requirements or rawSelector is required",
                f'{SELECTOR_PATH}.labelSelector.rawSelector: Invalid value: "a": may not specified at the same time as requirements',
                f"{SELECTOR_PATH}.labelSelector.requirements[0].values: Required value: "
                "must be specified when `operator` is 'In' or 'NotIn'",
            ],
        ),
        (
            "selfsubjectaccessreviews",
            {"resourceAttributes": {"fieldSelector": {"requirements": [{"operator": "Exists", "values": ["a"]}]}}},
            {},
            [
                f"{SELECTOR_PATH}.fieldSelector.requirements[0].key: Required value: must be specified",
                f"{SELECTOR_PATH}.fieldSelector.requirements[0].values: Forbidden: "
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            ],
        ),
        (
            "namespaces/default/localsubjectaccessreviews",
            {"user": "u", "resourceAttributes": {"verb": "get"}},
            {},
            ['spec.resourceAttributes.namespace: Invalid value: "": must match metadata.namespace'],
        ),
        (
            "namespaces/default/localsubjectaccessreviews",
            {"user": "u", "nonResourceAttributes": {"path": "/x", "verb": "get"}},
            {},
            [
                'spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":"get"}: disallowed on this kind of request'
            ],
        ),
    ],
)
async def test_questions_that_make_no_sense(review, path, spec, metadata, faults) -> None:
    code, answer = await review(f"{AUTHORIZATION}/{path}", spec, **metadata)
    assert (code, answer["details"]["group"]) == (422, "authorization.k8s.io")
    told = [f"{cause['field']}: {cause['message']}" for cause in answer["details"]["causes"]]
    assert told[: len(faults)] == faults
    assert answer["message"].startswith('.authorization.k8s.io "" is invalid: ')


async def test_a_question_has_no_name(review) -> None:
    spec = {"resourceAttributes": LISTS_PODS}
    code, answer = await review(f"{AUTHORIZATION}/selfsubjectaccessreviews", spec, name="n", labels={"a": "b"})
    assert code == 422
    (cause,) = answer["details"]["causes"]
    assert cause["field"] == "metadata"
    assert cause["message"].startswith('Invalid value: {"name":"n","labels":{"a":"b"},"managedFields":[')
    assert cause["message"].endswith("]}: must be empty")


async def test_all_that_i_may(review, reader) -> None:
    code, answer = await review(f"{AUTHORIZATION}/selfsubjectrulesreviews", {"namespace": "default"}, "janes")
    groups = ["authorization.k8s.io", "authentication.k8s.io"]
    assert code == 201
    assert answer["status"] == {
        "resourceRules": [
            {"verbs": ["create"], "apiGroups": groups, "resources": ["*"]},
            {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"]},
        ],
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}],
        "incomplete": False,
    }
    assert (answer["metadata"], answer["spec"]) == ({}, {})


async def test_all_that_i_may_is_a_question_about_a_namespace(review) -> None:
    code, answer = await review(f"{AUTHORIZATION}/selfsubjectrulesreviews", {"namespace": ""})
    assert (code, answer["message"]) == (400, "no namespace on request")


async def test_roles_that_are_not_there_are_told(review, reader, client) -> None:
    await client.delete(ROLES, "default", "r")
    _, answer = await review(f"{AUTHORIZATION}/selfsubjectrulesreviews", {"namespace": "default"}, "janes")
    assert answer["status"]["evaluationError"] == 'role.rbac.authorization.k8s.io "r" not found'


async def test_whose_token_is_this(review) -> None:
    _, answer = await review(f"{AUTHENTICATION}/tokenreviews", {"token": "janes"})
    user = {"username": "jane", "uid": "uid-1", "groups": ["dev", "system:authenticated"]}
    assert answer["status"] == {"authenticated": True, "user": user, "audiences": [ISSUER]}
    _, answer = await review(f"{AUTHENTICATION}/tokenreviews", {"token": "nobodys"})
    assert answer["status"] == {"error": "invalid bearer token", "user": {}}
    code, answer = await review(f"{AUTHENTICATION}/tokenreviews", {})
    assert (code, answer["message"]) == (400, "token is required for TokenReview in authentication")
    code, answer = await review(f"{AUTHENTICATION}/tokenreviews", {"token": "janes", "audiences": ["other"]})
    assert (code, answer["message"]) == (500, "Internal error occurred: error validating audiences")


async def test_a_token_for_others_is_reviewed_for_them(review, http) -> None:
    path = "/api/v1/namespaces/default/serviceaccounts/default/token"
    made = (await http.post(path, json={"spec": {"audiences": ["vault", "other"]}})).json()
    token = made["status"]["token"]
    _, answer = await review(f"{AUTHENTICATION}/tokenreviews", {"token": token, "audiences": ["vault"]})
    assert answer["status"]["audiences"] == ["vault"]
    assert answer["status"]["user"]["username"] == "system:serviceaccount:default:default"
    _, answer = await review(f"{AUTHENTICATION}/tokenreviews", {"token": token})
    text = f'token audiences ["vault" "other"] is invalid for the target audiences ["{ISSUER}"]'
    assert answer["status"] == {"error": text, "user": {}}


async def test_who_may_not_ask_is_refused(review) -> None:
    code, answer = await review(f"{AUTHENTICATION}/tokenreviews", {"token": "janes"}, "janes")
    assert code == 403
    assert 'cannot create resource "tokenreviews" in API group "authentication.k8s.io"' in answer["message"]


async def test_reviews_are_kept_nowhere(review, store) -> None:
    before = store.revision
    await review(f"{AUTHENTICATION}/selfsubjectreviews")
    await review(f"{AUTHORIZATION}/selfsubjectaccessreviews", {"resourceAttributes": LISTS_PODS})
    assert store.revision == before
