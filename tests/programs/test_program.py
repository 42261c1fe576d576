"""How programs run and end."""

from __future__ import annotations

import asyncio

import pytest

from minikube_lite.programs.program import Mount, run_program
from minikube_lite.programs.streams import BytesInput
from minikube_lite.programs.volumes import OutsideOfVolume


async def nothing(context):
    return None


async def seven(context):
    return 7


async def breaks(context):
    raise KeyError("lost")


async def leaves(context):
    raise SystemExit(4)


async def complains(context):
    raise SystemExit("no")


@pytest.mark.parametrize(("program", "code"), [(nothing, 0), (seven, 7), (breaks, 1), (leaves, 4), (complains, 1)])
async def test_exit_codes(make_context, log_text, program, code):
    context = make_context()
    assert await run_program(program, context) == code
    assert ("KeyError: 'lost'" in log_text(context)) == (program is breaks)


async def test_a_cancelled_program_was_terminated_and_its_ports_are_closed(make_context):
    context = make_context()

    async def serve(context):
        context.network.listen_streams(80, None)
        await asyncio.get_running_loop().create_future()

    task = asyncio.create_task(run_program(serve, context))
    await asyncio.sleep(0)
    task.cancel()
    assert await task == 143
    context.network.listen_streams(80, None)


def test_paths_lead_to_the_longest_mount_and_never_out(make_context, tmp_path):
    data, deep = tmp_path / "data", tmp_path / "deep"
    context = make_context(
        working_directory="/work", mounts=[Mount("/var/data", data), Mount("/var/data/deep", deep, read_only=True)]
    )
    assert context.path("/var/data/a/b.txt") == data / "a" / "b.txt"
    assert (data / "a").is_dir()
    assert context.path("/var/data/deep/c") == deep / "c"
    assert context.path("/var/database") == context.files / "var" / "database"
    assert context.path("note") == context.files / "work" / "note"
    assert context.path("/var/data/../../../etc/passwd") == context.files / "etc" / "passwd"
    writable = ("/var/data/deep/c", "/var/data/deeper/c", "/var/data/a", "note")
    assert [context.is_writable(path) for path in writable] == [False, True, True, True]
    (data / "out").symlink_to("/etc")
    with pytest.raises(OutsideOfVolume):
        context.path("/var/data/out/passwd")


def test_what_stands_in_a_container_from_the_start_is_written_when_it_is_used(make_context, tmp_path):
    context = make_context(base_files={"/etc/motd": b"hi"}, mounts=[Mount("/var/data", tmp_path / "data")])
    assert context.read_text("/etc/motd") == "hi"
    assert context.read_text("/etc/nothing") == ""
    assert not context.files.exists()
    assert context.place("/etc/motd").read_text() == "hi"
    assert (context.files / "var" / "data").is_dir()
    context.path("/etc/motd").write_text("changed")
    assert context.read_text("/etc/../etc/motd") == "changed"


async def test_a_second_process_leaves_the_ports_of_the_first_open(make_context, log_text):
    context = make_context()
    context.network.listen_streams(80, None)

    async def other(context):
        context.network.listen_streams(81, None)
        context.stdout.write(await context.stdin.read())
        await context.stdout.drain()
        return len(context.argv)

    process = context.process(["cat", "-"], stdin=BytesInput(b"hello\n"))
    assert await run_program(other, process) == 2
    assert log_text(context) == "hello\n"
    context.network.listen_streams(81, None)
    with pytest.raises(OSError, match="address already in use"):
        context.network.listen_streams(80, None)
