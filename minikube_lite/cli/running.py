"""Which clusters run: a folder for each name, with a record of the process, in a directory of this user alone.

It holds what a running cluster needs beside its data: its record, its kubeconfig and, in the background, its log.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from minikube_lite.cli.errors import UsageError
from minikube_lite.cli.processes import Process

DEFAULT_NAME = "minikube-lite"
DIRECTORY_VARIABLE = "MINIKUBE_LITE_RUNTIME_DIR"
NAME_PATTERN = re.compile(r"[a-z0-9]([-a-z0-9]{0,48}[a-z0-9])?")
UNNAMED_MAX = 1000
"""Clusters that nobody named, beside each other."""
RECORD_FILE, LOCK_FILE = "cluster.json", ".lock"


def checked_name(text: str) -> str:
    """A name of a cluster. Raises ValueError."""
    if not NAME_PATTERN.fullmatch(text):
        raise ValueError(f'"{text}" is no name: up to 50 lower-case letters, digits and -')
    return text


def context_name(name: str) -> str:
    """The context of that cluster in a kubeconfig.

    As with minikube, the default cluster's is the program's name; as with kind, others have it in front, so that an
    emulated `prod` never takes the place of a real one in somebody's ~/.kube/config.
    """
    return DEFAULT_NAME if name == DEFAULT_NAME else f"{DEFAULT_NAME}-{name}"


@dataclass(frozen=True, slots=True)
class Record:
    """A cluster that was started. `server` is "" until it is up."""

    name: str
    context: str
    process: Process
    server: str = ""
    dns: str = ""
    kubeconfig: str = ""
    """The file that was announced."""
    merged_into: tuple[str, ...] = ()
    """The files that it was merged into, or may have been."""
    previous_context: str = ""
    """What was current there."""
    log: str = ""
    zone: str = "cluster.local"
    """Its DNS zone, and the TTL of its records in seconds."""
    ttl: int = 30
    token: str = ""
    """Cluster admin's, where requests without credentials are not cluster admin."""

    @property
    def endpoint(self) -> str:
        """The server as commands reach it, with the token as its password."""
        return self.server.replace("://", f"://:{self.token}@", 1) if self.token else self.server

    @property
    def state(self) -> str:
        """In minikube's words."""
        return "Running" if self.server else "Starting"

    def to_json(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Record | None:
        """As it was kept; None where it is none of ours."""
        try:
            kept: dict[str, Any] = json.loads(text)
            merged = tuple(kept["merged_into"])
            return cls(**{**kept, "process": Process(**kept["process"]), "merged_into": merged})
        except (ValueError, TypeError, KeyError):
            return None


class NameTakenError(UsageError):
    """A cluster of that name runs already."""

    def __init__(self, record: Record) -> None:
        where = f", {record.server}" if record.server else ""
        choice = "" if record.name == DEFAULT_NAME else f" --name {record.name}"
        super().__init__(
            f"a cluster named {record.name} runs already (pid {record.process.pid}{where}); "
            f"`minikube-lite stop{choice}` stops it, --name NAME starts another one beside it"
        )
        self.record = record


class Running:
    """The clusters of this user."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Running:
        """Where the environment says, else in the user's runtime directory, else in a directory of theirs for temporary files."""
        directory = chosen_directory(environment)
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            facts = directory.lstat()
        except OSError as error:
            raise UsageError(
                f"{directory} cannot be used: {error.strerror}; {DIRECTORY_VARIABLE} names another"
            ) from error
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid() or facts.st_mode & 0o022:
            raise UsageError(f"{directory} is not this user's own directory; {DIRECTORY_VARIABLE} names another")
        return cls(directory)

    def folder(self, name: str) -> Path:
        """The folder of that name."""
        return self.directory / name

    def kubeconfig(self, name: str) -> Path:
        """The kubeconfig of that name alone."""
        return self.folder(name) / "kubeconfig"

    def log(self, name: str) -> Path:
        """Where it logs in the background."""
        return self.folder(name) / "log"

    def record(self, name: str) -> Record | None:
        """What is noted of that name, whether it still runs or not."""
        try:
            return Record.from_json((self.folder(name) / RECORD_FILE).read_text(encoding="utf-8"))
        except OSError:
            return None

    def find(self, name: str) -> Record | None:
        """The running cluster of that name."""
        record = self.record(name)
        return record if record is not None and record.process.alive else None

    def all(self) -> list[Record]:
        """The running clusters, by name."""
        names = sorted(path.name for path in self.directory.iterdir() if path.is_dir())
        found = [self.find(name) for name in names]
        return [record for record in found if record is not None]

    def claim(self, name: str, context: str) -> tuple[Record, Record | None]:
        """Take a name for this process; the second answer is a record that a process left which died. NameTakenError."""
        with self._locked():
            left = self.record(name)
            if left is not None and left.process.alive:
                raise NameTakenError(left)
            record = Record(name, context, Process.current())
            self.note(record)
        return record, left

    def claim_unnamed(self) -> tuple[Record, Record | None]:
        """Take the first name that is free, for a cluster which nobody named and whose context is the default one."""
        for name in (DEFAULT_NAME, *(f"unnamed-{number}" for number in range(2, UNNAMED_MAX + 1))):
            try:
                return self.claim(name, DEFAULT_NAME)
            except NameTakenError:
                continue
        raise UsageError(f"{UNNAMED_MAX} clusters without a name run already; --name NAME gives this one its own")

    def note(self, record: Record) -> None:
        """Keep a record, whole or not at all."""
        folder = self.folder(record.name)
        folder.mkdir(mode=0o700, exist_ok=True)
        draft = folder / f"{RECORD_FILE}.{os.getpid()}"
        draft.write_text(record.to_json(), encoding="utf-8")
        draft.replace(folder / RECORD_FILE)

    def forget(self, record: Record) -> None:
        """Give the name back, unless somebody else has it by now."""
        with self._locked():
            noted = self.record(record.name)
            if noted is not None and noted.process == record.process:
                shutil.rmtree(self.folder(record.name), ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time takes and gives back names."""
        with (self.directory / LOCK_FILE).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def chosen_directory(environment: Mapping[str, str]) -> Path:
    """Where the records are; XDG_RUNTIME_DIR counts only where it is a directory in which we may write."""
    asked = environment.get(DIRECTORY_VARIABLE)
    if asked:
        return Path(asked).absolute()
    of_the_user = environment.get("XDG_RUNTIME_DIR")
    if of_the_user and os.access(of_the_user, os.W_OK | os.X_OK):
        return Path(of_the_user) / "minikube-lite"
    import tempfile

    return Path(tempfile.gettempdir()) / f"minikube-lite-{os.getuid()}"
