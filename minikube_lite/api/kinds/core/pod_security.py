"""Security contexts of pods and containers; upstream: pkg/apis/core/validation/validation.go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from minikube_lite.api.kinds.core.pod_fields import local_descending_path, named, visit_containers
from minikube_lite.machinery.names import byte_length, is_dns1123_subdomain, is_valid_user_id
from minikube_lite.schema.field import (
    FieldError,
    Path,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
)
from minikube_lite.store import Object

LOCALHOST_PROFILE_BYTES_MAX = 4095
SYSCTL_BYTES_MAX = 253

_PROFILE_TYPES = ("Localhost", "RuntimeDefault", "Unconfined")
_PROC_MOUNTS = ("Default", "Unmasked")
_SYSCTL_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL_TEXT = rf"^({_SYSCTL_SEGMENT}[\./])*{_SYSCTL_SEGMENT}$"
_match_sysctl = re.compile(_SYSCTL_TEXT.removeprefix("^").removesuffix("$")).fullmatch
_IPC_SYSCTLS = (
    "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced", "kernel.shm",
    "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.msg",
)  # fmt: skip
_WORDS = {
    "fsGroupChangePolicy": ("Always", "OnRootMismatch"),
    "supplementalGroupsPolicy": ("Merge", "Strict"),
    "seLinuxChangePolicy": ("Recursive",),
}

ANNOTATION_SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
ANNOTATION_SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
ANNOTATION_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


def validate_pod_security(context: Object, path: Path, spec: Object) -> Iterator[FieldError]:
    """The security context of a pod or a template."""
    for name in ("fsGroup", "runAsUser", "runAsGroup"):
        if context.get(name) is not None:
            yield from _user_id(context[name], path.child(name))
    for position, group in enumerate(context.get("supplementalGroups") or ()):
        yield from _user_id(group, path.child("supplementalGroups").index(position))
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        text = "ShareProcessNamespace and HostPID cannot both be enabled"
        yield invalid(path.child("shareProcessNamespace"), True, text)
    if context.get("sysctls"):
        yield from _validate_sysctls(context["sysctls"], spec, path.child("sysctls"))
    yield from _validate_word(context, "fsGroupChangePolicy", path)
    if context.get("seccompProfile") is not None:
        yield from _validate_seccomp(context["seccompProfile"], path.child("seccompProfile"))
    if context.get("windowsOptions") is not None:
        yield from validate_windows_options(context["windowsOptions"], path.child("windowsOptions"))
    if context.get("appArmorProfile") is not None:
        yield from validate_apparmor(context["appArmorProfile"], path.child("appArmorProfile"))
    yield from _validate_word(context, "supplementalGroupsPolicy", path)
    yield from _validate_word(context, "seLinuxChangePolicy", path)


def _validate_word(context: Object, name: str, path: Path) -> Iterator[FieldError]:
    value = context.get(name)
    if value is not None and value not in _WORDS[name]:
        yield not_supported(path.child(name), value, _WORDS[name])


def _user_id(value: int, path: Path) -> Iterator[FieldError]:
    for message in is_valid_user_id(value):
        yield invalid(path, value, message)


def _validate_sysctls(sysctls: Sequence[Object], spec: Object, path: Path) -> Iterator[FieldError]:
    seen: set[str] = set()
    for position, sysctl in enumerate(sysctls):
        name, place = sysctl.get("name") or "", path.index(position).child("name")
        if not name:
            yield required(place)
        elif byte_length(name) > SYSCTL_BYTES_MAX or not _match_sysctl(name):
            yield invalid(
                place, name, f"must have at most {SYSCTL_BYTES_MAX} characters and match regex {_SYSCTL_TEXT}"
            )
        elif name in seen:
            yield duplicate(place, name)
        dotted = name.replace("/", ".")
        if spec.get("hostNetwork") and dotted.startswith("net."):
            yield invalid(place, name, "may not be specified when 'hostNetwork' is true")
        elif spec.get("hostIPC") and (dotted in _IPC_SYSCTLS or dotted.startswith("fs.mqueue.")):
            yield invalid(place, name, "may not be specified when 'hostIPC' is true")
        seen.add(name)


def validate_container_security(context: Object, host_users: bool, path: Path) -> Iterator[FieldError]:
    """The security context of a container. Privileged ones are allowed, as clusters commonly do."""
    for name in ("runAsUser", "runAsGroup"):
        if context.get(name) is not None:
            yield from _user_id(context[name], path.child(name))
    mount = context.get("procMount")
    if mount is not None:
        if mount not in _PROC_MOUNTS:
            yield not_supported(path.child("procMount"), mount, _PROC_MOUNTS)
        if host_users and mount == "Unmasked":
            yield invalid(path.child("procMount"), mount, "`hostUsers` must be false to use `Unmasked`")
    if context.get("seccompProfile") is not None:
        yield from _validate_seccomp(context["seccompProfile"], path.child("seccompProfile"))
    if context.get("allowPrivilegeEscalation") is False:
        added = (context.get("capabilities") or {}).get("add") or ()
        text = "cannot set `allowPrivilegeEscalation` to false and"
        if context.get("privileged"):
            yield invalid(path, context, f"{text} `privileged` to true")
        for _ in range(added.count("CAP_SYS_ADMIN")):
            yield invalid(path, context, f"{text} `capabilities.Add` CAP_SYS_ADMIN")
    if context.get("windowsOptions") is not None:
        yield from validate_windows_options(context["windowsOptions"], path.child("windowsOptions"))
    if context.get("appArmorProfile") is not None:
        yield from validate_apparmor(context["appArmorProfile"], path.child("appArmorProfile"))


def _validate_seccomp(profile: Object, path: Path) -> Iterator[FieldError]:
    sort, local = profile.get("type") or "", profile.get("localhostProfile")
    if not sort:
        yield required(path.child("type"), "type is required when seccompProfile is set")
    elif sort not in _PROFILE_TYPES:
        yield not_supported(path.child("type"), sort, _PROFILE_TYPES)
    place = path.child("localhostProfile")
    if sort == "Localhost":
        if local is None:
            yield required(place, "must be set when seccomp type is Localhost")
        else:
            yield from local_descending_path(local, place)
    elif local is not None:
        yield invalid(place, profile, "can only be set when seccomp type is Localhost")


def validate_apparmor(profile: Object, path: Path) -> Iterator[FieldError]:
    """An AppArmor profile."""
    sort, local, place = profile.get("type") or "", profile.get("localhostProfile"), path.child("localhostProfile")
    if sort == "Localhost":
        if local is None:
            yield required(place, "must be set when AppArmor type is Localhost")
            return
        if local != local.strip():
            yield invalid(place, local, "must not be padded with whitespace")
        elif not local:
            yield required(place, "must be set when AppArmor type is Localhost")
        if byte_length(local) > LOCALHOST_PROFILE_BYTES_MAX:
            yield too_long(place, LOCALHOST_PROFILE_BYTES_MAX)
    elif sort in _PROFILE_TYPES:
        if local is not None:
            yield invalid(place, local, "can only be set when AppArmor type is Localhost")
    elif not sort:
        yield required(path.child("type"), "type is required when appArmorProfile is set")
    else:
        yield not_supported(path.child("type"), sort, _PROFILE_TYPES)


# Windows

GMSA_SPEC_KIB_MAX = 64
USER_NAME_DOMAIN_BYTES_MAX = 256
USER_NAME_BYTES_MAX = 104

_search_control = re.compile(r"[\x00-\x1f\x7f]").search
_match_netbios = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}').fullmatch
_DNS_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_match_dns = re.compile(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*").fullmatch
_search_user_characters = re.compile(r'["/\\:;|=,+*?<>@\[\]]').search
_match_dots_and_spaces = re.compile(r"[. ]+").fullmatch


def validate_windows_options(options: Object, path: Path) -> Iterator[FieldError]:
    """What a container on Windows runs as."""
    name, spec, user = (options.get(part) for part in ("gmsaCredentialSpecName", "gmsaCredentialSpec", "runAsUserName"))
    if name is not None:
        yield from named(is_dns1123_subdomain, name, path.child("gmsaCredentialSpecName"))
    if spec is not None:
        if not spec:
            yield invalid(path.child("gmsaCredentialSpec"), spec, "gmsaCredentialSpec cannot be an empty string")
        elif byte_length(spec) > GMSA_SPEC_KIB_MAX * 1024:
            text = f"gmsaCredentialSpec size must be under {GMSA_SPEC_KIB_MAX} KiB"
            yield invalid(path.child("gmsaCredentialSpec"), spec, text)
    if user is not None:
        for message in _user_name_messages(user):
            yield invalid(path.child("runAsUserName"), user, f"runAsUserName{message}")


def _user_name_messages(name: str) -> Iterator[str]:
    parts = name.split("\\")
    if not name:
        yield " cannot be an empty string"
    elif _search_control(name):
        yield " cannot contain control characters"
    elif len(parts) > 2:
        yield " cannot contain more than one backslash"
    else:
        domain, user = parts[0] if len(parts) == 2 else "", parts[-1]
        if byte_length(domain) >= USER_NAME_DOMAIN_BYTES_MAX:
            yield f"'s Domain length must be under {USER_NAME_DOMAIN_BYTES_MAX} characters"
        if len(parts) == 2 and not (_match_netbios(domain) or _match_dns(domain)):
            yield "'s Domain doesn't match the NetBios nor the DNS format"
        if not user:
            yield "'s User cannot be empty"
        elif byte_length(user) > USER_NAME_BYTES_MAX:
            yield f"'s User length must not be longer than {USER_NAME_BYTES_MAX} characters"
        if _match_dots_and_spaces(user):
            yield "'s User cannot contain only periods or spaces"
        if _search_user_characters(user):
            yield "'s User cannot contain the following characters: \"/\\:;|=,+*?<>@[]"


def validate_host_processes(spec: Object, path: Path) -> Iterator[FieldError]:
    """Windows containers that are processes of the node: all of a pod's or none."""
    of_pod = ((spec.get("securityContext") or {}).get("windowsOptions") or {}).get("hostProcess")
    containers = host_processes = 0
    for container, place in visit_containers(spec, path):
        containers += 1
        own = ((container.get("securityContext") or {}).get("windowsOptions") or {}).get("hostProcess")
        if of_pod is not None and own is not None and of_pod != own:
            at = place.child("securityContext", "windowsOptions", "hostProcess")
            shown = "true" if of_pod else "false"
            yield invalid(at, own, f"pod hostProcess value must be identical if both are specified, was {shown}")
        host_processes += bool(of_pod if own is None else own)
    if host_processes:
        if host_processes != containers:
            text = "If pod contains any hostProcess containers then all containers must be HostProcess containers"
            yield invalid(path, "", text)
        if not spec.get("hostNetwork"):
            text = "hostNetwork must be true if pod contains any hostProcess containers"
            yield invalid(path.child("hostNetwork"), False, text)


