"""A node's own object and its heartbeats; upstream: kubelet_node_status.go, nodestatus, the lease controller.

The lease is renewed every quarter of its duration; the status is written when it changed, and every five minutes.
"""

from __future__ import annotations

import hashlib
import logging

from minikube_lite.clock import format_time
from minikube_lite.kubelet.eviction import SIGNALS, EvictionManager, Pressure
from minikube_lite.kubelet.host import Host
from minikube_lite.machinery.errors import ApiError, is_already_exists, is_conflict, is_not_found
from minikube_lite.machinery.events import ObjectReference
from minikube_lite.machinery.meta import copy_object
from minikube_lite.machinery.resources import LEASES, NODES
from minikube_lite.network.link import Unreachable
from minikube_lite.store import Object

log = logging.getLogger(__name__)

LEASE_NAMESPACE = "kube-node-lease"
LEASE_RENEW_FRACTION = 0.25
STATUS_REPORT_SECONDS = 300.0
"""The status is written at least so often (upstream's nodeStatusReportFrequency)."""
KUBELET_PORT = 10250
VERSION = "v1.36.3"
CAPACITY = {
    "cpu": "8",
    "ephemeral-storage": "263174212Ki",
    "hugepages-1Gi": "0",
    "hugepages-2Mi": "0",
    "memory": "32863168Ki",
}
Condition = tuple[str, str, str, str]
"""Type, status, reason and message."""
READY: Condition = ("Ready", "True", "KubeletReady", "kubelet is posting ready status")


