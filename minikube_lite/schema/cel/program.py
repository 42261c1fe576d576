"""Expressions ready to be asked; upstream: cel-go/cel Program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minikube_lite.schema.cel.checker import Compiled
from minikube_lite.schema.cel.evaluate import COST_MAX, Evaluation
from minikube_lite.schema.cel.types import CELType


class Program:
    """A compiled expression; CompileError where it is none."""

    def __init__(self, source: str, variables: Mapping[str, CELType]) -> None:
        self.compiled = Compiled(source, variables)

    def ask(self, variables: Mapping[str, Any], cost_max: int = COST_MAX) -> tuple[Any, int]:
        """The value and what it cost; raises CELError."""
        run = Evaluation(variables, cost_max)
        return run.run(self.compiled.tree), run.cost
