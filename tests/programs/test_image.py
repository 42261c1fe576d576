"""What a container of an image runs, by its command and arguments."""

from __future__ import annotations

import pytest

from minikube_lite.programs.image import CommandNotFound, Image


async def server(context):
    return 0


async def shell(context):
    return 0


COMMANDS = {"sh": shell}


@pytest.mark.parametrize(
    ("image", "command", "args", "expected"),
    [
        (Image(server, COMMANDS, entrypoint=("serve",), arguments=("-a",)), [], [], (server, ["serve", "-a"])),
        (Image(server, COMMANDS, entrypoint=("serve",), arguments=("-a",)), [], ["-b"], (server, ["serve", "-b"])),
        (Image(server, COMMANDS, entrypoint=("serve",)), ["/bin/sh", "-c"], ["x"], (shell, ["/bin/sh", "-c", "x"])),
        (Image(shell, COMMANDS, arguments=("sh",)), [], [], (shell, ["sh"])),
        (Image(server, COMMANDS, arguments=("x",)), [], ["sh", "-c"], (shell, ["sh", "-c"])),
        (Image(server, COMMANDS, takes="all"), ["sh"], [], (server, ["sh"])),
        (Image(server, COMMANDS, takes="unknown"), ["sh"], [], (shell, ["sh"])),
        (Image(server, COMMANDS, takes="unknown"), ["java"], ["-jar"], (server, ["java", "-jar"])),
    ],
)
def test_what_runs(image, command, args, expected):
    assert image.main(command, args) == expected


def test_a_command_that_is_not_there():
    with pytest.raises(CommandNotFound, match=r'^exec: "/bin/bash": executable file not found in \$PATH$'):
        Image(server, COMMANDS).main(["/bin/bash"], [])
