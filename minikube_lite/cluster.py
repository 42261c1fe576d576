"""The composition root: one Cluster is one emulated cluster, with everything that it consists of and no state outside."""

from __future__ import annotations

import asyncio
import functools
import logging
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from minikube_lite.api.apiserver import Apiserver, built_in_scheme
from minikube_lite.api.authorization.bootstrap import create_bootstrap_policy
from minikube_lite.api.customresources.controller import CustomResourceController
from minikube_lite.api.scheme import Scheme
from minikube_lite.bootstrap import bootstrap
from minikube_lite.certificates import authority_certificate
from minikube_lite.clock import SETTLE_SECONDS_MAX, Clock
from minikube_lite.config import Options, parse_duration
from minikube_lite.controllers.manager import ControllerManager
from minikube_lite.dns.inside import listen_inside
from minikube_lite.dns.options import DnsOptions
from minikube_lite.dns.plugin import DnsServer
from minikube_lite.kubeconfig import kubeconfig_text
from minikube_lite.kubelet.kubelets import Kubelets
from minikube_lite.kubelet.metrics import Metrics, metrics_kinds
from minikube_lite.lab.breaking import Breakage
from minikube_lite.lab.clock import CLOCK
from minikube_lite.lab.explaining import Explainer
from minikube_lite.lab.explanations import EXPLANATION
from minikube_lite.lab.faultkeeper import FaultKeeper
from minikube_lite.lab.faults import FAULT
from minikube_lite.lab.instances import INSTANCE
from minikube_lite.lab.timekeeper import Timekeeper
from minikube_lite.lab.witness import Witness
from minikube_lite.machinery.client import Client
from minikube_lite.machinery.controller import ControllerContext
from minikube_lite.machinery.events import Events
from minikube_lite.machinery.faults import Faults
from minikube_lite.machinery.informer import Informers
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.resources import EXPLANATIONS, NODE_METRICS, POD_METRICS
from minikube_lite.network.doors import Doors, Lease
from minikube_lite.network.fabric import Network
from minikube_lite.programs.registry import Programs
from minikube_lite.programs.watchdog import Watchdog
from minikube_lite.store import MemoryStore


