"""TokensController: fills Secrets of the type service-account-token; upstream: pkg/controller/serviceaccount/tokens_controller.go."""

from __future__ import annotations

import base64

from minikube_lite.machinery.controller import Controller, ControllerContext, object_key, split_key
from minikube_lite.machinery.errors import ApiError, is_conflict, is_not_found
from minikube_lite.machinery.meta import copy_object, is_deleting
from minikube_lite.machinery.resources import SECRETS, SERVICE_ACCOUNTS
from minikube_lite.store import Object

TYPE = "kubernetes.io/service-account-token"
NAME_ANNOTATION = "kubernetes.io/service-account.name"
UID_ANNOTATION = "kubernetes.io/service-account.uid"
TOKEN_SECONDS = 1 << 32
"""The longest that a TokenRequest may ask for, 136 years: upstream's have no end."""


class TokensController(Controller):
    """A Secret lives as long as the account that it names, and holds the account's token, its namespace and the cluster's CA."""

    name = "serviceaccount-token-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._secrets = self.informer(SECRETS, self._secret_changed)
        self._accounts = self.informer(SERVICE_ACCOUNTS, self._account_changed)

    def _secret_changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None and new.get("type") == TYPE and not is_deleting(new):
            self.queue.add(object_key(new))

    def _account_changed(self, old: Object | None, new: Object | None) -> None:
        """A new account may have another's name; one that is gone takes its Secrets with it."""
        if old is not None and new is not None and old["metadata"]["uid"] == new["metadata"]["uid"]:
            return
        account = new if new is not None else old
        assert account is not None
        for secret in self._secrets.list_objects(account["metadata"]["namespace"]):
            if secret.get("type") == TYPE and _annotation(secret, NAME_ANNOTATION) == account["metadata"]["name"]:
                self.queue.add(object_key(secret))

    async def sync(self, key: str) -> None:
        namespace, name = split_key(key)
        secret = self._secrets.get(namespace, name)
        if secret is None or is_deleting(secret):
            return
        account = self._accounts.get(namespace, _annotation(secret, NAME_ANNOTATION))
        if account is None or not _is_of(secret, account):
            await self._delete(secret)
        elif (filled := await self._filled(secret, account)) is not None:
            await self.client.update(SECRETS, namespace, filled)

    async def _filled(self, secret: Object, account: Object) -> Object | None:
        """The Secret with all that it should have; None where nothing is missing."""
        metadata, data = secret["metadata"], dict(secret.get("data") or {})
        data["ca.crt"] = _encoded(self.context.authority)
        data["namespace"] = data.get("namespace") or _encoded(metadata["namespace"])
        if not data.get("token"):
            data["token"] = _encoded(await self._token(secret, account))
        annotations = {**metadata["annotations"], UID_ANNOTATION: account["metadata"]["uid"]}
        if data == secret.get("data") and annotations == metadata["annotations"]:
            return None
        filled: Object = copy_object(secret)
        filled["data"], filled["metadata"]["annotations"] = data, annotations
        return filled

    async def _token(self, secret: Object, account: Object) -> str:
        """Bound to the Secret, with which it ends."""
        metadata = secret["metadata"]
        bound = {"apiVersion": "v1", "kind": "Secret", "name": metadata["name"], "uid": metadata["uid"]}
        wanted: Object = {"spec": {"expirationSeconds": TOKEN_SECONDS, "boundObjectRef": bound}}
        answer = await self.client.create(
            SERVICE_ACCOUNTS, metadata["namespace"], wanted, name=account["metadata"]["name"], subresource="token"
        )
        return str(answer["status"]["token"])

    async def _delete(self, secret: Object) -> None:
        metadata = secret["metadata"]
        same = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        try:
            await self.client.delete(SECRETS, metadata["namespace"], metadata["name"], {"preconditions": same})
        except ApiError as error:
            # A Secret that changed meanwhile is looked at again.
            if not (is_not_found(error) or is_conflict(error)):
                raise


def _annotation(obj: Object, name: str) -> str:
    return str((obj["metadata"].get("annotations") or {}).get(name) or "")


def _is_of(secret: Object, account: Object) -> bool:
    return _annotation(secret, UID_ANNOTATION) in ("", account["metadata"]["uid"])


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
