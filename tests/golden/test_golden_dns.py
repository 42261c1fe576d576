"""Answers recorded from CoreDNS, asked of the running program over UDP and TCP by golden_dns.py, which is kept as it was made."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CHECK_SECONDS_MAX = 120


def test_every_answer_is_the_same(launch: Callable[..., Any]) -> None:
    with launch("--nodes", "0", "--default-storage-class", "none") as launched:
        command = [sys.executable, str(HERE / "golden_dns.py"), "check", "-v"]
        run = subprocess.run(
            [*command, "--server", launched.server, "--dns", launched.dns],
            capture_output=True,
            text=True,
            timeout=CHECK_SECONDS_MAX,
            check=False,
        )
    assert run.stdout.endswith("dns: 92 same, of 92 answers\n"), run.stdout + run.stderr
