"""ServiceAccount: every pod runs as an account, and finds that account's token mounted.

Upstream: plugin/pkg/admission/serviceaccount.
"""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.api.admission import Attributes, Plugin
from minikube_lite.api.admission.requests import created, forbidden_by_admission
from minikube_lite.machinery.kind import RequestContext
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import PODS, SERVICE_ACCOUNTS
from minikube_lite.store import Object

DEFAULT_SERVICE_ACCOUNT = "default"
ENFORCE_MOUNTABLE_SECRETS = "kubernetes.io/enforce-mountable-secrets"
MIRROR_POD = "kubernetes.io/config.mirror"
TOKEN_MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN_VOLUME_PREFIX = "kube-api-access-"
TOKEN_EXPIRATION_SECONDS = 3607
"""An hour, and seven seconds by which upstream knows tokens that it may extend."""
DEFAULT_ACCOUNT_TURNS_MAX = 100
"""Turns of the event loop for which a pod waits for the default account of a namespace that was made just now."""
CONTAINER_PLACES = (
    ("initContainers", "init container"), ("containers", "container"), ("ephemeralContainers", "ephemeral container"),
)  # fmt: skip
TRUE_TEXTS = ("1", "t", "T", "TRUE", "true", "True")
"""What Go's ParseBool takes for true."""


class ServiceAccount(Plugin):
    """The plugin."""

    async def admit(self, attributes: Attributes) -> None:
        pod = created(attributes, PODS)
        if pod is None:
            return
        if not _is_mirror(pod):
            await self._set_account(attributes, pod["spec"])
        # Upstream looks here already, so that these faults come before those of the pod's own fields.
        await self.validate(attributes)

    async def _set_account(self, attributes: Attributes, spec: Object) -> None:
        namespace = attributes.context.namespace
        name = spec.get("serviceAccountName") or DEFAULT_SERVICE_ACCOUNT
        spec["serviceAccountName"] = spec["serviceAccount"] = name
        account = await _find_account(attributes.context, namespace, name)
        if account is None:
            raise _missing(attributes, namespace, name)
        if _should_automount(account, spec):
            mount_token(attributes.context, spec)
        if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
            spec["imagePullSecrets"] = copy_object(account["imagePullSecrets"])

    async def validate(self, attributes: Attributes) -> None:
        ephemeral = attributes.operation == "UPDATE" and attributes.subresource == "ephemeralcontainers"
        pod = attributes.new if ephemeral and attributes.resource.key == PODS.key else created(attributes, PODS)
        if pod is None:
            return
        if _is_mirror(pod) and not ephemeral:
            for fault in _mirror_faults(pod["spec"]):
                raise forbidden_by_admission(attributes, fault)
            return
        namespace, name = attributes.context.namespace, pod["spec"].get("serviceAccountName", "")
        if not name:
            text = f"no service account specified for pod {namespace}/{pod['metadata'].get('name', '')}"
            raise forbidden_by_admission(attributes, text)
        account = attributes.context.reader.get(SERVICE_ACCOUNTS, namespace, name)
        if account is None:
            raise _missing(attributes, namespace, name)
        if (account["metadata"].get("annotations") or {}).get(ENFORCE_MOUNTABLE_SECRETS) in TRUE_TEXTS:
            for fault in _secret_faults(pod["spec"], account, ephemeral):
                raise forbidden_by_admission(attributes, fault)


def _is_mirror(pod: Object) -> bool:
    return MIRROR_POD in (pod["metadata"].get("annotations") or {})


def _missing(attributes: Attributes, namespace: str, name: str) -> Exception:
    text = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
    return forbidden_by_admission(attributes, text)


async def _find_account(context: RequestContext, namespace: str, name: str) -> Object | None:
    """The account; the default one is waited for, because a controller makes it soon after the namespace."""
    account = context.reader.get(SERVICE_ACCOUNTS, namespace, name)
    if name == DEFAULT_SERVICE_ACCOUNT:
        for _ in range(DEFAULT_ACCOUNT_TURNS_MAX):
            if account is not None:
                break
            await context.clock.transport.sleep(0)
            account = context.reader.get(SERVICE_ACCOUNTS, namespace, name)
    return account