# Operating systems

_OPERATING_SYSTEMS = ("linux", "windows")
_LINUX_ONLY_POD = (
    ("appArmorProfile", "securityContext"), ("seLinuxOptions", "securityContext"), ("hostUsers", ""), ("hostPID", ""),
    ("hostIPC", ""), ("seccompProfile", "securityContext"), ("fsGroup", "securityContext"),
    ("fsGroupChangePolicy", "securityContext"), ("sysctls", "securityContext"), ("shareProcessNamespace", ""),
    ("runAsUser", "securityContext"), ("runAsGroup", "securityContext"), ("supplementalGroups", "securityContext"),
    ("supplementalGroupsPolicy", "securityContext"), ("seLinuxChangePolicy", "securityContext"),
)  # fmt: skip
_LINUX_ONLY_CONTAINER = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged",
    "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
)  # fmt: skip
_FALSE_IS_ABSENT = ("hostPID", "hostIPC", "sysctls")


def validate_os(spec: Object, path: Path) -> Iterator[FieldError]:
    """The operating system a pod is for, and that it sets nothing that only another one knows."""
    name = spec["os"].get("name") or ""
    if not name:
        yield required(path.child("os", "name"))
    elif name not in _OPERATING_SYSTEMS:
        yield not_supported(path.child("os"), name, _OPERATING_SYSTEMS)
    elif name == "linux":
        yield from _validate_linux(spec, path)
    else:
        yield from _validate_windows(spec, path)


