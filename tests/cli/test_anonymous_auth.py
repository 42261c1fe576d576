"""A cluster whose API wants credentials: the commands have them, and so has the kubeconfig; others have none."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from tests.cli.conftest import Program


def code(url: str, token: str = "") -> int:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


@pytest.mark.parametrize(
    ("option", "version", "pods"), [("--anonymous-auth", 200, 403), ("--no-anonymous-auth", 401, 401)]
)
def test_only_who_has_credentials_comes_in(program: Program, option: str, version: int, pods: int) -> None:
    started = program.start("--nodes", "1", "--clock", "stepped", option)
    assert started.returncode == 0
    status = json.loads(program.run("status", "-o", "json").stdout)
    server = status["Server"]
    assert (code(f"{server}/version"), code(f"{server}/api/v1/pods")) == (version, pods)

    config = yaml.safe_load(program.run("kubeconfig").stdout)
    assert code(f"{server}/api/v1/pods", config["users"][0]["user"]["token"]) == 200
    assert status["APIServer"] == "Running"
    moved = program.run("clock", "advance", "1m")
    assert (moved.returncode, moved.stderr) == (0, "")
    assert "node-1" in program.run("node", "list").stdout
