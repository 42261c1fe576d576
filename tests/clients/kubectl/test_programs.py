"""The built-in images, as people use them: shells, files, web servers, copies."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.kubectl.conftest import Kube

SCRIPT = "for i in 1 2; do echo $i; done | wc -l; false || exit 4"
SECONDS_MAX = 60
LARGE_BYTES = 3 << 20


@pytest.fixture
def box(kubectl: Kube) -> Kube:
    """A pod of busybox that stays."""
    kubectl("run", "box", "--image=busybox", "--", "sleep", "infinity")
    kubectl("wait", "pod/box", "--for=condition=Ready", f"--timeout={SECONDS_MAX}s")
    return kubectl


def test_a_script_in_exec(box: Kube) -> None:
    printed = box("exec", "box", "--", "sh", "-c", SCRIPT, code=4)
    assert printed == "2\ncommand terminated with exit code 4\n"


def test_a_script_in_run(kubectl: Kube) -> None:
    printed = kubectl(
        *("run", "once", "--image=busybox", "--rm", "--attach", "--restart=Never", "--quiet", "--", "sh", "-c", SCRIPT),
        code=4,
    )
    assert "2\n" in printed
    assert kubectl("get", "pods") == f"No resources found in {kubectl.namespace} namespace.\n"


def test_a_script_on_stdin(box: Kube) -> None:
    script = "read line\nsecond line\necho got $line\nif true; then\n  echo yes\nfi\nexit 3\n"
    printed = box("exec", "-i", "box", "--", "sh", stdin=script, code=3)
    assert printed.startswith("got second line\nyes\n")


def test_what_is_not_there(box: Kube) -> None:
    assert box("exec", "box", "--", "sh", "-c", "nosuch", code=127).startswith("sh: nosuch: not found\n")
    printed = box("exec", "box", "--", "nosuch", code=1)
    assert 'exec: "nosuch": executable file not found in $PATH' in printed
    assert box("exec", "box", "--", "sh", "-c", "if", code=2).startswith("sh: syntax error: unexpected end of file")


def test_pods_talk_to_each_other(box: Kube) -> None:
    box("create", "deployment", "web", "--image=nginx", "--port=80")
    box("expose", "deployment", "web")
    box("rollout", "status", "deployment/web")
    page = box("exec", "box", "--", "wget", "-qO-", "http://web")
    assert "<title>Welcome to nginx!</title>" in page
    refused = box("exec", "box", "--", "wget", "-O-", "http://web/nosuch", code=1)
    assert "wget: server returned error: HTTP/1.1 404 Not Found\n" in refused
    log = box("logs", "deployment/web")
    assert re.search(r'^10\.244\.\d+\.\d+ - - \[.*\] "GET / HTTP/1\.1" 200 \d+ "-" "Wget" "-"$', log, re.MULTILINE)
    assert re.search(r'"GET /nosuch HTTP/1\.1" 404 \d+ ', log)
    looked = box("exec", "box", "--", "nslookup", "web")
    assert f"Name:\tweb.{box.namespace}.svc.cluster.local\n" in looked
    unknown = box("exec", "box", "--", "wget", "-q", "-O-", "http://nosuch", code=1)
    assert unknown.startswith("wget: bad address 'nosuch'\n")


def test_curl_says_what_is_wrong(kubectl: Kube) -> None:
    words = ("run", "asks", "--image=curlimages/curl", "--rm", "--attach", "--restart=Never", "--quiet", "--")
    assert "curl: (6) Could not resolve host: nosuch" in kubectl(*words, "-sS", "http://nosuch", code=6)


def test_files_are_copied_both_ways(box: Kube) -> None:
    large = bytes(range(256)) * (LARGE_BYTES // 256)
    directory: Path = box.directory / "things"
    (directory / "inner").mkdir(parents=True)
    (directory / "large").write_bytes(large)
    (directory / "inner" / "small").write_text("small\n")
    box("cp", "things", "box:/tmp/things")
    assert box("exec", "box", "--", "sh", "-c", "cat /tmp/things/large | wc -c") == f"{LARGE_BYTES}\n"
    box("cp", "box:/tmp/things", "back")
    assert (box.directory / "back" / "large").read_bytes() == large
    assert (box.directory / "back" / "inner" / "small").read_text() == "small\n"
    box("cp", "box:/etc/hostname", "hostname")
    assert (box.directory / "hostname").read_text() == "box\n"


def test_a_trap_runs_when_the_pod_is_deleted(kubectl: Kube) -> None:
    script = "trap 'echo bye; exit 0' TERM; echo ready; while true; do sleep 1; done"
    kubectl("run", "traps", "--image=busybox", "--", "sh", "-c", script)
    kubectl("wait", "pod/traps", "--for=condition=Ready", f"--timeout={SECONDS_MAX}s")
    with kubectl.running("logs", "-f", "traps") as lines:
        assert next(lines) == "ready"
        begun = time.monotonic()
        kubectl("delete", "pod", "traps")
        assert next(lines) == "bye"
    assert time.monotonic() - begun < 25, "it was killed at the end of its grace period"


def test_one_that_computes_for_ever_hurts_nobody(kubectl: Kube) -> None:
    kubectl("run", "busy", "--image=busybox", "--", "sh", "-c", "while true; do :; done")
    kubectl("wait", "pod/busy", "--for=condition=Ready", f"--timeout={SECONDS_MAX}s")
    assert kubectl("exec", "busy", "--", "echo", "there") == "there\n"
    kubectl("delete", "pod", "busy", "--now")


def test_a_crash_is_restarted_and_told(kubectl: Kube) -> None:
    kubectl("run", "crash", "--image=busybox", "--", "sh", "-c", "echo run; exit 3")
    restarted = "--for=jsonpath={.status.containerStatuses[0].restartCount}=1"
    kubectl("wait", "pod/crash", restarted, f"--timeout={SECONDS_MAX}s")
    [status] = kubectl.object("pod", "crash")["status"]["containerStatuses"]
    assert status["lastState"]["terminated"]["exitCode"] == 3
    assert kubectl("logs", "crash", "--previous") == "run\n"


def test_a_config_map_is_seen_as_files_and_variables(kubectl: Kube) -> None:
    kubectl("create", "configmap", "settings", "--from-literal=COLOR=blue")
    kubectl("create", "secret", "generic", "key", "--from-literal=token=s3cr3t")
    spec = """\
apiVersion: v1
kind: Pod
metadata: {name: reads}
spec:
  restartPolicy: Never
  volumes: [{name: key, secret: {secretName: key}}]
  containers:
  - name: main
    image: busybox
    command: [sh, -c, 'echo $COLOR; cat /key/token; echo; ls /key; touch /key/x']
    envFrom: [{configMapRef: {name: settings}}]
    volumeMounts: [{name: key, mountPath: /key, readOnly: true}]
"""
    kubectl("apply", "-f", "-", stdin=spec)
    kubectl("wait", "pod/reads", "--for=jsonpath={.status.phase}=Failed", f"--timeout={SECONDS_MAX}s")
    assert kubectl("logs", "reads") == "blue\ns3cr3t\ntoken\ntouch: /key/x: Read-only file system\n"
