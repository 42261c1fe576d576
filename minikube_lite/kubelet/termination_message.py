"""What a container left to be said of its end; upstream: getTerminationMessage in kuberuntime_container.go."""

from __future__ import annotations

from minikube_lite.kubelet.run import Run
from minikube_lite.programs.volumes import OutsideOfVolume

MESSAGE_BYTES_MAX = 4096
LOG_LINES_MAX = 80
LOG_BYTES_MAX = 2048
DEFAULT_PATH = "/dev/termination-log"


def termination_message(run: Run, code: int) -> str:
    """The end of the file at `terminationMessagePath`; of the log, where a failed container asks for that and wrote none."""
    message = _file(run, run.spec.get("terminationMessagePath") or DEFAULT_PATH)
    wants_log = run.spec.get("terminationMessagePolicy") == "FallbackToLogsOnError"
    if not message and wants_log and code:
        lines = b"".join(line.text + b"\n" for line in list(run.log.lines)[-LOG_LINES_MAX:])
        message = lines[-LOG_BYTES_MAX:]
    return message.decode(errors="replace")


def _file(run: Run, path: str) -> bytes:
    try:
        return run.context.read_end(path, MESSAGE_BYTES_MAX)
    except (OSError, OutsideOfVolume):
        return b""