@functools.lru_cache(maxsize=2)
def shared_scheme(lab: bool = True) -> Scheme:
    """The built-in resources and those of the lab, if it is served, which never change: read once for all clusters of a process."""
    return built_in_scheme([CLOCK, FAULT, INSTANCE, EXPLANATION, *metrics_kinds()] if lab else [])


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the cluster is reached from the host; "" where it is not."""

    server: str = ""
    dns: str = ""


log = logging.getLogger(__name__)


class Cluster:
    """One emulated cluster: `async with Cluster(nodes=3, clock="stepped") as cluster: ...`.

    Options are those of `Options`, by name. Runs on the event loop on which it is started.
    """

    def __init__(self, options: Options | None = None, **chosen: Any) -> None:
        self.options = Options(**{**options.model_dump(exclude_unset=True), **chosen}) if options else Options(**chosen)
        mode, rate = self.options.clock, self.options.clock_rate
        self.clock = Clock(mode, rate=rate, seed=self.options.seed, interleaving=self.options.interleaving)
        self.store = MemoryStore(self.clock.ledger, detect_mutation=self.options.detect_mutation)
        self._lease = self._take_lease()
        self.network = Network(self.clock, self.options.pod_loopback_block or self.options.cluster_cidr)
        scheme = shared_scheme(self.options.lab)
        self.faults = Faults()
        self.apiserver = Apiserver(self.store, self.clock, scheme, self.options, self.network, self.faults)
        self.client: Client = self.apiserver.client("kubernetes-admin", "minikube-lite")
        self.programs = Programs.discover()
        for file in self.options.programs:
            self.programs.describe(file)
        self.addresses = Addresses()
        self.running = False
        self._directory: Path | None = None
        self._parts: _Parts | None = None
        self._watchdog: Watchdog | None = None

    def _take_lease(self) -> Lease | None:
        """A block of addresses that the host can reach, if that is wanted and can be had."""
        if not self.options.pod_doors or self.options.pod_loopback_block is not None:
            return None
        try:
            lease = Lease.take()
        except OSError as error:
            log.warning("pods have addresses that this machine cannot connect to: %s", error.strerror)
            self.options = self.options.model_copy(update={"pod_doors": False})
            return None
        self.options = self.options.model_copy(update={"pod_loopback_block": lease.block})
        return lease

    # Life

    async def start(self) -> None:
        """Bring the cluster up; returns when its nodes are Ready and it can be asked."""
        if self._parts is not None:
            raise RuntimeError("a cluster starts once")
        self.clock.start()
        self._watchdog = Watchdog(asyncio.get_running_loop())
        self._watchdog.start()
        self._parts = parts = _Parts(self)
        try:
            await bootstrap(self.client, self.options)
            await create_bootstrap_policy(self.apiserver.client("system:apiserver", "kube-apiserver"))
            await parts.start()
            self.running = True
            await self.clock.settle()
            self.addresses = await parts.listen()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Take the cluster down and remove what it kept on disk."""
        self.running = False
        if self._parts is not None:
            await self._parts.stop()
        self.clock.stop()
        if self._watchdog is not None:
            self._watchdog.stop()
        if self._lease is not None:
            self._lease.end()
        if self._directory is not None and self.options.data_dir is None:
            shutil.rmtree(self._directory, ignore_errors=True)
        self.store.check_mutations()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop()

    # Using it

    @property
    def kubelets(self) -> Kubelets:
        """The fake nodes."""
        assert self._parts is not None
        return self._parts.kubelets

    @property
    def dns(self) -> DnsServer:
        """The DNS server, which can also be asked in process."""
        assert self._parts is not None
        return self._parts.dns

    @property
    def directory(self) -> Path:
        """The cluster's own directory: nothing is written outside of it."""
        if self._directory is None:
            chosen = self.options.data_dir
            if chosen is not None:
                chosen.mkdir(parents=True, exist_ok=True)
            self._directory = chosen or Path(tempfile.mkdtemp(prefix="minikube-lite-"))
        return self._directory

    @property
    def kubeconfig(self) -> str:
        """A kubeconfig's text."""
        return kubeconfig_text(self.addresses.server, token=self.admin_token)

    @property
    def admin_token(self) -> str:
        """Cluster admin's bearer token; "" where requests without credentials are cluster admin."""
        return self.apiserver.access.admin_token

    def client_as(self, user: str, groups: tuple[str, ...] = ("system:masters",), manager: str = "") -> Client:
        """An in-process client that acts as somebody else, and may do what the roles of that user allow."""
        return self.apiserver.client_as(User(user, groups), manager or user)

    async def settle(self, timeout: float = SETTLE_SECONDS_MAX) -> None:
        """Wait until the cluster has no work left; `timeout` in real seconds."""
        await self.clock.settle(timeout)

    async def advance(self, duration: str | float) -> None:
        """Let emulated time pass, as `"5m"` or in seconds, everything settling between two timers."""
        await self.clock.advance(parse_duration(duration))

    async def why(self, what: str, namespace: str = "") -> str:
        """Why something is as it is, in a sentence: `await cluster.why("pod/kubia-1")`. Raises ApiError where there is no such resource."""
        resource, _, name = what.partition("/")
        spec = {"resource": resource, "namespace": namespace, "name": name}
        answered = await self.client.create(EXPLANATIONS, "", {"spec": spec})
        return str(answered["status"]["sentence"])

    # Breaking it

    def fault(self, name: str = "", *, may_miss: bool = False, **spec: Any) -> Breakage:
        """Something that is broken on purpose: `async with cluster.fault(node={"name": "node-2", "type": "Cut"}): ...`.

        `spec` is a Fault's (`kubectl explain fault.spec`). At the end of the block it is healed, and one that never struck raises
        NeverHit, since it has tested nothing, unless `may_miss`.
        """
        assert self._parts is not None
        if self._parts.lab is None:
            raise RuntimeError("faults are objects of lab.minikube-lite.io, which this cluster does not serve")
        return Breakage(self.client, self._parts.lab.faultkeeper, name, spec, may_miss=may_miss)

    async def cut(self, node: str) -> None:
        """Cut the network of a node, as `ifconfig eth0 down` does. What runs there goes on."""
        await self.fault(f"cut-{node}", node={"name": node, "type": "Cut"}).begin()

    async def heal(self, node: str) -> None:
        """Bring the network of a node back that `cut` has cut."""
        await self.fault(f"cut-{node}").heal()


