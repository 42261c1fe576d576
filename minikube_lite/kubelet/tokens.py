"""Tokens of service accounts in the volumes of pods, renewed before they end; upstream: pkg/kubelet/token."""

from __future__ import annotations

from minikube_lite.clock import parse_time
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.state import PodState
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import SERVICE_ACCOUNTS
from minikube_lite.network.link import Unreachable
from minikube_lite.programs.volumes import replace_file
from minikube_lite.store import Object

TOKEN_SECONDS = 3607
"""How long the tokens are valid that pods get by default."""
AGE_SECONDS_MAX = 24 * 3600
"""No token gets older than that, however long it is valid."""
RENEWED_AFTER = 0.8
"""After which part of its life a token is renewed."""
RETRY_SECONDS = 60.0
"""After how long a renewal that failed is tried again."""


def renewal_time(expiration: float, seconds: int) -> float:
    """When a token that is valid for that long, until then, is to be renewed."""
    issued = expiration - seconds
    return issued + min(seconds * RENEWED_AFTER, AGE_SECONDS_MAX)


async def fetch_token(source: Object, state: PodState, host: Host) -> tuple[bytes, float]:
    """A token as a volume's source asks for it, and when it is to be renewed. Raises ApiError and Unreachable."""
    audience, seconds = source.get("audience"), source.get("expirationSeconds", TOKEN_SECONDS)
    request: Object = {
        "spec": {
            "audiences": [audience] if audience else [],
            "expirationSeconds": seconds,
            "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": state.name, "uid": state.uid},
        }
    }
    account = state.pod["spec"].get("serviceAccountName") or "default"
    answer = await host.client.create(SERVICE_ACCOUNTS, state.namespace, request, name=account, subresource="token")
    status = answer["status"]
    return status["token"].encode(), renewal_time(parse_time(status["expirationTimestamp"]), seconds)


async def renew_tokens(state: PodState, host: Host) -> None:
    """Put new tokens into the pod's volumes; the old ones stay where the API cannot be reached or gives none out."""
    due: list[float] = []
    for volume in state.pod["spec"].get("volumes") or ():
        directory = host.volumes.pod_volume(state.uid, "projected", volume["name"])
        for part in volume.get("projected", {}).get("sources") or ():
            source = part.get("serviceAccountToken")
            if source is None:
                continue
            try:
                token, renewed_at = await fetch_token(source, state, host)
            except (ApiError, Unreachable):
                due.append(host.clock.now() + RETRY_SECONDS)
            else:
                replace_file(directory, source["path"], token)
                due.append(renewed_at)
    state.renew_tokens_at = min(due, default=None)
