"""What can be broken on purpose, and how: one model a target. What people write in a Fault is what components are asked by.

Names are patterns, as `node-2`, `node-*` or `*`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import Field

from minikube_lite.machinery.own_kind import Model

DELAY_SECONDS_MAX = 86_400
"""A day."""


class FaultTarget(Model):
    """One thing that can be broken; `type` says how."""

    @property
    def shown_type(self) -> str:
        """How it is broken, in a word."""
        return str(getattr(self, "type", ""))

    @property
    def shown_target(self) -> str:
        """What is broken, as a table shows it."""
        return str(getattr(self, "name", "") or "*")


def matches(pattern: str, text: str) -> bool:
    """Whether a name fits a pattern; an empty one fits all."""
    return not pattern or pattern == text or fnmatchcase(text, pattern)


def fits(patterns: Sequence[str], text: str) -> bool:
    """Whether a name fits one of the patterns; without any, all fit. An empty pattern stands for no name."""
    return not patterns or any(matches(pattern, text) if pattern else not text for pattern in patterns)


class ControllerFault(FaultTarget):
    """A controller that does nothing."""

    name: Annotated[
        str,
        Field(
            min_length=1,
            description="Its name, as statefulset-controller or statefulset, default-scheduler; or a pattern, as *.",
        ),
    ]
    type: Annotated[
        Literal["Paused"],
        Field(description="Paused: it takes no step while the fault is there, and catches up afterwards."),
    ] = "Paused"

    def means(self, controller: str) -> bool:
        """Whether a controller is meant, by its whole name or without its ending."""
        return any(matches(self.name, name) for name in (controller, controller.removesuffix("-controller")))


class NodeFault(FaultTarget):
    """A node that is broken."""

    name: Annotated[str, Field(min_length=1, description="The node's name, or a pattern, as node-*.")]
    type: Annotated[
        Literal["Cut", "Reboot", "Slow", "MemoryPressure", "DiskPressure", "PIDPressure"],
        Field(
            description="Cut: nothing gets from or to the node, as by `ifconfig eth0 down`; what runs on it goes on. "
            "Reboot: it goes down, and comes up again. Slow: its kubelet takes longer to pull, to start and to stop. "
            "MemoryPressure, DiskPressure, PIDPressure: it runs out of that, and evicts pods."
        ),
    ]
    delay_seconds: Annotated[
        float,
        Field(
            ge=0,
            le=DELAY_SECONDS_MAX,
            description="Of a Reboot: how long the node is down. Of Slow: how much longer each takes. In emulated time.",
        ),
    ] = 30
