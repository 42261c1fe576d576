"""NamespaceLifecycle: nothing is made in a namespace that is missing or being emptied; three namespaces stay for ever.

Upstream: apiserver/pkg/admission/plugin/namespace/lifecycle.
"""

from __future__ import annotations

from minikube_lite.api.admission import Attributes, Plugin
from minikube_lite.api.admission.requests import forbidden_by_admission
from minikube_lite.machinery.errors import forbidden, not_found
from minikube_lite.machinery.meta import is_deleting
from minikube_lite.machinery.resources import NAMESPACES

IMMORTAL_NAMESPACES = ("default", "kube-system", "kube-public")
ACCESS_REVIEW = "localsubjectaccessreviews.authorization.k8s.io"
"""To say of a namespace that it is missing would tell who may not know."""


class NamespaceLifecycle(Plugin):
    """The plugin."""

    async def admit(self, attributes: Attributes) -> None:
        resource, context = attributes.resource, attributes.context
        if resource.key == NAMESPACES.key:
            if attributes.operation == "DELETE" and context.name in IMMORTAL_NAMESPACES:
                raise forbidden(resource, context.name, "this namespace may not be deleted")
            return
        name = context.namespace
        if not name or attributes.operation == "DELETE" or resource.key == ACCESS_REVIEW:
            return
        namespace = context.reader.get(NAMESPACES, "", name)
        if namespace is None:
            raise not_found(NAMESPACES, name)
        if attributes.operation == "CREATE" and is_deleting(namespace):
            cause = {
                "reason": "NamespaceTerminating",
                "message": f"namespace {name} is being terminated",
                "field": "metadata.namespace",
            }
            text = f"unable to create new content in namespace {name} because it is being terminated"
            raise forbidden_by_admission(attributes, text, [cause])
