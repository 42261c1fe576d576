"""What containers write is kept by lines, up to a limit."""

from __future__ import annotations

from minikube_lite.clock import Clock
from minikube_lite.programs.log import LOG_BYTES_MAX, LOG_LINE_BYTES_MAX, ContainerLog, LogOutput


def test_lines_of_two_streams():
    log = ContainerLog(Clock("stepped", seed=1))
    out, err = LogOutput(log, "stdout"), LogOutput(log, "stderr")
    out.write("a")
    err.print("oh", 1)
    out.write("b\nc")
    log.close()
    assert [(line.stream, line.text) for line in log.lines] == [
        ("stderr", b"oh 1"),
        ("stdout", b"ab"),
        ("stdout", b"c"),
    ]


def test_a_flood_is_bounded():
    log = ContainerLog(Clock("stepped", seed=1))
    for _ in range(200):
        log.write("stdout", b"x" * 20000)
    log.write("stdout", b"y\n" * 100)
    log.close()
    assert sum(len(line.text) + 1 for line in log.lines) <= LOG_BYTES_MAX
    assert log.dropped > 0
    assert max(len(line.text) for line in log.lines) <= LOG_LINE_BYTES_MAX


def test_watchers_hear_of_new_lines():
    log, heard = ContainerLog(Clock("stepped", seed=1)), []
    unwatch = log.watch(lambda: heard.append(len(log.lines)))
    log.write("stdout", b"a\nb\n")
    unwatch()
    log.write("stdout", b"c\n")
    assert heard == [1, 2]
