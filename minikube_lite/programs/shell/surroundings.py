"""What a shell's words are expanded with: its variables and arguments, and the files of its container."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from minikube_lite.programs.files import place_of
from minikube_lite.programs.shell.state import State
from minikube_lite.programs.shell.tree import List
from minikube_lite.programs.shell.variables import Environment


class ShellSurroundings:
    """Of one shell. `substitute` runs commands and gives what they write."""

    def __init__(self, state: State, substitute: Callable[[List], Awaitable[str]]) -> None:
        self._state = state
        self.substitute = substitute

    @property
    def variables(self) -> Environment:
        """Those of the shell."""
        return self._state.variables

    @property
    def arguments(self) -> Sequence[str]:
        """`$1` and so on."""
        return self._state.arguments

    def special(self, name: str) -> str | None:
        """`$?`, `$$`, `$!`, `$-`, `$0`."""
        state = self._state
        last = None if state.last_job is None else str(state.last_job)
        values = {"?": str(state.status), "$": str(state.pid), "!": last, "-": state.option_letters(), "0": state.name}
        return values.get(name)

    def option(self, name: str) -> bool:
        """Whether it is set."""
        return self._state.option(name)

    def entries(self, directory: str) -> list[str]:
        """The names in a directory; none where there is no such directory."""
        try:
            return [entry.name for entry in place_of(self._state.context, self._state.path(directory)).iterdir()]
        except OSError:
            return []

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        try:
            place = place_of(self._state.context, self._state.path(path))
        except OSError:
            return False
        return place.exists() or place.is_symlink()
