"""The book's pet."""

from __future__ import annotations

import asyncio
import io

from minikube_lite.programs.kubia_pet import kubia_pet
from minikube_lite.programs.program import Mount, run_program


async def test_it_says_who_it_is_and_keeps_what_it_is_told(make_context, log_text, tmp_path):
    context = make_context(mounts=[Mount("/var/data", tmp_path / "data")])
    task = asyncio.create_task(run_program(kubia_pet, context))
    await asyncio.sleep(0)
    async with context.network.http() as session:
        url = f"http://{context.network.ip}:8080/anything"
        async with session.get(url) as response:
            assert await response.text() == "You've hit kubia-0\nData stored on this pod: No data posted yet\n"
        async with session.post(url, data="Hey there!") as response:
            assert await response.text() == "Data stored on pod kubia-0\n"
        async with session.get(url) as response:
            assert await response.text() == "You've hit kubia-0\nData stored on this pod: Hey there!\n"
        async with session.post(url, data=io.BytesIO(b"x" * (2 << 20))) as response:
            assert response.status == 500
    assert "New data has been received and stored." in log_text(context)
    task.cancel()
    assert await task == 0
