"""What a CustomResourceDefinition makes the API serve; upstream: apiserver/customresource_handler.go getOrCreateServingInfoFor."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from minikube_lite.api.customresources.columns import custom_columns
from minikube_lite.api.customresources.rules import Rules
from minikube_lite.api.customresources.strategy import CustomKind, CustomStatusStrategy, CustomStrategy
from minikube_lite.api.scheme import Custom, ScalePaths, ServedResource, version_priority
from minikube_lite.machinery import errors
from minikube_lite.machinery.kind import Conversion, Kind
from minikube_lite.machinery.resources import GroupVersionResource
from minikube_lite.schema.custom.decoding import custom_decoder, custom_schema
from minikube_lite.schema.custom.json_path import JSONPath
from minikube_lite.schema.custom.pruning import set_defaults, with_pruned_defaults
from minikube_lite.schema.custom.structural import JSONSchema
from minikube_lite.schema.decode import Run
from minikube_lite.schema.model import Schema
from minikube_lite.schema.parse import DecodeError
from minikube_lite.schema.resources import ResourceInfo, SubresourceInfo
from minikube_lite.store import Object

VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
TERMINATING_VERBS = ("delete", "deletecollection", "get", "list", "watch")
SUBRESOURCE_VERBS = ("get", "patch", "update")
OPEN_SCHEMA: JSONSchema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def served_resources(definition: Object, metadata: Schema) -> list[ServedResource]:
    """The resources of all served versions; `metadata` is the type of ObjectMeta."""
    return list(_Serving(definition, metadata).resources())


class _Serving:
    """One definition, taken apart."""

    def __init__(self, definition: Object, metadata: Schema) -> None:
        self._spec: Mapping[str, Any] = definition["spec"]
        self._names: Mapping[str, Any] = definition["status"]["acceptedNames"]
        self._metadata = metadata
        about = definition["metadata"]
        conditions = definition["status"].get("conditions") or ()
        self._terminating = any(each["type"] == "Terminating" and each["status"] == "True" for each in conditions)
        self._generation = f"{about['uid']} {about.get('generation', 0)} {self._terminating} {_digest(self._names)}"
        self._changed = about.get("generation", 1) > 1
        self._schemas = {version["name"]: self._schema(version) for version in self._spec["versions"]}
        self._storage = next(version["name"] for version in self._spec["versions"] if version.get("storage"))

    def _schema(self, version: Mapping[str, Any]) -> JSONSchema:
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        return with_pruned_defaults(schema) if schema is not None else OPEN_SCHEMA

    def resources(self) -> list[ServedResource]:
        """One for each version that is served."""
        return [self._resource(version) for version in self._spec["versions"] if version.get("served")]

    def _resource(self, version: Mapping[str, Any]) -> ServedResource:
        info = self._info(version)
        gvr = GroupVersionResource(info.group, info.version, info.name)
        document = self._schemas[info.version]
        subresources = version.get("subresources") or {}
        scale = _scale_paths(subresources.get("scale"))
        strategy = CustomStrategy(
            CustomKind(
                gvr,
                info.kind,
                document,
                subresources.get("status") is not None,
                scale,
                Rules(document),
                self._terminating,
            )
        )
        conversion = self._conversion(info.version)
        webhook = (self._spec.get("conversion") or {}).get("strategy") == "Webhook"
        shown = conversion.from_stored if conversion is not None and not webhook else _itself
        paths = {each["jsonPath"].removeprefix("."): each["jsonPath"] for each in version.get("selectableFields") or ()}
        kind = Kind(
            group=info.group,
            plural=info.name,
            strategy=strategy,
            columns=custom_columns(version.get("additionalPrinterColumns")),
            status_strategy=CustomStatusStrategy(strategy),
            selectable=_selectable(paths, shown) if paths else None,
            selectable_names=tuple(paths),
            unknown_field_text="field label not supported: {field}",
            conversions=self._conversions(info.group),
            replicas_paths=self._replicas_paths(info.group),
        )
        conversion_spec = self._spec.get("conversion") or {}
        custom = Custom(
            self._generation,
            self._names["listKind"],
            document,
            self._terminating,
            self._warning(version),
            scale,
            self._storage,
            conversion_spec.get("webhook") if conversion_spec.get("strategy") == "Webhook" else None,
            self._reader(info.version),
            self._reader(self._storage),
        )
        assert kind.status_strategy is not None
        return ServedResource(
            info,
            custom_schema(document, self._metadata),
            kind,
            kind.status_strategy,
            {sub.name: sub for sub in info.subresources},
            conversion,
            custom,
        )

    def _info(self, version: Mapping[str, Any]) -> ResourceInfo:
        group, name, kind = self._spec["group"], version["name"], self._names["kind"]
        subresources = []
        declared = version.get("subresources") or {}
        if declared.get("status") is not None:
            subresources.append(SubresourceInfo("status", kind, SUBRESOURCE_VERBS))
        if declared.get("scale") is not None:
            subresources.append(SubresourceInfo("scale", "Scale", SUBRESOURCE_VERBS, "autoscaling", "v1"))
        storage = next(each["name"] for each in self._spec["versions"] if each.get("storage"))
        digest = hashlib.sha256(f"{group}/{storage}/{self._spec['names']['kind']}".encode()).digest()
        return ResourceInfo(
            group=group,
            version=name,
            preferred_version=name,
            name=self._names["plural"],
            singular=self._names["singular"],
            kind=kind,
            namespaced=self._spec["scope"] == "Namespaced",
            verbs=TERMINATING_VERBS if self._terminating else VERBS,
            short_names=tuple(self._names.get("shortNames") or ()),
            categories=tuple(self._names.get("categories") or ()),
            subresources=tuple(subresources),
            storage_version_hash=base64.b64encode(digest[:8]).decode() if self._storage_served(storage) else "",
        )

    def _storage_served(self, storage: str) -> bool:
        return any(each["name"] == storage and each.get("served") for each in self._spec["versions"])

    # Versions

    def _replicas_paths(self, group: str) -> Mapping[str, Sequence[str] | None]:
        paths: dict[str, Sequence[str] | None] = {}
        for version in self._spec["versions"]:
            scale = _scale_paths((version.get("subresources") or {}).get("scale"))
            paths[f"{group}/{version['name']}"] = scale.replicas if scale is not None else None
        return paths

    def _conversions(self, group: str) -> Mapping[str, Conversion]:
        """By apiVersion; owners of fields are compared in the version in which they wrote."""
        if len(self._schemas) < 2 or (self._spec.get("conversion") or {}).get("strategy") == "Webhook":
            return {}  # a webhook cannot be asked in the midst of comparing owners
        nothing = Conversion(_itself, _itself)
        return {f"{group}/{name}": self._conversion(name) or nothing for name in self._schemas}

    def _conversion(self, version: str) -> Conversion | None:
        """From and to the stored version; None where there is nothing to do."""
        stored = self._reader(self._storage)
        if version == self._storage:
            if not self._changed:
                return None
            default = self._schemas[version]

            def as_defined_now(obj: Object) -> Object:
                now = stored(obj)
                set_defaults(now, default)
                return now

            return Conversion(as_defined_now, _itself)
        if (self._spec.get("conversion") or {}).get("strategy") == "Webhook":
            return Conversion(_not_converted, _not_converted)
        return Conversion(self._reader(version), stored)

    def _reader(self, version: str) -> Callable[[Object], Object]:
        decoder = custom_decoder(self._schemas[version], self._metadata, defaults=False)

        def read(obj: Object) -> Object:
            run = Run()
            answer: Object = decoder(obj, None, run)
            if run.error:
                raise DecodeError(run.error)
            return answer

        return read

    def _warning(self, version: Mapping[str, Any]) -> str:
        if not version.get("deprecated"):
            return ""
        if version.get("deprecationWarning") is not None:
            return str(version["deprecationWarning"])
        group, kind, name = self._spec["group"], self._spec["names"]["kind"], version["name"]
        text = f"{group}/{name} {kind} is deprecated"
        better = sorted(
            (version_priority(each["name"]), each["name"])
            for each in self._spec["versions"]
            if each.get("served") and not each.get("deprecated")
        )
        if better and better[0][0] < version_priority(name):
            text += f"; use {group}/{better[0][1]} {kind}"
        return text


def _itself(obj: Object) -> Object:
    return obj


def _not_converted(obj: Object) -> Object:
    raise errors.internal("an object was not converted by the webhook before it was needed")


def _digest(names: Mapping[str, Any]) -> str:
    return repr(sorted(names.items()))


def _scale_paths(scale: Mapping[str, Any] | None) -> ScalePaths | None:
    if scale is None:
        return None
    selector = scale.get("labelSelectorPath") or ""
    return ScalePaths(
        tuple(scale["specReplicasPath"].removeprefix(".").split(".")),
        tuple(scale["statusReplicasPath"].removeprefix(".").split(".")),
        tuple(selector.removeprefix(".").split(".")) if selector else (),
    )


def _selectable(paths: Mapping[str, str], shown: Callable[[Object], Object]) -> Callable[[Object], Mapping[str, str]]:
    compiled = {name: JSONPath(path) for name, path in paths.items()}

    def selectable(obj: Object) -> Mapping[str, str]:
        values = {}
        for name, path in compiled.items():
            found = path.find(shown(obj))
            value = found[0] if found else None
            values[name] = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        return values

    return selectable