class NodeAgent:
    """Registers one node and keeps it alive."""

    def __init__(self, host: Host, eviction: EvictionManager) -> None:
        self.boots = 0
        """How often the machine was started again."""
        self._host = host
        self._eviction = eviction
        self._told: dict[Pressure, bool] = dict.fromkeys(SIGNALS, False)
        self._boots_reported = 0
        self._lease: Object | None = None
        self._report_at = 0.0
        self._images_reported = 0

    @property
    def renew_seconds(self) -> float:
        """How often the lease is renewed."""
        return float(self._host.options.node_lease_duration_seconds) * LEASE_RENEW_FRACTION

    # Registering

    async def register(self) -> None:
        """Make the node's object and its lease, or take over those that are there."""
        host = self._host
        try:
            node = await host.client.create(NODES, "", self._initial())
        except ApiError as error:
            if not is_already_exists(error):
                raise
            node = await self._take_over()
        self._report_at = host.clock.now() + STATUS_REPORT_SECONDS
        host.events.report(self._reference(), "Normal", "Starting", "Starting kubelet.")
        await self._renew(node)

    async def _take_over(self) -> Object:
        client, initial = self._host.client, self._initial()
        node: Object = copy_object(await client.get(NODES, "", self._host.name))
        for part in ("labels", "annotations"):
            node["metadata"].setdefault(part, {}).update(initial["metadata"][part])
        node = await client.update(NODES, "", node)
        return await self._write_status(node)

    def _initial(self) -> Object:
        host, architecture = self._host, "amd64"
        labels = {"kubernetes.io/hostname": host.name}
        for prefix in ("kubernetes.io", "beta.kubernetes.io"):
            labels |= {f"{prefix}/os": "linux", f"{prefix}/arch": architecture}
        annotations = {"volumes.kubernetes.io/controller-managed-attach-detach": "true"}
        return {
            "metadata": {"name": host.name, "labels": labels, "annotations": annotations},
            "spec": {"podCIDR": str(host.pod_network), "podCIDRs": [str(host.pod_network)]},
            "status": self._status({}),
        }

    def _reference(self) -> ObjectReference:
        """A kubelet calls its node by its name instead of its uid, as upstream's do."""
        return ObjectReference("v1", "Node", "", self._host.name, self._host.name)

    # Status

    def _status(self, old: Object) -> Object:
        host = self._host
        pods = str(min(host.options.max_pods, host.addresses.size))
        known = {condition["type"]: condition for condition in old.get("conditions") or ()}
        now = format_time(host.clock.now())
        own = self._conditions()
        conditions = [known[name] for name in known if not any(name == one[0] for one in own)]
        for name, value, reason, message in own:
            before = known.get(name)
            since = before["lastTransitionTime"] if before is not None and before["status"] == value else now
            conditions.append(
                {
                    "type": name,
                    "status": value,
                    "lastHeartbeatTime": now,
                    "lastTransitionTime": since,
                    "reason": reason,
                    "message": message,
                }
            )
        # Extended resources are the doing of others, and may be used as they are.
        capacity = {**(old.get("capacity") or {}), **CAPACITY, "pods": pods}
        status = {**old, "capacity": capacity, "allocatable": capacity}
        status["conditions"] = conditions
        status["addresses"] = [{"type": "InternalIP", "address": host.ip}, {"type": "Hostname", "address": host.name}]
        status["daemonEndpoints"] = {"kubeletEndpoint": {"Port": KUBELET_PORT}}
        status["nodeInfo"] = _node_info(host.name, self.boots)
        if len(host.images):
            status["images"] = host.images.status()
        self._images_reported = len(host.images)
        return status

    def _conditions(self) -> list[Condition]:
        """What the node says of itself."""
        pressed = self._eviction.conditions
        found: list[Condition] = []
        for name, signal in SIGNALS.items():
            if name in pressed:
                found.append((name, "True", signal.true_reason, signal.true_message))
            else:
                found.append((name, "False", signal.false_reason, signal.false_message))
        return [*found, READY]

    async def _write_status(self, node: Object) -> Object:
        status = self._status(node.get("status", {}))
        return await self._host.client.update(NODES, "", {**node, "status": status}, subresource="status")

    async def report(self) -> None:
        """Write the node's status."""
        host = self._host
        node = await host.client.get(NODES, "", host.name)
        was_ready = _condition_status(node, "Ready")
        await self._write_status(node)
        self._report_at = host.clock.now() + STATUS_REPORT_SECONDS
        if was_ready != "True":
            self._tell("NodeReady")
        self._tell_of_changes()

    def _tell(self, what: str) -> None:
        self._host.events.report(self._reference(), "Normal", what, f"Node {self._host.name} status is now: {what}")

    def _tell_of_changes(self) -> None:
        """Events of what is other than when the status was last written."""
        host = self._host
        if self.boots != self._boots_reported:
            self._boots_reported = self.boots
            text = f"Node {host.name} has been rebooted, boot id: {_node_info(host.name, self.boots)['bootID']}"
            host.events.report(self._reference(), "Warning", "Rebooted", text)
        pressed = self._eviction.conditions
        for pressure, signal in SIGNALS.items():
            if self._told[pressure] == (pressure in pressed):
                continue
            self._told[pressure] = pressure in pressed
            self._tell(signal.true_event if self._told[pressure] else signal.false_event)
            if self._told[pressure]:
                text = f"Attempting to reclaim {signal.resource}"
                host.events.report(self._reference(), "Warning", "EvictionThresholdMet", text)

    def _must_report(self, now: float) -> bool:
        """Whether the status is due, or is not what this node would say."""
        if now >= self._report_at or len(self._host.images) != self._images_reported:
            return True
        if self.boots != self._boots_reported:
            return True
        node = self._host.caches.nodes.get("", self._host.name)
        if node is None:
            return False
        statuses = {condition["type"]: condition["status"] for condition in node["status"].get("conditions") or ()}
        return any(statuses.get(name) != value for name, value, _, _ in self._conditions())

    # Heartbeats

    async def heartbeat(self) -> None:
        """Renew the lease, and write the status if there is a reason. What fails is tried again with the next one."""
        try:
            await self._renew(None)
            if self._must_report(self._host.clock.now()):
                await self.report()
        except Unreachable:
            self._report_at = 0.0  # once it is back, the node says at once how it is
        except ApiError as error:
            log.debug("heartbeat of %s failed: %s", self._host.name, error)
            if is_conflict(error):
                self._lease = None

    async def _renew(self, node: Object | None) -> None:
        """Renew the lease by what is known of it; ask for it only when that fails."""
        client, host = self._host.client, self._host
        known = self._lease
        if known is not None:
            try:
                self._lease = await client.update(LEASES, LEASE_NAMESPACE, self._renewed(known))
                return
            except ApiError as error:
                if not (is_conflict(error) or is_not_found(error)):
                    raise
                self._lease = None
        try:
            known = await client.get(LEASES, LEASE_NAMESPACE, host.name)
        except ApiError as error:
            if not is_not_found(error):
                raise
            self._lease = await client.create(LEASES, LEASE_NAMESPACE, self._new_lease(node))
        else:
            self._lease = await client.update(LEASES, LEASE_NAMESPACE, self._renewed(known))

    def _renewed(self, lease: Object) -> Object:
        spec = {**lease["spec"], "holderIdentity": self._host.name, "renewTime": self._host.clock.micro_timestamp()}
        return {"metadata": dict(lease["metadata"]), "spec": spec}

    def _new_lease(self, node: Object | None) -> Object:
        host = self._host
        node = node or host.caches.nodes.get("", host.name)
        metadata: Object = {"name": host.name, "namespace": LEASE_NAMESPACE}
        if node is not None:
            owner = {"apiVersion": "v1", "kind": "Node", "name": host.name, "uid": node["metadata"]["uid"]}
            metadata["ownerReferences"] = [owner]
        spec = {
            "holderIdentity": host.name,
            "leaseDurationSeconds": host.options.node_lease_duration_seconds,
            "renewTime": host.clock.micro_timestamp(),
        }
        return {"metadata": metadata, "spec": spec}


def _condition_status(node: Object, name: str) -> str:
    for condition in node.get("status", {}).get("conditions") or ():
        if condition["type"] == name:
            return str(condition["status"])
    return ""


def _node_info(name: str, boots: int) -> Object:
    """Made-up facts about the machine, the same for the same name; it has another boot id after each boot."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    booted = digest if not boots else hashlib.sha256(f"{name} {boots}".encode()).hexdigest()
    uuids = [
        f"{part[:8]}-{part[8:12]}-4{part[13:16]}-a{part[17:20]}-{part[20:32]}" for part in (digest[:32], booted[32:])
    ]
    return {
        "machineID": digest[:32],
        "systemUUID": uuids[0],
        "bootID": uuids[1],
        "kernelVersion": "6.12.0",
        "osImage": "minikube-lite",
        "containerRuntimeVersion": "containerd://2.1.0",
        "kubeletVersion": VERSION,
        "kubeProxyVersion": "",
        "operatingSystem": "linux",
        "architecture": "amd64",
    }
