"""How a node comes by images, and what it says when it does not; upstream: pkg/kubelet/images/image_manager.go."""

from __future__ import annotations

from dataclasses import dataclass

from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.images import image_bytes, image_reference
from minikube_lite.kubelet.state import PodState, Waiting
from minikube_lite.machinery.pod_faults import ContainerFacts, ImageFault
from minikube_lite.store import Object

BACK_OFF_SECONDS_MIN = 10.0
BACK_OFF_SECONDS_MAX = 300.0
SYNC_SECONDS = 1.0
"""After how long a failed pull is looked at again, and found to be backed off from."""
NEVER_SECONDS = 10.0
"""After how long an image that may not be pulled is looked for again."""


@dataclass(slots=True)
class _Failed:
    """A pull that failed: until when it is not tried again, after which delay, and why."""

    until: float
    delay: float
    error: str


class Puller:
    """Pulls the images of one node."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._failed: dict[tuple[str, str], _Failed] = {}

    def held_back(self, state: PodState, spec: Object) -> Waiting | None:
        """Why the image that a container needs cannot be pulled now; None when it can be, or need not be."""
        name, image = spec["name"], spec.get("image", "")
        host, now = self._host, self._host.clock.now()
        if not self.must_pull(spec):
            return None
        if spec.get("imagePullPolicy") == "Never":
            text = f'Container image "{image}" is not present with pull policy of Never'
            host.events.pod(state, "Warning", "ErrImageNeverPull", text, name)
            return Waiting("ErrImageNeverPull", text, now + NEVER_SECONDS)
        failed = self._failed.get((state.uid, image))
        if failed is None or now >= failed.until:
            return None
        text = f'Back-off pulling image "{image}"'
        host.events.pod(state, "Normal", "BackOff", text, name)
        host.events.pod(state, "Warning", "Failed", "Error: ImagePullBackOff", name)
        return Waiting("ImagePullBackOff", f"{text}: ErrImagePull: {failed.error}", failed.until)

    def must_pull(self, spec: Object) -> bool:
        """Whether a container needs a pull first."""
        return self._host.images.must_pull(spec.get("image", ""), spec.get("imagePullPolicy", "IfNotPresent"))

    def begin(self, state: PodState, spec: Object) -> float:
        """Begin to pull; how many seconds it takes."""
        host, image = self._host, spec.get("image", "")
        host.events.pod(state, "Normal", "Pulling", f'Pulling image "{image}"', spec["name"])
        slow = self._fault(state, spec, slow=True)
        return host.pace.pull + (slow.delay_seconds if slow is not None else 0.0)

    def finish(self, state: PodState, spec: Object, seconds: float) -> Waiting | None:
        """The end of a pull that took so long; how it failed, if it did."""
        host, name, image = self._host, spec["name"], spec.get("image", "")
        fault = self._fault(state, spec, slow=False)
        if fault is None:
            self._failed.pop((state.uid, image), None)
            host.images.add(image)
            text = f'Successfully pulled image "{image}" in {seconds:g}s ({seconds:g}s including waiting).'
            host.events.pod(state, "Normal", "Pulled", f"{text} Image size: {image_bytes(image)} bytes.", name)
            return None
        error, now = _error(fault, image), host.clock.now()
        before = self._failed.get((state.uid, image))
        delay = min(before.delay * 2, BACK_OFF_SECONDS_MAX) if before is not None else BACK_OFF_SECONDS_MIN
        self._failed[state.uid, image] = _Failed(now + delay, delay, error)
        host.events.pod(state, "Warning", "Failed", f'Failed to pull image "{image}": {error}', name)
        host.events.pod(state, "Warning", "Failed", "Error: ErrImagePull", name)
        return Waiting("ErrImagePull", error, now + SYNC_SECONDS)

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        for key in [key for key in self._failed if key[0] == uid]:
            del self._failed[key]

    def _fault(self, state: PodState, spec: Object, *, slow: bool) -> ImageFault | None:
        if ImageFault not in self._host.faults:
            return None
        facts = ContainerFacts(state.namespace, state.name, spec["name"], spec.get("image", ""), self._host.name)
        what = f"image {facts.image} for {facts}"
        return self._host.faults.find(ImageFault, lambda one: (one.type == "Slow") == slow and one.fits(facts), what)


def _error(fault: ImageFault, image: str) -> str:
    """In the words of containerd, by which the kubelet pulls."""
    reference = image_reference(image)
    registry, _, rest = reference.partition("/")
    failed = f'failed to pull and unpack image "{reference}": failed to resolve reference "{reference}"'
    match fault.type:
        case "NotFound":
            return f"rpc error: code = NotFound desc = {failed}: {reference}: not found"
        case "Denied":
            denied = "pull access denied, repository does not exist or may require authorization"
            return f"{failed}: {denied}: server message: insufficient_scope: authorization failed"
        case _:
            path, _, tag = rest.rpartition(":")
            asked = f'failed to do request: Head "https://{registry}/v2/{path}/manifests/{tag}"'
            return f"{failed}: {asked}: dial tcp: lookup {registry}: i/o timeout"
