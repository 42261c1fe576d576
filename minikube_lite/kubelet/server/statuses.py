"""What the error stream of exec and attach says in the end; upstream: cri-streaming's remotecommand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

SUCCESS: dict[str, Any] = {"metadata": {}, "status": "Success"}


def exit_status(code: int, argv: Sequence[str]) -> dict[str, Any]:
    """How a command ended."""
    if code == 0:
        return SUCCESS
    fault = f"error executing command [{' '.join(argv)}], exit code {code}"
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: {fault}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def internal_error(message: str) -> dict[str, Any]:
    """Why nothing was run."""
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"Internal error occurred: {message}",
        "reason": "InternalError",
        "details": {"causes": [{"message": message}]},
        "code": 500,
    }
