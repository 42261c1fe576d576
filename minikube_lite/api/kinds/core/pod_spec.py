"""The rules of pods and pod templates; upstream: ValidatePodSpec in pkg/apis/core/validation/validation.go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from minikube_lite.api.kinds.core.pod_affinity import validate_affinity, validate_tolerations, validate_topology_spread
from minikube_lite.api.kinds.core.pod_containers import (
    ContainerScope,
    validate_containers,
    validate_ephemeral_containers,
    validate_host_network_ports,
    validate_image_padding,
    validate_init_containers,
)
from minikube_lite.api.kinds.core.pod_env import validate_file_key_volumes
from minikube_lite.api.kinds.core.pod_fields import (
    ANNOTATION_MIRROR_POD,
    INT32_MAX,
    TEMPLATE,
    PodScope,
    address,
    named,
    one_of,
    visit_containers,
)
from minikube_lite.api.kinds.core.pod_resources import validate_container_resources, validate_pod_level_resources
from minikube_lite.api.kinds.core.pod_security import (
    validate_host_processes,
    validate_os,
    validate_pod_security,
    validate_profiles_match,
    validate_security_annotations,
)
from minikube_lite.api.kinds.core.pod_volumes import validate_volumes
from minikube_lite.machinery.metadata import validate_annotations, validate_labels
from minikube_lite.machinery.names import (
    byte_length,
    is_dns1123_label,
    is_dns1123_subdomain,
    is_dns1123_subdomain_with_underscore,
    is_qualified_name,
    name_is_dns_subdomain,
    range_text,
)
from minikube_lite.schema.field import (
    FieldError,
    Path,
    duplicate,
    forbidden,
    invalid,
    required,
    too_long,
)
from minikube_lite.store import Object

DNS_NAMESERVERS_MAX = 3
DNS_SEARCH_PATHS_MAX = 32
DNS_SEARCH_LIST_BYTES_MAX = 2048
HOSTNAME_OVERRIDE_BYTES_MAX = 64
ANNOTATION_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"

_RESTART_POLICIES = ("Always", "OnFailure", "Never")
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_PREEMPTION_POLICIES = ("PreemptLowerPriority", "Never")


def validate_pod(pod: Object) -> Iterator[FieldError]:
    """A Pod, on creation and on update; its metadata is checked elsewhere."""
    metadata, spec, path = pod["metadata"], pod.get("spec") or {}, Path("spec")
    annotations = metadata.get("annotations") or {}
    if annotations:
        yield from validate_pod_annotations(annotations, spec, Path("metadata.annotations"))
    scope = PodScope(is_pod=True, name=metadata.get("name") or "", mirror=ANNOTATION_MIRROR_POD in annotations)
    yield from validate_pod_spec(spec, scope, path)
    if not spec.get("serviceAccountName"):
        yield from _forbid_tokens(spec.get("volumes") or (), path.child("volumes"))
    for name in ("containers", "initContainers"):
        for position, container in enumerate(spec.get(name) or ()):
            image = container.get("image")
            if image and image != image.strip():
                yield from validate_image_padding(container, path.child(name).index(position))


def validate_pod_create(pod: Object) -> Iterator[FieldError]:
    """A new Pod."""
    yield from validate_pod(pod)
    spec, path = pod.get("spec") or {}, Path("spec")
    if spec.get("ephemeralContainers"):
        yield forbidden(path.child("ephemeralContainers"), "cannot be set on create")
    if spec.get("nodeName") and spec.get("schedulingGates"):
        yield forbidden(path.child("nodeName"), "cannot be set until all schedulingGates have been cleared")
    annotations = pod["metadata"].get("annotations")
    if annotations:
        yield from validate_profiles_match(annotations, spec, path)


def validate_pod_template(template: Object, path: Path) -> Iterator[FieldError]:
    """What pods are made from."""
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    annotations = metadata.get("annotations")
    yield from validate_labels(metadata.get("labels"), path.child("labels"))
    if annotations:
        yield from validate_annotations(annotations, path.child("annotations"))
        yield from validate_pod_annotations(annotations, spec, path.child("annotations"))
    yield from validate_pod_spec(spec, TEMPLATE, path.child("spec"))
    if annotations:
        yield from validate_profiles_match(annotations, spec, path.child("spec"))
    if spec.get("ephemeralContainers"):
        text = "ephemeral containers not allowed in pod template"
        yield forbidden(path.child("spec", "ephemeralContainers"), text)


def validate_pod_annotations(annotations: dict[str, str], spec: Object, path: Path) -> Iterator[FieldError]:
    """The annotations that mean something to Kubernetes."""
    if ANNOTATION_MIRROR_POD in annotations and not spec.get("nodeName"):
        text = "must set spec.nodeName if mirror pod annotation is set"
        yield invalid(path.key(ANNOTATION_MIRROR_POD), annotations[ANNOTATION_MIRROR_POD], text)
    cost = annotations.get(ANNOTATION_DELETION_COST)
    if cost is not None and not _is_int32(cost):
        yield invalid(path.key(ANNOTATION_DELETION_COST), cost, "must be a 32bit integer")
    yield from validate_security_annotations(annotations, spec, path)


def _is_int32(text: str) -> bool:
    digits = text[1:] if text[:1] == "-" else text
    plain = digits.isascii() and digits.isdigit() and (digits == "0" or digits[0] != "0")
    return plain and text != "-0" and -INT32_MAX - 1 <= int(text) <= INT32_MAX


def _forbid_tokens(volumes: Sequence[Object], path: Path) -> Iterator[FieldError]:
    for position, volume in enumerate(volumes):
        projected = volume.get("projected")
        for index, source in enumerate((projected.get("sources") or ()) if projected else ()):
            if source.get("serviceAccountToken") is not None:
                at = path.index(position).child("projected", "sources").index(index).child("serviceAccountToken")
                yield forbidden(at, "must not be specified when serviceAccountName is not set")


def validate_pod_spec(spec: Object, scope: PodScope, path: Path) -> Iterator[FieldError]:
    """The spec of a pod or of a template, part by part in upstream's order; most parts may be absent."""
    if spec.get("terminationGracePeriodSeconds") is None:
        yield required(path.child("terminationGracePeriodSeconds"))
    yield from _validate_containers(spec, scope, path)
    if spec.get("restartPolicy") not in _RESTART_POLICIES:
        yield from one_of(spec.get("restartPolicy") or "", _RESTART_POLICIES, path.child("restartPolicy"))
    if spec.get("dnsPolicy") not in _DNS_POLICIES:
        yield from one_of(spec.get("dnsPolicy") or "", _DNS_POLICIES, path.child("dnsPolicy"))
    if spec.get("nodeSelector"):
        yield from validate_labels(spec["nodeSelector"], path.child("nodeSelector"))
    if spec.get("securityContext"):
        yield from validate_pod_security(spec["securityContext"], path.child("securityContext"), spec)
    if spec.get("affinity"):
        yield from validate_affinity(spec["affinity"], path.child("affinity"))
    if spec.get("dnsConfig") is not None or spec.get("dnsPolicy") == "None":
        yield from _validate_dns_config(spec, path.child("dnsConfig"))
    for position, gate in enumerate(spec.get("readinessGates") or ()):
        at = path.child("readinessGates").index(position).child("conditionType")
        yield from named(is_qualified_name, gate.get("conditionType") or "", at)
    if spec.get("schedulingGates"):
        yield from _validate_scheduling_gates(spec["schedulingGates"], path.child("schedulingGates"))
    if spec.get("topologySpreadConstraints"):
        place = path.child("topologySpreadConstraints")
        yield from validate_topology_spread(spec["topologySpreadConstraints"], place)
    if _mentions_windows(spec):
        yield from validate_host_processes(spec, path)
    if spec.get("hostUsers") is False:
        yield from _validate_host_users(spec, path)
    if spec.get("hostnameOverride") is not None:
        yield from _validate_hostname_override(spec, path.child("hostnameOverride"))
    yield from _validate_names(spec, path)
    yield from _validate_rest(spec, path)


