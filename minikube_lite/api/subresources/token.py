"""serviceaccounts/token: a token of a service account; upstream: pkg/registry/core/serviceaccount/storage/token.go."""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.api.authentication.service_account import Binding, ServiceAccountTokens
from minikube_lite.api.registry import Registry, WriteOptions
from minikube_lite.api.scheme import ServedResource
from minikube_lite.clock import format_time
from minikube_lite.machinery import errors
from minikube_lite.machinery.resources import NODES, PODS, SECRETS, GroupVersionResource
from minikube_lite.schema.field import FieldError, Path, go_quote, invalid
from minikube_lite.store import Object

EXPIRATION_SECONDS_DEFAULT = 3600
EXPIRATION_SECONDS_MIN = 600
EXPIRATION_SECONDS_MAX = 1 << 32
WARN_ONLY_SECONDS = 3607
"""What the volumes of pods ask for; such tokens work for longer, as programs that never read them again rely on."""
EXTENDED_SECONDS = 365 * 24 * 3600


class Token:
    """e.g. POST /api/v1/namespaces/default/serviceaccounts/default/token"""

    group, version, kind = "authentication.k8s.io", "v1", "TokenRequest"
    older: tuple[str, ...] = ()

    def __init__(self, registry: Registry, tokens: ServiceAccountTokens) -> None:
        schema = registry.scheme.schemas.type_for(self.group, self.version, self.kind)
        assert schema is not None
        self.schema = schema
        self._registry = registry
        self._tokens = tokens

    async def perform(
        self, resource: ServedResource, namespace: str, name: str, sent: Object, options: WriteOptions
    ) -> Object:
        """The request with its token."""
        registry = self._registry
        metadata, spec = sent.setdefault("metadata", {}), sent.setdefault("spec", {})
        if spec.get("expirationSeconds") is None:
            spec["expirationSeconds"] = EXPIRATION_SECONDS_DEFAULT
        registry.ownership.sent(self.schema, f"{self.group}/{self.version}", sent, options.manager, "token")
        context = registry.context("create", resource, namespace, name, options)
        attributes = await registry.admit("CREATE", resource, context, sent, None)
        self._check_place(metadata, namespace, name)
        account = registry.reader.get(resource.gvr, namespace, name)
        if account is None:
            raise errors.not_found(resource.gvr, name)
        self._complete(sent, account, name)
        faults = list(_spec_faults(spec))
        if faults:
            raise errors.invalid(self.group, self.kind, "", faults)
        await registry.admission.validate(attributes)
        sent["status"] = self._status(sent, account, self._binding(spec.get("boundObjectRef"), namespace, name))
        return sent

    def _check_place(self, metadata: Object, namespace: str, name: str) -> None:
        for part, wanted in (("name", name), ("namespace", namespace)):
            if metadata.get(part) and metadata[part] != wanted:
                text = f"must match the service account {part} if specified"
                raise errors.invalid(
                    self.group, self.kind, name, [invalid(Path("metadata").child(part), metadata[part], text)]
                )

    def _complete(self, sent: Object, account: Object, name: str) -> None:
        metadata, own = sent["metadata"], account["metadata"]
        if metadata.get("uid") and metadata["uid"] != own["uid"]:
            what = GroupVersionResource(self.group, self.version, self.kind)
            text = f"the UID in the token request ({metadata['uid']}) does not match the UID of the service account ({own['uid']})"
            raise errors.conflict(what, name, text)
        sent["spec"]["audiences"] = sent["spec"].get("audiences") or list(self._tokens.audiences)
        for part in ("name", "namespace", "uid"):
            metadata[part] = own[part]
        metadata["creationTimestamp"] = self._registry.clock.timestamp()

    def _binding(self, reference: Object | None, namespace: str, account: str) -> Binding:
        """What the token is bound to. Raises 404, 409, and 400 for what nothing can be bound to."""
        if reference is None:
            return Binding()
        api_version, kind = reference.get("apiVersion", ""), reference.get("kind", "")
        group, _, version = api_version.rpartition("/")
        resource = {"Pod": PODS, "Secret": SECRETS, "Node": NODES}.get(kind)
        if group or resource is None:
            raise errors.bad_request(f"cannot bind token to object of type {group}/{version}, Kind={kind}")
        name = reference.get("name", "")
        bound = self._registry.reader.get(resource, "" if resource is NODES else namespace, name)
        if bound is None:
            raise errors.not_found(resource, name)
        if resource is PODS and (bound["spec"].get("serviceAccountName") or "") != account:
            text = f"cannot bind token for serviceaccount {go_quote(account)} to pod running with different serviceaccount name."
            raise errors.bad_request(text)
        uid = reference.get("uid", "")
        if uid and uid != bound["metadata"]["uid"]:
            text = f"the UID in the bound object reference ({uid}) does not match the UID in record."
            text += " The object might have been deleted and then recreated"
            raise errors.conflict(GroupVersionResource("", version, kind), name, text)
        if resource is PODS:
            return Binding(pod=bound, node=self._node_of(bound))
        return Binding(secret=bound) if resource is SECRETS else Binding(node=bound)

    def _node_of(self, pod: Object) -> Object | None:
        """The node of a pod, by name alone if it is not there."""
        name = pod["spec"].get("nodeName")
        if not name:
            return None
        return self._registry.reader.get(NODES, "", name) or {"metadata": {"name": name}}

    def _status(self, sent: Object, account: Object, binding: Binding) -> Object:
        spec, seconds, warn_after = sent["spec"], sent["spec"]["expirationSeconds"], None
        own = set(spec["audiences"]) <= set(self._tokens.audiences)
        if binding.pod is not None and seconds == WARN_ONLY_SECONDS and own:
            seconds, warn_after = EXTENDED_SECONDS, seconds
        token = self._tokens.issue(account, binding, spec["audiences"], seconds, warn_after)
        expiration = format_time(self._registry.clock.now() + spec["expirationSeconds"])
        return {"token": token, "expirationTimestamp": expiration}


def _spec_faults(spec: Object) -> Iterator[FieldError]:
    path, seconds = Path("spec.expirationSeconds"), spec["expirationSeconds"]
    if seconds < EXPIRATION_SECONDS_MIN:
        yield invalid(path, seconds, "may not specify a duration less than 10 minutes")
    if seconds > EXPIRATION_SECONDS_MAX:
        yield invalid(path, seconds, "may not specify a duration larger than 2^32 seconds")
