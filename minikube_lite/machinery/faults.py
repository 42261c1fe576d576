"""What is broken on purpose now, as components ask it: failpoints that are objects. No counterpart upstream.

A component that can be broken is given the cluster's `Faults`. Some faults hold (a node is cut off): who follows them is told when
one begins and ends. Others strike now and then (a request fails): who is about to do such a thing asks. While there is no fault of
a target, asking is one look at a dict.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from minikube_lite.machinery.fault_specs import FaultTarget

T = TypeVar("T", bound=FaultTarget)
Follower = Callable[["Fault", bool], None]
"""Called with a fault, and whether it begins (else it ends)."""


@dataclass(slots=True, eq=False)
class Fault:
    """One that is active: what it breaks, how often at most, and how often it did."""

    name: str
    spec: FaultTarget
    random: random.Random
    struck: Callable[[Fault], None]
    """Called after each strike, when something is to be told of it."""
    skip: int = 0
    times: int | None = None
    probability: float = 1.0
    every: int = 1
    matches: int = 0
    hits: int = 0
    last_hit: str = ""

    def strikes(self, what: str) -> bool:
        """Whether it strikes this time. `what` says in words what it is about to hit."""
        self.matches += 1
        if self.matches <= self.skip or (self.times is not None and self.hits >= self.times):
            return False
        if (self.matches - self.skip) % self.every:
            return False
        if self.probability < 1 and self.random.random() >= self.probability:
            return False
        self.hits += 1
        self.last_hit = what
        self.struck(self)
        return True


@dataclass(slots=True)
class Faults:
    """The active faults of one cluster, by what they break, in the order in which they began."""

    _active: dict[type[FaultTarget], tuple[Fault, ...]] = field(default_factory=dict)
    _followers: dict[type[FaultTarget], list[Follower]] = field(default_factory=dict)

    # Asking

    def __contains__(self, target: type[FaultTarget]) -> bool:
        return target in self._active

    def find(self, target: type[T], matches: Callable[[T], bool], what: str) -> T | None:
        """The first fault of that target that matches, and strikes this time."""
        for fault in self._active.get(target, ()):
            if isinstance(fault.spec, target) and matches(fault.spec) and fault.strikes(what):
                return fault.spec
        return None

    def of(self, target: type[FaultTarget]) -> Sequence[Fault]:
        """Those that break it now."""
        return self._active.get(target, ())

    def follow(self, target: type[FaultTarget], follower: Follower) -> None:
        """Call for every fault of that target that begins or ends."""
        self._followers.setdefault(target, []).append(follower)

    # Breaking and healing

    def begin(self, fault: Fault) -> None:
        """Something is broken from now on."""
        target = type(fault.spec)
        self._active[target] = (*self._active.get(target, ()), fault)
        self._tell(fault, True)

    def end(self, fault: Fault) -> None:
        """It is no longer."""
        target = type(fault.spec)
        left = tuple(one for one in self._active.get(target, ()) if one is not fault)
        if left:
            self._active[target] = left
        else:
            self._active.pop(target, None)
        self._tell(fault, False)

    def _tell(self, fault: Fault, begins: bool) -> None:
        for follower in self._followers.get(type(fault.spec), ()):
            follower(fault, begins)
