"""CertificateSigningRequests; upstream: pkg/registry/certificates/certificates and pkg/apis/certificates/validation.

They can be asked for, approved and denied; nobody signs them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

from cryptography import x509

from minikube_lite.api.columns import AGE, NAME, NONE, cell_column, text_column
from minikube_lite.machinery.ages import human_duration
from minikube_lite.machinery.kind import FieldText, Kind, RequestContext, StatusStrategy, Strategy, keep
from minikube_lite.machinery.names import is_dns1123_label, is_dns1123_subdomain
from minikube_lite.schema.field import FieldError, Path, duplicate, forbidden, invalid, not_supported, required
from minikube_lite.store import Object

SPEC = Path("spec")
CONDITIONS = Path("status.conditions")
USAGES = (
    "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment", "decipher only",
    "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user",
    "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing",
    "timestamping",
)  # fmt: skip
LEGACY_SIGNER = "kubernetes.io/legacy-unknown"
EXPIRATION_SECONDS_MIN = 600
DECISIONS = ("Approved", "Denied")
LASTING = (*DECISIONS, "Failed")
"""Conditions that are only ever True, and stay."""
SPEC_TYPE, STATUS_TYPE = (f"io.k8s.api.certificates.v1.CertificateSigningRequest{part}" for part in ("Spec", "Status"))
PEM_HEAD = b"-----BEGIN CERTIFICATE REQUEST-----"


class CertificateSigningRequestStrategy(Strategy):
    """All writes but of status and approval: who asks is written down, and what is asked for never changes."""

    manages_generation = False
    reset_fields = (("spec",), ("status",))

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        spec, user = obj["spec"], context.user
        for field in ("username", "uid", "groups", "extra"):
            spec.pop(field, None)
        spec["username"] = user.name
        if user.uid:
            spec["uid"] = user.uid
        if user.groups:
            spec["groups"] = list(user.groups)
        if user.extra:
            spec["extra"] = {key: list(values) for key, values in user.extra.items()}
        obj["status"] = {}

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        keep(new, old, "spec")
        keep(new, old, "status")

    def validate(self, context: RequestContext, obj: Object) -> Iterator[FieldError]:
        yield from _spec_errors(obj["spec"])

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        yield from _condition_errors(_conditions(new), _conditions(old))


class CertificateStatusStrategy(StatusStrategy):
    """The status: the certificate and all conditions but decisions."""

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        super().prepare_for_update(context, new, old)
        _write_times(context, new, old)

    def main_status_errors(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        after, before = _conditions(new), _conditions(old)
        yield from _condition_errors(after, before)
        for decision in DECISIONS:
            if len(_of_type(after, decision)) > len(_of_type(before, decision)):
                yield forbidden(CONDITIONS, f'updates may not add a condition of type "{decision}"')


class ApprovalStrategy(Strategy):
    """The subresource approval: the conditions, decisions among them. e.g. `kubectl certificate approve`"""

    manages_generation = False
    reset_fields = (("spec",),)

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        keep(new, old, "spec")
        conditions = _conditions(new)
        new["status"] = {**(old.get("status") or {}), "conditions": [dict(condition) for condition in conditions]}
        _write_times(context, new, old)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        yield from _condition_errors(_conditions(new), _conditions(old))


def _conditions(obj: Object) -> Sequence[Object]:
    return (obj.get("status") or {}).get("conditions") or ()


def _of_type(conditions: Sequence[Object], condition_type: str) -> list[Object]:
    return [condition for condition in conditions if condition.get("type") == condition_type]


def _write_times(context: RequestContext, new: Object, old: Object) -> None:
    """Conditions that say no time are of now, or of when they began."""
    now = context.clock.timestamp()
    for condition in _conditions(new):
        if not condition.get("lastUpdateTime"):
            condition["lastUpdateTime"] = now
        if not condition.get("lastTransitionTime"):
            same = (each for each in _conditions(old) if _state(each) == _state(condition))
            before = next((each["lastTransitionTime"] for each in same if each.get("lastTransitionTime")), now)
            condition["lastTransitionTime"] = before


def _state(condition: Object) -> tuple[Any, Any]:
    return condition.get("type"), condition.get("status")


def _spec_errors(spec: Object) -> Iterator[FieldError]:
    request = spec.get("request") or ""
    fault = request_fault(request)
    if fault:
        yield invalid(SPEC.child("request"), request, fault)
    usages = spec.get("usages") or ()
    if not usages:
        yield required(SPEC.child("usages"))
    for position, usage in enumerate(usages):
        if usage not in USAGES:
            yield not_supported(SPEC.child("usages").index(position), usage, USAGES)
    for position, usage in enumerate(usages):
        if usage in usages[:position]:
            yield duplicate(SPEC.child("usages").index(position), usage)
    signer = spec.get("signerName") or ""
    if signer == LEGACY_SIGNER:
        yield invalid(SPEC.child("signerName"), signer, "the legacy signerName is not allowed via this API version")
    else:
        yield from signer_name_errors(signer, SPEC.child("signerName"))
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < EXPIRATION_SECONDS_MIN:
        text = "may not specify a duration less than 600 seconds (10 minutes)"
        yield invalid(SPEC.child("expirationSeconds"), seconds, text)


def request_fault(encoded: str) -> str:
    """What is wrong with a request, which is PKCS#10 in PEM in base64; empty for nothing."""
    pem = base64.b64decode(encoded)
    if PEM_HEAD not in pem:
        return "PEM block type must be CERTIFICATE REQUEST"
    try:
        request = x509.load_pem_x509_csr(pem[pem.index(PEM_HEAD) :])
    except ValueError as error:
        return str(error)
    return "" if request.is_signature_valid else "x509: the request is not signed by its own key"


