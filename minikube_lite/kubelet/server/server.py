"""A kubelet's port 10250 on the emulated network; upstream: pkg/kubelet/server/server.go."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

import orjson
from aiohttp import web

from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.node import KUBELET_PORT
from minikube_lite.kubelet.run import Run
from minikube_lite.kubelet.runtime import Runtime
from minikube_lite.kubelet.server.logs import LogQuery, NoLog, logged_run, read_log
from minikube_lite.kubelet.server.portforward import serve_port_forward
from minikube_lite.kubelet.server.refusal import Refused
from minikube_lite.kubelet.server.remotecommand import serve_attach, serve_exec
from minikube_lite.kubelet.state import PodState, container_specs
from minikube_lite.network.switch import Listener
from minikube_lite.store import Object

log = logging.getLogger(__name__)

REQUEST_LINE_BYTES_MAX = 1 << 20
"""Commands to run stand in the URL."""
HEADER_BYTES_MAX = 64 << 10

Handler = Callable[[web.BaseRequest, list[str]], Awaitable[web.StreamResponse]]


class Served(Protocol):
    """What the server asks of its kubelet."""

    host: Host
    runtime: Runtime
    pods: dict[str, PodState]

    def status(self, state: PodState, /) -> Object:
        """A pod's status, as the node sees it."""


class KubeletServer:
    """Serves one node. It listens on the node's address, inside the cluster's network only."""

    def __init__(self, kubelet: Served) -> None:
        self._kubelet = kubelet
        self._server: web.Server | None = None
        self._listener: Listener | None = None
        self._handlers: dict[str, Handler] = {
            "healthz": self._healthz,
            "pods": self._pods,
            "containerLogs": self._container_logs,
            "exec": self._exec,
            "attach": self._attach,
            "portForward": self._port_forward,
        }

    def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        host = self._kubelet.host
        self._server = web.Server(
            self._handle,
            access_log=None,
            handler_cancellation=True,
            max_line_size=REQUEST_LINE_BYTES_MAX,
            max_field_size=HEADER_BYTES_MAX,
            max_headers=HEADER_BYTES_MAX,
        )
        self._listener = host.network.switch.listen(host.ip, KUBELET_PORT, self._server)

    async def stop(self) -> None:
        """Close the port and what goes through it."""
        if self._listener is not None:
            self._listener.close()
        if self._server is not None:
            await self._server.shutdown(0)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        head, *rest = request.path.strip("/").split("/")
        handler = self._handlers.get(head)
        if handler is None:
            return Refused(404, "404 page not found\n").answer()
        try:
            return await handler(request, rest)
        except Refused as error:
            return error.answer()
        except ConnectionError:
            raise
        except Exception as error:
            log.exception("kubelet %s: request failed: %s %s", self._kubelet.host.name, request.method, request.path_qs)
            return Refused(500, f"{type(error).__name__}: {error}").answer()

    # What it knows

    async def _healthz(self, request: web.BaseRequest, rest: list[str]) -> web.StreamResponse:
        """GET /healthz"""
        return web.Response(text="ok", content_type="text/plain", charset="utf-8")

    async def _pods(self, request: web.BaseRequest, rest: list[str]) -> web.StreamResponse:
        """GET /pods: the pods that are bound to the node, as it sees them."""
        items = [{**state.pod, "status": self._kubelet.status(state)} for state in self._kubelet.pods.values()]
        listed = {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items}
        return web.Response(body=orjson.dumps(listed), content_type="application/json")

    def find_pod(self, namespace: str, name: str, message: str = "pod does not exist") -> PodState:
        """The pod of that name. Raises Refused."""
        for state in reversed(self._kubelet.pods.values()):
            if state.name == name and state.namespace == namespace:
                return state
        raise Refused(404, message)

    # Streams

    async def _exec(self, request: web.BaseRequest, rest: list[str]) -> web.StreamResponse:
        """GET or POST /exec/{namespace}/{pod}/{container}?command=…"""
        _, run = self._running(rest, 'container not found ("{container}")')
        return await serve_exec(request, run, self._kubelet.host.clock)

    async def _attach(self, request: web.BaseRequest, rest: list[str]) -> web.StreamResponse:
        """GET or POST /attach/{namespace}/{pod}/{container}"""
        _, run = self._running(rest, "container {container} not found in pod {pod}_{namespace}")
        return await serve_attach(request, run, self._kubelet.host.clock)

    async def _port_forward(self, request: web.BaseRequest, rest: list[str]) -> web.StreamResponse:
        """GET or POST /portForward/{namespace}/{pod}"""
        if len(rest) != 2:
            raise Refused(404, "404: Page Not Found")
        state = self.find_pod(*rest)
        if state.sandbox != "ready":
            raise Refused(500, f'pod not found ("{state.name}_{state.namespace}")')
        return await serve_port_forward(request, state, self._kubelet.host)

    def _running(self, rest: list[str], message: str) -> tuple[PodState, Run]:
        """The run of a container that a path names. Raises Refused."""
        if len(rest) != 3:
            raise Refused(404, "404: Page Not Found")
        namespace, pod, container = rest
        state = self.find_pod(namespace, pod)
        run = self._kubelet.runtime.runs.get(state.uid, {}).get(container)
        if run is None or run.container.exit is not None or run.task is None:
            raise Refused(500, message.format(namespace=namespace, pod=pod, container=container))
        return state, run

    # Logs

    async def _container_logs(self, request: web.BaseRequest, rest: list[str]) -> web.StreamResponse:
        """GET /containerLogs/{namespace}/{pod}/{container}"""
        if len(rest) != 3:
            raise Refused(404, "404: Page Not Found")
        namespace, name, container = rest
        state = self.find_pod(namespace, name, f'pod "{name}" does not exist')
        if not _has_container(state.pod, container):
            raise Refused(404, f'container "{container}" not found in pod "{name}"')
        try:
            query = LogQuery.of(
                {key: request.query.getone(key) for key in request.query}, self._kubelet.host.clock.now()
            )
        except ValueError:
            raise Refused(400, '{"message": "Unable to decode query."}') from None
        try:
            run = logged_run(name, self._kubelet.status(state), container, query.previous)
        except NoLog as error:
            raise Refused(400, str(error)) from None
        written = self._kubelet.runtime.log_of(state, container, run)
        if written is None:
            raise Refused(400, f"unable to retrieve container logs for {run}")
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        async for block in read_log(written, query):
            await response.write(block)
        await response.write_eof()
        return response


def _has_container(pod: Object, name: str) -> bool:
    ephemeral = [(one, False) for one in pod["spec"].get("ephemeralContainers") or ()]
    return any(spec["name"] == name for spec, _ in [*container_specs(pod), *ephemeral])
