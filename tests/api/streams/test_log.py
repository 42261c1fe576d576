"""Logs over HTTP: options, runs, following, and what is said where there is no log."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from minikube_lite.api.streams.log import log_options
from minikube_lite.machinery.errors import ApiError
from minikube_lite.machinery.resources import NODES, PODS
from minikube_lite.programs.log import LOG_LINE_BYTES_MAX
from minikube_lite.programs.program import PodContext


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ({}, {"stream": "All"}),
        ({"follow": "true", "previous": "false"}, {"follow": "true", "stream": "All"}),
        ({"tailLines": "0"}, {"stream": "All", "tailLines": "0"}),
        ({"sinceSeconds": "5", "limitBytes": "1"}, {"limitBytes": "1", "sinceSeconds": "5", "stream": "All"}),
        ({"sinceTime": "2026-01-01T00:00:00Z"}, {"sinceTime": "2026-01-01T00:00:00Z", "stream": "All"}),
        ({"stream": "Stderr", "timestamps": "1"}, {"stream": "Stderr", "timestamps": "true"}),
    ],
)
def test_options(query: dict[str, str], options: dict[str, str]) -> None:
    assert log_options(query, "web") == options


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ({"tailLines": "x"}, 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ({"tailLines": "-1"}, 422, "tailLines: Invalid value: -1: must be greater than or equal to 0"),
        ({"limitBytes": "0"}, 422, "limitBytes: Invalid value: 0: must be greater than 0"),
        ({"sinceSeconds": "0"}, 422, "sinceSeconds: Invalid value: 0: must be greater than 0"),
        ({"sinceTime": "yesterday"}, 400, 'cannot parse "yesterday"'),
        (
            {"sinceSeconds": "5", "sinceTime": "2026-01-01T00:00:00Z"},
            422,
            ": Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
        ({"stream": "both"}, 422, 'stream: Unsupported value: "both": supported values: "All", "Stderr", "Stdout"'),
        ({"stream": "Stdout", "tailLines": "1"}, 422, "`tailLines` and specific `stream` are mutually exclusive"),
    ],
)
def test_options_that_make_no_sense(query: dict[str, str], code: int, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        log_options(query, "web")
    assert caught.value.code == code
    assert message in caught.value.message
    if code == 422:
        assert caught.value.message.startswith('PodLogOptions "web" is invalid: ')


async def two_streams(context: PodContext) -> int:
    """Three lines on stdout, one on stderr, a second apart."""
    context.stdout.print("one")
    await context.clock.sleep(1)
    context.stderr.print("oops")
    await context.clock.sleep(1)
    context.stdout.print("two")
    await context.clock.sleep(1)
    context.stdout.write("three, unfinished")
    await context.clock.sleep(3600)
    return 0


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "one\noops\ntwo\n"),
        ({"tailLines": 2}, "oops\ntwo\n"),
        ({"tailLines": 0}, ""),
        ({"tailLines": 99}, "one\noops\ntwo\n"),
        ({"limitBytes": 6}, "one\noo"),
        ({"sinceTime": "2026-01-01T00:00:01Z"}, "oops\ntwo\n"),
        ({"sinceSeconds": 1}, "two\n"),
        ({"stream": "Stderr"}, "oops\n"),
        ({"stream": "Stdout"}, "one\ntwo\n"),
        ({"timestamps": "true", "tailLines": 1}, "2026-01-01T00:00:02.000000000Z two\n"),
        ({"follow": "true", "limitBytes": 3}, "one"),
    ],
)
async def test_what_is_shown(streamed, options, text) -> None:
    streamed.cluster.programs["talker"] = two_streams
    await streamed.run("talker")
    await streamed.cluster.advance(3)
    answer = await streamed.log("talker", **options)
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (200, "text/plain", text)


async def test_following_ends_when_the_container_ends(streamed) -> None:
    streamed.cluster.programs["talker"] = two_streams
    await streamed.run("talker", restartPolicy="Never")
    lines: list[str] = []

    async def follow() -> None:
        async with streamed.http.stream(
            "GET", "/api/v1/namespaces/default/pods/talker/log", params={"follow": "1"}
        ) as answer:
            async for line in answer.aiter_lines():
                lines.append(line)

    following = asyncio.create_task(follow())
    await streamed.cluster.advance(1)
    assert not following.done()
    await streamed.cluster.advance("2h")
    await following
    assert lines == ["one", "oops", "two", "three, unfinished"]


async def test_a_follower_that_leaves_is_forgotten(streamed) -> None:
    streamed.cluster.programs["talker"] = two_streams
    await streamed.run("talker")
    [run] = [run for runs in streamed.cluster.kubelets["node-1"].runtime.runs.values() for run in runs.values()]
    path = "/api/v1/namespaces/default/pods/talker/log"
    async with streamed.http.stream("GET", path, params={"follow": "true"}) as answer:
        assert await anext(answer.aiter_lines()) == "one"
        assert run.log.watchers == 1
    while run.log.watchers:
        await streamed.cluster.settle()
    assert not run.log.closed


async def test_the_log_of_the_run_before_is_kept(streamed) -> None:
    runs = 0

    async def crash(context: PodContext) -> int:
        nonlocal runs
        runs += 1
        context.stdout.print(f"run {runs}")
        await context.clock.sleep(5)
        return 1

    streamed.cluster.programs["crash"] = crash
    await streamed.run("crash")
    refused = await streamed.log("crash", previous="true")
    assert refused.status_code == 400
    assert refused.json()["message"] == 'previous terminated container "main" in pod "crash" not found'
    await streamed.cluster.advance(6)
    assert (await streamed.log("crash")).text == "run 2\n"
    assert (await streamed.log("crash", previous="true")).text == "run 1\n"
    await streamed.cluster.advance(5)  # it crashed again, and waits for its restart
    assert (await streamed.log("crash")).text == "run 2\n"
    assert (await streamed.log("crash", previous="true")).text == "run 2\n"
    await streamed.cluster.advance(10)
    assert (await streamed.log("crash")).text == "run 3\n"
    assert (await streamed.log("crash", previous="true")).text == "run 2\n"


async def test_a_long_line_is_one_line(streamed) -> None:
    async def long(context: PodContext) -> None:
        context.stdout.print("x" * (3 * LOG_LINE_BYTES_MAX + 5))
        context.stdout.print("y" * LOG_LINE_BYTES_MAX)
        await context.clock.sleep(3600)

    streamed.cluster.programs["long"] = long
    await streamed.run("long")
    text = (await streamed.log("long", timestamps="true")).text
    stamp = len("2026-01-01T00:00:00.000000000Z ")
    assert [len(line) - stamp for line in text.splitlines()] == [3 * LOG_LINE_BYTES_MAX + 5, LOG_LINE_BYTES_MAX]


async def test_containers_are_chosen_by_name(streamed) -> None:
    async def say(context: PodContext) -> None:
        context.stdout.print(context.container)
        await context.clock.sleep(3600)

    streamed.cluster.programs["say"] = say
    containers = [{"name": name, "image": "say"} for name in ("a", "b")]
    await streamed.run(
        "two", containers=containers, initContainers=[{"name": "first", "image": "say", "restartPolicy": "Always"}]
    )
    assert (await streamed.log("two", container="b")).text == "b\n"
    assert (await streamed.log("two", container="first")).text == "first\n"
    unclear = await streamed.log("two")
    assert (unclear.status_code, unclear.json()["reason"]) == (400, "BadRequest")
    assert unclear.json()["message"] == "a container name must be specified for pod two, choose one of: [first a b]"
    unknown = await streamed.log("two", container="c")
    assert (unknown.status_code, unknown.json()["message"]) == (400, "container c is not valid for pod two")


async def test_where_there_is_no_log(streamed) -> None:
    missing = await streamed.log("nobody")
    assert (missing.status_code, missing.json()["message"]) == (404, 'pods "nobody" not found')
    pulling = [{"name": "main", "image": "quiet", "imagePullPolicy": "Never"}]
    await streamed.run("waiting", containers=pulling)
    waiting = await streamed.log("waiting")
    assert waiting.status_code == 400
    text = 'container "main" in pod "waiting" is waiting to start: ErrImageNeverPull'
    assert (waiting.json()["message"], waiting.json()["reason"]) == (text, "BadRequest")
    await streamed.cluster.client.create(
        PODS,
        "default",
        {
            "metadata": {"name": "homeless"},
            "spec": {"schedulerName": "none", "containers": [{"name": "a", "image": "a"}]},
        },
    )
    assert (await streamed.log("homeless")).status_code == 204


async def test_the_log_of_a_node_that_is_cut_off(streamed) -> None:
    await streamed.run("quiet")
    streamed.cluster.network.isolate("node-1")
    answer = await streamed.log("quiet")
    url = "https://172.18.0.3:10250/containerLogs/default/quiet/main?stream=All"
    assert answer.status_code == 500
    assert answer.json()["message"] == f'Get "{url}": dial tcp 172.18.0.3:10250: connect: no route to host'
    assert "reason" not in answer.json()
    streamed.cluster.network.rejoin("node-1")
    assert (await streamed.log("quiet")).status_code == 200


async def test_a_node_that_has_no_kubelet(streamed) -> None:
    await streamed.cluster.client.create(NODES, "", {"metadata": {"name": "stone"}})
    await streamed.run("rolling", "quiet", node="stone")
    answer = await streamed.log("rolling")
    assert (answer.status_code, answer.json()["message"]) == (500, "no preferred addresses found; known addresses: []")
    await streamed.run("lost", "quiet", node="nowhere")
    answer = await streamed.log("lost")
    assert (answer.status_code, answer.json()["message"]) == (404, 'nodes "nowhere" not found')


async def test_only_reading(streamed) -> None:
    await streamed.run("quiet")
    answer = await streamed.http.post("/api/v1/namespaces/default/pods/quiet/log")
    assert (answer.status_code, answer.json()["reason"]) == (405, "MethodNotAllowed")


async def test_a_flood_costs_its_oldest_lines(streamed) -> None:
    async def flood(context: PodContext) -> None:
        for number in range(300_000):
            context.stdout.print(number)
            if number % 10_000 == 0:
                await asyncio.sleep(0)  # else it would be one that does not give way
        await context.clock.sleep(3600)

    streamed.cluster.programs["flood"] = flood
    await streamed.run("flood")
    answer: httpx.Response = await streamed.log("flood")
    lines = answer.text.splitlines()
    assert lines[-1] == "299999"
    assert 100_000 < len(lines) < 200_000
    assert [int(line) for line in lines] == list(range(300_000 - len(lines), 300_000))
