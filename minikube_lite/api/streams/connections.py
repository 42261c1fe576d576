"""Which requests go on to nodes and pods, and where to; upstream: rest.Connecter and ConnectResource."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiMapping

from minikube_lite.api.list_options import parse_bool, parse_int
from minikube_lite.api.render import Answer
from minikube_lite.api.request import RequestInfo
from minikube_lite.api.scheme import ServedResource
from minikube_lite.api.streams.backends import Backends
from minikube_lite.api.streams.log import LogStream, log_options
from minikube_lite.api.streams.proxy import ProxyStream
from minikube_lite.api.streams.targets import Target, Targets
from minikube_lite.api.verbs import Verbs
from minikube_lite.machinery import errors

PROXY_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
UPGRADE_METHODS = ("GET", "POST")
STREAM_PARAMETERS = (("stdin", "input"), ("stdout", "output"), ("stderr", "error"), ("tty", "tty"))
"""What a client asks for, and what a kubelet calls it."""

Connected = ProxyStream | LogStream | Answer
Connect = Callable[[web.BaseRequest, RequestInfo], Connected]


class Connections:
    """Finds what a request to a subresource is connected to."""

    def __init__(self, verbs: Verbs, backends: Backends) -> None:
        registry = verbs.registry
        self._backends = backends
        self._time = registry.clock.transport
        self._targets = Targets(
            verbs, registry.clock.random_stream("service proxy"), registry.options.pod_loopback_block
        )
        self._table: dict[tuple[str, str], tuple[tuple[str, ...], Connect]] = {
            ("nodes", "proxy"): (PROXY_METHODS, self._proxy),
            ("pods", "proxy"): (PROXY_METHODS, self._proxy),
            ("services", "proxy"): (PROXY_METHODS, self._proxy),
            ("pods", "log"): (("GET",), self._log),
            ("pods", "exec"): (UPGRADE_METHODS, self._run),
            ("pods", "attach"): (UPGRADE_METHODS, self._run),
            ("pods", "portforward"): (UPGRADE_METHODS, self._port_forward),
        }

    def find(self, request: web.BaseRequest, resource: ServedResource, info: RequestInfo) -> Connected | None:
        """The stream that answers the request; None where it is no such request. Raises ApiError."""
        found = self._table.get((resource.key, info.subresource))
        if found is None or info.watch:
            return None
        methods, connect = found
        if info.rest and info.subresource != "proxy":
            raise errors.page_not_found()
        if request.method not in methods:
            raise errors.method_not_allowed()
        if info.subresource != "log" and request.query.get("dryRun"):
            raise errors.bad_request("dryRun is not supported")
        return connect(request, info)

    def _proxy(self, request: web.BaseRequest, info: RequestInfo) -> ProxyStream:
        """e.g. GET /api/v1/namespaces/default/pods/kubia-0/proxy/"""
        target: Target
        if info.resource.resource == "nodes":
            target = self._targets.node(info.name)
        elif info.resource.resource == "pods":
            target = self._targets.pod(info.namespace, info.name)
        else:
            target = self._targets.service(info.namespace, info.name)
        _, _, query = request.raw_path.partition("?")
        target = replace(target, path=_rest(request.path, info), query=query)
        return ProxyStream(target, self._backends, self._time)

    def _log(self, request: web.BaseRequest, info: RequestInfo) -> LogStream | Answer:
        """e.g. GET /api/v1/namespaces/default/pods/kubia-0/log?follow=true"""
        query = {key: request.query.getone(key) for key in request.query}
        options = log_options(query, info.name)
        pod, container = self._targets.container(info.namespace, info.name, query.get("container", ""))
        if not pod["spec"].get("nodeName"):
            return Answer(204, b"", "text/plain")
        target = replace(self._targets.host_of(pod), path=f"/containerLogs/{info.namespace}/{info.name}/{container}")
        return LogStream(target, options, info.name, self._backends)

    def _run(self, request: web.BaseRequest, info: RequestInfo) -> ProxyStream:
        """e.g. POST /api/v1/namespaces/default/pods/kubia-0/exec?command=ls&stdout=true"""
        asked = request.query
        pod, container = self._targets.container(info.namespace, info.name, asked.get("container", ""))
        parameters = [(name, "1") for option, name in STREAM_PARAMETERS if parse_bool(asked.get(option, ""))]
        if info.subresource == "exec":
            parameters += [("command", word) for word in asked.getall("command", [])]
        target = replace(
            self._targets.host_of(pod),
            path=f"/{info.subresource}/{info.namespace}/{info.name}/{container}",
            query=urlencode(parameters),
        )
        return ProxyStream(target, self._backends, self._time, upgrade_required=True)

    def _port_forward(self, request: web.BaseRequest, info: RequestInfo) -> ProxyStream:
        """e.g. POST /api/v1/namespaces/default/pods/kubia-0/portforward"""
        pod = self._targets.get_pod(info.namespace, info.name)
        ports = _ports(request.query)
        target = replace(
            self._targets.host_of(pod),
            path=f"/portForward/{info.namespace}/{info.name}",
            query=urlencode({"port": ",".join(map(str, ports))} if ports else {}),
        )
        return ProxyStream(target, self._backends, self._time, upgrade_required=True)


def _ports(query: MultiMapping[str]) -> list[int]:
    """The ports of a port-forward, each given by itself or several with commas between them."""
    words = [word for value in query.getall("ports", []) for word in value.split(",")]
    return [number for word in words if (number := parse_int(word)) is not None]


def _rest(path: str, info: RequestInfo) -> str:
    """What a proxied path goes on with, cleaned as Go's path.Join does; "" where it ends with `proxy`."""
    if not info.rest:
        return "/" if path.endswith("/") else ""
    cleaned = posixpath.normpath(f"/{info.rest}")
    return cleaned + "/" if path.endswith("/") and cleaned != "/" else cleaned