def _mentions_windows(spec: Object) -> bool:
    holders = (spec, *(spec.get("containers") or ()), *(spec.get("initContainers") or ()))
    return any((holder.get("securityContext") or {}).get("windowsOptions") is not None for holder in holders)


def _validate_containers(spec: Object, scope: PodScope, path: Path) -> Iterator[FieldError]:
    volumes: dict[str, Object] = {}
    if spec.get("volumes"):
        valid, errors = validate_volumes(spec["volumes"], scope, path.child("volumes"))
        volumes.update(valid)
        yield from errors
    claims = spec.get("resourceClaims") or ()
    if claims:
        yield from _validate_resource_claims(claims, scope, path.child("resourceClaims"))
    containers = spec.get("containers") or ()
    container_scope = ContainerScope(
        volumes,
        [claim["name"] for claim in claims if claim.get("name")],
        spec.get("terminationGracePeriodSeconds"),
        spec.get("restartPolicy") or "",
        spec.get("hostUsers") is not False,
    )
    yield from validate_containers(containers, container_scope, path.child("containers"))
    if spec.get("initContainers"):
        place = path.child("initContainers")
        yield from validate_init_containers(spec["initContainers"], containers, container_scope, place)
    if spec.get("ephemeralContainers"):
        yield from validate_ephemeral_containers(spec, container_scope, path.child("ephemeralContainers"))
    if spec.get("resources") is not None:
        yield from validate_pod_level_resources(spec, container_scope.claim_names, path)
    if spec.get("hostNetwork"):
        yield from validate_host_network_ports(containers, scope.is_pod, path.child("containers"))


