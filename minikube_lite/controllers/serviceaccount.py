"""ServiceAccountsController: each namespace has the account `default`; upstream: pkg/controller/serviceaccount."""

from __future__ import annotations

from minikube_lite.machinery.controller import Controller, ControllerContext
from minikube_lite.machinery.errors import ApiError, is_already_exists, is_namespace_terminating, is_not_found
from minikube_lite.machinery.meta import is_deleting
from minikube_lite.machinery.resources import NAMESPACES, SERVICE_ACCOUNTS
from minikube_lite.store import Object

DEFAULT_SERVICE_ACCOUNT = "default"


class ServiceAccountsController(Controller):
    """Makes the account where it is missing."""

    name = "service-account-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._accounts = self.informer(SERVICE_ACCOUNTS, self._account_changed)
        self._namespaces = self.informer(NAMESPACES, self._namespace_changed)

    def _account_changed(self, old: Object | None, new: Object | None) -> None:
        if new is None and old is not None:
            self.queue.add(old["metadata"]["namespace"])

    def _namespace_changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None:
            self.queue.add(new["metadata"]["name"])

    async def sync(self, key: str) -> None:
        namespace = self._namespaces.get("", key)
        if namespace is None or is_deleting(namespace):
            return
        if self._accounts.get(key, DEFAULT_SERVICE_ACCOUNT) is not None:
            return
        account = {"metadata": {"name": DEFAULT_SERVICE_ACCOUNT, "namespace": key}}
        try:
            await self.client.create(SERVICE_ACCOUNTS, key, account)
        except ApiError as error:
            if not (is_already_exists(error) or is_not_found(error) or is_namespace_terminating(error)):
                raise
