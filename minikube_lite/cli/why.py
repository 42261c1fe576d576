"""`minikube-lite why pod/kubia-1`: why something is as it is, through the Explanation that any client may ask for."""

from __future__ import annotations

import argparse
import json
from typing import Any

from minikube_lite.cli.api import request
from minikube_lite.cli.errors import EXIT_OK, UsageError
from minikube_lite.cli.names import add_name, running_cluster

EXPLANATIONS = "/apis/lab.minikube-lite.io/v1alpha1/explanations"


def add(commands: Any) -> None:
    """Add the command."""
    why = commands.add_parser(
        "why",
        help="tell why something is as it is",
        description="Tell why something is as it is, or why it is not there: a pod that waits, a set that does not go on, "
        "a node that is lost. With `-o json`, who says so and since when, too.",
    )
    add_name(why)
    why.add_argument("-n", "--namespace", default="", metavar="NAMESPACE", help="where it is (default)")
    why.add_argument("-o", "--output", choices=("text", "json"), default="text", help="how to say it (%(default)s)")
    why.add_argument("what", nargs="+", metavar="TYPE/NAME", help="as kubectl takes it: pod/kubia-1, sts kubia")
    why.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Ask, and print the sentence."""
    resource, name = _asked(chosen.what)
    spec = {"resource": resource, "namespace": chosen.namespace, "name": name}
    body = {"spec": spec}
    status = request(running_cluster(chosen.name).endpoint, "POST", EXPLANATIONS, body, "application/json")["status"]
    print(json.dumps(status) if chosen.output == "json" else status["sentence"])
    return EXIT_OK


def _asked(words: list[str]) -> tuple[str, str]:
    """`pod/a` or `pod a`. Raises UsageError."""
    parts = words[0].split("/") if len(words) == 1 else words
    if len(parts) != 2 or not all(parts):
        raise UsageError(f"why is asked about one thing, as pod/kubia-1 (given: {' '.join(words)})")
    return parts[0], parts[1]
