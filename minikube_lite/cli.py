"""The command `minikube-lite`."""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from minikube_lite import __version__

if TYPE_CHECKING:
    from minikube_lite.cluster import Cluster

log = logging.getLogger(__name__)

EXIT_STOPPED, EXIT_FAILED, EXIT_USAGE = 0, 1, 2

API_PORT_DEFAULT = 8080
"""Where kubectl looks when it has no kubeconfig."""
DNS_PORT_DEFAULT = 1053


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a command line in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Without the list of all options, which --help shows."""
        self.exit(EXIT_USAGE, f"minikube-lite: {message}; `{self.prog} --help` shows what there is\n")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = Parser(prog="minikube-lite", description="A Kubernetes control plane in one process.")
    top.add_argument("--version", action="version", version=f"minikube-lite {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    start = commands.add_parser("start", help="start a cluster and run until SIGINT or SIGTERM")
    _add_doors(start)
    _add_cluster(start)
    _add_pace(start)
    return top


def _add_doors(start: argparse.ArgumentParser) -> None:
    doors = start.add_argument_group("where it is reached")
    doors.add_argument(
        "--api-port",
        type=int,
        default=API_PORT_DEFAULT,
        metavar="N",
        help="the API's port; 0 picks a free one (%(default)s)",
    )
    doors.add_argument(
        "--dns-port",
        type=int,
        default=DNS_PORT_DEFAULT,
        metavar="N",
        help="the DNS server's port; 0 picks a free one (%(default)s)",
    )
    doors.add_argument(
        "--kubeconfig",
        type=Path,
        metavar="FILE",
        help="write the kubeconfig here (default: in the cluster's directory)",
    )
    doors.add_argument(
        "--output", choices=("text", "json"), default="text", help="how to say where it is reached (%(default)s)"
    )
    doors.add_argument(
        "--token-auth-file", type=Path, metavar="FILE", help="bearer tokens: lines of token,user,uid,groups"
    )
    doors.add_argument("-v", "--verbose", action="count", default=0, help="log more; twice for all")


def _add_cluster(start: argparse.ArgumentParser) -> None:
    cluster = start.add_argument_group("the cluster")
    cluster.add_argument("--nodes", type=int, metavar="N", help="how many nodes (3)")
    cluster.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="the cluster's directory; without it a temporary one, removed at the end",
    )
    cluster.add_argument(
        "--default-storage-class", metavar="NAME", help="the default storage class, or none (standard)"
    )
    cluster.add_argument("--cluster-domain", metavar="ZONE", help="the DNS zone (cluster.local)")
    cluster.add_argument("--dns-ttl", type=int, metavar="SECONDS", help="the TTL of DNS answers (30)")
    cluster.add_argument(
        "--dns-pods", choices=("insecure", "verified", "disabled"), help="names of pods by address (insecure)"
    )
    cluster.add_argument("--service-cluster-ip-range", metavar="CIDR", help="addresses of Services (10.96.0.0/16)")
    cluster.add_argument("--cluster-cidr", metavar="CIDR", help="addresses of pods (10.244.0.0/16)")
    cluster.add_argument("--max-pods", type=int, metavar="N", help="pods a node takes (110)")
    cluster.add_argument("--event-ttl", metavar="DURATION", help="how long events are kept (1h)")


def _add_pace(start: argparse.ArgumentParser) -> None:
    pace = start.add_argument_group("time and pace")
    pace.add_argument("--clock", choices=("real", "scaled", "stepped"), help="how emulated time flows (real)")
    pace.add_argument(
        "--clock-rate", type=float, metavar="N", help="with --clock scaled: emulated seconds a second (1)"
    )
    pace.add_argument("--seed", type=int, metavar="N", help="the seed of all random choices")
    pace.add_argument(
        "--pod-start-delay", metavar="DURATION", help="how long a container takes to start (300ms; stepped: 0)"
    )
    pace.add_argument("--pod-stop-delay", metavar="DURATION", help="how long a pod takes to stop (300ms; stepped: 0)")
    pace.add_argument("--image-pull-delay", metavar="DURATION", help="how long an image takes to be pulled (0)")
    pace.add_argument(
        "--node-monitor-grace-period", metavar="DURATION", help="silence after which a node is lost (50s)"
    )


NOT_OF_THE_CLUSTER = ("command", "kubeconfig", "output", "verbose")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 stopped as asked, 2 bad options, 1 anything else."""
    chosen = parser().parse_args(arguments)
    from pydantic import ValidationError

    from minikube_lite.cluster import Cluster
    from minikube_lite.config import Options

    _log(chosen.verbose)
    fields = {
        name: value for name, value in vars(chosen).items() if value is not None and name not in NOT_OF_THE_CLUSTER
    }
    try:
        cluster = Cluster(Options(**fields))
    except ValidationError as error:
        return _usage(_sentence(error))
    except (OSError, ValueError) as error:
        return _usage(str(error))
    try:
        return asyncio.run(_run(cluster, chosen))
    except KeyboardInterrupt:
        return EXIT_STOPPED
    except Exception:
        log.exception("the cluster ended")
        return EXIT_FAILED


