"""Lifecycle hooks: what a container's spec asks for after its start and before its end; upstream: pkg/kubelet/lifecycle."""

from __future__ import annotations

import asyncio

from minikube_lite.kubelet.asking import Asker, AskingFailed
from minikube_lite.kubelet.host import Host
from minikube_lite.kubelet.run import Run
from minikube_lite.kubelet.status import pod_text
from minikube_lite.ledger import hold_for_turns
from minikube_lite.store import Object

HOOK_TURNS_MAX = 100
"""So many turns of the event loop a hook counts as work that `settle()` waits for."""
USER_AGENT = "kube-lifecycle/1.36"


class HookFailed(Exception):
    """A hook did not succeed; the text is that of the container's status."""


async def run_hook(host: Host, asker: Asker, run: Run, handler: Object) -> None:
    """Carry out a lifecycle handler. Raises HookFailed."""
    end = hold_for_turns(host.clock.ledger, "lifecycle hook", HOOK_TURNS_MAX)
    try:
        if "exec" in handler and not run.image.known:
            text = f"what the image {run.container.image} holds is not known, exec hooks of it do not run"
            host.events.pod(run.state, "Warning", "HookNotEmulated", text, run.container.name)
        elif "exec" in handler:
            await _command(asker, run, list(handler["exec"].get("command") or ()))
        elif "httpGet" in handler:
            await _http(asker, run, handler["httpGet"])
        elif "sleep" in handler:
            await host.clock.sleep(float(handler["sleep"].get("seconds", 0)))
        else:
            raise HookFailed("Cannot run handler: invalid handler")
    finally:
        end()


async def _command(asker: Asker, run: Run, argv: list[str]) -> None:
    output = b""
    try:
        code, output = await asker.command(run, argv, 0)
        if code == 0:
            return
        fault = f"command '{' '.join(argv)}' exited with {code}: {output.decode(errors='replace')}"
    except AskingFailed as error:
        fault = str(error)
    shown = output.decode(errors="replace").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    raise HookFailed(f'Exec {_about(run, " ".join(argv), bracket="[]")} failed - error: {fault}, message: "{shown}"')


async def _http(asker: Asker, run: Run, action: Object) -> None:
    """Only an answer counts, whatever its status is."""
    try:
        await asker.http(run, action, USER_AGENT, 0)
    except (OSError, AskingFailed) as error:
        raise HookFailed(f"HTTP {_about(run, action.get('path', ''))} failed - error: {error}") from error


def _about(run: Run, what: str, bracket: str = "") -> str:
    shown = f"{bracket[:1]}{what}{bracket[1:]}"
    return f'lifecycle hook ({shown}) for Container "{run.container.name}" in Pod "{pod_text(run.state.pod)}"'


def cancel_hook(run: Run) -> None:
    """The container ended, or its grace period: its hook is given up."""
    if run.hook is not None and not run.hook.done() and run.hook is not asyncio.current_task():
        run.hook.cancel()
