"""Which pods and revisions are a set's: orphans that match are adopted, pods that match no more are released.

Upstream: pkg/controller/controller_ref_manager.go.
"""

from __future__ import annotations

from typing import Any

from minikube_lite.controllers.own_writes import OwnWrites
from minikube_lite.controllers.statefulset.history import History
from minikube_lite.controllers.statefulset.identity import KIND, is_member
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.controller import object_key
from minikube_lite.machinery.errors import ApiError, is_not_found
from minikube_lite.machinery.informer import Informer
from minikube_lite.machinery.meta import controller_of, controller_reference, is_deleting
from minikube_lite.machinery.resources import PODS, STATEFUL_SETS
from minikube_lite.machinery.selectors import Selector
from minikube_lite.store import Object

CONTROLLER_INDEX = "statefulset/controller"


class AdoptionRefused(Exception):
    """The set may not adopt: it is not the one that is cached, or is being deleted."""


def controller_index(obj: Object) -> list[str]:
    """By the controller's uid; orphans by their namespace."""
    reference = controller_of(obj)
    return [reference["uid"] if reference else f"orphans of {obj['metadata'].get('namespace', '')}"]


class Ownership:
    """Finds what belongs to a set, and makes it so where that is due."""

    def __init__(
        self, client: Client, pods: Informer, revisions: Informer, history: History, writes: OwnWrites
    ) -> None:
        self._client = client
        self._pods = pods
        self._revisions = revisions
        self._history = history
        self._writes = writes
        for informer in (pods, revisions):
            informer.add_index(CONTROLLER_INDEX, controller_index)

    def revisions_of(self, stateful_set: Object, selector: Selector) -> list[Object]:
        """The set's revisions, and orphans that match."""
        found = self._owned_and_orphans(self._revisions, stateful_set)
        return [revision for revision in found if selector.matches(revision["metadata"].get("labels"))]

    async def adopt_revisions(self, stateful_set: Object, selector: Selector) -> None:
        """Take orphaned revisions that match as the set's."""
        revisions = self.revisions_of(stateful_set, selector)
        orphans = [revision for revision in revisions if controller_of(revision) is None]
        if orphans:
            await self._check_adopter(stateful_set)
            for revision in orphans:
                await self._history.adopt(stateful_set, revision)

    async def claim_pods(self, stateful_set: Object, selector: Selector) -> list[Object]:
        """The set's pods, after adoption and release."""
        claimed: list[Object] = []
        faults: list[Exception] = []
        for pod in self._owned_and_orphans(self._pods, stateful_set):
            try:
                if await self._claim(stateful_set, selector, pod):
                    claimed.append(pod)
            except (ApiError, AdoptionRefused) as error:
                faults.append(error)
        raise_faults("pods were not adopted or released", faults)
        return claimed

    def _owned_and_orphans(self, informer: Informer, stateful_set: Object) -> list[Object]:
        metadata = stateful_set["metadata"]
        owned = informer.by_index(CONTROLLER_INDEX, metadata["uid"])
        return [*owned, *informer.by_index(CONTROLLER_INDEX, f"orphans of {metadata['namespace']}")]

    async def _claim(self, stateful_set: Object, selector: Selector, pod: Object) -> bool:
        matches = selector.matches(pod["metadata"].get("labels")) and is_member(stateful_set, pod)
        if controller_of(pod) is not None:
            if not matches and not is_deleting(stateful_set):
                await self._patch_owner(stateful_set, pod, {"$patch": "delete", "uid": stateful_set["metadata"]["uid"]})
            return matches
        if not matches or is_deleting(stateful_set) or is_deleting(pod):
            return False
        await self._check_adopter(stateful_set)
        return await self._patch_owner(stateful_set, pod, controller_reference(stateful_set, STATEFUL_SETS, KIND))

    async def _patch_owner(self, stateful_set: Object, pod: Object, reference: Object) -> bool:
        """False where the pod is gone. With its uid in the patch no other pod of that name is changed."""
        metadata = pod["metadata"]
        patch: Any = {"metadata": {"uid": metadata["uid"], "ownerReferences": [reference]}}
        try:
            patched = await self._client.patch(
                PODS,
                metadata["namespace"],
                metadata["name"],
                patch,
                patch_type="application/strategic-merge-patch+json",
            )
        except ApiError as error:
            if is_not_found(error) or (error.reason == "Invalid" and "$patch" in reference):
                return False
            raise
        self._writes.note(object_key(stateful_set), PODS, patched)
        return True

    async def _check_adopter(self, stateful_set: Object) -> None:
        """A cached set may be gone already: ask the API itself before taking anything."""
        metadata = stateful_set["metadata"]
        live = await self._client.get(STATEFUL_SETS, metadata["namespace"], metadata["name"])
        if live["metadata"]["uid"] != metadata["uid"]:
            text = f"got uid {live['metadata']['uid']}, wanted {metadata['uid']}"
            raise AdoptionRefused(f"original StatefulSet {object_key(stateful_set)} is gone: {text}")
        if is_deleting(live):
            moment = live["metadata"]["deletionTimestamp"]
            raise AdoptionRefused(f"{object_key(stateful_set)} has just been deleted at {moment}")


def raise_faults(message: str, faults: list[Exception]) -> None:
    """Raise one fault as it is, several as a group."""
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise ExceptionGroup(message, faults)
