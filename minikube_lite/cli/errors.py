"""How a command ends: exit codes, and errors that are told in one sentence."""

from __future__ import annotations

EXIT_OK, EXIT_FAILED, EXIT_USAGE = 0, 1, 2
EXIT_INTERRUPTED = 130
"""As shells say of a program that Ctrl-C ended; `start`, which is meant to be ended so, does not."""


class CommandError(Exception):
    """The command cannot do what was asked; the message is the sentence that people read."""

    exit_code = EXIT_FAILED


class UsageError(CommandError):
    """Options or configuration are wrong."""

    exit_code = EXIT_USAGE
