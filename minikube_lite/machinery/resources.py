"""How resources are named, and the names that controllers, kubelets and DNS use; upstream: runtime/schema."""

from __future__ import annotations

from typing import NamedTuple


class GroupVersionResource(NamedTuple):
    """A resource as it stands in a request's path."""

    group: str
    version: str
    resource: str

    @property
    def key(self) -> str:
        """The resource with its group, as `statefulsets.apps`: the store's name for it."""
        return f"{self.resource}.{self.group}" if self.group else self.resource

    @property
    def api_version(self) -> str:
        """The group and version, as `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version


CONFIG_MAPS = GroupVersionResource("", "v1", "configmaps")
ENDPOINTS = GroupVersionResource("", "v1", "endpoints")
EVENTS = GroupVersionResource("", "v1", "events")
LIMIT_RANGES = GroupVersionResource("", "v1", "limitranges")
NAMESPACES = GroupVersionResource("", "v1", "namespaces")
NODES = GroupVersionResource("", "v1", "nodes")
PERSISTENT_VOLUME_CLAIMS = GroupVersionResource("", "v1", "persistentvolumeclaims")
PERSISTENT_VOLUMES = GroupVersionResource("", "v1", "persistentvolumes")
PODS = GroupVersionResource("", "v1", "pods")
REPLICATION_CONTROLLERS = GroupVersionResource("", "v1", "replicationcontrollers")
RESOURCE_QUOTAS = GroupVersionResource("", "v1", "resourcequotas")
SECRETS = GroupVersionResource("", "v1", "secrets")
SERVICE_ACCOUNTS = GroupVersionResource("", "v1", "serviceaccounts")
SERVICES = GroupVersionResource("", "v1", "services")
CONTROLLER_REVISIONS = GroupVersionResource("apps", "v1", "controllerrevisions")
DAEMON_SETS = GroupVersionResource("apps", "v1", "daemonsets")
DEPLOYMENTS = GroupVersionResource("apps", "v1", "deployments")
REPLICA_SETS = GroupVersionResource("apps", "v1", "replicasets")
STATEFUL_SETS = GroupVersionResource("apps", "v1", "statefulsets")
CRON_JOBS = GroupVersionResource("batch", "v1", "cronjobs")
JOBS = GroupVersionResource("batch", "v1", "jobs")
CUSTOM_RESOURCE_DEFINITIONS = GroupVersionResource("apiextensions.k8s.io", "v1", "customresourcedefinitions")
LEASES = GroupVersionResource("coordination.k8s.io", "v1", "leases")
ENDPOINT_SLICES = GroupVersionResource("discovery.k8s.io", "v1", "endpointslices")
POD_DISRUPTION_BUDGETS = GroupVersionResource("policy", "v1", "poddisruptionbudgets")
PRIORITY_CLASSES = GroupVersionResource("scheduling.k8s.io", "v1", "priorityclasses")
ROLES = GroupVersionResource("rbac.authorization.k8s.io", "v1", "roles")
ROLE_BINDINGS = GroupVersionResource("rbac.authorization.k8s.io", "v1", "rolebindings")
CLUSTER_ROLES = GroupVersionResource("rbac.authorization.k8s.io", "v1", "clusterroles")
CLUSTER_ROLE_BINDINGS = GroupVersionResource("rbac.authorization.k8s.io", "v1", "clusterrolebindings")
STORAGE_CLASSES = GroupVersionResource("storage.k8s.io", "v1", "storageclasses")
CLOCKS = GroupVersionResource("lab.minikube-lite.io", "v1alpha1", "clocks")
EXPLANATIONS = GroupVersionResource("lab.minikube-lite.io", "v1alpha1", "explanations")
HORIZONTAL_POD_AUTOSCALERS = GroupVersionResource("autoscaling", "v2", "horizontalpodautoscalers")
NODE_METRICS = GroupVersionResource("metrics.k8s.io", "v1beta1", "nodes")
POD_METRICS = GroupVersionResource("metrics.k8s.io", "v1beta1", "pods")
FAULTS = GroupVersionResource("lab.minikube-lite.io", "v1alpha1", "faults")
INSTANCES = GroupVersionResource("lab.minikube-lite.io", "v1alpha1", "instances")
