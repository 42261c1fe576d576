"""Words of the language that cannot be names; upstream: the CEL specification's grammar."""

from __future__ import annotations

RESERVED = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ]
)
"""Kept for other languages' sake."""
KEYWORDS = RESERVED | {"true", "false", "null", "in"}
