"""The admission plugins of a cluster, in upstream's order; upstream: pkg/kubeapiserver/options/plugins.go."""

from __future__ import annotations

from collections.abc import Collection

from minikube_lite.api.admission import Plugin
from minikube_lite.api.admission.default_ingress_class import DefaultIngressClass
from minikube_lite.api.admission.default_storage_class import DefaultStorageClass
from minikube_lite.api.admission.default_toleration_seconds import DefaultTolerationSeconds
from minikube_lite.api.admission.limit_ranger import LimitRanger
from minikube_lite.api.admission.namespace_lifecycle import NamespaceLifecycle
from minikube_lite.api.admission.owner_references import OwnerReferencesPermissionEnforcement
from minikube_lite.api.admission.persistent_volume_claim_resize import PersistentVolumeClaimResize
from minikube_lite.api.admission.pod_resize import PodResizeValidator
from minikube_lite.api.admission.pod_security import PodSecurity
from minikube_lite.api.admission.pod_topology_labels import PodTopologyLabels
from minikube_lite.api.admission.policies import ValidatingAdmissionPolicy
from minikube_lite.api.admission.priority import Priority
from minikube_lite.api.admission.resource_quota import ResourceQuota
from minikube_lite.api.admission.role_escalation import RoleEscalation
from minikube_lite.api.admission.runtime_class import RuntimeClass
from minikube_lite.api.admission.service_account import ServiceAccount
from minikube_lite.api.admission.storage_object_in_use_protection import StorageObjectInUseProtection
from minikube_lite.api.admission.taint_nodes_by_condition import TaintNodesByCondition
from minikube_lite.api.admission.webhooks import MutatingAdmissionWebhook, ValidatingAdmissionWebhook
from minikube_lite.api.authorization import Authorizer
from minikube_lite.api.scheme import Scheme

OWNER_REFERENCES = "OwnerReferencesPermissionEnforcement"


def plugins(authorizer: Authorizer, scheme: Scheme, enabled: Collection[str] = ()) -> list[Plugin]:
    """The plugins, in the order in which they run; `enabled` names those that run beside those that always do."""
    return [
        NamespaceLifecycle(),
        LimitRanger(),
        ServiceAccount(),
        TaintNodesByCondition(),
        PodSecurity(),
        Priority(),
        DefaultTolerationSeconds(),
        DefaultStorageClass(),
        StorageObjectInUseProtection(),
        *([OwnerReferencesPermissionEnforcement(authorizer, scheme)] if OWNER_REFERENCES in enabled else []),
        PersistentVolumeClaimResize(),
        RuntimeClass(),
        DefaultIngressClass(),
        PodTopologyLabels(),
        PodResizeValidator(),
        RoleEscalation(authorizer),
        MutatingAdmissionWebhook(scheme),
        ValidatingAdmissionPolicy(scheme),
        ValidatingAdmissionWebhook(scheme),
        ResourceQuota(),
    ]
