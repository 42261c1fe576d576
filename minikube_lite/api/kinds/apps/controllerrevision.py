"""ControllerRevisions, the earlier states of a set's template; upstream: pkg/registry/apps/controllerrevision."""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.api.columns import AGE, NAME, NONE, cell_column
from minikube_lite.api.kinds.core.pod_fields import nonnegative
from minikube_lite.machinery.kind import Column, FieldText, Kind, RequestContext, Strategy
from minikube_lite.machinery.meta import controller_of
from minikube_lite.machinery.metadata import validate_immutable_field
from minikube_lite.schema.field import FieldError, Path, required
from minikube_lite.store import Object

DATA = Path("data")
REVISION = Path("revision")


class ControllerRevisionStrategy(Strategy):
    """Data that never changes, and a number that says which is the newest."""

    has_status = False
    manages_generation = False
    reset_fields = ()

    def validate(self, context: RequestContext, obj: Object) -> Iterator[FieldError]:
        yield from nonnegative(obj.get("revision"), REVISION)
        data = obj.get("data")
        if data is None:
            yield required(DATA, "data is mandatory")
        elif not isinstance(data, dict):
            yield required(DATA, "data must be a valid JSON object")

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        yield from nonnegative(new.get("revision"), REVISION)
        yield from validate_immutable_field(new.get("data"), old.get("data"), DATA)


def _controller(obj: Object) -> str:
    reference = controller_of(obj)
    if reference is None:
        return NONE
    group = reference.get("apiVersion", "").rpartition("/")[0]
    kind = str(reference["kind"]).lower()
    return f"{kind}.{group}/{reference['name']}" if group else f"{kind}/{reference['name']}"


COLUMNS = (
    NAME,
    cell_column("Controller", _controller, description="Controller of the object"),
    Column(
        "Revision",
        lambda obj, _now: obj.get("revision") or 0,
        description=FieldText("io.k8s.api.apps.v1.ControllerRevision", "revision"),
    ),
    AGE,
)

KIND = Kind(group="apps", plural="controllerrevisions", strategy=ControllerRevisionStrategy(), columns=COLUMNS)
