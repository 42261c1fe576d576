"""What can be broken in pods: their images, and their containers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from minikube_lite.machinery.fault_specs import DELAY_SECONDS_MAX, FaultTarget, fits

Patterns = tuple[str, ...]
EXIT_CODE_MAX = 255


@dataclass(frozen=True, slots=True)
class ContainerFacts:
    """What a container is, as far as faults look at it."""

    namespace: str
    pod: str
    container: str
    image: str
    node: str

    def __str__(self) -> str:
        return f"container {self.container} of {self.namespace}/{self.pod} on {self.node}"


class OfContainers(FaultTarget):
    """What tells one container from another. Each is a list of names or patterns, as web-*; an empty one fits all."""

    namespaces: Annotated[Patterns, Field(description="The namespaces of the pods.")] = ()
    pods: Annotated[Patterns, Field(description="The names of the pods.")] = ()
    containers: Annotated[Patterns, Field(description="The names of the containers.")] = ()
    images: Annotated[Patterns, Field(description="Their images, as pods name them.")] = ()
    nodes: Annotated[Patterns, Field(description="The nodes.")] = ()

    def fits(self, facts: ContainerFacts) -> bool:
        """Whether a container is meant."""
        return (
            fits(self.namespaces, facts.namespace)
            and fits(self.pods, facts.pod)
            and fits(self.containers, facts.container)
            and fits(self.images, facts.image)
            and fits(self.nodes, facts.node)
        )


class ImageFault(OfContainers):
    """Images that cannot be pulled, or only slowly. A node that has the image, and need not pull it, is not struck."""

    type: Annotated[
        Literal["NotFound", "Denied", "Unavailable", "Slow"],
        Field(
            description="NotFound: the registry has no such image. Denied: it wants other credentials. Unavailable: it "
            "does not answer. Slow: the pull takes longer."
        ),
    ]
    delay_seconds: Annotated[
        float, Field(ge=0, le=DELAY_SECONDS_MAX, description="Of Slow: so many seconds of emulated time.")
    ] = 60

    @property
    def shown_target(self) -> str:
        """The images."""
        return ",".join(self.images) or "*"


class ContainerFault(OfContainers):
    """Containers that do not go as they should: those that run, and those that start while the fault is there."""

    type: Annotated[
        Literal["Crash", "OOMKilled", "Hang", "FailProbe", "SlowStart"],
        Field(
            description="Crash: it ends with exitCode. OOMKilled: it is killed for its memory. Hang: it goes on, and "
            "answers nothing on its ports. FailProbe: its probes fail. SlowStart: its program starts later."
        ),
    ]
    exit_code: Annotated[int, Field(ge=0, le=EXIT_CODE_MAX, description="Of a Crash.")] = 1
    after_seconds: Annotated[
        float,
        Field(
            ge=0,
            le=DELAY_SECONDS_MAX,
            description="Of Crash, OOMKilled and Hang: how long after its start, or after the fault's if it runs already.",
        ),
    ] = 0
    probes: Annotated[
        tuple[Literal["startup", "readiness", "liveness"], ...],
        Field(description="Of FailProbe: which of its probes; an empty list is all."),
    ] = ()
    delay_seconds: Annotated[float, Field(ge=0, le=DELAY_SECONDS_MAX, description="Of SlowStart: how much later.")] = 30

    @property
    def shown_target(self) -> str:
        """The pods."""
        return ",".join(self.pods or self.images or self.containers) or "*"


class VolumeFault(FaultTarget):
    """Volumes that pods cannot have. Pods that have theirs already keep them."""

    namespaces: Annotated[Patterns, Field(description="The namespaces of the pods.")] = ()
    pods: Annotated[Patterns, Field(description="The names of the pods.")] = ()
    nodes: Annotated[Patterns, Field(description="The nodes.")] = ()
    volumes: Annotated[Patterns, Field(description="The names of the volumes, as the pods' specs have them.")] = ()
    claims: Annotated[
        Patterns, Field(description="The names of the claims behind them; an empty list is all volumes.")
    ] = ()
    type: Annotated[
        Literal["AttachFailure", "MountFailure"],
        Field(
            description="AttachFailure: the volume of a claim cannot be attached to the node. MountFailure: a volume of "
            "any kind cannot be mounted there."
        ),
    ]

    @property
    def shown_target(self) -> str:
        """The claims or volumes."""
        return ",".join(self.claims or self.volumes) or "*"

    def fits(self, namespace: str, pod: str, node: str, volume: str, claim: str) -> bool:
        """Whether a volume of a pod is meant; `claim` is empty for one without."""
        return (
            fits(self.namespaces, namespace)
            and fits(self.pods, pod)
            and fits(self.nodes, node)
            and fits(self.volumes, volume)
            and fits(self.claims, claim)
            and (bool(claim) or self.type == "MountFailure")
        )
