"""kube-controller-manager and kube-scheduler: which controllers a cluster runs."""

from __future__ import annotations

from collections.abc import Sequence

from minikube_lite.controllers.clusterroleaggregation import ClusterRoleAggregationController
from minikube_lite.controllers.cronjob import CronJobController
from minikube_lite.controllers.daemonset import DaemonSetController
from minikube_lite.controllers.deployment import DeploymentController
from minikube_lite.controllers.disruption import DisruptionController
from minikube_lite.controllers.endpoints import EndpointsController
from minikube_lite.controllers.endpointslice import EndpointSliceController
from minikube_lite.controllers.endpointslicemirroring import EndpointSliceMirroringController
from minikube_lite.controllers.eventttl import EventTTL
from minikube_lite.controllers.garbagecollector import GarbageCollector
from minikube_lite.controllers.horizontalpodautoscaler import HorizontalPodAutoscalerController
from minikube_lite.controllers.hostpathprovisioner import HostPathProvisioner
from minikube_lite.controllers.job import JobController
from minikube_lite.controllers.kubernetesservice import KubernetesService
from minikube_lite.controllers.namespace import NamespaceController
from minikube_lite.controllers.nodelifecycle import NodeLifecycleController
from minikube_lite.controllers.persistentvolume.controller import PersistentVolumeController
from minikube_lite.controllers.podgc import PodGCController
from minikube_lite.controllers.pvcprotection import PVCProtectionController
from minikube_lite.controllers.pvprotection import PVProtectionController
from minikube_lite.controllers.replicaset import ReplicaSetController, ReplicationManager
from minikube_lite.controllers.resourcequota import ResourceQuotaController
from minikube_lite.controllers.rootcacertpublisher import RootCACertPublisher
from minikube_lite.controllers.scheduler import Scheduler
from minikube_lite.controllers.serviceaccount import ServiceAccountsController
from minikube_lite.controllers.serviceaccounttokens import TokensController
from minikube_lite.controllers.statefulset import StatefulSetController
from minikube_lite.controllers.tainteviction import TaintEvictionController
from minikube_lite.controllers.ttl import TTLController
from minikube_lite.controllers.ttlafterfinished import TTLAfterFinishedController
from minikube_lite.machinery.controller import Controller, ControllerContext
from minikube_lite.machinery.fault_specs import ControllerFault
from minikube_lite.machinery.faults import Fault, Faults

CONTROLLERS: Sequence[type[Controller]] = (
    NamespaceController,
    ClusterRoleAggregationController,
    ServiceAccountsController,
    TokensController,
    RootCACertPublisher,
    KubernetesService,
    PersistentVolumeController,
    HostPathProvisioner,
    PVProtectionController,
    PVCProtectionController,
    EndpointSliceController,
    EndpointsController,
    EndpointSliceMirroringController,
    StatefulSetController,
    DaemonSetController,
    JobController,
    CronJobController,
    TTLAfterFinishedController,
    DeploymentController,
    ReplicaSetController,
    ReplicationManager,
    NodeLifecycleController,
    TaintEvictionController,
    TTLController,
    Scheduler,
    DisruptionController,
    HorizontalPodAutoscalerController,
    PodGCController,
    ResourceQuotaController,
    GarbageCollector,
    EventTTL,
)
"""All controllers, in the order in which they start."""


class ControllerManager:
    """Runs the controllers."""

    def __init__(self, context: ControllerContext, faults: Faults) -> None:
        self.controllers = [controller(context) for controller in CONTROLLERS]
        self._paused: dict[Fault, list[Controller]] = {}
        faults.follow(ControllerFault, self._changed)

    def start(self) -> None:
        """Start all of them."""
        for controller in self.controllers:
            controller.start()

    async def stop(self) -> None:
        """Stop all of them."""
        for controller in reversed(self.controllers):
            await controller.stop()

    def _changed(self, fault: Fault, begins: bool) -> None:
        """Pause the controllers that a fault means, or let those go on that no other one means."""
        spec = fault.spec
        assert isinstance(spec, ControllerFault)
        if not begins:
            for controller in self._paused.pop(fault, ()):
                if not any(controller in others for others in self._paused.values()):
                    controller.resume()
            return
        paused = self._paused[fault] = []
        for controller in self.controllers:
            if spec.means(controller.name) and fault.strikes(f"controller {controller.name}"):
                controller.pause()
                paused.append(controller)
