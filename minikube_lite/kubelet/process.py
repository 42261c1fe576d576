"""What a container's process is given, from its spec; upstream: generateContainerConfig, generateRunContainerOptions."""

from __future__ import annotations

import functools

from minikube_lite.kubelet.environment import expand, pod_hostname
from minikube_lite.kubelet.etc import pod_files
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.mounts import MountedVolume, container_mounts
from minikube_lite.kubelet.state import PodState
from minikube_lite.programs.image import Image
from minikube_lite.programs.log import ContainerLog, LogOutput
from minikube_lite.programs.pod_network import PodNetwork
from minikube_lite.programs.program import PodContext
from minikube_lite.programs.streams import NoInput, Pipe
from minikube_lite.programs.terminal import Terminal
from minikube_lite.programs.volumes import remove
from minikube_lite.store import Object


def container_context(
    state: PodState,
    spec: Object,
    variables: dict[str, str],
    volumes: dict[str, MountedVolume],
    host: Host,
    *,
    image: Image,
    log: ContainerLog,
    stdin: Pipe | None,
) -> PodContext:
    """The context of a container's main process. What an earlier run of the container left behind is removed."""
    name = spec["name"]
    files = host.volumes.container(state.uid, name)
    remove(files)
    stdout = LogOutput(log, "stdout")
    terminal = Terminal(stdout, stdin) if spec.get("tty") else None
    return PodContext(
        namespace=state.namespace,
        pod=state.name,
        uid=state.uid,
        container=name,
        node=host.name,
        image=spec.get("image", ""),
        hostname=pod_hostname(state.pod),
        env=variables,
        command=[expand(word, variables) for word in spec.get("command") or ()],
        args=[expand(word, variables) for word in spec.get("args") or ()],
        working_directory=spec.get("workingDir") or "/",
        mounts=container_mounts(spec, volumes, variables, functools.partial(host.volumes.snapshot, state.uid, name)),
        files=files,
        ports=[port["containerPort"] for port in spec.get("ports") or ()],
        stdout=terminal or stdout,
        stderr=terminal or LogOutput(log, "stderr"),
        stdin=stdin or NoInput(),
        tty=terminal is not None,
        terminal=terminal,
        network=PodNetwork(host.network.switch, host.name, state.ip),
        clock=host.clock,
        base_files={**image.files, **pod_files(state, host)},
    )
