"""/version and the health endpoints; upstream: apiserver/pkg/server/healthz and routes/version.go."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence

import orjson

from minikube_lite.api.render import Answer
from minikube_lite.machinery import errors

TEXT = "text/plain; charset=utf-8"
KUBERNETES_VERSION = "v1.36.3"
CHECKS = ("ping", "log", "etcd", "informer-sync")

VERSION = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": KUBERNETES_VERSION,
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "minikube-lite",
}


def version_answer(method: str) -> Answer:
    """e.g. GET /version"""
    if method != "GET":
        raise errors.method_not_allowed()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return Answer(200, orjson.dumps({**VERSION, "platform": f"{platform.system().lower()}/{machine}"}))


def health_answer(parts: Sequence[str], query: dict[str, str], ready: Callable[[], bool]) -> Answer | None:
    """e.g. GET /healthz, /readyz?verbose, /livez/ping. None for a check that does not exist."""
    if len(parts) == 2 and parts[1] not in CHECKS or len(parts) > 2:
        return None
    well = ready() if parts[0] == "readyz" else True
    if "verbose" in query:
        lines = [f"[+]{name} ok" for name in CHECKS]
        lines.append(f"{parts[0]} check passed" if well else f"{parts[0]} check failed")
        return Answer(200 if well else 500, ("\n".join(lines) + "\n").encode(), TEXT)
    return Answer(200, b"ok", TEXT) if well else Answer(500, b"[-]informer-sync failed: not synced\n", TEXT)
