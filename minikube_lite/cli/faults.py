"""Faults as commands make and remove them: objects of the cluster's API."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from minikube_lite.cli.api import ApiStatusError, request, watch
from minikube_lite.cli.errors import CommandError

FAULTS = "/apis/lab.minikube-lite.io/v1alpha1/faults"
NODES = "/api/v1/nodes"
CONFLICT = 409
NOT_FOUND = 404


def find_node(server: str, name: str) -> Any:
    """The node's object. Raises CommandError, which names those that there are."""
    try:
        return request(server, "GET", f"{NODES}/{quote(name)}")
    except ApiStatusError as error:
        if error.code != NOT_FOUND:
            raise
        names = ", ".join(one["metadata"]["name"] for one in request(server, "GET", NODES)["items"])
        raise CommandError(f"there is no node {name}; there are: {names or 'none'}") from None


def break_node(server: str, node: str, fault_type: str, **more: Any) -> bool:
    """Make a fault of a node, and wait until it has begun. False where it is there already."""
    name = f"{fault_type.lower()}-{node}"
    body = {"metadata": {"name": name}, "spec": {"node": {"name": node, "type": fault_type, **more}}}
    try:
        fault = request(server, "POST", FAULTS, body, "application/json")
    except ApiStatusError as error:
        if error.code != CONFLICT:
            raise
        return False
    _wait_until_begun(server, fault)
    return True


def heal_node(server: str, node: str, *fault_types: str) -> list[str]:
    """Remove the faults of these types, or of all, that name this very node; returns their names."""
    names = []
    for fault in faults_of(server, node):
        if not fault_types or fault["spec"]["node"]["type"] in fault_types:
            names.append(fault["metadata"]["name"])
            request(server, "DELETE", f"{FAULTS}/{quote(names[-1])}")
    return names


def faults_of(server: str, node: str) -> list[Any]:
    """The faults that name this very node."""
    found = request(server, "GET", FAULTS)["items"]
    return [one for one in found if (one["spec"].get("node") or {}).get("name") == node]


def _wait_until_begun(server: str, fault: Any) -> None:
    metadata = fault["metadata"]
    while not _has_begun(fault):
        if any(_has_begun(seen) for seen in watch(server, FAULTS, metadata["name"], metadata["resourceVersion"])):
            return
        fault = request(server, "GET", f"{FAULTS}/{quote(metadata['name'])}")  # the API ends each watch after a while


def _has_begun(fault: Any) -> bool:
    return bool((fault.get("status") or {}).get("phase"))
