"""What a definition may say; upstream: apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from minikube_lite.api.customresources.rules import has_rules
from minikube_lite.api.kinds.admissionregistration.webhooks import client_config_errors
from minikube_lite.api.kinds.apiextensions.default_validation import default_errors
from minikube_lite.api.kinds.apiextensions.internal import go_schema, go_versions, internal_spec
from minikube_lite.api.kinds.apiextensions.rule_validation import rule_errors
from minikube_lite.api.kinds.apiextensions.schema_validation import (
    Situation,
    schema_errors,
    selectable_field_errors,
)
from minikube_lite.api.kinds.apiextensions.structural_validation import structural_errors
from minikube_lite.machinery.metadata import validate_immutable_field
from minikube_lite.machinery.names import is_dns1035_label, is_dns1123_subdomain
from minikube_lite.schema.field import FieldError, Path, forbidden, invalid, not_supported, required
from minikube_lite.store import Object

SPEC, STATUS = Path("spec"), Path("status")
SCOPES = ("Cluster", "Namespaced")
STRATEGIES = ("None", "Webhook")
COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
REVIEW_VERSIONS = ("v1", "v1beta1")
DEPRECATION_WARNING_LENGTH_MAX = 256
APPROVED_ANNOTATION = "api-approved.kubernetes.io"
ALLOWED_AT_ROOT = (
    "Description", "Type", "Format", "Title", "Maximum", "ExclusiveMaximum", "Minimum", "ExclusiveMinimum", "MaxLength", "MinLength",
    "Pattern", "MaxItems", "MinItems", "UniqueItems", "MultipleOf", "Required", "Items", "Properties", "ExternalDocs", "Example",
    "XPreserveUnknownFields", "XValidations",
)  # fmt: skip
"""What may stand at the root of a schema beside which status is a subresource."""

Spec = Mapping[str, Any]


def definition_errors(obj: Object) -> Iterator[FieldError]:
    """The faults of a definition."""
    spec, status = internal_spec(obj.get("spec") or {}), obj.get("status") or {}
    yield from _spec_errors(spec)
    yield from status_errors(status)
    yield from _stored_version_errors(status.get("storedVersions") or [], spec["versions"])


def definition_update_errors(new: Object, old: Object) -> Iterator[FieldError]:
    """The faults of a changed definition."""
    spec, before, status = internal_spec(new.get("spec") or {}), old.get("spec") or {}, new.get("status") or {}
    yield from _spec_errors(spec)
    names, names_before = spec.get("names") or {}, before.get("names") or {}
    if is_true(old, "Established"):
        yield from validate_immutable_field(spec.get("scope"), before.get("scope"), SPEC.child("scope"))
        yield from validate_immutable_field(names.get("kind"), names_before.get("kind"), SPEC.child("names", "kind"))
    yield from validate_immutable_field(spec.get("group"), before.get("group"), SPEC.child("group"))
    yield from validate_immutable_field(names.get("plural"), names_before.get("plural"), SPEC.child("names", "plural"))
    yield from status_errors(status)
    yield from _stored_version_errors(status.get("storedVersions") or [], spec["versions"])


def is_true(obj: Object, condition_type: str) -> bool:
    """Whether a definition has that condition."""
    conditions = (obj.get("status") or {}).get("conditions") or ()
    return any(each["type"] == condition_type and each["status"] == "True" for each in conditions)


def status_errors(status: Mapping[str, Any]) -> Iterator[FieldError]:
    """The faults of a status."""
    yield from _name_errors(status.get("acceptedNames") or {}, STATUS.child("acceptedNames"))


def approval_errors(new: Object, old: Object | None) -> Iterator[FieldError]:
    """Groups of the community ask for an annotation."""
    group = (new.get("spec") or {}).get("group") or ""
    if not (group in ("k8s.io", "kubernetes.io") or group.endswith((".k8s.io", ".kubernetes.io"))):
        return
    text = (new["metadata"].get("annotations") or {}).get(APPROVED_ANNOTATION, "")
    if old is not None:
        before = (old["metadata"].get("annotations") or {}).get(APPROVED_ANNOTATION, "")
        if _approval(text) == _approval(before):
            return
    place = Path("metadata").child("annotations").key(APPROVED_ANNOTATION)
    must = f'protected groups must have approval annotation "{APPROVED_ANNOTATION}"'
    see = ", see https://github.com/kubernetes/enhancements/pull/1111"
    if _approval(text) == "missing":
        yield required(place, must + see)
    elif _approval(text) == "invalid":
        yield invalid(place, text, f'{must} with either a URL or a reason starting with "unapproved"{see}')


def _approval(text: str) -> str:
    if not text:
        return "missing"
    if text.startswith("unapproved"):
        return "bypassed"
    scheme, separator, rest = text.partition("://")
    return "approved" if separator and scheme and rest.split("/")[0] else "invalid"


# The spec


def _spec_errors(spec: Spec) -> Iterator[FieldError]:
    yield from _group_errors(spec.get("group") or "")
    scope = spec.get("scope") or ""
    if not scope:
        yield required(SPEC.child("scope"))
    elif scope not in SCOPES:
        yield not_supported(SPEC.child("scope"), scope, SCOPES)
    yield from _versions_errors(spec)
    names = spec.get("names") or {}
    for name in ("plural", "singular", "kind", "listKind"):
        if not names.get(name):
            yield required(SPEC.child("names", name))
    yield from _name_errors(names, SPEC.child("names"))
    status = any(has_status(each) for each in [spec, *spec["versions"]])
    yield from _validation_errors(spec.get("validation"), SPEC.child("validation"), status=status)
    yield from _part_errors(spec, spec.get("validation"), SPEC)
    yield from _conversion_errors(spec.get("conversion"), SPEC.child("conversion"))
    if spec.get("preserveUnknownFields"):
        text = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        yield invalid(SPEC.child("preserveUnknownFields"), True, text)


def has_status(version: Mapping[str, Any]) -> bool:
    """Whether status is a subresource there."""
    return (version.get("subresources") or {}).get("status") is not None


def _group_errors(group: str) -> Iterator[FieldError]:
    if not group:
        yield required(SPEC.child("group"))
    elif faults := is_dns1123_subdomain(group):
        yield invalid(SPEC.child("group"), group, ",".join(faults))
    elif "." not in group:
        yield invalid(SPEC.child("group"), group, "should be a domain with at least one dot")


def _versions_errors(spec: Spec) -> Iterator[FieldError]:
    versions: Sequence[Mapping[str, Any]] = spec["versions"]
    shared = spec.get("validation") is not None and spec["validation"].get("openAPIV3Schema") is not None
    place = SPEC.child("versions")
    for position, version in enumerate(versions):
        if not shared and (version.get("schema") or {}).get("openAPIV3Schema") is None:
            yield required(place.index(position).child("schema", "openAPIV3Schema"))
    for position, version in enumerate(versions):
        path, name = place.index(position), version.get("name") or ""
        if faults := is_dns1035_label(name):
            yield invalid(path.child("name"), name, ",".join(faults))
        warning = version.get("deprecationWarning")
        for text in _deprecation_faults(bool(version.get("deprecated")), warning):
            yield invalid(path.child("deprecationWarning"), warning, text)
        status = has_status(version if version.get("subresources") is not None else spec)
        yield from _validation_errors(version.get("schema"), path.child("schema"), status=status)
        yield from _part_errors(version, version.get("schema"), path)
    names = [version.get("name") for version in versions]
    if len(set(names)) != len(names):
        yield invalid(place, go_versions(versions), "must contain unique version names")
    if sum(1 for version in versions if version.get("storage")) != 1:
        yield invalid(place, go_versions(versions), "must have exactly one version marked as storage version")


def _deprecation_faults(deprecated: bool, warning: str | None) -> Iterator[str]:
    if warning is None:
        return
    if not deprecated:
        yield "can only be set for deprecated versions"
        return
    if len(warning) > DEPRECATION_WARNING_LENGTH_MAX:
        yield f"must be <= {DEPRECATION_WARNING_LENGTH_MAX} characters long"
    if not warning:
        yield "must not be an empty string"
    for position, sign in enumerate(warning):
        if not sign.isprintable():
            yield f"must only contain printable UTF-8 characters; non-printable character found at index {position}"
            return


def _part_errors(part: Mapping[str, Any], validation: Mapping[str, Any] | None, path: Path) -> Iterator[FieldError]:
    """What stands in each version, or above them if it is the same in all."""
    yield from _subresource_errors(part.get("subresources"), path.child("subresources"))
    for position, column in enumerate(part.get("additionalPrinterColumns") or ()):
        yield from _column_errors(column, path.child("additionalPrinterColumns").index(position))
    selectable = part.get("selectableFields")
    schema = (validation or {}).get("openAPIV3Schema")
    if selectable and schema is not None:
        yield from selectable_field_errors(selectable, schema, path.child("selectableFields"))


def _validation_errors(validation: Mapping[str, Any] | None, path: Path, *, status: bool) -> Iterator[FieldError]:
    schema = (validation or {}).get("openAPIV3Schema")
    if schema is None:
        return
    place = path.child("openAPIV3Schema")
    if status:
        yield from _root_errors(schema, place)
    if schema.get("nullable"):
        yield forbidden(place.child("nullable"), "nullable cannot be true at the root")
    structural = structural_errors(schema, place)
    defaults = [] if structural else list(default_errors(schema, place))
    yield from structural
    yield from defaults
    faults = list(schema_errors(schema, place, Situation(), root=True))
    yield from faults
    if not (structural or defaults or faults) and has_rules(schema):
        yield from rule_errors(schema, place, Situation(), root=True)


def _root_errors(schema: Mapping[str, Any], place: Path) -> Iterator[FieldError]:
    empty = go_schema({}) or {}
    for name, value in (go_schema(schema) or {}).items():
        if value == empty[name]:
            continue
        if name == "Type":
            if value != "object":
                text = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
                yield invalid(place.child("type"), value, text)
                return
        elif name not in ALLOWED_AT_ROOT:
            allowed = " ".join(ALLOWED_AT_ROOT)
            text = f"only [{allowed}] fields are allowed at the root of the schema if the status subresource is enabled"
            yield invalid(place, go_schema(schema), text)
            return


def _subresource_errors(subresources: Mapping[str, Any] | None, path: Path) -> Iterator[FieldError]:
    scale = (subresources or {}).get("scale")
    if scale is None:
        return
    for name, start in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        text, place = scale.get(name) or "", path.child(f"scale.{name}")
        if not text:
            yield required(place)
        elif faults := list(_json_path_errors(text, place)):
            yield from faults
        elif not text.startswith(start):
            yield invalid(place, text, f"should be a json path under {start[:-1]}")
    selector, place = scale.get("labelSelectorPath"), path.child("scale.labelSelectorPath")
    if selector:
        if faults := list(_json_path_errors(selector, place)):
            yield from faults
        elif not selector.startswith((".spec.", ".status.")):
            yield invalid(place, selector, "should be a json path under either .spec or .status")


def _column_errors(column: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    if not column.get("name"):
        yield required(path.child("name"))
    kind, form, text = column.get("type") or "", column.get("format") or "", column.get("jsonPath") or ""
    if not kind:
        yield required(path.child("type"), f"must be one of {','.join(COLUMN_TYPES)}")
    elif kind not in COLUMN_TYPES:
        yield invalid(path.child("type"), kind, f"must be one of {','.join(COLUMN_TYPES)}")
    if form and form not in COLUMN_FORMATS:
        yield invalid(path.child("format"), form, f"must be one of {','.join(COLUMN_FORMATS)}")
    if not text:
        yield required(path.child("JSONPath"))
    else:
        yield from _json_path_errors(text, path.child("JSONPath"))


def _json_path_errors(text: str, path: Path) -> Iterator[FieldError]:
    if not text.startswith("."):
        yield invalid(path, text, "must be a simple json path starting with .")


def _name_errors(names: Mapping[str, Any], path: Path) -> Iterator[FieldError]:
    for name in ("plural", "singular"):
        text = names.get(name) or ""
        if text and (faults := is_dns1035_label(text)):
            yield invalid(path.child(name), text, ",".join(faults))
    for name in ("kind", "listKind"):
        text = names.get(name) or ""
        if text and (faults := is_dns1035_label(text.lower())):
            detail = "may have mixed case, but should otherwise match: " + ",".join(faults)
            yield invalid(path.child(name), text, detail)
    yield from _label_list_errors(names.get("shortNames"), path.child("shortNames"))
    if names.get("kind") and names.get("kind") == names.get("listKind"):
        yield invalid(path.child("listKind"), names["listKind"], "kind and listKind may not be the same")
    yield from _label_list_errors(names.get("categories"), path.child("categories"))


def _label_list_errors(texts: Sequence[str] | None, path: Path) -> Iterator[FieldError]:
    for position, text in enumerate(texts or ()):
        if faults := is_dns1035_label(text):
            yield invalid(path.index(position), text, ",".join(faults))


def _conversion_errors(conversion: Mapping[str, Any] | None, path: Path) -> Iterator[FieldError]:
    if conversion is None:
        return
    strategy, webhook = conversion.get("strategy") or "", conversion.get("webhook") or {}
    if not strategy:
        yield required(path.child("strategy"))
    elif strategy not in STRATEGIES:
        yield not_supported(path.child("strategy"), strategy, STRATEGIES)
    config, versions = webhook.get("clientConfig"), webhook.get("conversionReviewVersions") or []
    place = path.child("webhookClientConfig")
    if strategy == "Webhook":
        if config is None:
            yield required(place, "required when strategy is set to Webhook")
        else:
            yield from client_config_errors(config, place)
        yield from _review_version_errors(versions, path.child("conversionReviewVersions"))
        return
    text = "should not be set when strategy is not set to Webhook"
    if config is not None:
        yield forbidden(place, text)
    if versions:
        yield forbidden(path.child("conversionReviewVersions"), text)


def _review_version_errors(versions: list[str], path: Path) -> Iterator[FieldError]:
    if not versions:
        yield required(path)
        return
    for position, version in enumerate(versions):
        if version in versions[:position]:
            yield invalid(path.index(position), version, "duplicate version")
            continue
        for text in is_dns1035_label(version):
            yield invalid(path.index(position), version, text)
    if not any(version in REVIEW_VERSIONS for version in versions):
        yield invalid(path, versions, f"must include at least one of {', '.join(REVIEW_VERSIONS)}")


def _stored_version_errors(stored: list[str], versions: Sequence[Mapping[str, Any]]) -> Iterator[FieldError]:
    place = STATUS.child("storedVersions")
    if not stored:
        yield invalid(place, None, "must have at least one stored version")
        return
    names = [version.get("name") for version in versions]
    for version in versions:
        if version.get("storage") and version.get("name") not in stored:
            yield invalid(place, stored, f"must have the storage version {version.get('name')}")
    for position, name in enumerate(stored):
        if name not in names:
            text = (
                f"missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a "
                f"storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
            )
            yield invalid(place.index(position), name, text)
