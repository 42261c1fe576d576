"""The ReplicaSet controller, which runs ReplicationControllers too; upstream: pkg/controller/replicaset and replication.

`controller` watches and syncs, `decide` says how many pods are to be made or which are to go, and why; `ranking`
has the order in which they go, `status` what is counted.
"""

from minikube_lite.controllers.replicaset.controller import ReplicaSetController, ReplicationManager

__all__ = ["ReplicaSetController", "ReplicationManager"]
