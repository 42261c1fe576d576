"""The command `minikube-lite`: a file a command. What is slow to load (the cluster, the schemas) is loaded by `start` alone."""

from minikube_lite.cli.command_line import main

__all__ = ["main"]
