"""Images: what a node has pulled, and how it speaks of them; upstream: pkg/kubelet/images."""

from __future__ import annotations

import hashlib

from minikube_lite.store import Object

IMAGES_SHOWN_MAX = 50
"""How many images a node's status lists (upstream's nodeStatusMaxImages)."""
IMAGE_BYTES_MIN = 5_000_000
IMAGE_BYTES_SPAN = 195_000_000


class ImageStore:
    """The images that a node holds."""

    def __init__(self) -> None:
        self._images: dict[str, None] = {}

    def must_pull(self, image: str, policy: str) -> bool:
        """Whether a container of that imagePullPolicy needs a pull first."""
        return policy == "Always" or image not in self._images

    def add(self, image: str) -> None:
        """The image was pulled."""
        self._images[image] = None

    def __contains__(self, image: str) -> bool:
        return image in self._images

    def __len__(self) -> int:
        return len(self._images)

    def status(self) -> list[Object]:
        """As a node's status lists them, the largest first."""
        shown = sorted(self._images, key=lambda image: (-image_bytes(image), image))
        return [
            {"names": [image_id(image), image], "sizeBytes": image_bytes(image)} for image in shown[:IMAGES_SHOWN_MAX]
        ]


def image_id(image: str) -> str:
    """A made-up digest, the same for the same image: `docker.io/luksa/kubia-pet@sha256:…`."""
    name, _, digest = image.partition("@")
    if digest:
        return image
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"{_repository(name)}@sha256:{digest}"


def image_reference(image: str) -> str:
    """An image's full name with its tag, as the runtime calls it: `docker.io/luksa/kubia-pet:latest`."""
    if "@" in image:
        return image
    tag = image.rpartition("/")[2].partition(":")[2]
    return f"{_repository(image)}:{tag or 'latest'}"


def image_bytes(image: str) -> int:
    """A made-up size, the same for the same image."""
    number = int.from_bytes(hashlib.sha256(image.encode()).digest()[:4], "big")
    return IMAGE_BYTES_MIN + number % IMAGE_BYTES_SPAN


def _repository(image: str) -> str:
    """An image's full name without its tag."""
    head, slash, last = image.rpartition("/")
    name = f"{head}{slash}{last.partition(':')[0]}"
    first = name.partition("/")[0]
    if slash and ("." in first or ":" in first or first == "localhost"):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"
