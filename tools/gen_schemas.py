#!/usr/bin/env python3
"""Makes the package data of the built-in kinds: types, their protobuf messages, served resources and TypedDicts.

Facts come from Kubernetes' published Go modules and, to cross-check them, from the `kubernetes-validate` package:

    python tools/gen_schemas.py [--modules DIRECTORY]

DIRECTORY is a Go module cache (default: `go env GOMODCACHE`) after `go mod download` of k8s.io/kubernetes@v1.36.3 and
of k8s.io/{api,apimachinery,apiextensions-apiserver,kube-aggregator}@v0.36.3. The answer depends on nothing else.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
from pathlib import Path
from typing import Any

from gen_protobuf import build_protobuf
from go_sources import Sources
from go_types import BUILTIN_TYPES, MAP_TYPE, GoField, GoType
from typed_dicts import write_typed_dicts

MINOR = "1.36"
ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "minikube_lite" / "schema" / "data"
TYPES = ROOT / "minikube_lite" / "schema" / "types.py"

PREFIXES = {
    "io.k8s.api.": "k8s.io/api",
    "io.k8s.apimachinery.": "k8s.io/apimachinery",
    "io.k8s.apiextensions-apiserver.": "k8s.io/apiextensions-apiserver",
    "io.k8s.kube-aggregator.": "k8s.io/kube-aggregator",
}
META = "k8s.io/apimachinery/pkg/apis/meta/v1"
APIEXTENSIONS = "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
SPECIAL_FORMS = {
    "k8s.io/apimachinery/pkg/api/resource.Quantity": "quantity",
    "k8s.io/apimachinery/pkg/util/intstr.IntOrString": "int-or-string",
    f"{META}.Time": "time",
    f"{META}.MicroTime": "micro-time",
    f"{META}.Duration": "duration",
    f"{META}.FieldsV1": "any",
    "k8s.io/apimachinery/pkg/runtime.RawExtension": "any",
    f"{APIEXTENSIONS}.JSON": "any",
    f"{APIEXTENSIONS}.JSONSchemaPropsOrArray": "any",
    f"{APIEXTENSIONS}.JSONSchemaPropsOrBool": "any",
    f"{APIEXTENSIONS}.JSONSchemaPropsOrStringArray": "any",
    f"{META}.Patch": "object",
}
# Types that say by the kind of a JSON value which of several types stands there: (JSON kind, Go type).
ALTERNATIVES = {
    f"{APIEXTENSIONS}.JSONSchemaPropsOrArray": (("object", "JSONSchemaProps"), ("list", "[]JSONSchemaProps")),
    f"{APIEXTENSIONS}.JSONSchemaPropsOrBool": (("object", "JSONSchemaProps"), ("boolean", "bool")),
    f"{APIEXTENSIONS}.JSONSchemaPropsOrStringArray": (("object", "JSONSchemaProps"), ("list", "[]string")),
}
SCALAR_FORMS = {"string": "string", "bool": "boolean", "float64": "number", "float32": "number"}
LIST_FACTS = {"x-kubernetes-list-type": "l", "x-kubernetes-list-map-keys": "k"}
POINTER, OMIT_EMPTY, REQUIRED, OMIT_ZERO = 1, 2, 4, 8
RESOURCE_FACTS = ("group", "version", "kind", "shortNames", "categories", "verbs")
KINDS_OF_EVERY_GROUP = ("DeleteOptions", "WatchEvent")


def import_path_of(openapi_name: str) -> tuple[str, str]:
    """`io.k8s.api.core.v1.Pod` is ("k8s.io/api/core/v1", "Pod")."""
    for prefix, module in PREFIXES.items():
        if openapi_name.startswith(prefix):
            *folders, name = openapi_name.removeprefix(prefix).split(".")
            return "/".join((module, *folders)), name
    raise ValueError(openapi_name)


class ShapeTable:
    """Numbers every distinct type; the table is what the package data holds."""

    def __init__(self, sources: Sources, spec: dict[str, Any]) -> None:
        self._sources = sources
        self._spec = spec
        self.shapes: list[dict[str, Any] | None] = []
        self._numbers: dict[str, int] = {}
        self.names: dict[str, int] = {}
        self._openapi_names = {import_path_of(name): name for name in spec}

    def named(self, openapi_name: str) -> int:
        """The number of a type that OpenAPI names."""
        if openapi_name in self.names:
            return self.names[openapi_name]
        number = self.names[openapi_name] = len(self.shapes)
        self.shapes.append(None)
        path, name = import_path_of(openapi_name)
        package = self._sources.package(path)
        fact = self._spec[openapi_name]
        full = f"{path}.{name}"
        shape: dict[str, Any] = {"n": openapi_name, "g": f"{package.name or path.rsplit('/', 1)[-1]}.{name}"}
        shape["f"] = SPECIAL_FORMS.get(full, "object")
        if full in ALTERNATIVES:
            context = package.types[name]
            shape["a"] = [[kind, self._of_text(text, context, {})] for kind, text in ALTERNATIVES[full]]
        elif shape["f"] == "object" and full not in SPECIAL_FORMS:
            shape["p"] = self._fields(package.types[name], fact, ())
            missing = set(fact.get("properties", {})) ^ {entry[0] for entry in shape["p"]}
            if missing:
                raise SystemExit(f"{openapi_name}: Go and OpenAPI differ in {sorted(missing)}")
        shape.update(self._facts(fact))
        extensions = {key: value for key, value in fact.items() if key == "x-kubernetes-unions"}
        if extensions:
            shape["x"] = extensions
        self.shapes[number] = shape
        return number

    def _facts(self, fact: dict[str, Any]) -> dict[str, Any]:
        facts = {short: fact[key] for key, short in LIST_FACTS.items() if key in fact}
        if "x-kubernetes-map-type" in fact:
            facts["m"] = fact["x-kubernetes-map-type"]
        return facts

    def _fields(self, go_type: GoType, fact: dict[str, Any], embedded: tuple[str, ...]) -> list[list[Any]]:
        while not go_type.is_struct:
            go_type = self._resolve(go_type.underlying, go_type)
        entries: list[list[Any]] = []
        for go_field in go_type.fields:
            if go_field.inline:
                inner = self._resolve(go_field.type_text.lstrip("*"), go_type)
                entries.extend(self._fields(inner, fact, (*embedded, go_field.go_name)))
                continue
            entries.append(self._field(go_field, go_type, fact, embedded))
        return entries

    def _field(self, go_field: GoField, go_type: GoType, fact: dict[str, Any], embedded: tuple[str, ...]) -> list[Any]:
        name = go_field.json_name
        facts = fact["properties"][name]
        pointer = go_field.type_text.startswith("*")
        flags = (POINTER if pointer else 0) | (OMIT_EMPTY if go_field.omit_empty else 0)
        flags |= (REQUIRED if name in fact.get("required", ()) else 0) | (OMIT_ZERO if go_field.omit_zero else 0)
        shape = self._of_text(go_field.type_text.lstrip("*"), go_type, facts)
        extra: dict[str, Any] = {}
        if go_field.go_name != name[:1].upper() + name[1:]:
            extra["g"] = go_field.go_name
        default = facts.get("default")
        if default not in (None, {}) and (default or pointer or go_field.omit_empty):
            extra["d"] = default
        if embedded:
            extra["e"] = list(embedded)
        if "x-kubernetes-map-type" in facts and self.is_named(shape):
            extra["m"] = facts["x-kubernetes-map-type"]
        if "x-kubernetes-patch-strategy" in facts:
            extra["s"] = facts["x-kubernetes-patch-strategy"].split(",")
        if "x-kubernetes-patch-merge-key" in facts:
            extra["k"] = facts["x-kubernetes-patch-merge-key"]
        return [name, shape, flags, extra] if extra else [name, shape, flags]

    def is_named(self, number: int) -> bool:
        """Whether OpenAPI names the type of that number, so that a field can only refer to it."""
        shape = self.shapes[number]
        return shape is None or "n" in shape

    def _resolve(self, text: str, context: GoType) -> GoType:
        alias, _, name = text.rpartition(".")
        package = self._sources.package(context.imports[alias]) if alias else context.package
        return package.types[name]

    def _of_text(self, text: str, context: GoType, facts: dict[str, Any]) -> int:
        """The shape of a field's, an item's or a map value's type; a named list or map is resolved to what it is."""
        go_type = self.go_name(text, context)
        underlying, inner_context = text, context
        while underlying not in BUILTIN_TYPES and not underlying.startswith(("[]", "map[")):
            named = self._resolve(underlying, inner_context)
            full = f"{named.package.path}.{named.name}"
            openapi_name = self._openapi_names.get((named.package.path, named.name))
            if openapi_name:
                return self.named(openapi_name)
            if full in SPECIAL_FORMS:
                return self._intern({"f": SPECIAL_FORMS[full], "g": go_type})
            if named.is_enum and self._enum(named):
                return self._intern({"f": "string", "g": go_type, "e": self._enum(named)})
            underlying, inner_context = named.underlying, named
        shape: dict[str, Any] = {"g": go_type}
        found = MAP_TYPE.match(underlying)
        if underlying == "[]byte":
            shape["f"] = "bytes"
            shape.update(self._facts(facts))
        elif underlying.startswith("[]"):
            shape["f"] = "list"
            shape["i"] = self._item(underlying[2:], inner_context, facts.get("items", {}))
            shape.update(self._facts(facts))
        elif found:
            shape["f"] = "map"
            shape["i"] = self._item(found.group(2), inner_context, facts.get("additionalProperties", {}))
            shape.update(self._facts(facts))
        else:
            shape["f"] = SCALAR_FORMS.get(underlying, "integer")
            if facts.get("format"):
                shape["o"] = facts["format"]
        return self._intern(shape)

    def _enum(self, named: GoType) -> list[str]:
        values = set(named.package.constants.get(named.name, ()))
        for type_name, path, constant in named.package.constant_aliases:
            if type_name == named.name:
                values.add(self._sources.package(path).constant_values[constant])
        return sorted(values)

    def _item(self, text: str, context: GoType, facts: dict[str, Any]) -> int:
        return self._of_text(text.lstrip("*"), context, facts)

    def go_name(self, text: str, context: GoType) -> str:
        """A type as Go's reflection writes it: packages by their names, named types not resolved."""
        if text.startswith("[]byte"):
            return "[]uint8"
        if text.startswith("[]"):
            return "[]" + self.go_name(text[2:], context)
        if text.startswith("*"):
            return "*" + self.go_name(text[1:], context)
        found = MAP_TYPE.match(text)
        if found:
            return f"map[{self.go_name(found.group(1), context)}]{self.go_name(found.group(2), context)}"
        if text in BUILTIN_TYPES:
            return text
        alias, _, name = text.rpartition(".")
        package = context.imports[alias].rsplit("/", 1)[-1] if alias else context.package.name
        return f"{package}.{name}"

    def _intern(self, shape: dict[str, Any]) -> int:
        key = json.dumps(shape, sort_keys=True)
        if key not in self._numbers:
            self._numbers[key] = len(self.shapes)
            self.shapes.append(shape)
        return self._numbers[key]


