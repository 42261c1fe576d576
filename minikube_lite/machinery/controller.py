"""What every controller is: informers that put keys into a queue, and a worker that syncs one key after the other.

Upstream: the controllers of kube-controller-manager (Run, runWorker, processNextWorkItem, sync).
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from minikube_lite.clock import Clock
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.decisions import Decisions
from minikube_lite.machinery.errors import ApiError, is_conflict, is_namespace_terminating, is_not_found
from minikube_lite.machinery.events import EventRecorder, Events
from minikube_lite.machinery.informer import Handler, Informer, Informers
from minikube_lite.machinery.queue import WorkQueue
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.store import Object

log = logging.getLogger(__name__)


ClientFactory = Callable[[str, str], Client]
"""Makes a client that acts as a user (`system:serviceaccount:…`) and field manager."""


@dataclass(frozen=True, slots=True)
class ControllerContext:
    """What a controller is given. `options` are the cluster's, by name; `directory` is the cluster's own; `authority` is PEM."""

    client: Client
    informers: Informers
    clock: Clock
    events: Events
    options: Any = None
    client_for: ClientFactory | None = None
    directory: Path | None = None
    authority: str = ""
    decisions: Decisions = field(default_factory=Decisions)


class Controller(ABC):
    """A level-triggered loop over keys (`namespace/name`, or `name`). Subclasses name themselves and say how to sync a key.

    A sync that raises is logged and tried again with back-off; it never ends the controller.
    """

    name: ClassVar[str]
    """Upstream's name; also the user agent and field manager's root, as `statefulset-controller`."""

    turns: ClassVar[int] = 1
    """Turns of the event loop that a key waits: more of them where one costly sync serves many changes."""
    manager: ClassVar[str] = "kube-controller-manager"
    """The field manager of its writes."""

    def __init__(self, context: ControllerContext) -> None:
        self.context = context
        self.client = (
            context.client_for(f"system:serviceaccount:kube-system:{self.name}", self.manager)
            if context.client_for
            else context.client
        )
        self.clock = context.clock
        self.events: EventRecorder = context.events.recorder(self.name)
        self.queue: WorkQueue[str] = WorkQueue(context.clock, self.name)
        self._task: asyncio.Task[None] | None = None

    def informer(self, resource: GroupVersionResource, handler: Handler | None = None) -> Informer:
        """The shared informer of a resource, with a handler of ours."""
        informer = self.context.informers.informer(resource)
        if handler is not None:
            informer.add_handler(handler)
        return informer

    def enqueue_changed(self, old: Object | None, new: Object | None) -> None:
        """A handler that puts the changed object's own key into the queue."""
        obj = new if new is not None else old
        assert obj is not None
        self.queue.add(object_key(obj))

    def because(self, resource: GroupVersionResource, key: str, code: str, text: str) -> None:
        """Note what is decided about an object, and why."""
        namespace, name = split_key(key)
        self.context.decisions.note(self.name, resource, namespace, name, code, text, self.clock.now())

    @abstractmethod
    async def sync(self, key: str) -> None:
        """Bring the world of one key closer to what it should be. Ask for a later look by `self.queue.add_after`."""

    def start(self) -> None:
        """Begin to work."""
        self._task = asyncio.create_task(self._run(), name=f"controller {self.name}")

    def pause(self) -> None:
        """Take no further step until `resume`; one that is under way is finished."""
        self.queue.hold()

    def resume(self) -> None:
        """Go on, with what has come meanwhile."""
        self.queue.release()

    async def stop(self) -> None:
        """Stop working."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self.queue.close()

    async def _run(self) -> None:
        while True:
            key = await self.queue.get(self.turns)
            try:
                await self.sync(key)
            except ApiError as error:
                log.log(
                    logging.DEBUG if _is_everyday(error) else logging.WARNING,
                    "%s: sync of %s: %s",
                    self.name,
                    key,
                    error,
                )
                self.queue.retry(key)
            except Exception:
                log.exception("%s: sync of %s failed", self.name, key)
                self.queue.retry(key)
            else:
                self.queue.forget(key)
            finally:
                self.queue.done(key)


def _is_everyday(error: ApiError) -> bool:
    """Somebody else changed or removed it in between, or its namespace goes: the caches will show it."""
    return is_conflict(error) or is_not_found(error) or is_namespace_terminating(error)


def object_key(obj: Object) -> str:
    """`namespace/name` of an object, or its name where it has no namespace."""
    metadata = obj["metadata"]
    namespace = metadata.get("namespace")
    return f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])


def split_key(key: str) -> tuple[str, str]:
    """The namespace ("" for none) and the name."""
    namespace, slash, name = key.rpartition("/")
    return (namespace, name) if slash else ("", key)
