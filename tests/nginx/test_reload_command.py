"""Tests of aiohttp_fleet/nginx/reload_command.py, on a real nginx under load."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable

import pytest
from aiohttp_fleet_drill.tally import Failure

from tests.http import Client
from tests.load import answered_more, load
from tests.site import BIN, Site, edit
from tests.wait import until

Make = Callable[..., Site]
REPEATED = 3


def headers(made: Site) -> dict[str, str]:
    """Those of an answer."""
    with Client(made.port) as client:
        return client.get()[1]


@pytest.mark.parametrize("older", [False, True])
def test_a_reload_loses_no_request(site: Make, older: bool) -> None:
    """Kept-alive clients included, with GET and POST; by an nginx that helps, and by one that does not."""
    made = (site().as_older() if older else site(packaged=True)).start()

    async def reloaded() -> list[Failure]:
        async with load(made.port, 32, posts=made.posts) as tally:
            for _ in range(REPEATED):
                await answered_more(tally, 500)
                done = await asyncio.to_thread(made.fleet, "reload")
                assert (done.returncode, done.stdout) == (0, "nginx: reloaded\n"), done.stderr
            await answered_more(tally, 500)
        return tally.problems

    assert asyncio.run(reloaded()) == []


def test_an_edit_is_taken_up(site: Make) -> None:
    """That is what it is for; afterwards clients may keep their connections again."""
    made = site().as_older().start()
    edit(made.nginx_conf, {r"server_name _;": "server_name _; add_header X-Edited yes;"})
    assert made.fleet("reload").returncode == 0
    assert headers(made)["x-edited"] == "yes"
    until("connections to be kept", lambda: headers(made)["connection"] == "keep-alive")


def test_a_file_that_nginx_refuses_is_not_taken_up(site: Make) -> None:
    """The reason is nginx's own; the workers of nginx stay."""
    made = site().start()
    edit(made.nginx_conf, {r"server_name _;": "server_name _; no_such_thing on;"})
    done = made.fleet("reload")
    assert done.returncode == 1
    assert "nginx refuses it" in done.stderr
    assert 'unknown directive "no_such_thing"' in done.stderr
    assert "server" in headers(made)


def test_a_fleet_without_nginx_is_told(site: Make) -> None:
    """Its nginx is somebody else's."""
    made = site()
    text = made.supervisord_conf.read_text()
    made.supervisord_conf.write_text(text[: text.index("\n[program:nginx]\n")])
    done = made.fleet("reload")
    assert done.returncode == 1
    assert "there is no [program:nginx] in it; reload your nginx yourself" in done.stderr


def test_one_that_is_interrupted_leaves_nothing_behind(site: Make) -> None:
    """Ctrl-C while connections are being closed: the next answer keeps its connection again."""
    made = site().as_older().start()
    mark = made.nginx_conf.parent / "run" / "closing"
    command = [str(BIN / "fleet"), "-c", str(made.supervisord_conf), "reload"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        until("connections to be closed", mark.exists)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(10) == 130
    assert not mark.exists()


def test_what_a_location_forbids_stays_forbidden(site: Make) -> None:
    """Also while an older nginx closes its connections: then it is reloaded without that."""
    made = site().as_older()
    edit(made.nginx_conf, {r"    location / \{": "    location = / { deny all; }\n    location / {"})
    made.start()
    command = [str(BIN / "fleet"), "-c", str(made.supervisord_conf), "reload"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        asked = []
        while process.poll() is None:
            with Client(made.port) as client:
                asked.append(client.get()[0])
    assert process.returncode == 0
    assert set(asked) == {403}
