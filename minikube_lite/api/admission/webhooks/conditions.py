"""matchConditions: expressions that say whether a webhook is asked at all; upstream: webhook/matchconditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikube_lite.store import Object


class ConditionError(Exception):
    """A condition could not be told."""


def conditions_hold(conditions: Sequence[Any], request: Object) -> bool:
    """Whether all hold; one that does not decides, even where another fails. Raises ConditionError."""
    if not conditions:
        return True
    # CEL is imported with the first condition.
    from minikube_lite.schema.cel.errors import CELError, CompileError
    from minikube_lite.schema.cel.program import Program
    from minikube_lite.schema.cel.types import DYN

    names = ("object", "oldObject", "request")
    variables = {"object": request["object"], "oldObject": request["oldObject"], "request": request}
    trouble = ""
    for condition in conditions:
        try:
            value, _ = Program(condition["expression"], dict.fromkeys(names, DYN)).ask(variables)
        except (CELError, CompileError) as error:
            trouble = trouble or f"{error}"
            continue
        if value is not True:
            return False
    if trouble:
        raise ConditionError(trouble)
    return True
