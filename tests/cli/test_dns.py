"""The zone of a running cluster, as the command prints it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Program

NAME = "web.default.svc.cluster.test."


def test_the_zone_and_its_changes(program: Program, kubectl_path: str) -> None:
    program.start("--cluster-domain", "cluster.test", "--dns-ttl", "7")
    printed = program.run("dns").stdout
    assert "kubernetes.default.svc.cluster.test.\t7\tIN\tA\t10.96.0.1\n" in printed
    kubeconfig = program.home / "kubeconfig"
    kubeconfig.write_text(program.run("kubeconfig").stdout)

    def kubectl(*words: str) -> None:
        command = [kubectl_path, "--kubeconfig", str(kubeconfig), *words]
        subprocess.run(command, check=True, capture_output=True, timeout=60, env=program.environment)

    with program.begin("dns", "--watch") as process:
        assert process.stdout is not None
        for line in printed.splitlines():
            assert process.stdout.readline() == f"{line}\n"
        kubectl("create", "service", "clusterip", "web", "--clusterip=10.96.0.77", "--tcp=80")
        assert process.stdout.readline() == f"+ {NAME}\t7\tIN\tA\t10.96.0.77\n"
        assert process.stdout.readline() == f"+ {NAME}\t7\tIN\tSRV\t0 100 80 {NAME}\n"
        assert process.stdout.readline() == f"+ _80._tcp.{NAME}\t7\tIN\tSRV\t0 100 80 {NAME}\n"
        kubectl("delete", "service", "web")
        assert process.stdout.readline() == f"- {NAME}\t7\tIN\tA\t10.96.0.77\n"
        process.terminate()
        process.communicate(timeout=60)
