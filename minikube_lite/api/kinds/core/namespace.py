"""Namespaces: created Active, with the finalizer that empties them; upstream: pkg/registry/core/namespace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from minikube_lite.api.columns import AGE, NAME, text_column
from minikube_lite.machinery.kind import Kind, RequestContext, StatusStrategy, Strategy, keep
from minikube_lite.machinery.metadata import STANDARD_FINALIZERS
from minikube_lite.machinery.names import is_qualified_name, name_is_dns_label
from minikube_lite.schema.field import FieldError, Path, invalid
from minikube_lite.store import Object

KUBERNETES_FINALIZER = "kubernetes"
NAME_LABEL = "kubernetes.io/metadata.name"


class NamespaceStrategy(Strategy):
    """All writes but those of status and finalize, which is a view of its own."""

    manages_generation = False

    def default(self, obj: Object) -> None:
        obj.setdefault("spec", {})
        _label_name(obj)
        obj.setdefault("status", {}).setdefault("phase", "Active")

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        obj["status"] = {"phase": "Active"}
        _label_name(obj)
        finalizers = obj["spec"].setdefault("finalizers", [])
        if KUBERNETES_FINALIZER not in finalizers:
            finalizers.append(KUBERNETES_FINALIZER)

    def validate(self, context: RequestContext, obj: Object) -> Iterable[FieldError]:
        path = Path("spec.finalizers")
        for finalizer in obj["spec"].get("finalizers", ()):
            yield from finalizer_errors(finalizer, path)

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        keep(new["spec"], old["spec"], "finalizers")
        keep(new, old, "status")

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        return self.validate(context, new)

    def holds_deletion(self, obj: Object) -> bool:
        return bool(obj["spec"].get("finalizers"))

    def begin_deletion(self, context: RequestContext, obj: Object) -> bool:
        """It goes at the first request after all its finalizers are gone; until then its controller empties it."""
        if "deletionTimestamp" in obj["metadata"]:
            return self.holds_deletion(obj)
        obj["metadata"]["deletionTimestamp"] = context.clock.timestamp()
        obj.setdefault("status", {})["phase"] = "Terminating"
        return True


class FinalizeStrategy(NamespaceStrategy):
    """The subresource finalize: spec.finalizers is written."""

    def prepare_for_update(self, context: RequestContext, new: Object, old: Object) -> None:
        keep(new, old, "status")

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterable[FieldError]:
        path = Path("spec.finalizers")
        for position, finalizer in enumerate(new["spec"].get("finalizers", ())):
            yield from finalizer_errors(finalizer, path.index(position))


class NamespaceStatusStrategy(StatusStrategy):
    """The status: what it says must fit whether the namespace is being deleted."""

    def main_status_errors(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        phase, path = new.get("status", {}).get("phase", ""), Path("status.Phase")
        if "deletionTimestamp" not in new["metadata"]:
            if phase != "Active":
                yield invalid(path, phase, "may only be 'Active' if `deletionTimestamp` is empty")
        elif phase != "Terminating":
            yield invalid(path, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")


def finalizer_errors(finalizer: str, path: Path) -> Iterator[FieldError]:
    """What is wrong with a finalizer's name."""
    for message in is_qualified_name(finalizer):
        yield invalid(path, finalizer, message)
    if "/" not in finalizer and finalizer not in STANDARD_FINALIZERS:
        yield invalid(path, finalizer, "name is neither a standard finalizer name nor is it fully qualified")


def _label_name(obj: Object) -> None:
    name = obj["metadata"].get("name")
    if name:
        obj["metadata"].setdefault("labels", {})[NAME_LABEL] = name


def selectable(obj: Object) -> Mapping[str, str]:
    """The fields by which namespaces can be selected."""
    return {"status.phase": obj.get("status", {}).get("phase", ""), "name": obj["metadata"].get("name", "")}


STRATEGY = NamespaceStrategy()

KIND = Kind(
    group="",
    plural="namespaces",
    strategy=STRATEGY,
    status_strategy=NamespaceStatusStrategy(STRATEGY),
    subresource_strategies={"finalize": FinalizeStrategy()},
    columns=(
        NAME,
        text_column("Status", "status", "phase", description="The status of the namespace"),
        AGE,
    ),
    selectable=selectable,
    selectable_names=("status.phase", "name"),
    name_check=name_is_dns_label,
    delete_returns_object=True,
)
