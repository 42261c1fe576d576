"""The witness: keeps the Instance objects true, and says so when two pods of one name of a StatefulSet run at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from minikube_lite.clock import Clock, format_time
from minikube_lite.lab.instances import AT_MOST_ONE
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.events import EventRecorder, ObjectReference
from minikube_lite.machinery.instances import Instance, Instances
from minikube_lite.machinery.queue import WorkQueue
from minikube_lite.machinery.resources import INSTANCES, PODS, STATEFUL_SETS
from minikube_lite.store import Object

log = logging.getLogger(__name__)

NAME_LENGTH_MAX = 253
STATEFUL = "StatefulSet/"

PodName = tuple[str, str]
"""A namespace and a pod's name."""


class Witness:
    """Follows what the nodes really run. Keys of its queue are pods by uid."""

    def __init__(self, client: Client, clock: Clock, instances: Instances, events: EventRecorder) -> None:
        self._client = client
        self._clock = clock
        self._instances = instances
        self._events = events
        self._written: dict[str, Object] = {}
        """The objects as last written, by uid."""
        self._of_name: dict[PodName, dict[str, Instance]] = {}
        """Of each name of a StatefulSet's pod, one container of each pod that runs."""
        self._queue: WorkQueue[str] = WorkQueue(clock, "instances")
        self._task: asyncio.Task[None] | None = None
        instances.follow(self._changed)

    async def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._run(), name="witness")

    async def stop(self) -> None:
        """Stop writing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._queue.close()

    # Seeing

    def _changed(self, instance: Instance) -> None:
        self._queue.add(instance.uid)
        if not instance.owner.startswith(STATEFUL):
            return
        name, running = (instance.namespace, instance.pod), self._instances.of_pod(instance.uid)
        of_name = self._of_name.setdefault(name, {})
        before = len(of_name)
        if running:
            of_name[instance.uid] = running[0]
        else:
            of_name.pop(instance.uid, None)
        if len(of_name) > max(before, 1):
            self._alarm(name, list(of_name.values()))
        elif len(of_name) < before:
            self._all_clear(name, list(of_name.values()))
        if not of_name:
            del self._of_name[name]

    def _alarm(self, name: PodName, running: Sequence[Instance]) -> None:
        """One more of a name runs."""
        places = ", ".join(f"{one.uid} on {one.node}" for one in running)
        text = f"{len(running)} instances of pod {'/'.join(name)} run at once: {places}"
        for about in _about(running[-1]):
            self._events.event(about, "Warning", "MoreThanOneInstance", text)
        for one in running:
            self._queue.add(one.uid)

    def _all_clear(self, name: PodName, running: Sequence[Instance]) -> None:
        """One less of several runs; nobody needs to hear of the end of the only one."""
        for one in running:
            self._queue.add(one.uid)
        if len(running) == 1:
            text = f"Only one instance of pod {'/'.join(name)} runs again: {running[0].uid} on {running[0].node}"
            for about in _about(running[0]):
                self._events.event(about, "Normal", "OneInstance", text)

    # Writing

    async def _run(self) -> None:
        while True:
            uid = await self._queue.get(1)
            try:
                await self._write(uid)
            except ApiError as error:
                log.warning("the instance of %s: %s", uid, error)
                self._queue.retry(uid)
            except Exception:
                log.exception("the instance of %s is not written", uid)
            else:
                self._queue.forget(uid)
            finally:
                self._queue.done(uid)

    async def _write(self, uid: str) -> None:
        running, written = self._instances.of_pod(uid), self._written.get(uid)
        if not running:
            if written is not None:
                del self._written[uid]
                await self._client.delete(INSTANCES, "", written["metadata"]["name"])
            return
        status = self._status(running, (written or {}).get("status", {}))
        if written is None:
            obj = {"metadata": {"name": instance_name(running[0])}, "status": status}
            self._written[uid] = await self._client.create(INSTANCES, "", obj)
        elif written["status"] != status:
            name = written["metadata"]["name"]
            self._written[uid] = await self._client.update(
                INSTANCES, "", {"metadata": {"name": name}, "status": status}
            )

    def _status(self, running: Sequence[Instance], before: Object) -> Object:
        one = running[0]
        status: Object = {"namespace": one.namespace, "pod": one.pod, "uid": one.uid}
        if one.owner:
            status["owner"] = one.owner
        status |= {"node": one.node, "ip": one.ip}
        status["containers"] = [
            {"name": each.container, "id": each.id, "startedAt": f"{format_time(each.started_at)[:-1]}.000000Z"}
            for each in running
        ]
        if one.owner.startswith(STATEFUL):
            status["conditions"] = [self._condition(one, before)]
        return status

    def _condition(self, instance: Instance, before: Object) -> Object:
        others = [
            other
            for uid, other in self._of_name.get((instance.namespace, instance.pod), {}).items()
            if uid != instance.uid
        ]
        places = ", ".join(f"{other.uid} on {other.node}" for other in others)
        state = "False" if others else "True"
        known = next((one for one in before.get("conditions", ()) if one["status"] == state), None)
        return {
            "type": AT_MOST_ONE,
            "status": state,
            "reason": "AnotherRuns" if others else "NoOther",
            "message": f"another pod of this name runs: {places}" if others else "no other pod of this name runs",
            "lastTransitionTime": known["lastTransitionTime"] if known else self._clock.timestamp(),
        }


def _about(instance: Instance) -> tuple[ObjectReference, ObjectReference]:
    """The pod and its StatefulSet."""
    owner = instance.owner.removeprefix(STATEFUL)
    return (
        ObjectReference(PODS.api_version, "Pod", instance.namespace, instance.pod, instance.uid),
        ObjectReference(STATEFUL_SETS.api_version, "StatefulSet", instance.namespace, owner, instance.owner_uid),
    )


def instance_name(instance: Instance) -> str:
    """The name of its object: namespace, pod, and the beginning of the uid."""
    end = f".{instance.uid[:8]}"
    return f"{instance.namespace}.{instance.pod}"[: NAME_LENGTH_MAX - len(end)].rstrip("-.") + end
