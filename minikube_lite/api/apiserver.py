"""kube-apiserver put together: scheme, registry, verbs and HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minikube_lite.api.access import Access
from minikube_lite.api.admission import Chain
from minikube_lite.api.admission.plugins import plugins
from minikube_lite.api.authorization import MASTERS
from minikube_lite.api.discovery import Discovery
from minikube_lite.api.handlers import Handlers
from minikube_lite.api.kinds import discover
from minikube_lite.api.local_client import LocalClient
from minikube_lite.api.openapi import OpenAPI
from minikube_lite.api.registry import Registry, RegistryReader
from minikube_lite.api.request_faults import RequestFaults
from minikube_lite.api.scheme import Scheme
from minikube_lite.api.server import ApiServer
from minikube_lite.api.streams.backends import Backends
from minikube_lite.api.streams.connections import Connections
from minikube_lite.api.verbs import Verbs
from minikube_lite.clock import Clock
from minikube_lite.machinery.faults import Faults
from minikube_lite.machinery.kind import User
from minikube_lite.machinery.own_kind import OwnKind
from minikube_lite.network.fabric import Network
from minikube_lite.schema.builtin import BuiltinSchemas
from minikube_lite.schema.own_types import own_types
from minikube_lite.schema.resources import load_resources
from minikube_lite.store import Store


def built_in_scheme(own: Sequence[OwnKind] = ()) -> Scheme:
    """The built-in resources and kinds of our own. It holds no state of a cluster, so that clusters of one process may share it."""
    schemas = BuiltinSchemas.load()
    for kind in own:
        info = kind.info
        types = own_types(info.group, info.version, info.kind, kind.json_schema, schemas.type_named)
        schemas.add_kind(info.group, info.version, info.kind, types)
    infos = (*load_resources(), *(kind.info for kind in own))
    return Scheme(infos, schemas, (*discover(), *(kind.kind for kind in own)))


class Apiserver:
    """The API of one cluster, in process and over HTTP."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        scheme: Scheme,
        options: Any,
        network: Network | None = None,
        faults: Faults | None = None,
    ) -> None:
        """Without a network, there are no nodes to reach."""
        self.access = Access(store, clock, RegistryReader(store), options)
        served = scheme.of_cluster()
        chain = Chain(plugins(self.access.authorizer, served, options.enable_admission_plugins))
        self.registry = Registry(store, served, clock, chain, options)
        self.verbs = Verbs(self.registry, self.access)
        self._options = options
        self._breaking = RequestFaults(faults or Faults(), clock)
        self._backends = Backends(network or Network(clock, options.cluster_cidr), options.advertise_address)
        self._server: ApiServer | None = None

    def client(self, user: str, manager: str, groups: tuple[str, ...] = (MASTERS,)) -> LocalClient:
        """An in-process client for a part of the cluster, which acts as that user and field manager, and may do everything."""
        return LocalClient(self.verbs, User(user, groups), manager)

    def client_as(self, user: User, manager: str) -> LocalClient:
        """An in-process client that may do what that user may."""
        return LocalClient(self.verbs, user, manager, self.access.authorizer)

    async def start(self, ready: Callable[[], bool]) -> tuple[str, int]:
        """Serve HTTP; returns where. `ready` answers /readyz."""
        options = self._options
        scheme = self.registry.scheme
        discovery = Discovery(scheme)
        connections = Connections(self.verbs, self._backends)
        handlers = Handlers(self.verbs, discovery, OpenAPI(scheme), self.access, connections, self._breaking, ready)
        self._server = ApiServer(handlers)
        host, port = await self._server.start(options.api_address, options.api_port)
        discovery.address = f"{host}:{port}"
        return host, port

    async def stop(self) -> None:
        """Stop serving."""
        if self._server is not None:
            await self._server.stop()
        await self._backends.close()
