"""Pods on fake nodes, end to end against the real API in process."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import PODS
from minikube_lite.programs.image import Image

KUBIA = {"name": "kubia", "image": "luksa/kubia-pet", "ports": [{"containerPort": 8080}]}


def condition(pod, name):
    return next(item for item in pod["status"]["conditions"] if item["type"] == name)


async def history(nodes, name):
    """What watchers saw of a pod: type, phase, waiting reason, ready."""
    cursor = nodes.client.watch(PODS, "default", name, after=0)
    seen = []
    for event in cursor.drain():
        status = event.record.object["status"]
        states = [next(iter(one["state"].items())) for one in status.get("containerStatuses", ())]
        shown = [state["reason"] if kind == "waiting" else kind for kind, state in states]
        seen.append((event.type, status["phase"], *shown))
    cursor.close()
    return seen


async def test_a_pod_becomes_ready_and_tells_its_story(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("kubia", containers=[KUBIA])
        pod = await nodes.pod("kubia")
        assert pod["status"]["phase"] == "Running"
        assert pod["status"]["podIP"] == "10.244.0.2"
        assert [one["type"] for one in pod["status"]["conditions"]] == [
            "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled",
        ]  # fmt: skip
        assert all(one["status"] == "True" for one in pod["status"]["conditions"])
        assert await nodes.told("kubia") == [
            ("Pulling", 'Pulling image "luksa/kubia-pet"'),
            (
                "Pulled",
                'Successfully pulled image "luksa/kubia-pet" in 0s (0s including waiting). Image size: 15928677 bytes.',
            ),
            ("Created", "Container created"),
            ("Started", "Container started"),
        ]
        assert await history(nodes, "kubia") == [
            ("ADDED", "Pending"),
            ("MODIFIED", "Pending", "ContainerCreating"),
            ("MODIFIED", "Running", "running"),
        ]


async def test_a_deleted_pod_ends_terminal_and_is_confirmed(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("quiet")
        await nodes.client.delete(PODS, "default", "quiet")
        await nodes.clock.settle()
        assert (await history(nodes, "quiet"))[-2:] == [
            ("MODIFIED", "Succeeded", "terminated"),
            ("DELETED", "Succeeded", "terminated"),
        ]
        assert nodes.kubelets.instances() == []
        assert nodes.kubelets["node-1"].pods == {}
        assert list((nodes.directory / "pods").iterdir()) == []


async def test_stopping_takes_its_moment(start_nodes):
    async with start_nodes(pod_stop_delay=2, pod_start_delay=3) as nodes:
        await nodes.run("quiet")
        assert (await nodes.pod("quiet"))["status"]["phase"] == "Pending"
        await nodes.clock.advance(3)
        assert (await nodes.pod("quiet"))["status"]["phase"] == "Running"
        await nodes.client.delete(PODS, "default", "quiet")
        await nodes.clock.advance(1.9)
        assert (await nodes.pod("quiet"))["status"]["phase"] == "Running"
        await nodes.clock.advance(0.1)
        assert await nodes.find(PODS, "quiet") is None


async def test_settle_waits_for_starting_and_stopping_where_time_flows(start_nodes):
    async with start_nodes(clock="scaled", clock_rate=20) as nodes:
        await nodes.run("quiet")
        assert (await nodes.pod("quiet"))["status"]["phase"] == "Running"
        await nodes.client.delete(PODS, "default", "quiet")
        await nodes.clock.settle()
        assert await nodes.find(PODS, "quiet") is None


async def test_a_force_deleted_pod_is_stopped(start_nodes):
    async with start_nodes(pod_stop_delay=5) as nodes:
        await nodes.run("quiet")
        await nodes.client.delete(PODS, "default", "quiet", {"gracePeriodSeconds": 0})
        await nodes.clock.settle()
        assert await nodes.find(PODS, "quiet") is None
        assert [one.pod for one in nodes.kubelets.instances()] == ["quiet"]
        await nodes.clock.advance(5)
        assert nodes.kubelets.instances() == []


async def test_a_finalizer_holds_a_pod_that_has_ended(start_nodes):
    async with start_nodes() as nodes:
        pod = {
            "metadata": {"name": "held", "finalizers": ["example.com/hold"]},
            "spec": {"nodeName": "node-1", "containers": [{"name": "main", "image": "quiet"}]},
        }
        await nodes.client.create(PODS, "default", pod)
        await nodes.clock.settle()
        await nodes.client.delete(PODS, "default", "held")
        await nodes.clock.settle()
        held = await nodes.pod("held")
        assert held["status"]["phase"] == "Succeeded"
        assert held["metadata"]["deletionGracePeriodSeconds"] == 0
        await nodes.client.patch(PODS, "default", "held", {"metadata": {"finalizers": None}})
        await nodes.clock.settle()
        assert await nodes.find(PODS, "held") is None
        assert nodes.kubelets["node-1"].pods == {}


async def test_exits_back_off_and_double(start_nodes):
    async with start_nodes() as nodes:
        starts = []

        async def crash(context):
            starts.append(context.clock.now())
            raise RuntimeError("it breaks")

        nodes.programs.register("crash", crash)
        await nodes.run("crash", containers=[{"name": "main", "image": "crash"}])
        status = (await nodes.pod("crash"))["status"]["containerStatuses"][0]
        assert status["restartCount"] == 1
        assert status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
        uid = (await nodes.pod("crash"))["metadata"]["uid"]
        text = f"back-off 10s restarting failed container=main pod=crash_default({uid})"
        assert status["state"]["waiting"]["message"] == text
        assert status["lastState"]["terminated"]["exitCode"] == 1
        await nodes.clock.advance(1200)
        gaps = [round(after - before) for before, after in zip(starts, starts[1:], strict=False)]
        assert gaps == [0, 10, 20, 40, 80, 160, 300, 300]
        assert (await nodes.pod("crash"))["status"]["phase"] == "Running"
        assert (
            "BackOff",
            f"Back-off restarting failed container main in pod crash_default({uid})",
        ) in await nodes.told()
        log = nodes.kubelets["node-1"].runtime.runs[uid]["main"].log
        assert "RuntimeError: it breaks" in log.text()


@pytest.mark.parametrize(
    ("policy", "code", "phase", "reason"),
    [
        ("Never", 0, "Succeeded", "PodCompleted"),
        ("Never", 3, "Failed", "PodFailed"),
        ("OnFailure", 0, "Succeeded", "PodCompleted"),
    ],
)
async def test_a_pod_that_is_not_restarted_ends(start_nodes, policy, code, phase, reason):
    async with start_nodes() as nodes:

        async def program(context):
            return code

        nodes.programs["job"] = program
        await nodes.run("job", containers=[{"name": "main", "image": "job"}], restartPolicy=policy)
        pod = await nodes.pod("job")
        assert pod["status"]["phase"] == phase
        assert condition(pod, "Ready")["reason"] == reason
        assert pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == code
        written = nodes.store.revision
        await nodes.clock.advance(60)
        assert (await nodes.pod("job"))["metadata"]["resourceVersion"] == pod["metadata"]["resourceVersion"]
        assert nodes.store.revision > written


async def test_init_containers_run_one_after_the_other_and_sidecars_stay(start_nodes):
    async with start_nodes() as nodes:
        order = []

        async def first(context):
            order.append("first")
            await context.clock.sleep(5)

        async def second(context):
            order.append("second")

        nodes.programs["first"], nodes.programs["second"] = first, second
        await nodes.run(
            "ordered",
            initContainers=[
                {"name": "one", "image": "first"},
                {"name": "side", "image": "quiet", "restartPolicy": "Always"},
                {"name": "two", "image": "second"},
            ],
        )
        pod = await nodes.pod("ordered")
        assert order == ["first"]
        assert condition(pod, "Initialized")["message"] == "containers with incomplete status: [one side two]"
        assert pod["status"]["containerStatuses"][0]["state"] == {"waiting": {"reason": "PodInitializing"}}
        await nodes.clock.advance(5)
        pod = await nodes.pod("ordered")
        assert order == ["first", "second"]
        assert pod["status"]["phase"] == "Running"
        assert [one.container for one in nodes.kubelets.instances()] == ["side", "main"]


async def test_foreign_conditions_stay_and_own_ones_are_set_right(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("quiet")
        await nodes.clock.advance(5)
        patch = {
            "status": {
                "reason": "NodeLost",
                "conditions": [{"type": "Ready", "status": "False"}, {"type": "example.com/other", "status": "True"}],
            }
        }
        strategic = "application/strategic-merge-patch+json"
        await nodes.client.patch(PODS, "default", "quiet", patch, patch_type=strategic, subresource="status")
        await nodes.clock.settle()
        pod = await nodes.pod("quiet")
        assert condition(pod, "example.com/other")["status"] == "True"
        assert condition(pod, "Ready")["status"] == "True"
        assert condition(pod, "Ready")["lastTransitionTime"] == "2026-01-01T00:00:05Z"
        assert condition(pod, "Initialized")["lastTransitionTime"] == "2026-01-01T00:00:00Z"
        assert "reason" not in pod["status"]


async def test_a_program_that_will_not_stop_is_killed_after_its_grace_period(start_nodes):
    async with start_nodes() as nodes:

        async def stubborn(context):
            while True:
                try:
                    await asyncio.get_running_loop().create_future()
                except asyncio.CancelledError:
                    context.stdout.print("no")
                    if context.clock.now() >= deadline:
                        raise

        deadline = nodes.clock.now() + 7
        nodes.programs["stubborn"] = stubborn
        await nodes.run("stubborn", containers=[{"name": "main", "image": "stubborn"}])
        await nodes.client.delete(PODS, "default", "stubborn", {"gracePeriodSeconds": 7})
        await nodes.clock.advance(6.9)
        assert [one.pod for one in nodes.kubelets.instances()] == ["stubborn"]
        await nodes.clock.advance(0.1)
        assert await nodes.find(PODS, "stubborn") is None
        assert (await history(nodes, "stubborn"))[-1] == ("DELETED", "Failed", "terminated")


async def test_a_program_that_never_stops_does_not_keep_the_node_from_stopping(start_nodes, monkeypatch, caplog):
    monkeypatch.setattr("minikube_lite.kubelet.runtime.STOP_SECONDS_MAX", 0.05)
    over = asyncio.Event()
    async with start_nodes() as nodes:

        async def deaf(context):
            while not over.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await over.wait()

        nodes.programs["deaf"] = deaf
        await nodes.run("deaf", containers=[{"name": "main", "image": "deaf"}])
    assert "container default/deaf/main does not end when it is cancelled; it is left behind" in caplog.text
    over.set()
    await asyncio.sleep(0)


async def test_a_graceful_program_ends_itself(start_nodes):
    async with start_nodes() as nodes:

        async def polite(context):
            await context.terminating.wait()
            await context.clock.sleep(4)
            return 0

        nodes.programs.register("polite", polite, graceful=True)
        await nodes.run("polite", containers=[{"name": "main", "image": "polite"}])
        await nodes.client.delete(PODS, "default", "polite")
        await nodes.clock.advance(3.9)
        assert await nodes.find(PODS, "polite") is not None
        await nodes.clock.advance(0.1)
        assert (await history(nodes, "polite"))[-1] == ("DELETED", "Succeeded", "terminated")


async def test_active_deadline(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("late", activeDeadlineSeconds=30)
        await nodes.clock.advance(29)
        assert (await nodes.pod("late"))["status"]["phase"] == "Running"
        await nodes.clock.advance(1)
        status = (await nodes.pod("late"))["status"]
        assert (status["phase"], status["reason"]) == ("Failed", "DeadlineExceeded")
        assert nodes.kubelets.instances() == []


async def test_a_missing_config_map_is_said_and_waited_for(start_nodes):
    async with start_nodes() as nodes:
        env = [{"name": "GREETING", "valueFrom": {"configMapKeyRef": {"name": "words", "key": "hello"}}}]
        await nodes.run("asks", containers=[{"name": "main", "image": "quiet", "env": env}])
        state = (await nodes.pod("asks"))["status"]["containerStatuses"][0]["state"]
        assert state == {"waiting": {"reason": "CreateContainerConfigError", "message": 'configmap "words" not found'}}
        await nodes.create_config_map("words", {"hello": "Hi"})
        await nodes.clock.advance(10)
        pod = await nodes.pod("asks")
        assert pod["status"]["phase"] == "Running"
        run = nodes.kubelets["node-1"].runtime.runs[pod["metadata"]["uid"]]["main"]
        assert run.context.env["GREETING"] == "Hi"


async def test_addresses_are_unique_and_not_used_again_soon(start_nodes):
    async with start_nodes() as nodes:
        seen = []
        for number in range(5):
            await nodes.run(f"pod-{number}")
            seen.append((await nodes.pod(f"pod-{number}"))["status"]["podIP"])
            if number % 2:
                await nodes.client.delete(PODS, "default", f"pod-{number}")
                await nodes.clock.settle()
        assert len(set(seen)) == 5


async def test_nothing_is_written_while_nothing_changes(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("quiet")
        before = (await nodes.pod("quiet"))["metadata"]["resourceVersion"]
        client = nodes.node_clients["system:node:node-1"]
        writes = client.writes
        kubelet = nodes.kubelets["node-1"]
        for uid in list(kubelet.pods):
            for _ in range(3):
                await kubelet.sync(uid)
        assert client.writes == writes
        assert (await nodes.pod("quiet"))["metadata"]["resourceVersion"] == before


@pytest.mark.parametrize("failing", range(1, 14))
async def test_it_converges_whichever_write_fails(start_nodes, failing):
    armed: list[int] = []
    async with start_nodes(nodes=1, fails=lambda number: bool(armed) and number == armed[0]) as nodes:
        armed.append(nodes.node_clients["system:node:node-1"].writes + failing)
        await nodes.run("kubia", node="node-1", containers=[KUBIA])
        await nodes.clock.advance(1)
        assert (await nodes.pod("kubia"))["status"]["phase"] == "Running"
        await nodes.client.delete(PODS, "default", "kubia")
        await nodes.clock.advance(1)
        assert await nodes.find(PODS, "kubia") is None
        assert nodes.kubelets.instances() == []


async def test_the_same_seed_gives_the_same_pods(start_nodes):
    shown = []
    for _ in range(2):
        async with start_nodes(seed=7) as nodes:
            await nodes.run("kubia", containers=[KUBIA])
            shown.append((await nodes.pod("kubia"))["status"])
    assert shown[0] == shown[1]


async def test_a_pod_that_is_not_ours_is_left_alone(start_nodes):
    async with start_nodes() as nodes:
        await nodes.run("foreign", node="somewhere-else")
        await nodes.clock.advance(60)
        assert (await nodes.pod("foreign"))["status"]["phase"] == "Pending"
        with pytest.raises(ApiError):
            await nodes.pod("nobody")


async def test_a_command_that_the_image_has_not_starts_nothing(start_nodes):
    async def shell(context):
        return 0

    async with start_nodes() as nodes:
        nodes.programs["box"] = Image(shell, {"sh": shell})
        await nodes.run("a", containers=[{"name": "main", "image": "box", "command": ["bash"]}], restartPolicy="Never")
        terminated = (await nodes.pod("a"))["status"]["containerStatuses"][0]["state"]["terminated"]
        assert (terminated["exitCode"], terminated["reason"]) == (128, "StartError")
        assert terminated["startedAt"] == "1970-01-01T00:00:00Z"
        assert terminated["message"].endswith('container init: exec: "bash": executable file not found in $PATH')
        told = [reason for reason, _ in await nodes.told("a")]
        assert told[-2:] == ["Created", "Failed"]
