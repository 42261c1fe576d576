"""serviceaccounts/token: what it gives, and what it refuses."""

from __future__ import annotations

import pytest

from minikube_lite.api.authentication.tokens import decode_json
from minikube_lite.clock import format_time
from minikube_lite.machinery.resources import PODS, SERVICE_ACCOUNTS

PATH = "/api/v1/namespaces/default/serviceaccounts/default/token"
ISSUER = "https://kubernetes.default.svc.cluster.local"


def claims(answer: dict) -> dict:
    found = decode_json(answer["status"]["token"].split(".")[1])
    assert found is not None
    return found


async def test_a_token_of_an_hour_for_the_api(http, client, clock) -> None:
    reply = await http.post(PATH, json={})
    answer, account = reply.json(), await client.get(SERVICE_ACCOUNTS, "default", "default")
    assert (reply.status_code, answer["kind"], answer["apiVersion"]) == (
        201,
        "TokenRequest",
        "authentication.k8s.io/v1",
    )
    assert answer["spec"] == {"audiences": [ISSUER], "expirationSeconds": 3600, "boundObjectRef": None}
    assert answer["status"]["expirationTimestamp"] == format_time(clock.now() + 3600)
    metadata = answer["metadata"]
    assert {key: metadata[key] for key in ("name", "namespace", "uid")} == {
        "name": "default",
        "namespace": "default",
        "uid": account["metadata"]["uid"],
    }
    assert claims(answer)["kubernetes.io"]["serviceaccount"]["name"] == "default"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (
            {"spec": {"expirationSeconds": 599}},
            422,
            'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: '
            "may not specify a duration less than 10 minutes",
        ),
        (
            {"spec": {"expirationSeconds": 2**32 + 1}},
            422,
            'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 4294967297: '
            "may not specify a duration larger than 2^32 seconds",
        ),
        (
            {"metadata": {"name": "other"}},
            422,
            'TokenRequest.authentication.k8s.io "default" is invalid: metadata.name: Invalid value: "other": '
            "must match the service account name if specified",
        ),
        (
            {"spec": {"boundObjectRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}}},
            400,
            "cannot bind token to object of type apps/v1, Kind=Deployment",
        ),
        ({"spec": {"boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": "p"}}}, 404, 'pods "p" not found'),
        ({"spec": {"boundObjectRef": {"apiVersion": "v1", "kind": "Node", "name": "n"}}}, 404, 'nodes "n" not found'),
    ],
)
async def test_what_is_refused(http, body, code, message) -> None:
    answer = await http.post(PATH, json=body)
    assert (answer.status_code, answer.json()["message"]) == (code, message)


async def test_only_accounts_that_are_there_have_tokens(http) -> None:
    answer = await http.post(PATH.replace("accounts/default", "accounts/none"), json={})
    assert (answer.status_code, answer.json()["message"]) == (404, 'serviceaccounts "none" not found')


async def test_another_accounts_uid_is_a_conflict(http, client) -> None:
    account = await client.get(SERVICE_ACCOUNTS, "default", "default")
    answer = await http.post(PATH, json={"metadata": {"uid": "other"}})
    text = f"the UID in the token request (other) does not match the UID of the service account ({account['metadata']['uid']})"
    assert answer.status_code == 409
    assert answer.json()["message"].endswith(text)


async def test_a_token_of_a_pod(http, client, pod) -> None:
    made = await client.create(PODS, "default", pod("p", "n"))
    reference = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": made["metadata"]["uid"]}
    answer = (await http.post(PATH, json={"spec": {"expirationSeconds": 3607, "boundObjectRef": reference}})).json()
    claimed = claims(answer)
    assert claimed["kubernetes.io"]["pod"] == {"name": "p", "uid": made["metadata"]["uid"]}
    assert claimed["kubernetes.io"]["node"] == {"name": "n"}
    # What the volumes of pods get, works for longer than it says.
    assert claimed["exp"] - claimed["iat"] == 365 * 24 * 3600
    assert claimed["kubernetes.io"]["warnafter"] - claimed["iat"] == 3607

    answer = await http.post(PATH, json={"spec": {"boundObjectRef": {**reference, "uid": "other"}}})
    assert answer.status_code == 409
    assert "the UID in the bound object reference (other) does not match the UID in record" in answer.json()["message"]


async def test_a_pod_of_another_account(http, client, pod) -> None:
    await client.create(SERVICE_ACCOUNTS, "default", {"metadata": {"name": "robot"}})
    await client.create(PODS, "default", pod("p", "n"))
    path = PATH.replace("accounts/default", "accounts/robot")
    reference = {"apiVersion": "v1", "kind": "Pod", "name": "p"}
    answer = await http.post(path, json={"spec": {"boundObjectRef": reference}})
    text = 'cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name.'
    assert (answer.status_code, answer.json()["message"]) == (400, text)
