"""PVCProtectionController: a deleted claim stays until no pod uses it.

Upstream: pkg/controller/volume/pvcprotection.
"""

from __future__ import annotations

from collections.abc import Iterable

from minikube_lite.machinery.controller import Controller, ControllerContext, split_key
from minikube_lite.machinery.meta import copy_object, is_deleting, is_pod_terminal
from minikube_lite.machinery.resources import PERSISTENT_VOLUME_CLAIMS, PODS
from minikube_lite.machinery.volumes import CLAIM_PROTECTION, claims_of_pod
from minikube_lite.store import Object


class PVCProtectionController(Controller):
    """Takes the finalizer off claims that are deleted and unused, and puts it on those that lack it."""

    name = "pvc-protection-controller"

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._claims = self.informer(PERSISTENT_VOLUME_CLAIMS, self.enqueue_changed)
        self._pods = self.informer(PODS, self._pod_changed)

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        replaced = old is not None and new is not None and old["metadata"]["uid"] != new["metadata"]["uid"]
        if new is not None and not is_pod_terminal(new) and not replaced:
            return
        for pod in (old, new):
            for name in claims_of_pod(pod) if pod is not None else ():
                assert pod is not None
                self.queue.add(f"{pod['metadata']['namespace']}/{name}")

    async def sync(self, key: str) -> None:
        claim = self._claims.get(*split_key(key))
        if claim is None:
            return
        finalizers = claim["metadata"].get("finalizers") or []
        if is_deleting(claim):
            if CLAIM_PROTECTION in finalizers and not await self._is_used(claim):
                await self._write(claim, [name for name in finalizers if name != CLAIM_PROTECTION])
        elif CLAIM_PROTECTION not in finalizers:
            await self._write(claim, [*finalizers, CLAIM_PROTECTION])

    async def _is_used(self, claim: Object) -> bool:
        """Whether a pod that has a node uses it. The API itself is asked: the cache may not show the newest pod."""
        pods = await self.client.list_objects(PODS, claim["metadata"]["namespace"])
        return uses_claim(pods.items, claim["metadata"]["name"])

    async def _write(self, claim: Object, finalizers: list[str]) -> None:
        new = copy_object(claim)
        new["metadata"]["finalizers"] = finalizers
        await self.client.update(PERSISTENT_VOLUME_CLAIMS, claim["metadata"]["namespace"], new)


def uses_claim(pods: Iterable[Object], name: str) -> bool:
    """Whether one of the pods, which all have the claim's namespace, uses it: one without a node does not count yet."""
    return any(name in claims_of_pod(pod) for pod in pods if pod["spec"].get("nodeName"))
