"""The DaemonSet controller: a pod on each node that should have one; upstream: pkg/controller/daemon.

`controller` watches and syncs, `decide` says what is to be done, `nodes` which nodes are meant; all but the first are pure.
"""

from minikube_lite.controllers.daemonset.controller import DaemonSetController

__all__ = ["DaemonSetController"]