def _should_automount(account: Object, spec: Object) -> bool:
    """The pod's wish counts, then the account's; without any the token is mounted."""
    for chooser in (spec, account):
        chosen = chooser.get("automountServiceAccountToken")
        if chosen is not None:
            return bool(chosen)
    return True


def mount_token(context: RequestContext, spec: Object) -> None:
    """Mount the token's volume in every container that has nothing else in its place."""
    volumes = spec.get("volumes") or []
    names = [volume.get("name", "") for volume in volumes]
    present = next((name for name in names if name.startswith(TOKEN_VOLUME_PREFIX)), None)
    needy = [
        container
        for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
        if all(mount.get("mountPath") != TOKEN_MOUNT_PATH for mount in container.get("volumeMounts") or ())
    ]
    if not needy:
        return
    name = present or TOKEN_VOLUME_PREFIX + context.clock.suffix()
    for container in needy:
        mount = {"name": name, "readOnly": True, "mountPath": TOKEN_MOUNT_PATH}
        container["volumeMounts"] = [*(container.get("volumeMounts") or ()), mount]
    if present is None:
        spec["volumes"] = [*volumes, {"name": name, "projected": token_volume_source()}]


def token_volume_source() -> Object:
    """The token, the cluster's CA and the namespace, as one projected volume."""
    field = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    return {
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": TOKEN_EXPIRATION_SECONDS, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field}]}},
        ],
        "defaultMode": 0o644,
    }


def _mirror_faults(spec: Object) -> Iterator[str]:
    """What a mirror pod, which shows what a kubelet runs on its own account, may not name."""
    if spec.get("serviceAccountName"):
        yield "a mirror pod may not reference service accounts"
    containers = [container for kind, _ in CONTAINER_PLACES for container in spec.get(kind) or ()]
    if (
        spec.get("imagePullSecrets")
        or any(volume.get("secret") for volume in spec.get("volumes") or ())
        or any(next(_env_secrets(container), None) for container in containers)
    ):
        yield "a mirror pod may not reference secrets"
    for volume in spec.get("volumes") or ():
        for source in (volume.get("projected") or {}).get("sources") or ():
            if source.get("secret"):
                yield "a mirror pod may not reference secrets"
            if source.get("serviceAccountToken"):
                yield "a mirror pod may not use ServiceAccountToken volume projections"


def _env_secrets(container: Object) -> Iterator[tuple[str, str]]:
    """The secrets that a container's environment names, and how to speak of the place."""
    for variable in container.get("env") or ():
        reference = (variable.get("valueFrom") or {}).get("secretKeyRef")
        if reference is not None:
            yield reference.get("name", ""), f"with envVar {variable['name']} referencing"
    for source in container.get("envFrom") or ():
        if source.get("secretRef") is not None:
            yield source["secretRef"].get("name", ""), "with envFrom referencing"


def _secret_faults(spec: Object, account: Object, ephemeral: bool) -> Iterator[str]:
    """Secrets that the pod names although its account, which asks for that, does not."""
    unknown = f"service account {account['metadata']['name']} does not reference that"
    allowed = {secret.get("name") for secret in account.get("secrets") or ()}
    places = CONTAINER_PLACES[2:] if ephemeral else CONTAINER_PLACES[:2]
    for volume in () if ephemeral else spec.get("volumes") or ():
        secret = (volume.get("secret") or {}).get("secretName")
        if secret is not None and secret not in allowed:
            yield f'volume with secret.secretName="{secret}" is not allowed because {unknown} secret'
    for kind, what in places:
        for container in spec.get(kind) or ():
            for secret, where in _env_secrets(container):
                if secret not in allowed:
                    place = f'{what} {container["name"]} {where} secret.secretName="{secret}"'
                    yield f"{place} is not allowed because {unknown} secret"
    pullable = {secret.get("name") for secret in account.get("imagePullSecrets") or ()}
    for position, reference in enumerate(() if ephemeral else spec.get("imagePullSecrets") or ()):
        secret = reference.get("name", "")
        if secret not in pullable:
            place = f'imagePullSecrets[{position}].name="{secret}"'
            yield f"{place} is not allowed because {unknown} imagePullSecret"
