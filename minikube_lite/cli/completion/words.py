"""What can be typed: commands, their options and the values of these, read off an argparse parser."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

HIDDEN = argparse.SUPPRESS


@dataclass(frozen=True, slots=True)
class Option:
    """One option, or, without flags, the next word of a command."""

    flags: tuple[str, ...]
    help: str
    takes_value: bool
    choices: tuple[str, ...] = ()
    """The values that there are; none where the value is one's own."""
    takes_file: bool = False
    takes_directory: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A command; the program itself has the name ""."""

    name: str
    help: str
    options: tuple[Option, ...]
    positionals: tuple[Option, ...]

    @property
    def flags(self) -> tuple[str, ...]:
        """All flags of its options."""
        return tuple(flag for option in self.options for flag in option.flags)


@dataclass(frozen=True, slots=True)
class Words:
    """All that can be typed."""

    program: str
    top: Command
    commands: tuple[Command, ...]

    @classmethod
    def of(cls, parser: argparse.ArgumentParser) -> Words:
        """Read a parser, which has commands of one level."""
        [subparsers] = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
        helps = {choice.dest: choice.help or "" for choice in subparsers._choices_actions}
        commands = tuple(_command(name, helps.get(name, ""), sub) for name, sub in subparsers.choices.items())
        return cls(parser.prog, _command("", parser.description or "", parser), commands)


def _command(name: str, text: str, parser: argparse.ArgumentParser) -> Command:
    actions = [one for one in parser._actions if not isinstance(one, argparse._SubParsersAction) and one.help != HIDDEN]
    options = tuple(_option(one, parser) for one in actions if one.option_strings)
    return Command(name, text, options, tuple(_option(one, parser) for one in actions if not one.option_strings))


def _option(action: argparse.Action, parser: argparse.ArgumentParser) -> Option:
    text = parser._get_formatter()._expand_help(action) if action.help else ""
    is_path = action.type is Path
    return Option(
        flags=tuple(action.option_strings),
        help=text,
        takes_value=action.nargs != 0,
        choices=tuple(map(str, action.choices or ())),
        takes_file=is_path and action.metavar != "DIR",
        takes_directory=is_path and action.metavar == "DIR",
    )
