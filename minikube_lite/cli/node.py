"""`minikube-lite node` and `minikube-lite ssh`: nodes shown, cut off and healed; upstream: minikube's commands of these names."""

from __future__ import annotations

import argparse
import json
from typing import Any

from minikube_lite.cli import faults
from minikube_lite.cli.api import request
from minikube_lite.cli.errors import EXIT_OK, CommandError, UsageError
from minikube_lite.cli.names import add_name, running_cluster

ACTIONS = ("list", "cut", "heal")
CONSOLE = "sudo ifconfig eth0 down|up, sudo ip link set eth0 down|up, hostname"
"""What a node's console can do."""


def add(commands: Any) -> None:
    """Add the commands."""
    node = commands.add_parser(
        "node",
        help="show a cluster's nodes, cut one off, heal it",
        description="Show a cluster's nodes and what is broken about them. `cut` cuts the network of a node: what runs there goes "
        "on, and nobody can reach it; `heal` removes every fault that names the node.",
    )
    add_name(node)
    node.add_argument("-o", "--output", choices=("text", "json"), default="text", help="how to list (%(default)s)")
    node.add_argument("action", choices=ACTIONS, metavar="ACTION", help="list, cut or heal")
    node.add_argument("node", nargs="?", metavar="NODE", help="which node")
    node.set_defaults(run=run)
    ssh = commands.add_parser(
        "ssh",
        help="type into a node's console, as `ssh node-2 -- sudo ifconfig eth0 down`",
        description=f"Run a command on a node's console. Nodes are fake, so it can do but this: {CONSOLE}.",
    )
    add_name(ssh)
    ssh.add_argument("node", metavar="NODE", help="which node")
    ssh.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND", help="the command, after --")
    ssh.set_defaults(run=run_ssh)


def run(chosen: argparse.Namespace) -> int:
    """Do what was asked for."""
    if (chosen.action == "list") == (chosen.node is not None):
        raise UsageError("node list takes no node" if chosen.node else f"node {chosen.action} needs a node, as node-2")
    server = running_cluster(chosen.name).endpoint
    if chosen.action == "list":
        _list(server, chosen.output)
        return EXIT_OK
    faults.find_node(server, chosen.node)
    if chosen.action == "cut":
        _cut(server, chosen.node)
    else:
        healed = faults.heal_node(server, chosen.node)
        print(f"{chosen.node}: healed ({', '.join(healed)})" if healed else f"{chosen.node}: nothing was broken")
    return EXIT_OK


def _cut(server: str, node: str) -> None:
    begun = faults.break_node(server, node, "Cut")
    print(f"{node}: cut off; `minikube-lite node heal {node}` heals it" if begun else f"{node}: is cut off already")


def _list(server: str, output: str) -> None:
    broken: dict[str, list[str]] = {}
    for fault in request(server, "GET", faults.FAULTS)["items"]:
        target = fault["spec"].get("node")
        if target:
            broken.setdefault(target["name"], []).append(target["type"])
    rows = [
        {"name": name, "status": _status(node), "broken": broken.get(name, [])}
        for node in request(server, "GET", faults.NODES)["items"]
        for name in (node["metadata"]["name"],)
    ]
    if output == "json":
        print(json.dumps(rows))
        return
    width = max([len("NAME"), *(len(row["name"]) for row in rows)])
    print(f"{'NAME':<{width}}   {'STATUS':<8}   BROKEN")
    for row in rows:
        print(f"{row['name']:<{width}}   {row['status']:<8}   {', '.join(row['broken'])}".rstrip())


def _status(node: Any) -> str:
    """As kubectl's column says it, without the scheduling."""
    for condition in node["status"].get("conditions", ()):
        if condition["type"] == "Ready":
            return "Ready" if condition["status"] == "True" else "NotReady"
    return "Unknown"


def run_ssh(chosen: argparse.Namespace) -> int:
    """Do what a node's console would do."""
    words = chosen.words[1:] if chosen.words[:1] == ["--"] else chosen.words
    command = [word for word in " ".join(words).split() if word != "sudo"]
    server = running_cluster(chosen.name).endpoint
    faults.find_node(server, chosen.node)
    match command:
        case ["hostname"]:
            print(chosen.node)
        case ["ifconfig", "eth0", "down"] | ["ip", "link", "set", "eth0", "down"]:
            faults.break_node(server, chosen.node, "Cut")
        case ["ifconfig", "eth0", "up"] | ["ip", "link", "set", "eth0", "up"]:
            faults.heal_node(server, chosen.node, "Cut")
        case []:
            raise UsageError(f"a node has no shell; give a command after --: {CONSOLE}")
        case _:
            raise CommandError(f"`{' '.join(words)}` is not emulated on nodes, which are fake; they know: {CONSOLE}")
    return EXIT_OK
