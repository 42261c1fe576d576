"""A kubelet's port 10250 on the emulated network; upstream: pkg/kubelet/server/server.go."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from minikube_lite.kubelet.node import KUBELET_PORT
from minikube_lite.kubelet.server.logs import LogQuery, NoLog, logged_run, read_log
from minikube_lite.kubelet.state import PodState, container_specs
from minikube_lite.network.switch import Listener
from minikube_lite.store import Object

if TYPE_CHECKING:
    from minikube_lite.kubelet.kubelet import Kubelet

log = logging.getLogger(__name__)

REQUEST_LINE_BYTES_MAX = 1 << 20
"""Commands to run stand in the URL."""
HEADER_BYTES_MAX = 64 << 10

Handler = Callable[[web.BaseRequest, list[str]], Awaitable[web.StreamResponse]]


class KubeletServer:
    """Serves one node. It listens on the node's address, inside the cluster's network only."""

    def __init__(self, kubelet: Kubelet) -> None:
        self._kubelet = kubelet
        self._server: web.Server | None = None
        self._listener: Listener | None = None
        self._handlers: dict[str, Handler] = {
            "healthz": self._healthz,
            "pods": self._pods,
            "containerLogs": self._container_logs,
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
            return error_answer(404, "404 page not found\n")
        try:
            return await handler(request, rest)
        except Refused as error:
            return error_answer(error.code, str(error))
        except ConnectionError:
            raise
        except Exception as error:
            log.exception("kubelet %s: request failed: %s %s", self._kubelet.host.name, request.method, request.path_qs)
            return error_answer(500, f"{type(error).__name__}: {error}")

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


class Refused(Exception):
    """An answer that is an error, in plain text."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def error_answer(code: int, text: str) -> web.Response:
    """An error as kubelets send it."""
    return web.Response(status=code, text=text, content_type="text/plain", charset="utf-8")


def _has_container(pod: Object, name: str) -> bool:
    ephemeral = [(one, False) for one in pod["spec"].get("ephemeralContainers") or ()]
    return any(spec["name"] == name for spec, _ in [*container_specs(pod), *ephemeral])
