"""Answers recorded from a real API server, compared by golden.py, which is kept as it was made.

floor.json holds how many answers of each file are the same, and the same in meaning: fewer fail. More are raised by

    MINIKUBE_LITE_RAISE_FLOOR=1 pytest -n0 tests/golden/test_golden.py && python tools/api_coverage.py

A case that waits for what is not emulated (`not_waited_for`) goes on without waiting, and is compared all the same.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).resolve().parent
FLOOR = HERE / "floor.json"
FILES = sorted(path.stem for path in (HERE / "cases").glob("*.yaml"))
TOKEN = "admintoken"
CHECK_SECONDS_MAX = 240
DIFFERENCES_CHARACTERS_MAX = 20_000
RAISE = "MINIKUBE_LITE_RAISE_FLOOR"


@pytest.fixture(scope="module")
def server(launch: Callable[..., Any]) -> Iterator[str]:
    """A cluster as the recorded one: no nodes, no default storage class, one token."""
    options = (
        "--nodes",
        "0",
        "--no-lab",
        "--default-storage-class",
        "none",
        "--token-auth-file",
        str(HERE / "tokens.csv"),
    )
    with launch(*options) as launched:
        yield launched.server


def patient(case: dict[str, Any], file: str, not_waited_for: list[str]) -> dict[str, Any]:
    """The case; without its waits where nothing would come of them."""
    if f"{file}/{case['case']}" not in not_waited_for:
        return case
    steps = [{key: value for key, value in step.items() if key != "until"} for step in case["steps"]]
    return {**case, "steps": steps}


@pytest.mark.parametrize("file", FILES)
def test_not_below_the_floor(server: str, file: str, tmp_path: Path) -> None:
    floor = json.loads(FLOOR.read_text())
    cases = yaml.safe_load((HERE / "cases" / f"{file}.yaml").read_text())
    for folder in ("cases", "expected"):
        (tmp_path / folder).mkdir()
    chosen = [patient(case, file, floor["not_waited_for"]) for case in cases]
    (tmp_path / "cases" / f"{file}.yaml").write_text(json.dumps(chosen))
    shutil.copy(HERE / "expected" / f"{file}.json", tmp_path / "expected")

    command = [sys.executable, str(HERE / "golden.py"), "check", "--server", server, "--token", TOKEN, "-v"]
    run = subprocess.run(
        [*command, "--dir", str(tmp_path)], capture_output=True, text=True, timeout=CHECK_SECONDS_MAX, check=False
    )
    score = re.search(r"^golden: (\d+) same, (\d+) in meaning, of (\d+) answers$", run.stdout, re.MULTILINE)
    assert score, run.stdout + run.stderr

    same, meaning, total = map(int, score.groups())
    found = {"same": same, "meaning": meaning, "of": total}
    least = floor["files"].get(file, {"same": 0, "meaning": 0})
    if os.environ.get(RAISE):
        raised = {key: max(value, least.get(key, 0)) for key, value in found.items()}
        floor["files"] = dict(sorted({**floor["files"], file: raised}.items()))
        FLOOR.write_text(json.dumps(floor, indent=1) + "\n")
    elif same < least["same"] or meaning < least["meaning"]:
        differences = run.stdout[:DIFFERENCES_CHARACTERS_MAX]
        pytest.fail(f"{file}: {found}, but the floor is {least}; all that differs:\n{differences}", pytrace=False)


def test_every_file_has_a_floor() -> None:
    floor = json.loads(FLOOR.read_text())
    assert sorted(floor["files"]) == FILES
    assert sum(file["of"] for file in floor["files"].values()) == 1220
