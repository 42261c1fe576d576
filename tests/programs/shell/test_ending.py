"""A script ends when its container does, whatever it is doing."""

from __future__ import annotations

import asyncio

import pytest

from minikube_lite.programs.builtin_images import commands
from minikube_lite.programs.program import EXIT_CODE_TERMINATED, run_program
from minikube_lite.programs.streams import BytesInput, Collector

FOR_EVER = (
    "sleep 1000",
    "while true; do sleep 1000; done",
    "until false; do (sleep 1000); done",
    "while true; do sleep 1000 | cat; done",
    "while true; do timeout 1000 sleep 2000; done",
    "while true; do env A=1 nohup sleep 1000; done",
    "f() { sleep 1000; }; while true; do f; done",
    "while true; do x=$(sleep 1000); done",
    "while true; do sleep 1000 & wait; done",
)


@pytest.mark.parametrize("script", FOR_EVER)
async def test_a_script_that_goes_on_for_ever_ends_when_it_is_ended(make_context, script: str) -> None:
    stopped = Collector()
    context = make_context(argv=["sh", "-c", script], stdin=BytesInput(b""), stdout=stopped, stderr=stopped)
    task = asyncio.create_task(run_program(commands({})["sh"], context))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
    assert await asyncio.wait_for(task, 10) == EXIT_CODE_TERMINATED
    for _ in range(20):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}, "nothing of it goes on"
