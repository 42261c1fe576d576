"""OwnerReferencesPermissionEnforcement: who makes an object go with another has to be allowed to delete it himself.

And who makes an owner wait for an object has to be allowed to change the owner's finalizers. Not on by default, as upstream.
Upstream: plugin/pkg/admission/gc.
"""

from __future__ import annotations

from collections.abc import Sequence

from minikube_lite.api.admission import Attributes as Write
from minikube_lite.api.admission import Plugin
from minikube_lite.api.admission.requests import forbidden_by_admission
from minikube_lite.api.authorization import Attributes, Authorizer
from minikube_lite.api.scheme import Scheme
from minikube_lite.machinery.resources import PODS
from minikube_lite.store import Object

FINALIZERS = "finalizers"


class OwnerReferencesPermissionEnforcement(Plugin):
    """The plugin."""

    def __init__(self, authorizer: Authorizer, scheme: Scheme) -> None:
        self._authorizer = authorizer
        self._scheme = scheme

    async def validate(self, attributes: Write) -> None:
        new, old = attributes.new, attributes.old
        # Old kubelets spoil them in a pod's status, which cannot change them anyway.
        is_status = attributes.resource.key == PODS.key and attributes.subresource == "status"
        if new is None or is_status or _owners(new) == _owners(old):
            return
        if attributes.operation != "CREATE":
            self._check_deletion(attributes)
        blocking = newly_blocking(_owners(new), _owners(old))
        anything = Attributes(attributes.context.user, "update", "", "*", "*", FINALIZERS, "*")
        if blocking and not self._authorizer.authorize(anything).allowed:
            for reference in blocking:
                self._check_blocking(attributes, reference)

    def _check_deletion(self, attributes: Write) -> None:
        context, resource = attributes.context, attributes.resource
        asked = Attributes(
            context.user,
            "delete",
            context.namespace,
            resource.group,
            resource.resource,
            attributes.subresource,
            context.name,
        )
        decision = self._authorizer.authorize(asked)
        if not decision.allowed:
            text = f"cannot set an ownerRef on a resource you can't delete: {decision.reason}, <nil>"
            raise forbidden_by_admission(attributes, text)

    def _check_blocking(self, attributes: Write, reference: Object) -> None:
        api_version, kind = reference["apiVersion"], reference["kind"]
        group, _, version = api_version.rpartition("/")
        owner = self._scheme.of_kind(group, version, kind)
        if owner is None:
            text = (
                f"cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion {api_version}"
                f' Kind {kind}: no matches for kind "{kind}" in version "{api_version}"'
            )
            raise forbidden_by_admission(attributes, text)
        context = attributes.context
        namespace = context.namespace if owner.info.namespaced else ""
        asked = Attributes(
            context.user, "update", namespace, group, owner.info.name, FINALIZERS, reference.get("name", "")
        )
        decision = self._authorizer.authorize(asked)
        if not decision.allowed:
            text = (
                "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on:"
                f" {decision.reason}, <nil>"
            )
            raise forbidden_by_admission(attributes, text)


def _owners(obj: Object | None) -> Sequence[Object]:
    return (obj["metadata"].get("ownerReferences") or ()) if obj is not None else ()


def newly_blocking(new: Sequence[Object], old: Sequence[Object]) -> list[Object]:
    """The references by which owners are made to wait that did not before."""
    before = {reference["uid"] for reference in old if reference.get("blockOwnerDeletion")}
    return [item for item in new if item.get("blockOwnerDeletion") and item["uid"] not in before]
