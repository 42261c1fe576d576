"""How a shell leaves what it is doing."""

from __future__ import annotations

STATUS_ERROR = 2
"""Of syntax errors, and of builtins that are used wrongly."""
STATUS_NOT_EXECUTABLE = 126
STATUS_NOT_FOUND = 127


class ShellError(Exception):
    """Something that ends a shell that is not interactive; `status` is its exit code."""

    def __init__(self, message: str, status: int = STATUS_ERROR) -> None:
        super().__init__(message)
        self.status = status


class Leaving(Exception):
    """Not an error: control goes elsewhere."""


class Exit(Leaving):
    """`exit`."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Return(Leaving):
    """`return`."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Jump(Leaving):
    """`break` and `continue`: out of so many loops."""

    def __init__(self, levels: int, *, again: bool) -> None:
        super().__init__(levels)
        self.levels = levels
        self.again = again
        """Whether the outermost of them goes on with its next turn."""
