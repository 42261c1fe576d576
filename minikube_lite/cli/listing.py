"""`minikube-lite list`: the clusters that run, as `kind get clusters` and `minikube profile list` tell them."""

from __future__ import annotations

import argparse
import json
from typing import Any

from minikube_lite.cli.errors import EXIT_OK
from minikube_lite.cli.running import Record, Running

HEADER = ("NAME", "STATUS", "PID", "API", "DNS")


def add(commands: Any) -> None:
    """Add the command."""
    listing = commands.add_parser("list", help="list the clusters of this user that run")
    listing.add_argument(
        "-o", "--output", choices=("text", "json", "name"), default="text", help="how to say it (%(default)s)"
    )
    listing.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print them."""
    records = Running.of().all()
    if chosen.output == "json":
        print(json.dumps([dict(zip(map(str.lower, HEADER), _row(record), strict=True)) for record in records]))
    elif chosen.output == "name":
        for record in records:
            print(record.name)
    else:
        rows = [HEADER, *(tuple(map(str, _row(record))) for record in records)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            print("   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return EXIT_OK


def _row(record: Record) -> tuple[str, str, int, str, str]:
    return record.name, record.state, record.process.pid, record.server, record.dns
