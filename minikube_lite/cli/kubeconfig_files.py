"""Kubeconfigs on disk: which files there are, and changing them so that nothing of others is lost.

Upstream: client-go/tools/clientcmd, whose rules for $KUBECONFIG and whose lock files these are.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from yaml import MappingNode

from minikube_lite.cli import kubeconfig_document as documents
from minikube_lite.cli.errors import UsageError

LOCK_SECONDS_MAX = 5.0
"""How long somebody else may hold the lock of a file; kubectl needs milliseconds."""
LOCK_PAUSE_SECONDS = 0.02
OWN_PREFIX = "minikube-lite"


def loading_precedence(environment: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """The files that kubectl reads: those of $KUBECONFIG, each once, else the one in the home directory."""
    listed = [Path(part).absolute() for part in environment.get("KUBECONFIG", "").split(os.pathsep) if part]
    return tuple(dict.fromkeys(listed)) or (Path.home() / ".kube" / "config",)


def default_file(files: Sequence[Path]) -> Path:
    """Where new entries go: the first file that exists, else the last of the list."""
    return next((path for path in files if path.exists()), files[-1])


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did, by which it is undone."""

    files: tuple[Path, ...]
    file: Path
    """The one that has the entries."""
    previous_context: str


def merge(
    files: Sequence[Path], own: str, *, keep_context: bool = False, lock_seconds: float = LOCK_SECONDS_MAX
) -> Merged:
    """Merge the entries of a kubeconfig's text into the files; its context becomes the current one unless that is kept."""
    ours = documents.parse(own)
    name = documents.current_context(ours)
    file = default_file(files)
    with _locked(files, lock_seconds):
        read = _read_all(files)
        previous = _current_context(read)
        changed = {path: documents.without_entries(document, name) for path, document in read.items() if path != file}
        target = documents.with_entries(read[file], ours)
        if not keep_context:
            target = documents.with_current_context(target, name)
        _write_changed(read, {**changed, file: target})
    return Merged(tuple(files), file, "" if previous == name else previous)


def unmerge(files: Sequence[Path], name: str, previous_context: str) -> None:
    """Take the entries of that name out again. Where their context is current, the one before it is, if it is still there."""
    with _locked([path for path in files if path.exists()]) as present:
        read = _read_all(present)
        changed = {path: documents.without_entries(document, name) for path, document in read.items()}
        left = [context for document in changed.values() for context in documents.context_names(document)]
        current = previous_context if previous_context in left else ""
        for path, document in changed.items():
            if documents.current_context(document) == name:
                changed[path] = documents.with_current_context(document, current)
        _write_changed(read, changed)


def check_own_file(path: Path) -> None:
    """A file that we replace whole must not hold what is somebody else's. Raises UsageError."""
    if not path.is_file():
        return
    foreign = [name for name in documents.names(_read(path)) if not name.startswith(OWN_PREFIX)]
    if foreign:
        raise UsageError(
            f"{path} has entries of other clusters ({foreign[0]}): add --merge-kubeconfig, or choose another file"
        )


def points_to(path: Path, name: str, server: str) -> bool:
    """Whether kubectl, given this file and that context, reaches the server."""
    try:
        document = _read(path)
    except UsageError:
        return False
    return name in documents.context_names(document) and documents.server_of(document, name) == server


def _current_context(read: Mapping[Path, MappingNode]) -> str:
    """The first file that says one decides."""
    return next((name for document in read.values() if (name := documents.current_context(document))), "")


def _read_all(files: Iterable[Path]) -> dict[Path, MappingNode]:
    return {path: _read(path) for path in files}


def _read(path: Path) -> MappingNode:
    try:
        return documents.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return documents.parse("")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no kubeconfig and is left as it is: it is not UTF-8") from error
    except documents.BrokenKubeconfigError as error:
        raise UsageError(f"{path} is no kubeconfig and is left as it is: {error}") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _write_changed(before: Mapping[Path, MappingNode], after: Mapping[Path, MappingNode]) -> None:
    for path, document in after.items():
        if document is not before[path]:
            _write(path, documents.text_of(document))


def _write(path: Path, text: str) -> None:
    """Replace a file whole or not at all: a link stays one, an existing file keeps its mode, a new one is its owner's alone."""
    place = path.resolve()
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        draft.touch(mode=0o600)
        if place.exists():
            draft.chmod(place.stat().st_mode & 0o777)
        draft.write_text(text, encoding="utf-8")
        draft.replace(place)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


@contextmanager
def _locked(files: Iterable[Path], seconds: float = LOCK_SECONDS_MAX) -> Iterator[list[Path]]:
    """Hold the lock files that client-go uses, taken in the order of their names."""
    with ExitStack() as held:
        for path in sorted(files):
            lock = path.with_name(f"{path.name}.lock")
            _take(lock, seconds)
            held.callback(lock.unlink, missing_ok=True)
        yield list(files)


def _take(lock: Path, seconds: float) -> None:
    from minikube_lite.clock import TransportTime

    time = TransportTime()
    deadline = time.now() + seconds
    while True:
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL, 0o600))
            return
        except FileExistsError:
            if time.now() > deadline:
                raise UsageError(f"{lock} is held by another program; remove it if none is at work") from None
            time.pause(LOCK_PAUSE_SECONDS)
        except OSError as error:
            raise UsageError(f"{lock} cannot be made: {error.strerror}") from error
