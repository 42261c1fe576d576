"""A cluster while it runs in this process: started, announced, stopped when a signal asks for it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import errno
import signal
import sys
from pathlib import Path
from typing import Any

from minikube_lite.cli import announcement, kubeconfig_files
from minikube_lite.cli.background import Child
from minikube_lite.cli.errors import EXIT_OK, UsageError
from minikube_lite.cli.running import Record, Running
from minikube_lite.cli.stop import tidy
from minikube_lite.cli.terminal import Terminal
from minikube_lite.cluster import Cluster
from minikube_lite.kubeconfig import write_kubeconfig


class Serving:
    """A start and all that follows from it."""

    def __init__(
        self,
        cluster: Cluster,
        chosen: argparse.Namespace,
        running: Running,
        record: Record,
        child: Child | None,
    ) -> None:
        self._cluster = cluster
        self._chosen = chosen
        self._running = running
        self._record = record
        self._child = child
        self._stopped = asyncio.Event()

    async def run(self) -> int:
        """Start, say so, and run until somebody asks for the end."""
        _allow_many_descriptors()
        self._listen_to_signals()
        try:
            with Terminal.of(sys.stderr).progress(f"Starting {self._record.context} …"):
                await self._cluster.start()
        except (OSError, ValueError) as error:
            raise UsageError(f"{error}{_hint(error)}") from error
        try:
            await asyncio.to_thread(self._write_kubeconfigs)
            self._announce()
            await self._stopped.wait()
        finally:
            await self._cluster.stop()
            await asyncio.to_thread(tidy, self._record)
        return EXIT_OK

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup's wish
                loop.add_signal_handler(number, self._stopped.set)

    def _write_kubeconfigs(self) -> None:
        """Its own file, and the one that was asked for or what it is merged into."""
        addresses, context, token = self._cluster.addresses, self._record.context, self._cluster.admin_token
        own = self._running.kubeconfig(self._record.name)
        asked: Path | None = self._chosen.kubeconfig and self._chosen.kubeconfig.absolute()
        try:
            write_kubeconfig(own, addresses.server, context, token)
            if self._chosen.merge_kubeconfig:
                announced = self._merge(own, asked)
            elif asked:
                kubeconfig_files.check_own_file(asked)
                write_kubeconfig(asked, addresses.server, context, token)
                announced = asked
            else:
                announced = own
        except OSError as error:
            raise UsageError(f"the kubeconfig cannot be written: {error}") from error
        log_file = str(self._running.log(self._record.name)) if self._child else ""
        options = self._cluster.options
        self._note(
            server=addresses.server,
            dns=addresses.dns,
            kubeconfig=str(announced),
            log=log_file,
            zone=options.cluster_domain,
            ttl=options.dns_ttl,
            token=token,
        )

    def _merge(self, own: Path, asked: Path | None) -> Path:
        """Merge its own file into the others; returns the one that has the entries now."""
        files = (asked,) if asked else kubeconfig_files.loading_precedence()
        # Noted before it is done: who tidies up after a process that died finds all that there may be.
        self._note(merged_into=tuple(map(str, files)))
        try:
            merged = kubeconfig_files.merge(files, own.read_text("utf-8"), keep_context=self._chosen.keep_context)
        except UsageError:
            self._note(merged_into=())
            raise
        self._note(previous_context=merged.previous_context)
        return merged.file

    def _note(self, **facts: Any) -> None:
        self._record = dataclasses.replace(self._record, **facts)
        self._running.note(self._record)

    def _announce(self) -> None:
        if self._chosen.output == "json":
            text = announcement.as_json(self._record)
        else:
            named = self._chosen.name is not None or self._record.name == self._record.context
            terminal = Terminal.of(sys.stdout)
            text = announcement.as_text(self._record, self._cluster.options, terminal, named=named)
        print(text, flush=True)
        if self._child is not None:
            self._child.detach(Path(self._record.log))


def _hint(error: OSError | ValueError) -> str:
    """What to do about a port that cannot be had."""
    if isinstance(error, OSError) and error.errno in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
        return "; choose other ports with --api-port and --dns-port (0 picks a free one)"
    return ""


def _allow_many_descriptors() -> None:
    """Each port of a pod that the host can reach is a descriptor, of which shells allow 1,024 unless they are asked for more."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
