"""Which program an image runs."""

from __future__ import annotations

import pytest

from minikube_lite.programs.kubia_pet import kubia_pet
from minikube_lite.programs.pause import pause
from minikube_lite.programs.registry import Programs, is_asgi


async def program(context):
    return 0


async def asgi(scope, receive, send):
    return None


class Application:
    async def __call__(self, scope, receive, send):
        return None


@pytest.mark.parametrize(
    "image",
    ["luksa/kubia-pet", "luksa/kubia-pet:latest", "docker.io/luksa/kubia-pet:v2", "luksa/kubia-pet@sha256:00"],
)
def test_names_of_the_same_image(image):
    assert Programs.discover().find(image).program is kubia_pet


def test_a_tag_is_closer_than_a_name():
    programs = Programs()
    programs["localhost:5000/app:2"] = program
    assert programs.find("localhost:5000/app:2").program is program
    assert programs.find("localhost:5000/app:3").program is pause
    assert programs.find("localhost:5000/app").program is pause


def test_applications_are_told_from_programs():
    assert [is_asgi(one) for one in (program, asgi, Application(), Application().__call__)] == [False, True, True, True]