def build_schemas(sources: Sources, spec: dict[str, Any]) -> tuple[dict[str, Any], ShapeTable]:
    """The whole table of types, the kinds' names and the version they belong to."""
    table = ShapeTable(sources, spec)
    for name in spec:
        table.named(name)
    kinds: list[list[Any]] = []
    for name, fact in spec.items():
        for entry in fact.get("x-kubernetes-group-version-kind", ()):
            if entry["kind"] in KINDS_OF_EVERY_GROUP:
                continue
            kinds.append([entry["group"], entry["version"], entry["kind"], table.names[name]])
    shared = [[kind, table.names[f"io.k8s.apimachinery.pkg.apis.meta.v1.{kind}"]] for kind in KINDS_OF_EVERY_GROUP]
    names = dict(sorted(table.names.items()))
    return {"version": MINOR, "names": names, "kinds": sorted(kinds), "shared": shared, "shapes": table.shapes}, table


def check_against_package(spec: dict[str, Any]) -> None:
    """The published Python package must tell the same story, where it is installed."""
    try:
        import kubernetes_validate
    except ImportError:
        return
    folder = Path(kubernetes_validate.__file__).parent / f"kubernetes-json-schema/v{MINOR}.0-local"
    definitions = json.loads((folder / "_definitions.json").read_text())["$defs"]
    for name, fact in spec.items():
        other = definitions.get(name)
        if other is None or set(other.get("properties", ())) != set(fact.get("properties", ())):
            raise SystemExit(f"{name}: OpenAPI v3 and kubernetes-validate differ")


