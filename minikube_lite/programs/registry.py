"""Which program runs for which image: built in, found by entry point, or registered from Python."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, cast

from minikube_lite.programs.asgi import AsgiApplication, serve_asgi
from minikube_lite.programs.kubia_pet import IMAGE as KUBIA_PET
from minikube_lite.programs.kubia_pet import kubia_pet
from minikube_lite.programs.program import PodContext, Program

ENTRY_POINT_GROUP = "minikube_lite.programs"
"""Entry points of this group name an image and point to a Program or an ASGI application."""
ASGI_PORT = 8080
"""Where an ASGI application listens whose container names no port."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A program, and whether it ends by itself when `context.terminating` is set."""

    program: Program
    graceful: bool = False


class Programs:
    """The programs of one cluster, by image name. An unknown image runs quietly for ever."""

    def __init__(self, programs: Mapping[str, Registered] | None = None) -> None:
        self._programs: dict[str, Registered] = dict(programs or {})

    @classmethod
    def discover(cls) -> Programs:
        """The built-in programs, and those of installed packages."""
        found = cls({KUBIA_PET: Registered(kubia_pet)})
        for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: (point.name, point.value)):
            found.register(point.name, point.load())
        return found

    def register(
        self, image: str, program: Program | AsgiApplication, *, port: int = 0, graceful: bool = False
    ) -> None:
        """Run a program for an image, with any tag unless `image` has one.

        An ASGI application (a callable of three arguments) listens on `port`, else on its container's first one.
        """
        if is_asgi(program):
            program = _serving(cast(AsgiApplication, program), port)
        self._programs[normalized(image)] = Registered(cast(Program, program), graceful)

    def __setitem__(self, image: str, program: Program | AsgiApplication) -> None:
        self.register(image, program)

    def find(self, image: str) -> Registered:
        """The program of an image: that of its very tag, or of its name, or one that does nothing."""
        name = normalized(image)
        return self._programs.get(name) or self._programs.get(without_tag(name)) or Registered(pause)


async def pause(context: PodContext) -> int:
    """Do nothing until stopped."""
    try:
        await asyncio.get_running_loop().create_future()
    except asyncio.CancelledError:
        return 0
    return 0


def _serving(application: AsgiApplication, port: int) -> Program:
    async def program(context: PodContext) -> int:
        return await serve_asgi(application, context, port or next(iter(context.ports), ASGI_PORT))

    return program


def is_asgi(program: Callable[..., Any]) -> bool:
    """Whether a callable takes scope, receive and send, rather than a context."""
    target = program if inspect.isroutine(program) else getattr(program, "__call__", program)  # noqa: B004
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(parameter.kind in kinds for parameter in inspect.signature(target).parameters.values()) == 3


def normalized(image: str) -> str:
    """An image's name without what container runtimes add by themselves."""
    for prefix in ("docker.io/library/", "docker.io/"):
        image = image.removeprefix(prefix)
    return image.partition("@")[0]


def without_tag(image: str) -> str:
    """An image's name without its tag."""
    head, slash, last = image.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"
