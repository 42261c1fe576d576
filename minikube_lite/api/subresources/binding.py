"""pods/binding: the scheduler's assignment of a pod to a node; upstream: pkg/registry/core/pod/storage BindingREST."""

from __future__ import annotations

from minikube_lite.api.registry import Registry, WriteOptions
from minikube_lite.api.scheme import ServedResource
from minikube_lite.machinery import errors
from minikube_lite.machinery.kind import Strategy
from minikube_lite.machinery.meta import copy_object
from minikube_lite.schema.field import Path, not_supported, required
from minikube_lite.store import Object


class BindingStrategy(Strategy):
    """A pod's node is set once and for all; nothing else is checked again."""

    has_status = False
    tracks_fields = False

    def generation_changes(self, new: Object, old: Object) -> bool:
        return False


class Binding:
    """e.g. POST /api/v1/namespaces/default/pods/kubia-0/binding"""

    group, version, kind = "", "v1", "Binding"
    older: tuple[str, ...] = ()

    def __init__(self, registry: Registry) -> None:
        schema = registry.scheme.schemas.type_for(self.group, self.version, self.kind)
        assert schema is not None
        self.schema = schema
        self._registry = registry
        self._strategy = BindingStrategy()

    async def perform(
        self, resource: ServedResource, namespace: str, name: str, sent: Object, options: WriteOptions
    ) -> None:
        """Assign the pod."""
        metadata, target = sent.get("metadata", {}), sent.get("target", {})
        if metadata.get("name", name) != name:
            raise errors.bad_request("name in URL does not match name in Binding object")
        path = Path("target")
        if target.get("kind", "") not in ("", "Node"):
            raise errors.unknown(str(not_supported(path.child("kind"), target["kind"], ("Node", "<empty>"))))
        if not target.get("name"):
            raise errors.unknown(str(required(path.child("name"))))

        def bind(old: Object | None) -> Object:
            assert old is not None
            self._check(resource, old, metadata)
            return self._bound(old, metadata, target["name"])

        await self._registry.update(resource, namespace, name, bind, options, strategy=self._strategy)

    def _check(self, resource: ServedResource, pod: Object, metadata: Object) -> None:
        name = pod["metadata"]["name"]
        binding = resource.gvr._replace(resource="pods/binding")
        for part, label in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
            wanted, found = metadata.get(part), pod["metadata"][part]
            if wanted and wanted != found:
                raise errors.conflict(
                    binding,
                    name,
                    f"Precondition failed: {label} in precondition: {wanted}, {label} in object meta: {found}",
                )
        if "deletionTimestamp" in pod["metadata"]:
            raise errors.conflict(binding, name, f"pod {name} is being deleted, cannot be assigned to a host")
        if pod["spec"].get("nodeName"):
            raise errors.conflict(binding, name, f'pod {name} is already assigned to node "{pod["spec"]["nodeName"]}"')
        if pod["spec"].get("schedulingGates"):
            raise errors.conflict(binding, name, f"pod {name} has non-empty .spec.schedulingGates")

    def _bound(self, old: Object, metadata: Object, node: str) -> Object:
        pod: Object = copy_object(old)
        pod["spec"]["nodeName"] = node
        if metadata.get("annotations"):
            pod["metadata"].setdefault("annotations", {}).update(metadata["annotations"])
        status = pod.setdefault("status", {})
        status.pop("nominatedNodeName", None)
        conditions = [condition for condition in status.get("conditions", ()) if condition["type"] != "PodScheduled"]
        scheduled = {
            "type": "PodScheduled",
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": self._registry.clock.timestamp(),
        }
        status["conditions"] = [*conditions, scheduled]
        return pod
