"""The options of `minikube-lite start`. Those that are the cluster's own have the names of `config.Options`."""

from __future__ import annotations

import argparse
from pathlib import Path

from minikube_lite.cli.names import add_name

API_PORT_DEFAULT = 8080
"""Where kubectl looks when it has no kubeconfig."""
DNS_PORT_DEFAULT = 1053


def add_options(start: argparse.ArgumentParser) -> None:
    """Give the parser of `start` its options."""
    add_name(start, default=None)
    _add_doors(start)
    _add_cluster(start)
    _add_pace(start)
    _add_loss(start)


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
        help="write the kubeconfig here (default: a file of its own; `minikube-lite kubeconfig` prints it)",
    )
    doors.add_argument(
        "--merge-kubeconfig",
        action="store_true",
        help="merge it into FILE, $KUBECONFIG or ~/.kube/config, until the cluster stops",
    )
    doors.add_argument(
        "--keep-context", action="store_true", help="with --merge-kubeconfig: leave the current context as it is"
    )
    doors.add_argument(
        "--output", choices=("text", "json"), default="text", help="how to say where it is reached (%(default)s)"
    )
    doors.add_argument(
        "--token-auth-file", type=Path, metavar="FILE", help="bearer tokens: lines of token,user,uid,groups"
    )
    doors.add_argument(
        "--anonymous-auth",
        action=argparse.BooleanOptionalAction,
        help="requests without credentials, as kubectl's over plain HTTP, are anonymous or refused (without it: cluster admin)",
    )
    doors.add_argument(
        "--enable-admission-plugins",
        metavar="NAME,…",
        help="admission plugins beside those that always run: OwnerReferencesPermissionEnforcement",
    )
    doors.add_argument(
        "-d", "--background", action="store_true", help="return when the cluster is up; `minikube-lite stop` stops it"
    )
    doors.add_argument("--uvloop", action="store_true", help="run on uvloop, which is faster, if it is installed")
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
    cluster.add_argument(
        "--dns-forward",
        metavar="SERVER,…",
        help="ask these about names outside of the cluster: addresses, or /etc/resolv.conf (none: refused)",
    )
    cluster.add_argument(
        "--dns-transfer", action=argparse.BooleanOptionalAction, help="hand out the whole zone by AXFR (no)"
    )
    cluster.add_argument("--service-cluster-ip-range", metavar="CIDR", help="addresses of Services (10.96.0.0/16)")
    cluster.add_argument("--cluster-cidr", metavar="CIDR", help="addresses of pods (10.244.0.0/16)")
    cluster.add_argument(
        "--pod-doors",
        action=argparse.BooleanOptionalAction,
        help="let this machine connect to the pods' own addresses, which are then out of 127.64.0.0/10 (on Linux: yes, unless "
        "--cluster-cidr is given)",
    )
    cluster.add_argument("--max-pods", type=int, metavar="N", help="pods a node takes (110)")
    cluster.add_argument(
        "--lab",
        action=argparse.BooleanOptionalAction,
        help="serve lab.minikube-lite.io, by which clients move the clock (yes)",
    )
    cluster.add_argument(
        "--programs",
        type=Path,
        action="append",
        metavar="FILE",
        help="what containers run, by image, as a YAML file describes it; may be given several times",
    )
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


def _add_loss(start: argparse.ArgumentParser) -> None:
    loss = start.add_argument_group("nodes that are lost, by upstream's names")
    loss.add_argument("--node-monitor-period", metavar="DURATION", help="how often nodes are looked at (5s)")
    loss.add_argument(
        "--node-monitor-grace-period", metavar="DURATION", help="silence after which a node is lost (50s)"
    )
    loss.add_argument(
        "--node-startup-grace-period", metavar="DURATION", help="how long a kubelet may take to report at first (60s)"
    )
    loss.add_argument(
        "--pod-eviction-timeout",
        metavar="DURATION",
        help="how long new pods stay on a lost node, unless they or the next two options say (5m)",
    )
    loss.add_argument(
        "--default-unreachable-toleration-seconds", type=int, metavar="N", help="the same of unreachable nodes (300)"
    )
    loss.add_argument(
        "--default-not-ready-toleration-seconds", type=int, metavar="N", help="the same of nodes not ready (300)"
    )
    loss.add_argument(
        "--node-eviction-rate", type=float, metavar="N", help="lost nodes a second that pods begin to leave (0.1)"
    )
    loss.add_argument(
        "--secondary-node-eviction-rate", type=float, metavar="N", help="the same in a large unhealthy zone (0.01)"
    )
    loss.add_argument(
        "--unhealthy-zone-threshold", type=float, metavar="SHARE", help="lost nodes that make a zone unhealthy (0.55)"
    )
    loss.add_argument(
        "--large-cluster-size-threshold", type=int, metavar="N", help="a zone is large with more nodes than that (50)"
    )
    loss.add_argument(
        "--terminated-pod-gc-threshold", type=int, metavar="N", help="ended pods that are kept; 0 for all (12500)"
    )
    loss.add_argument(
        "--lost-pod-status",
        choices=("Running", "Unknown"),
        default="Unknown",
        help="STATUS of pods on a lost node: Running as today, or Unknown as until Kubernetes 1.10 (%(default)s)",
    )
