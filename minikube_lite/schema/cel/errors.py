"""What can be wrong with an expression, and how it is shown; upstream: cel-go/common/errors.go."""

from __future__ import annotations


class CELError(Exception):
    """Evaluation failed; the text is cel-go's."""


class CompileError(Exception):
    """An expression that is none, or whose types do not fit; shown with the place."""

    def __init__(self, text: str, source: str, offset: int) -> None:
        line = source.count("\n", 0, offset) + 1
        start = source.rfind("\n", 0, offset) + 1
        column = offset - start
        end = source.find("\n", start)
        shown = source[start : end if end >= 0 else len(source)]
        super().__init__(f"ERROR: <input>:{line}:{column + 1}: {text}\n | {shown}\n | {'.' * column}^")
        self.reason = text
