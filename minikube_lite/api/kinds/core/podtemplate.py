"""PodTemplates; upstream: pkg/registry/core/podtemplate."""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.api.columns import NAME, cell_column, container_images, container_names, format_labels, value_at
from minikube_lite.api.kinds.apps.workload import WorkloadStrategy
from minikube_lite.api.kinds.core.pod_defaults import default_pod_template
from minikube_lite.api.kinds.core.pod_spec import validate_pod_template
from minikube_lite.machinery.equality import same
from minikube_lite.machinery.kind import Kind, RequestContext
from minikube_lite.schema.field import FieldError, Path
from minikube_lite.store import Object

TEMPLATE = Path("template")


class PodTemplateStrategy(WorkloadStrategy):
    """A template that stands alone."""

    has_status = False
    reset_fields = ()
    template_path = ("template",)

    def default(self, obj: Object) -> None:
        default_pod_template(obj.setdefault("template", {}))

    def prepare_for_create(self, context: RequestContext, obj: Object) -> None:
        self._drop_disabled(obj)

    def validate(self, context: RequestContext, obj: Object) -> Iterator[FieldError]:
        return validate_pod_template(obj["template"], TEMPLATE)

    def validate_update(self, context: RequestContext, new: Object, old: Object) -> Iterator[FieldError]:
        return validate_pod_template(new["template"], TEMPLATE)

    def generation_changes(self, new: Object, old: Object) -> bool:
        return not same(new.get("template"), old.get("template"))


def _containers(obj: Object) -> list[Object]:
    return list(value_at(obj, ("template", "spec", "containers"), ()))


COLUMNS = (
    NAME,
    cell_column(
        "Containers",
        lambda obj: container_names(_containers(obj)),
        description="Names of each container in the template.",
    ),
    cell_column(
        "Images",
        lambda obj: container_images(_containers(obj)),
        description="Images referenced by each container in the template.",
    ),
    cell_column(
        "Pod Labels",
        lambda obj: format_labels(value_at(obj, ("template", "metadata", "labels"))),
        description="The labels for the pod template.",
    ),
)

KIND = Kind(
    group="",
    plural="podtemplates",
    strategy=PodTemplateStrategy(),
    columns=COLUMNS,
    delete_returns_object=True,
)
