"""The open files of a shell and its commands, by number, and their redirection; upstream: POSIX, Shell Command Language, 2.7."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from minikube_lite.programs.files import close, open_input, open_output, place_of, refused
from minikube_lite.programs.program import PodContext
from minikube_lite.programs.shell.errors import ShellError
from minikube_lite.programs.shell.tree import Redirect, Word
from minikube_lite.programs.streams import BytesInput, Input, Output

FD_MAX = 1023
_CANNOT_OPEN = {errno.ENOENT: "no such file"}
_CANNOT_CREATE = {errno.ENOENT: "nonexistent directory"}


class NotOpened(ShellError):
    """A file cannot be opened; the command does not run."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 1)


class Closed(Output):
    """A descriptor that was closed."""

    def write(self, data: str | bytes, /) -> None:
        """Raises OSError."""
        raise refused(errno.EBADF, "")

    async def read(self, n: int = -1, /) -> bytes:
        """Raises OSError."""
        raise refused(errno.EBADF, "")


class Streams:
    """What is open, by descriptor."""

    def __init__(self, open_files: dict[int, Input | Output]) -> None:
        self._files = open_files

    @classmethod
    def of(cls, context: PodContext) -> Streams:
        """Those that a process is given."""
        return cls({0: context.stdin, 1: context.stdout, 2: context.stderr})

    @property
    def stdin(self) -> Input:
        """Descriptor 0."""
        return cast(Input, self._files.get(0, Closed()))

    @property
    def stdout(self) -> Output:
        """Descriptor 1."""
        return self._output(1)

    @property
    def stderr(self) -> Output:
        """Descriptor 2."""
        return self._output(2)

    def _output(self, fd: int) -> Output:
        found = self._files.get(fd, Closed())
        return found if isinstance(found, Output) else Closed()

    def get(self, fd: int) -> Input | Output | None:
        """What is open there."""
        return self._files.get(fd)

    def with_(self, fd: int, stream: Input | Output) -> Streams:
        """The same, but for one."""
        return Streams({**self._files, fd: stream})

    def without(self, fd: int) -> Streams:
        """The same, but one is closed."""
        return Streams({**self._files, fd: Closed()})


class Redirector:
    """Opens what redirects name, for one shell."""

    def __init__(
        self, context: PodContext, expand: Callable[[Word], Awaitable[str]], path: Callable[[str], str]
    ) -> None:
        self._context = context
        self._expand = expand
        self._path = path

    async def apply(
        self, streams: Streams, redirects: Sequence[Redirect], *, clobber: bool
    ) -> tuple[Streams, list[Input | Output]]:
        """The streams after the redirects, and what was opened and is to be closed. Raises NotOpened."""
        opened: list[Input | Output] = []
        try:
            for redirect in redirects:
                streams = await self._one(streams, redirect, opened, clobber)
        except BaseException:
            for stream in opened:
                close(stream)
            raise
        return streams, opened

    async def _one(self, streams: Streams, redirect: Redirect, opened: list[Input | Output], clobber: bool) -> Streams:
        target = await self._expand(redirect.word)
        if redirect.operator in ("<<", "<<-"):
            return streams.with_(redirect.fd, BytesInput(target.encode()))
        if redirect.operator in ("<&", ">&"):
            return _duplicated(streams, redirect.fd, target)
        stream = self._open(streams, redirect.operator, target, clobber)
        opened.append(stream)
        return streams.with_(redirect.fd, stream)

    def _open(self, streams: Streams, operator: str, target: str, clobber: bool) -> Input | Output:
        context = self._context.process((), stdin=streams.stdin, stdout=streams.stdout, stderr=streams.stderr)
        path = self._path(target)
        try:
            if operator == "<":
                return open_input(context, path)
            if operator == ">" and not clobber and place_of(context, path).is_file():
                raise NotOpened(f"can't create {target}: File exists")
            return open_output(context, path, append=operator in (">>", "<>"))
        except OSError as error:
            number = error.errno or 0
            if operator == "<":
                raise NotOpened(f"can't open {target}: {_CANNOT_OPEN.get(number, error.strerror)}") from None
            raise NotOpened(f"can't create {target}: {_CANNOT_CREATE.get(number, error.strerror)}") from None


def _duplicated(streams: Streams, fd: int, target: str) -> Streams:
    if target == "-":
        return streams.without(fd)
    if not target.isdigit() or int(target) > FD_MAX:
        raise NotOpened(f"{target}: bad file descriptor")
    found = streams.get(int(target))
    if found is None or isinstance(found, Closed):
        raise NotOpened(f"{target}: Bad file descriptor")
    return streams.with_(fd, found)
