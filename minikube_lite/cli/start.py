"""`minikube-lite start`: one cluster in this process, from its options to its end."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from minikube_lite.cli import background
from minikube_lite.cli.errors import EXIT_FAILED, EXIT_OK, UsageError
from minikube_lite.cli.running import DEFAULT_NAME, Record, Running, context_name
from minikube_lite.cli.start_options import add_options
from minikube_lite.cli.stop import tidy

if TYPE_CHECKING:
    from minikube_lite.cluster import Cluster


def add(commands: Any) -> None:
    """Add the command."""
    start = commands.add_parser("start", help="start a cluster and run until SIGINT or SIGTERM")
    add_options(start)
    start.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Run a cluster; returns the exit code when it has ended, or, in the background, when it is up."""
    child = None
    if chosen.background:
        half = background.split()
        if isinstance(half, background.Parent):
            return half.wait()
        child = half
    import asyncio
    import logging

    cluster = _make(chosen)
    make_loop = _loop_factory() if chosen.uvloop else None
    from minikube_lite.cli.serving import Serving

    with _name(chosen) as (running, record), asyncio.Runner(loop_factory=make_loop) as runner:
        try:
            return runner.run(Serving(cluster, chosen, running, record, child).run())
        except UsageError:
            raise
        except KeyboardInterrupt:
            return EXIT_OK
        except Exception:
            logging.getLogger(__name__).exception("the cluster ended")
            return EXIT_FAILED


def _loop_factory() -> Any:
    """What makes uvloop's event loops. Raises UsageError where it is not installed."""
    try:
        import uvloop
    except ImportError:
        raise UsageError("uvloop is not installed: pip install 'minikube-lite[uvloop]'") from None
    return uvloop.new_event_loop


def _make(chosen: argparse.Namespace) -> Cluster:
    """The cluster of these options. Raises UsageError."""
    from pydantic import ValidationError

    from minikube_lite.cluster import Cluster
    from minikube_lite.config import Options

    _log(chosen.verbose)
    if chosen.pod_doors is None:
        chosen.pod_doors = sys.platform == "linux" and chosen.cluster_cidr is None
    fields = {name: value for name, value in vars(chosen).items() if value is not None and name in Options.model_fields}
    try:
        return Cluster(Options(**fields))
    except ValidationError as error:
        raise UsageError(_sentence(error)) from error
    except (OSError, ValueError) as error:
        raise UsageError(str(error)) from error


@contextlib.contextmanager
def _name(chosen: argparse.Namespace) -> Iterator[tuple[Running, Record]]:
    """Hold the cluster's name while the block runs.

    A name that was asked for must be free. Without one, clusters start beside each other, as programs that start many rely on.
    """
    running = Running.of()
    if chosen.name is not None:
        record, left = running.claim(chosen.name, context_name(chosen.name))
    elif chosen.merge_kubeconfig:
        record, left = running.claim(DEFAULT_NAME, DEFAULT_NAME)
    else:
        record, left = running.claim_unnamed()
    try:
        if left is not None:
            tidy(left)
        yield running, record
    finally:
        running.forget(record)


def _log(verbosity: int) -> None:
    import logging

    levels = (logging.WARNING, logging.INFO, logging.DEBUG)
    logging.basicConfig(
        level=levels[min(verbosity, 2)], format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )


def _sentence(error: Any) -> str:
    """The first fault of the options, with the option's name."""
    fault = error.errors()[0]
    message = str(fault["msg"]).removeprefix("Value error, ")
    if not fault["loc"]:
        return message
    option = str(fault["loc"][0]).replace("_", "-")
    return f"--{option}: {message} (given: {fault['input']})"
