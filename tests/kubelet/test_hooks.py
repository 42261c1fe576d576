"""Lifecycle hooks, the order in which containers end, and what they leave to be said."""

from __future__ import annotations

import asyncio

import pytest

from minikube_lite.kubelet.termination import goes_before
from minikube_lite.machinery.resources import PODS
from minikube_lite.programs.image import Image


class Recorder:
    """An image whose program and commands note what happens, by container and in order."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.codes: dict[str, int] = {}
        self.seconds: dict[str, float] = {}

    def image(self) -> Image:
        return Image(self.main, dict.fromkeys(("up", "down", "wait"), self.command), takes="all")

    async def main(self, context) -> int:
        self.happened.append(f"{context.container} starts")
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.happened.append(f"{context.container} ends at {context.clock.now() - self.zero:g}")
        return 0

    async def command(self, context) -> int:
        name = context.argv[0]
        await context.clock.sleep(self.seconds.get(name, 0))
        self.happened.append(f"{context.container} {name} at {context.clock.now() - self.zero:g}")
        context.stdout.print("so be it")
        return self.codes.get(name, 0)

    zero = 0.0


@pytest.fixture
async def recorded(start_nodes):
    async with start_nodes() as nodes:
        recorder = Recorder()
        recorder.zero = nodes.clock.now()
        nodes.programs["recorded"] = recorder.image()
        yield nodes, recorder


def container(name="main", **more):
    return {"name": name, "image": "recorded", **more}


def hooks(**commands):
    return {"lifecycle": {hook: {"exec": {"command": [command]}} for hook, command in commands.items()}}


async def delete(nodes, name, seconds):
    await nodes.client.delete(PODS, "default", name, {"gracePeriodSeconds": seconds})
    await nodes.clock.settle()


async def status(nodes, name="web"):
    return (await nodes.pod(name))["status"]["containerStatuses"]


async def test_a_pod_is_created_until_its_post_start_hook_is_done(recorded):
    nodes, recorder = recorded
    recorder.seconds["up"] = 5
    await nodes.run("web", containers=[container("a", **hooks(postStart="up")), container("b")])
    assert recorder.happened == ["a starts"]
    assert [one["state"] for one in await status(nodes)] == [{"waiting": {"reason": "ContainerCreating"}}] * 2
    await nodes.clock.advance(5)
    assert recorder.happened == ["a starts", "a up at 5", "b starts"]
    assert all(one["ready"] for one in await status(nodes))


async def test_a_failed_post_start_hook_ends_its_container(recorded):
    nodes, recorder = recorded
    recorder.codes["up"] = 3
    await nodes.run("web", containers=[container(**hooks(postStart="up"))])
    told = await nodes.told("web")
    assert ("FailedPostStartHook", "PostStartHook failed") in told
    assert ("Killing", "FailedPostStartHook") in told
    pod = await nodes.pod("web")
    [found] = pod["status"]["containerStatuses"]
    assert not found["ready"]
    waiting = found["state"]["waiting"]
    assert waiting["reason"] in ("PostStartHookError", "CrashLoopBackOff")
    if waiting["reason"] == "PostStartHookError":
        about = f'for Container "main" in Pod "web_default({pod["metadata"]["uid"]})" failed'
        assert waiting["message"] == (
            f"Exec lifecycle hook ([up]) {about} - error: command 'up' exited with 3: so be it\n"
            ', message: "so be it\\n"'
        )
    recorder.codes.clear()
    await nodes.clock.advance(30)
    [found] = await status(nodes)
    assert found["ready"]
    assert found["restartCount"] == 2


async def test_the_program_ends_after_its_pre_stop_hook(recorded):
    nodes, recorder = recorded
    recorder.seconds["down"] = 4
    await nodes.run("web", containers=[container(**hooks(preStop="down"))])
    await delete(nodes, "web", 30)
    assert recorder.happened == ["main starts"]
    assert (await status(nodes))[0]["state"].keys() == {"running"}
    await nodes.clock.advance(10)
    assert recorder.happened == ["main starts", "main down at 4", "main ends at 4"]
    assert await nodes.find(PODS, "web") is None


async def test_a_hook_that_outlasts_the_grace_period_is_given_up(recorded):
    nodes, recorder = recorded
    recorder.seconds["wait"] = 100
    await nodes.run("web", containers=[container(**hooks(preStop="wait"))])
    await delete(nodes, "web", 7)
    await nodes.clock.advance(60)
    assert recorder.happened == ["main starts", "main ends at 7"]
    assert await nodes.find(PODS, "web") is None


async def test_a_failed_pre_stop_hook_is_told_and_stops_nothing(recorded):
    nodes, recorder = recorded
    recorder.codes["down"] = 1
    await nodes.run("web", containers=[container(**hooks(preStop="down"))])
    await delete(nodes, "web", 30)
    assert await nodes.find(PODS, "web") is None
    assert ("FailedPreStopHook", "PreStopHook failed") in await nodes.told("web")


async def test_a_command_that_the_image_lacks_fails_its_hook(recorded):
    nodes, recorder = recorded
    await nodes.run("web", containers=[container(**hooks(preStop="missing"))])
    await delete(nodes, "web", 30)
    assert ("FailedPreStopHook", "PreStopHook failed") in await nodes.told("web")


async def test_sleeping_and_asking_are_hooks(recorded):
    nodes, recorder = recorded
    asked = []

    async def application(scope, receive, send):
        asked.append((scope["path"], dict(scope["headers"])[b"user-agent"]))
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    nodes.programs["web"] = application
    lifecycle = {"postStart": {"httpGet": {"path": "/up", "port": "http"}}, "preStop": {"sleep": {"seconds": 3}}}
    web = {"name": "main", "image": "web", "ports": [{"name": "http", "containerPort": 8080}], "lifecycle": lifecycle}
    await nodes.run("web", containers=[web])
    assert asked == [("/up", b"kube-lifecycle/1.36")]
    await delete(nodes, "web", 30)
    await nodes.clock.advance(2.5)
    assert await nodes.find(PODS, "web") is not None
    await nodes.clock.advance(1)
    assert await nodes.find(PODS, "web") is None


async def test_hooks_of_unknown_images_are_not_passed_over_in_silence(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("web", containers=[{"name": "main", "image": "quiet", **hooks(postStart="true")}])
        text = "what the image quiet holds is not known, exec hooks of it do not run"
        assert ("HookNotEmulated", text) in await nodes.told("web")
        assert (await status(nodes))[0]["ready"]


async def test_sidecars_end_in_reverse_order_after_what_they_serve(recorded):
    nodes, recorder = recorded
    recorder.seconds = {"down": 2}
    sidecars = [
        container("one", restartPolicy="Always", **hooks(preStop="wait")),
        container("two", restartPolicy="Always"),
    ]
    await nodes.run("web", containers=[container(**hooks(preStop="down"))], initContainers=sidecars)
    assert recorder.happened == ["one starts", "two starts", "main starts"]
    recorder.happened.clear()
    await delete(nodes, "web", 30)
    await nodes.clock.advance(5)
    assert recorder.happened == ["one wait at 0", "main down at 2", "main ends at 2", "two ends at 2", "one ends at 2"]


@pytest.mark.parametrize(
    ("name", "before"),
    [("main", []), ("init", []), ("one", ["main", "two"]), ("two", ["main"]), ("unknown", [])],
)
def test_who_goes_before(name, before):
    inits = [{"name": "one", "restartPolicy": "Always"}, {"name": "init"}, {"name": "two", "restartPolicy": "Always"}]
    assert goes_before({"spec": {"initContainers": inits, "containers": [{"name": "main"}]}}, name) == before


@pytest.mark.parametrize(
    ("wrote", "policy", "code", "message"),
    [
        (b"the disk is full", "File", 1, "the disk is full"),
        (b"done", "File", 0, "done"),
        (b"x" * 5000 + b"end", "File", 1, "x" * 4093 + "end"),
        (b"", "File", 1, None),
        (b"", "FallbackToLogsOnError", 1, "first\nlast\n"),
        (b"", "FallbackToLogsOnError", 0, None),
        (b"mine", "FallbackToLogsOnError", 1, "mine"),
    ],
)
async def test_what_a_container_leaves_to_be_said(start_nodes, wrote, policy, code, message):
    async def program(context):
        context.stdout.print("first")
        context.stdout.print("last")
        if wrote:
            context.path("/dev/termination-log").write_bytes(wrote)
        return code

    async with start_nodes() as nodes:
        nodes.programs["leaving"] = program
        spec = {"name": "main", "image": "leaving", "terminationMessagePolicy": policy}
        await nodes.run("web", containers=[spec], restartPolicy="Never")
        [found] = await status(nodes)
        assert found["state"]["terminated"].get("message") == message