class Lab:
    """By what the emulator itself is controlled: the followers of the lab's objects."""

    def __init__(self, cluster: Cluster, context: ControllerContext, kubelets: Kubelets) -> None:
        client, clock = cluster.apiserver.client("minikube-lite", "minikube-lite"), cluster.clock
        informers, events = context.informers, context.events
        self.timekeeper = Timekeeper(client, informers, clock)
        self.faultkeeper = FaultKeeper(client, informers, clock, cluster.faults, events.recorder("minikube-lite"))
        self.witness = Witness(client, clock, kubelets.running, events.recorder("minikube-lite"))
        explainer = Explainer(client, (context.decisions, kubelets.decisions), cluster.faults)
        verbs, metrics = cluster.apiserver.verbs, Metrics(kubelets, clock)
        verbs.reviews.add(EXPLANATIONS, explainer.answer)
        verbs.reading.add(POD_METRICS, metrics.pods)
        verbs.reading.add(NODE_METRICS, metrics.nodes)

    async def start(self) -> None:
        """Begin to follow."""
        await self.timekeeper.start()
        await self.faultkeeper.start()
        await self.witness.start()

    async def stop(self) -> None:
        """Stop following."""
        await self.witness.stop()
        await self.faultkeeper.stop()
        await self.timekeeper.stop()


class _Parts:
    """What works in a running cluster, in the order in which it starts; it stops in the other one."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        options, clock, apiserver = cluster.options, cluster.clock, cluster.apiserver
        system = apiserver.client("system:kube-controller-manager", "kube-controller-manager")
        self.informers = Informers(system)
        self.events = Events(system, clock)
        context = ControllerContext(
            system,
            self.informers,
            clock,
            self.events,
            options,
            apiserver.client,
            cluster.directory,
            authority_certificate(clock),
        )
        self.custom_resources = CustomResourceController(context, apiserver.registry)
        self.controllers = ControllerManager(context, cluster.faults)
        self.kubelets = Kubelets(
            client_for=lambda user: apiserver.client(user, "kubelet", ("system:nodes",)),
            informers=self.informers,
            clock=clock,
            events=self.events,
            directory=cluster.directory,
            programs=cluster.programs,
            options=options,
            network=cluster.network,
            faults=cluster.faults,
        )
        block = options.pod_loopback_block if options.pod_doors else None
        self.doors = Doors(cluster.network.switch, block, self.kubelets.door_refused) if block is not None else None
        dns_options = DnsOptions(
            zone=options.cluster_domain,
            ttl=options.dns_ttl,
            pods=options.dns_pods,
            transfer=options.dns_transfer,
            upstreams=options.dns_forward,
        )
        self.dns = DnsServer(self.informers, clock, dns_options, cluster.faults)
        dns_address = str(options.service_cluster_ip_range[10])
        listen_inside(self.kubelets.network.switch, dns_address, self.dns.respond, self.dns.replies)
        self.lab = Lab(cluster, context, self.kubelets) if options.lab else None

    async def start(self) -> None:
        """Start everything that works inside."""
        await self.informers.start()
        self.events.start()
        self.custom_resources.start()
        self.controllers.start()
        await self.kubelets.start()
        if self.lab is not None:
            await self.lab.start()

    async def listen(self) -> Addresses:
        """Open the doors to the host."""
        options = self._cluster.options
        server = dns = ""
        if options.serve_api:
            host, port = await self._cluster.apiserver.start(lambda: self._cluster.running)
            server = f"http://{host}:{port}"
        if options.serve_dns:
            try:
                host, port = await self.dns.start(options.api_address, options.dns_port)
            except OSError as error:
                where = f"{options.api_address}:{options.dns_port}"
                raise OSError(error.errno, f"the DNS server cannot listen on {where}: {error.strerror}") from error
            dns = f"{host}:{port}"
        return Addresses(server, dns)

    async def stop(self) -> None:
        """Stop everything."""
        await self._cluster.apiserver.stop()
        await self.dns.stop()
        if self.lab is not None:
            await self.lab.stop()
        await self.kubelets.stop()
        await self.controllers.stop()
        await self.custom_resources.stop()
        await self.events.stop()
        await self.informers.stop()
        if self.doors is not None:
            self.doors.close()
