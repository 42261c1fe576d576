"""Which volumes and which settings of the kernel a pod may have: kinds of volumes, sysctls."""

from __future__ import annotations

from functools import partial

from minikube_lite.api.admission.pod_security.check import (
    Check,
    Version,
    Violation,
    counted,
    plural,
    quoted,
    security,
    uses,
)
from minikube_lite.api.admission.pod_security.levels import BASELINE, RESTRICTED
from minikube_lite.store import Object

ALLOWED_VOLUMES = frozenset({
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
})  # fmt: skip
RESTRICTED_VOLUMES = (
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "nfs", "iscsi", "glusterfs", "rbd",
    "flexVolume", "cinder", "cephfs", "flocker", "fc", "azureFile", "vsphereVolume", "quobyte", "azureDisk",
    "photonPersistentDisk", "portworxVolume", "scaleIO", "storageos",
)  # fmt: skip

SYSCTLS = frozenset({
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
})  # fmt: skip
SYSCTLS_1_27 = SYSCTLS | {"net.ipv4.ip_local_reserved_ports"}
SYSCTLS_1_29 = SYSCTLS_1_27 | {
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}  # fmt: skip
SYSCTLS_1_32 = SYSCTLS_1_29 | {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}


def restricted_volumes(metadata: Object, spec: Object) -> Violation | None:
    """Only volumes that belong to the pod or are claimed."""
    bad = [
        volume
        for volume in spec.get("volumes") or ()
        if not any(volume.get(source) is not None for source in ALLOWED_VOLUMES)
    ]
    if not bad:
        return None
    names, kinds = [volume["name"] for volume in bad], sorted({_source_of(volume) for volume in bad})
    text = f"{counted('volume', names)} {uses(names)} {plural('restricted volume type', kinds)} {quoted(kinds)}"
    return Violation("restricted volume types", text)


def _source_of(volume: Object) -> str:
    return next((source for source in RESTRICTED_VOLUMES if volume.get(source) is not None), "unknown")


def sysctls(allowed: frozenset[str], metadata: Object, spec: Object) -> Violation | None:
    """Only settings that concern nobody but the pod."""
    bad = [item.get("name", "") for item in security(spec, "sysctls") or () if item.get("name") not in allowed]
    return Violation("forbidden sysctls", ", ".join(bad)) if bad else None


CHECKS = (
    Check("restrictedVolumes", RESTRICTED, (Version(0, restricted_volumes, ("hostPathVolumes",)),)),
    Check(
        "sysctls",
        BASELINE,
        (
            Version(0, partial(sysctls, SYSCTLS)),
            Version(27, partial(sysctls, SYSCTLS_1_27)),
            Version(29, partial(sysctls, SYSCTLS_1_29)),
            Version(32, partial(sysctls, SYSCTLS_1_32)),
        ),
    ),
)
