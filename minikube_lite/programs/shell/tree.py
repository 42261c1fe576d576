"""What a script is made of, once it is parsed; upstream: the Shell Command Language of POSIX, 2.9 and 2.10."""

from __future__ import annotations

from dataclasses import dataclass

# Words


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that stand for themselves. What is quoted is neither split nor a pattern."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """`$name` and `${name…}`. `operator` is "", "length", or one that takes words: `:-`, `%%`, `/` …"""

    name: str
    operator: str = ""
    words: tuple[Word, ...] = ()
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Substitution:
    """`$(…)` and backquotes: what a list of commands writes."""

    body: List
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`$((…))`."""

    word: Word
    quoted: bool = False


Part = Text | Parameter | Substitution | Arithmetic
Word = tuple[Part, ...]

# Commands


@dataclass(frozen=True, slots=True)
class Assignment:
    """`name=word`."""

    name: str
    word: Word


@dataclass(slots=True)
class Redirect:
    """`2>file`, `<&3`, and `<<END`, whose text becomes known at the end of its line."""

    operator: str
    fd: int
    word: Word = ()


@dataclass(frozen=True, slots=True)
class Simple:
    """Assignments, then a command with its arguments."""

    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands that run at once, each reading what the one before writes."""

    commands: tuple[Command, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class AndOr:
    """A pipeline, and others that run if those before succeeded (`&&`) or failed (`||`)."""

    first: Pipeline
    rest: tuple[tuple[str, Pipeline], ...] = ()
    background: bool = False


@dataclass(frozen=True, slots=True)
class List:
    """One after the other."""

    items: tuple[AndOr, ...]


@dataclass(frozen=True, slots=True)
class If:
    """`if`, with its `elif`s."""

    branches: tuple[tuple[List, List], ...]
    otherwise: List | None


@dataclass(frozen=True, slots=True)
class For:
    """`for name in words`; without `in`, over the shell's own arguments."""

    name: str
    words: tuple[Word, ...] | None
    body: List


@dataclass(frozen=True, slots=True)
class Loop:
    """`while` and `until`."""

    until: bool
    condition: List
    body: List


@dataclass(frozen=True, slots=True)
class Case:
    """`case word in pattern | pattern) … ;; esac`."""

    word: Word
    clauses: tuple[tuple[tuple[Word, ...], List], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """`{ …; }`."""

    body: List


@dataclass(frozen=True, slots=True)
class Subshell:
    """`( … )`."""

    body: List


@dataclass(frozen=True, slots=True)
class Function:
    """`name() command`."""

    name: str
    body: Command


@dataclass(frozen=True, slots=True)
class Redirected:
    """A compound command with redirects of its own."""

    command: Command
    redirects: tuple[Redirect, ...]


Command = Simple | If | For | Loop | Case | Group | Subshell | Function | Redirected