def signer_name_errors(name: str, path: Path) -> Iterator[FieldError]:
    """A domain and a path, as example.com/signer."""
    if not name:
        yield required(path)
        return
    segments = name.split("/")
    if len(segments) != 2:
        yield invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")
        return
    labels = segments[0].split(".")
    for label in labels:
        faults = is_dns1123_label(label)
        yield from (invalid(path, segments[0], f'validating label "{label}": {fault}') for fault in faults)
        if faults:
            break
    if len(labels) < 2:
        yield invalid(path, segments[0], "should be a domain with at least two segments separated by dots")
    for label in segments[1].split("."):
        faults = is_dns1123_subdomain(label)
        yield from (invalid(path, segments[1], f'validating label "{label}": {fault}') for fault in faults)
        if faults:
            break


def _condition_errors(after: Sequence[Object], before: Sequence[Object]) -> Iterator[FieldError]:
    seen: set[str] = set()
    for position, condition in enumerate(after):
        place, name = CONDITIONS.index(position), condition.get("type") or ""
        status, allowed = condition.get("status") or "", ("True",) if name in LASTING else ("False", "True", "Unknown")
        if not name:
            yield required(place.child("type"))
        if not status:
            yield required(place.child("status"))
        elif status not in allowed:
            yield not_supported(place.child("status"), status, allowed)
        if name in DECISIONS and seen.intersection(DECISIONS) - {name}:
            yield invalid(CONDITIONS, name, "Approved and Denied conditions are mutually exclusive")
        if name in seen:
            yield duplicate(place.child("type"), name)
        seen.add(name)
    for name in LASTING:
        if len(_of_type(after, name)) < len(_of_type(before, name)):
            yield forbidden(CONDITIONS, f'updates may not remove a condition of type "{name}"')


def _condition_text(obj: Object) -> str:
    types = {condition.get("type") for condition in _conditions(obj)}
    text = next((decision for decision in ("Denied", "Approved") if decision in types), "Pending")
    text += ",Failed" if "Failed" in types else ""
    return text + (",Issued" if (obj.get("status") or {}).get("certificate") else "")


def _duration_text(obj: Object) -> str:
    seconds = obj["spec"].get("expirationSeconds")
    return NONE if seconds is None else human_duration(seconds)


STRATEGY = CertificateSigningRequestStrategy()

KIND = Kind(
    group="certificates.k8s.io",
    plural="certificatesigningrequests",
    strategy=STRATEGY,
    columns=(
        NAME,
        AGE,
        text_column("SignerName", "spec", "signerName", absent=NONE, description=FieldText(SPEC_TYPE, "signerName")),
        text_column("Requestor", "spec", "username", description=FieldText(SPEC_TYPE, "request")),
        cell_column("RequestedDuration", _duration_text, description=FieldText(SPEC_TYPE, "expirationSeconds")),
        cell_column("Condition", _condition_text, description=FieldText(STATUS_TYPE, "conditions")),
    ),
    status_strategy=CertificateStatusStrategy(STRATEGY),
    subresource_strategies={"approval": ApprovalStrategy()},
    selectable=lambda obj: {"spec.signerName": obj["spec"].get("signerName") or ""},
    selectable_names=("spec.signerName",),
    name_check=lambda _name, _prefix: [],
    emulated=False,
)
