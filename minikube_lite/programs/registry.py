"""Which program runs for which image: built in, found by entry point, or registered from Python."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, cast

from minikube_lite.programs.asgi import AsgiApplication, serve_asgi
from minikube_lite.programs.builtin_images import builtin_images, commands
from minikube_lite.programs.described import load_programs
from minikube_lite.programs.image import Image
from minikube_lite.programs.pause import pause
from minikube_lite.programs.program import PodContext, Program

ENTRY_POINT_GROUP = "minikube_lite.programs"
"""Entry points of this group name an image and point to a Program or an ASGI application."""
ANY_IMAGE = "*"
"""Stands for every image that has no program of its own."""
ASGI_PORT = 8080
"""Where an ASGI application listens whose container names no port."""


class Programs:
    """The programs of one cluster, by image name. An unknown image runs quietly for ever; what is run in it beside is a shell's."""

    def __init__(self, programs: Mapping[str, Image] | None = None) -> None:
        self._programs: dict[str, Image] = dict(programs or {})

    @classmethod
    def discover(cls) -> Programs:
        """The built-in programs, and those of installed packages."""
        return cls(_installed())

    def register(
        self,
        image: str,
        program: Program | AsgiApplication | Image,
        *,
        port: int = 0,
        graceful: bool = False,
        commands: Mapping[str, Program] | None = None,
    ) -> None:
        """Run a program for an image, with any tag unless `image` has one. It is given whatever command a container names.

        An ASGI application (a callable of three arguments) listens on `port`, else on its container's first one.
        """
        if not isinstance(program, Image):
            if is_asgi(program):
                program = _serving(cast(AsgiApplication, program), port)
            program = Image(cast(Program, program), commands or {}, graceful, takes="all")
        self._programs[normalized(image)] = program

    @property
    def images(self) -> Mapping[str, Image]:
        """All of them."""
        return self._programs

    def describe(self, file: Path) -> None:
        """Add the programs that a file describes. Raises ProgramFileError."""
        for image, found in load_programs(file).items():
            self.register(image, found)

    def __setitem__(self, image: str, program: Program | AsgiApplication | Image) -> None:
        self.register(image, program)

    def find(self, image: str) -> Image:
        """What an image of that very tag, or else of that name, holds; an unknown one does nothing."""
        name = normalized(image)
        found = self._programs.get(name) or self._programs.get(without_tag(name)) or self._programs.get(ANY_IMAGE)
        return found or _unknown()


@functools.cache
def _installed() -> Mapping[str, Image]:
    """What every cluster of the process begins with."""
    found = Programs(builtin_images())
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: (point.name, point.value)):
        found.register(point.name, point.load())
    return found.images


@functools.cache
def _unknown() -> Image:
    return Image(pause, commands({}), takes="all", known=False)


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
