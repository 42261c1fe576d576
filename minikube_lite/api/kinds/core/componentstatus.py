"""ComponentStatuses: what is left of how components once told their health; upstream: pkg/registry/core/componentstatus."""

from __future__ import annotations

from minikube_lite.api.columns import NAME, cell_column
from minikube_lite.machinery.kind import Kind, Strategy
from minikube_lite.store import Object


def _healthy(obj: Object) -> Object:
    """The condition that the columns show."""
    return next((item for item in obj.get("conditions") or () if item.get("type") == "Healthy"), {})


def status_text(obj: Object) -> str:
    """The Status cell."""
    condition = _healthy(obj)
    if not condition:
        return "Unknown"
    return "Healthy" if condition.get("status") == "True" else "Unhealthy"


KIND = Kind(
    group="",
    plural="componentstatuses",
    strategy=Strategy(),
    columns=(
        NAME,
        cell_column("Status", status_text, description="Status of the component conditions"),
        cell_column(
            "Message", lambda obj: _healthy(obj).get("message", ""), description="Message of the component conditions"
        ),
        cell_column(
            "Error", lambda obj: _healthy(obj).get("error", ""), description="Error of the component conditions"
        ),
    ),
    deprecations={"v1": "v1 ComponentStatus is deprecated in v1.19+"},
)