def build_resources(sources: Sources) -> dict[str, Any]:
    """What a server with default options serves: the stable versions of every group, in upstream's order."""
    folder = sources.directory("k8s.io/kubernetes") / "api/discovery"
    groups: list[dict[str, Any]] = [
        {"name": "", "preferredVersion": {"version": "v1"}, "versions": [{"version": "v1"}]}
    ]
    groups += json.loads((folder / "apis.json").read_text())["groups"]
    answer = []
    for group in groups:
        versions = [entry["version"] for entry in group["versions"]]
        stable = [version for version in versions if "alpha" not in version and "beta" not in version]
        if not stable:
            continue
        preferred = group["preferredVersion"]["version"]
        served = []
        for version in stable:
            prefix = f"apis__{group['name']}__{version}" if group["name"] else f"api__{version}"
            listed = json.loads((folder / f"{prefix}.json").read_text())["resources"]
            served.append({"version": version, "resources": _resources(listed)})
        answer.append({"group": group["name"], "preferredVersion": preferred, "versions": served})
    return {"version": MINOR, "groups": answer}


def _resources(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answer: dict[str, dict[str, Any]] = {}
    for entry in listed:
        name, _, subresource = entry["name"].partition("/")
        fact: dict[str, Any] = {key: entry[key] for key in RESOURCE_FACTS if key in entry}
        if subresource:
            answer[name].setdefault("subresources", []).append({"name": subresource, **fact})
        else:
            answer[name] = {
                "name": name,
                "singular": entry["singularName"],
                "namespaced": entry["namespaced"],
                "hash": entry.get("storageVersionHash", ""),
                **fact,
            }
    return [{key: value for key, value in resource.items() if value != ""} for resource in answer.values()]


def write_packed(name: str, content: dict[str, Any]) -> int:
    """Writes package data so that the same content gives the same bytes; the answer is their number."""
    packed = gzip.compress(json.dumps(content, separators=(",", ":")).encode(), compresslevel=9, mtime=0)
    (DATA / f"{name}-{MINOR}.json.gz").write_bytes(packed)
    return len(packed)


def main() -> None:
    """Writes the four generated files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", type=Path)
    options = parser.parse_args()
    modules = options.modules or Path(subprocess.check_output(["go", "env", "GOMODCACHE"], text=True).strip())
    sources = Sources(modules)
    spec = sources.spec()
    check_against_package(spec)
    schemas, table = build_schemas(sources, spec)
    DATA.mkdir(parents=True, exist_ok=True)
    size = write_packed("builtin", schemas)
    named = {name: import_path_of(name) for name in spec}
    types = {
        name: sources.package(path).types[go_name]
        for name, (path, go_name) in named.items()
        if f"{path}.{go_name}" in ALTERNATIVES or f"{path}.{go_name}" not in SPECIAL_FORMS
    }
    messages_size = write_packed("protobuf", build_protobuf(sources, types, set(ALTERNATIVES), MINOR))
    resources = json.dumps(build_resources(sources), indent=None, separators=(",", ":"))
    (DATA / f"resources-{MINOR}.json").write_text(resources + "\n")
    TYPES.write_text(write_typed_dicts(schemas))
    print(f"{len(table.names)} types, {len(table.shapes)} shapes, {size} bytes; messages in {messages_size} bytes")


if __name__ == "__main__":
    main()