async def _run(cluster: Cluster, chosen: argparse.Namespace) -> int:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        await cluster.start()
    except (OSError, ValueError) as error:
        return _usage(f"{error}{_hint(error)}")
    try:
        path = _write_kubeconfig(cluster, chosen.kubeconfig)
        _announce(cluster, path, chosen.output)
        await stopped.wait()
    except OSError as error:
        return _usage(f"the kubeconfig cannot be written: {error}")
    finally:
        await cluster.stop()
    return EXIT_STOPPED


def _hint(error: OSError | ValueError) -> str:
    """What to do about a port that cannot be had."""
    if isinstance(error, OSError) and error.errno in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
        return "; choose other ports with --api-port and --dns-port (0 picks a free one)"
    return ""


def _write_kubeconfig(cluster: Cluster, path: Path | None) -> Path:
    from minikube_lite.kubeconfig import write_kubeconfig

    chosen = (path or cluster.directory / "kubeconfig").absolute()
    write_kubeconfig(chosen, cluster.addresses.server)
    return chosen


def _announce(cluster: Cluster, kubeconfig: Path, output: str) -> None:
    server, dns = cluster.addresses.server, cluster.addresses.dns
    if output == "json":
        line = json.dumps({"server": server, "dns": dns, "kubeconfig": str(kubeconfig), "pid": os.getpid()})
        print(line, flush=True)  # noqa: T201
        return
    host, _, port = dns.rpartition(":")
    nodes = cluster.options.nodes
    text = (
        f"Kubernetes 1.36 (emulated) is up: {nodes} node{'' if nodes == 1 else 's'} Ready.\n"
        f"  API  {server}\n"
        f"  DNS  {dns}\n\n"
        "In another terminal:\n"
        f"  export KUBECONFIG={kubeconfig}\n"
        "  kubectl get nodes\n"
        f"  dig @{host} -p {port} SRV _https._tcp.kubernetes.default.svc.{cluster.options.cluster_domain}\n\n"
        "Ctrl-C stops it."
    )
    print(text, flush=True)  # noqa: T201


def _log(verbosity: int) -> None:
    levels = (logging.WARNING, logging.INFO, logging.DEBUG)
    logging.basicConfig(
        level=levels[min(verbosity, 2)], format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )


def _usage(sentence: str) -> int:
    print(f"minikube-lite: {sentence}", file=sys.stderr)  # noqa: T201
    return EXIT_USAGE


def _sentence(error: Any) -> str:
    """The first fault of the options, with the option's name."""
    fault = error.errors()[0]
    message = str(fault["msg"]).removeprefix("Value error, ")
    if not fault["loc"]:
        return message
    option = str(fault["loc"][0]).replace("_", "-")
    return f"--{option}: {message} (given: {fault['input']})"