def _validate_resource_claims(claims: Sequence[Object], scope: PodScope, path: Path) -> Iterator[FieldError]:
    seen: set[str] = set()
    for position, claim in enumerate(claims):
        if scope.mirror:
            yield forbidden(Path(), "static pods do not support resource claims")
            continue
        place, name = path.index(position), claim.get("name") or ""
        if not name:
            yield required(place.child("name"))
        elif name in seen:
            yield duplicate(place.child("name"), name)
        else:
            yield from named(is_dns1123_label, name, place.child("name"))
            seen.add(name)
        given = [part for part in ("resourceClaimName", "resourceClaimTemplateName") if claim.get(part) is not None]
        if len(given) == 2:
            text = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            yield invalid(place, claim, text)
        if not given:
            yield invalid(place, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`")
        for part in given:
            yield from named(name_is_dns_subdomain, claim[part], place.child(part))


def _validate_dns_config(spec: Object, path: Path) -> Iterator[FieldError]:
    config = spec.get("dnsConfig")
    servers, searches = (config or {}).get("nameservers") or [], (config or {}).get("searches") or []
    if spec.get("dnsPolicy") == "None" and not servers:
        if config is None:
            yield required(path, "must provide `dnsConfig` when `dnsPolicy` is None")
        else:
            text = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            yield required(path.child("nameservers"), text)
        return
    if len(servers) > DNS_NAMESERVERS_MAX:
        text = f"must not have more than {DNS_NAMESERVERS_MAX} nameservers"
        yield invalid(path.child("nameservers"), servers, text)
    for position, server in enumerate(servers):
        yield from address(server, path.child("nameservers").index(position))
    if len(searches) > DNS_SEARCH_PATHS_MAX:
        text = f"must not have more than {DNS_SEARCH_PATHS_MAX} search paths"
        yield invalid(path.child("searches"), searches, text)
    if byte_length(" ".join(searches)) > DNS_SEARCH_LIST_BYTES_MAX:
        text = f"must not have more than {DNS_SEARCH_LIST_BYTES_MAX} characters (including spaces) in the search list"
        yield invalid(path.child("searches"), searches, text)
    for position, search in enumerate(searches):
        if search != ".":
            at = path.child("searches").index(position)
            yield from named(is_dns1123_subdomain_with_underscore, search.removesuffix("."), at)
    for position, option in enumerate((config or {}).get("options") or ()):
        if not option.get("name"):
            yield required(path.child("options").index(position), "must not be empty")


def _validate_scheduling_gates(gates: Sequence[Object], path: Path) -> Iterator[FieldError]:
    seen: set[str] = set()
    for position, gate in enumerate(gates):
        name = gate.get("name") or ""
        yield from named(is_qualified_name, name, path.index(position))
        if name in seen:
            yield duplicate(path.index(position), name)
        seen.add(name)


def _validate_host_users(spec: Object, path: Path) -> Iterator[FieldError]:
    text = "when `hostUsers` is false"
    for name, shown in (("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")):
        if spec.get(name):
            yield forbidden(path.child(shown), text)
    for container, place in visit_containers(spec, path):
        if container.get("volumeDevices"):
            yield forbidden(place.child("volumeDevices"), text)


def _validate_hostname_override(spec: Object, path: Path) -> Iterator[FieldError]:
    name = spec["hostnameOverride"]
    if spec.get("setHostnameAsFQDN"):
        yield forbidden(path, "may not be specified when setHostnameAsFQDN is true")
    if spec.get("hostNetwork"):
        yield forbidden(path, "may not be specified when hostNetwork is true")
    if byte_length(name) > HOSTNAME_OVERRIDE_BYTES_MAX:
        yield too_long(path, HOSTNAME_OVERRIDE_BYTES_MAX)
    yield from named(is_dns1123_subdomain, name, path)


def _validate_names(spec: Object, path: Path) -> Iterator[FieldError]:
    for name in ("serviceAccountName", "nodeName"):
        if spec.get(name):
            yield from named(name_is_dns_subdomain, spec[name], path.child(name))
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= INT32_MAX:
        yield invalid(path.child("activeDeadlineSeconds"), deadline, range_text(1, INT32_MAX))
    for name in ("hostname", "subdomain"):
        if spec.get(name):
            yield from named(is_dns1123_label, spec[name], path.child(name))


def _validate_rest(spec: Object, path: Path) -> Iterator[FieldError]:
    if spec.get("tolerations"):
        yield from validate_tolerations(spec["tolerations"], path.child("tolerations"))
    for position, alias in enumerate(spec.get("hostAliases") or ()):
        place = path.child("hostAliases").index(position)
        yield from address(alias.get("ip") or "", place.child("ip"))
        for index, name in enumerate(alias.get("hostnames") or ()):
            yield from named(is_dns1123_subdomain, name, place.child("hostnames").index(index))
    if spec.get("priorityClassName"):
        yield from named(name_is_dns_subdomain, spec["priorityClassName"], path.child("priorityClassName"))
    if spec.get("runtimeClassName") is not None:
        yield from named(name_is_dns_subdomain, spec["runtimeClassName"], path.child("runtimeClassName"))
    policy = spec.get("preemptionPolicy")
    if policy is not None:
        yield from one_of(policy, _PREEMPTION_POLICIES, path.child("preemptionPolicy"))
    if spec.get("overhead"):
        yield from validate_container_resources({"limits": spec["overhead"]}, (), path.child("overhead"))
    if spec.get("os") is not None:
        yield from validate_os(spec, path)
    yield from validate_file_key_volumes(spec, path)
