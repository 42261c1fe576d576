"""Programs that a file describes, for people without Python: answers by path, lines in the log, an end after a while, crashes.

    images:
      my/app:
        port: 8080
        answers:
          - {path: /healthz, body: ok}
          - {path: /slow*, status: 503, delay: 2s}
        log: ["listening as $POD"]

Texts know the container's variables, and POD, NAMESPACE, NODE, IP; answers also METHOD, REQUEST (its path), BODY and COUNT.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from minikube_lite.config import parse_duration
from minikube_lite.programs.builtin_images import commands, system_files
from minikube_lite.programs.described_run import DescribedRun
from minikube_lite.programs.image import Image
from minikube_lite.programs.program import PodContext, Program
from minikube_lite.schema.quantity import Quantity

FILE_BYTES_MAX = 4 << 20
EXIT_CODE_MAX = 255
PORT_MAX = 65535

Duration = Annotated[float, BeforeValidator(parse_duration), Field(ge=0)]


def _quantity(text: str) -> str:
    Quantity.parse(text)
    return text


class ProgramFileError(ValueError):
    """A file of programs cannot be used; the text says where and why."""


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class Answer(_Model):
    """What is answered to requests of a path."""

    path: str = "*"
    """A path, or a pattern, as /api/*."""
    method: str = ""
    """The method; empty for any."""
    status: Annotated[int, Field(ge=200, le=599)] = 200
    headers: dict[str, str] = {}
    body: str = ""
    delay: Duration = 0.0

    def fits(self, method: str, path: str) -> bool:
        """Whether it is meant for a request."""
        return (not self.method or self.method.upper() == method) and fnmatchcase(path, self.path)


class Repeated(_Model):
    """Lines that come into the log again and again."""

    every: Annotated[Duration, Field(gt=0)]
    lines: list[str]


class Described(_Model):
    """A program: what it says, what it answers, and when it ends."""

    port: Annotated[int, Field(ge=0, le=PORT_MAX)] = 0
    """Where it listens, if there are answers; 0 for its container's first port, else 8080."""
    answers: list[Answer] = []
    """The first one that fits counts; where none does, it is 404."""
    log: list[str] = []
    repeat: Repeated | None = None
    start_after: Duration = 0.0
    """How long it does nothing, and listens nowhere."""
    exit_after: Duration | None = None
    crash_every: Annotated[int, Field(ge=1)] | None = None
    """It crashes after so many requests."""
    exit_code: Annotated[int, Field(ge=0, le=EXIT_CODE_MAX)] = 0
    """With which it ends; a crash with 1 unless this says more."""
    usage: dict[Literal["cpu", "memory"], Annotated[str, AfterValidator(_quantity)]] = {}
    """What it says that it uses, for `kubectl top`."""
    files: dict[str, str] = {}
    """What the image brings along, by path."""


class ProgramFile(_Model):
    """Programs by image, `*` for those that are not known otherwise."""

    images: dict[str, Described]


def load_programs(file: Path) -> dict[str, Image]:
    """The images that a file describes. Raises ProgramFileError."""
    try:
        if file.stat().st_size > FILE_BYTES_MAX:
            raise ProgramFileError(f"{file}: it is larger than {FILE_BYTES_MAX >> 20} MiB")
        found = ProgramFile.model_validate(yaml.safe_load(file.read_text()))
    except OSError as error:
        raise ProgramFileError(f"{file}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProgramFileError(f"{file}: it is not YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        raise ProgramFileError(f"{file}: {_first_fault(error)}") from error
    return {name: image_of(described) for name, described in found.images.items()}


def image_of(described: Described) -> Image:
    """The image that runs a described program; a shell and its commands are in it, too."""
    files = {**system_files("BusyBox"), **{path: text.encode() for path, text in described.files.items()}}
    return Image(_program(described), commands({}), files=files, takes="unknown")


def _program(described: Described) -> Program:
    async def program(context: PodContext) -> int:
        return await DescribedRun(described, context).run()

    return program


def _first_fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    return f"{_place(fault['loc'])}: {fault['msg']}"


def _place(steps: Iterable[int | str]) -> str:
    return (
        "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".") or "the whole"
    )
