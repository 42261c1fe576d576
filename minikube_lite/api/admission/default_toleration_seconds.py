"""DefaultTolerationSeconds: how long a pod stays on a node that is not ready or not reachable, unless it says so.

Upstream: plugin/pkg/admission/defaulttolerationseconds.
"""

from __future__ import annotations

from minikube_lite.api.admission import Attributes, Plugin
from minikube_lite.api.admission.requests import written
from minikube_lite.machinery.resources import PODS
from minikube_lite.store import Object

NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"


class DefaultTolerationSeconds(Plugin):
    """The plugin; it acts on updates too."""

    async def admit(self, attributes: Attributes) -> None:
        pod, options = written(attributes, PODS), attributes.context.options
        if pod is None:
            return
        defaults = {
            NOT_READY: options.toleration_seconds("not_ready"),
            UNREACHABLE: options.toleration_seconds("unreachable"),
        }
        given = pod["spec"].get("tolerations") or []
        added = [
            {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds}
            for key, seconds in defaults.items()
            if not any(_concerns(toleration, key) for toleration in given)
        ]
        if added:
            pod["spec"]["tolerations"] = [*given, *added]


def _concerns(toleration: Object, key: str) -> bool:
    return toleration.get("key", "") in ("", key) and toleration.get("effect", "") in ("", "NoExecute")
