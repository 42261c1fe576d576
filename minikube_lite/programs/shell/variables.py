"""A shell's variables: exported or not, local to functions, for one command; upstream: POSIX, Shell Command Language, 2.5.3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Variable:
    """A value, None while it is not set, and its attributes."""

    value: str | None = None
    exported: bool = False
    read_only: bool = False


class ReadOnlyVariable(Exception):
    """A variable that must not be changed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: is read only")


class Environment(MutableMapping[str, str]):
    """The variables that are set, by name."""

    def __init__(self, exported: Mapping[str, str]) -> None:
        self._variables = {name: Variable(value, exported=True) for name, value in exported.items()}
        self._scopes: list[dict[str, Variable | None]] = []

    def copy(self) -> Environment:
        """The same for a subshell, which changes its own."""
        made = Environment({})
        made._variables = dict(self._variables)
        made._scopes = [dict(scope) for scope in self._scopes]
        return made

    # As a mapping

    def __getitem__(self, name: str) -> str:
        found = self._variables.get(name)
        if found is None or found.value is None:
            raise KeyError(name)
        return found.value

    def __setitem__(self, name: str, value: str) -> None:
        """Raises ReadOnlyVariable."""
        found = self._changeable(name)
        self._variables[name] = replace(found, value=value)

    def __delitem__(self, name: str) -> None:
        """Raises ReadOnlyVariable."""
        self._changeable(name)
        self._variables.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return (name for name, variable in self._variables.items() if variable.value is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _changeable(self, name: str) -> Variable:
        found = self._variables.get(name, Variable())
        if found.read_only:
            raise ReadOnlyVariable(name)
        return found

    # Attributes

    def export(self, name: str) -> None:
        """Give it to commands."""
        self._variables[name] = replace(self._variables.get(name, Variable()), exported=True)

    def protect(self, name: str) -> None:
        """Let nobody change it any more."""
        self._variables[name] = replace(self._variables.get(name, Variable()), read_only=True)

    def exported(self) -> dict[str, str]:
        """What commands are given."""
        return {
            name: variable.value
            for name, variable in self._variables.items()
            if variable.exported and variable.value is not None
        }

    def read_only(self) -> list[str]:
        """The names that nobody can change."""
        return sorted(name for name, variable in self._variables.items() if variable.read_only)

    # Scopes

    def enter(self) -> None:
        """A function begins, or a command with variables of its own."""
        self._scopes.append({})

    def leave(self) -> None:
        """It ends: what was local has its old value again."""
        for name, before in self._scopes.pop().items():
            if before is None:
                self._variables.pop(name, None)
            else:
                self._variables[name] = before

    def make_local(self, name: str) -> None:
        """Whatever happens to it is undone when the innermost scope ends."""
        self._scopes[-1].setdefault(name, self._variables.get(name))
