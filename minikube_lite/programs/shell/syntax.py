"""Names, operators and errors that the reader of words and the parser share."""

from __future__ import annotations

import re

SHELL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
OPERATORS = ("<<-", "&&", "||", ";;", "<<", ">>", "<&", ">&", "<>", ">|", "&", "|", ";", "(", ")", "<", ">", "\n")
"""The longest first."""
REDIRECTS = frozenset({"<", ">", ">>", "<<", "<<-", "<&", ">&", "<>", ">|"})
METACHARACTERS = frozenset("|&;<>()\n \t")
NESTING_MAX = 200
"""How deep commands and substitutions may stand within each other."""


class ShellSyntaxError(Exception):
    """The script is wrong, in busybox's words."""


class Incomplete(ShellSyntaxError):
    """The script ends in the middle of something; at a prompt, more lines may follow."""

    def __init__(self, what: str = "unexpected end of file") -> None:
        super().__init__(what)
