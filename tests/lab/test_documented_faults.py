"""Every example of docs/faults.md is a Fault that the API takes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from minikube_lite.lab.faults import TARGETS
from minikube_lite.machinery.call_faults import DnsFault, RequestFault, WatchFault
from minikube_lite.machinery.fault_specs import ControllerFault, NodeFault
from minikube_lite.machinery.pod_faults import ContainerFault, ImageFault, VolumeFault
from minikube_lite.machinery.resources import FAULTS

if TYPE_CHECKING:
    from pathlib import Path

    from minikube_lite.testing import RunningCluster


@pytest.mark.minikube_lite(nodes=0, serve_api=False, serve_dns=False)
def test_the_examples_are_taken(cluster: RunningCluster, root: Path) -> None:
    examples = re.findall(r"```json\n(.*?)```", (root / "docs" / "faults.md").read_text(), re.DOTALL)
    specs = [json.loads(example) for example in examples]
    for number, spec in enumerate(specs):
        cluster.create(FAULTS, "", {"metadata": {"name": f"example-{number}"}, "spec": spec})
    assert {target for spec in specs for target in TARGETS if target in spec} == set(TARGETS)


def test_every_type_is_told(root: Path) -> None:
    text = (root / "docs" / "faults.md").read_text()
    for model in (
        NodeFault,
        ImageFault,
        ContainerFault,
        VolumeFault,
        ControllerFault,
        RequestFault,
        WatchFault,
        DnsFault,
    ):
        kinds = model.model_json_schema()["properties"]["type"]
        for one in kinds.get("enum") or [kinds["const"]]:
            assert f"`{one}`" in text