def _validate_linux(spec: Object, path: Path) -> Iterator[FieldError]:
    text = "windows options cannot be set for a linux pod"
    if (spec.get("securityContext") or {}).get("windowsOptions") is not None:
        yield forbidden(path.child("securityContext", "windowsOptions"), text)
    for container, place in visit_containers(spec, path):
        if (container.get("securityContext") or {}).get("windowsOptions") is not None:
            yield forbidden(place.child("securityContext", "windowsOptions"), text)


def _validate_windows(spec: Object, path: Path) -> Iterator[FieldError]:
    text = "cannot be set for a windows pod"
    for name, holder in _LINUX_ONLY_POD:
        value = ((spec.get(holder) or {}) if holder else spec).get(name)
        if value or (value is not None and name not in _FALSE_IS_ABSENT):
            yield forbidden(path.child(holder, name) if holder else path.child(name), text)
    for container, place in visit_containers(spec, path):
        context = container.get("securityContext") or {}
        for name in _LINUX_ONLY_CONTAINER:
            if context.get(name) is not None:
                yield forbidden(place.child("securityContext", name), text)


# Annotations of old


def validate_security_annotations(annotations: dict[str, str], spec: Object, path: Path) -> Iterator[FieldError]:
    """The annotations that once stood for seccomp and AppArmor profiles."""
    if ANNOTATION_SECCOMP_POD in annotations:
        yield from _seccomp_annotation(annotations[ANNOTATION_SECCOMP_POD], path.child(ANNOTATION_SECCOMP_POD))
    for key in sorted(annotations):
        if key.startswith(ANNOTATION_SECCOMP_CONTAINER):
            yield from _seccomp_annotation(annotations[key], path.child(key))
    for key in sorted(annotations):
        if key.startswith(ANNOTATION_APPARMOR):
            yield from _apparmor_annotation(key, annotations[key], spec, path.key(key))


