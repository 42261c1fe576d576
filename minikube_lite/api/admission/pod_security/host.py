"""What of its host a pod may use: namespaces, paths, ports, addresses, processes. All of the baseline."""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.api.admission.pod_security.check import (
    Check,
    Version,
    Violation,
    containers,
    counted,
    names_of,
    plural,
    quoted,
    security,
    setters,
    uses,
)
from minikube_lite.api.admission.pod_security.levels import BASELINE
from minikube_lite.store import Object

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def host_namespaces(metadata: Object, spec: Object) -> Violation | None:
    """The pod's network, processes and shared memory are its own."""
    shared = [f"{name}=true" for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)]
    return Violation("host namespaces", ", ".join(shared)) if shared else None


def host_path_volumes(metadata: Object, spec: Object) -> Violation | None:
    """No directory of the host is mounted."""
    bad = [volume["name"] for volume in spec.get("volumes") or () if volume.get("hostPath") is not None]
    return Violation("hostPath volumes", counted("volume", bad)) if bad else None


def host_ports(metadata: Object, spec: Object) -> Violation | None:
    """No port of the host is taken."""
    taken = [
        (container, [str(port["hostPort"]) for port in container.get("ports") or () if port.get("hostPort")])
        for container in containers(spec)
    ]
    bad = names_of(container for container, ports in taken if ports)
    ports = sorted({port for _, found in taken for port in found})
    if not bad:
        return None
    return Violation(
        "hostPort", f"{counted('container', bad)} {uses(bad)} {plural('hostPort', ports)} {', '.join(ports)}"
    )


def host_probes(metadata: Object, spec: Object) -> Violation | None:
    """Probes and hooks ask the pod, and nobody else."""
    asked = {container.get("name", ""): list(_asked_hosts(container)) for container in containers(spec)}
    bad = sorted(name for name, hosts in asked.items() if hosts)
    hosts = sorted({host for found in asked.values() for host in found})
    if not bad:
        return None
    word = "probe or lifecycle host"
    return Violation(word, f"{counted('container', bad)} {uses(bad)} {plural(word, hosts)} {quoted(hosts)}")


def _asked_hosts(container: Object) -> Iterator[str]:
    lifecycle = container.get("lifecycle") or {}
    handlers = [container.get(name) for name in PROBES] + [lifecycle.get(name) for name in ("postStart", "preStop")]
    for handler in handlers:
        for kind in ("httpGet", "tcpSocket"):
            host = ((handler or {}).get(kind) or {}).get("host")
            if host:
                yield host


def windows_host_process(metadata: Object, spec: Object) -> Violation | None:
    """No container is a process of a Windows host."""

    def is_bad(holder: Object) -> bool:
        return bool((security(holder, "windowsOptions") or {}).get("hostProcess"))

    who = setters(is_bad(spec), names_of(filter(is_bad, containers(spec))))
    if not who:
        return None
    return Violation("hostProcess", f"{who} must not set securityContext.windowsOptions.hostProcess=true")


CHECKS = (
    Check("hostNamespaces", BASELINE, (Version(0, host_namespaces),)),
    Check("hostPathVolumes", BASELINE, (Version(0, host_path_volumes),)),
    Check("hostPorts", BASELINE, (Version(0, host_ports),)),
    Check("hostProbesAndHostLifecycle", BASELINE, (Version(34, host_probes),)),
    Check("windowsHostProcess", BASELINE, (Version(0, windows_host_process),)),
)