def _seccomp_annotation(value: str, path: Path) -> Iterator[FieldError]:
    if value in ("runtime/default", "docker/default", "unconfined"):
        return
    if value.startswith("localhost/"):
        yield from local_descending_path(value.removeprefix("localhost/"), path)
    else:
        yield invalid(path, value, "must be a valid seccomp profile")


def _apparmor_annotation(key: str, value: str, spec: Object, path: Path) -> Iterator[FieldError]:
    name = key.removeprefix(ANNOTATION_APPARMOR)
    if not any(container.get("name") == name for container, _ in visit_containers(spec, Path())):
        yield invalid(path, name, "container not found")
    if value not in ("", "runtime/default", "unconfined") and not value.startswith("localhost/"):
        yield invalid(path, value, f'invalid AppArmor profile name: "{value}"')


def validate_profiles_match(annotations: dict[str, str], spec: Object, path: Path) -> Iterator[FieldError]:
    """Where both an annotation and a field give a profile, they give the same."""
    pod_context = spec.get("securityContext") or {}
    if pod_context.get("seccompProfile") and ANNOTATION_SECCOMP_POD in annotations:
        place = path.child("securityContext", "seccompProfile")
        value = annotations[ANNOTATION_SECCOMP_POD]
        yield from _profile_matches("seccomp", value, pod_context["seccompProfile"], place)
    for container, at in visit_containers(spec, path):
        profile = (container.get("securityContext") or {}).get("seccompProfile")
        key = f"{ANNOTATION_SECCOMP_CONTAINER}{container.get('name') or ''}"
        if profile and key in annotations:
            yield from _profile_matches(
                "seccomp", annotations[key], profile, at.child("securityContext", "seccompProfile")
            )
    if (spec.get("os") or {}).get("name") == "windows":
        return
    for container, at in visit_containers(spec, path):
        own = (container.get("securityContext") or {}).get("appArmorProfile")
        profile = pod_context.get("appArmorProfile") if own is None else own
        key = f"{ANNOTATION_APPARMOR}{container.get('name') or ''}"
        if profile and key in annotations:
            yield from _profile_matches(
                "apparmor", annotations[key], profile, at.child("securityContext", "appArmorProfile")
            )


def _profile_matches(sort: str, annotation: str, profile: Object, path: Path) -> Iterator[FieldError]:
    same = {
        "Unconfined": annotation == "unconfined",
        "RuntimeDefault": annotation == "runtime/default" or (sort == "seccomp" and annotation == "docker/default"),
        "Localhost": annotation.startswith("localhost/"),
    }.get(profile.get("type") or "", True)
    if not same:
        yield forbidden(path.child("type"), f"{sort} type in annotation and field must match")
    elif profile.get("type") == "Localhost" and annotation != f"localhost/{profile.get('localhostProfile')}":
        yield forbidden(path.child("localhostProfile"), f"{sort} profile in annotation and field must match")
