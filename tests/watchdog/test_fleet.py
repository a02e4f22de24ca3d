"""The watchdog of a real fleet: real supervisord, real nginx, workers that really hang."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiohttp_fleet_drill.tally import Failure

from aiohttp_fleet.common.processes import is_running
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord
from tests.http import GET, Client
from tests.load import answered_more, load
from tests.place import PROJECT
from tests.site import Site, edit
from tests.wait import until

Make = Callable[..., Site]

DEPLOYED = """
import time
from aiohttp import web


def a_query_without_a_timeout():
    time.sleep(60)


async def block(request):
    a_query_without_a_timeout()


def create_app():
    app = web.Application()
    app.router.add_get("/", block)
    return app
"""


@pytest.fixture
def watched(site: Make) -> Callable[..., Site]:
    """Start a site whose watchdog has these options, and that serves this code where some is given."""

    def start(*options: str, code: str = "", retries: int = 3, workers: int = 2, plugin: bool = True) -> Site:
        made = site("deployed:create_app") if code else site()
        made.with_workers(workers)
        if not plugin:
            made.without_plugin()
        changes = {'supervisord.conf"\n': " ".join(['supervisord.conf"', *options]) + "\n"}
        changes["startretries=3"] = f"startretries={retries}"
        if code:
            deploy(made, code)
            changes[f"directory={PROJECT}"] = f"directory={made.place}"
        edit(made.supervisord_conf, changes)
        made.start()
        until("the watchdog to watch", lambda: f"watching {workers + 1} workers" in log(made, "watchdog"))
        return made

    return start


def restart_later(made: Site) -> None:
    """Restart the workers in a later second than that in which the standby was started, as supervisord counts."""
    started = made.rpc.process("standby")["start"]
    until("another second", lambda: time.time() >= started + 1)
    made.ctl("restart", "aiohttp:*")
    until("the workers to be ready, with the code that is there", made.is_ready)


def deploy(made: Site, code: str) -> None:
    """Put code where the workers import it from."""
    (made.place / "deployed.py").write_text(code)


def log(made: Site, name: str) -> str:
    """Return all that a process has written."""
    return (made.place / "deploy" / "run" / f"{name}.log").read_text()


def pids(made: Site) -> dict[str, int]:
    """Return supervisord's pids by namespec."""
    conf = made.supervisord_conf
    infos = Supervisord(str(conf.parent / "run" / "supervisor.sock"), conf).processes()
    return {name: info["pid"] for name, info in infos.items()}


def changed(made: Site, before: dict[str, int]) -> set[str]:
    """Wait until everything but the watchdog, which may have been stopped, is ready; return whose pids are others."""
    until("all to be ready again", lambda: all(row.ready for row in made.rows() if row.name != "watchdog"))
    return {name for name, pid in pids(made).items() if pid != before[name]}


def until_reported(made: Site, what: str) -> None:
    """Wait until the watchdog has said something."""
    until(what, lambda: what in log(made, "watchdog"), 30)


def test_a_stopped_worker_is_followed_by_another(watched: Callable[..., Site]) -> None:
    """SIGSTOP: the log says so, and no other pid changes; the standby counts as a worker."""
    made = watched()
    before = pids(made)
    os.kill(before["aiohttp:web2"], signal.SIGSTOP)
    os.kill(before["standby"], signal.SIGSTOP)
    until_reported(made, "web2: hung: no answer for 4.")
    until_reported(made, "standby: hung: no answer for 4.")
    assert log(made, "watchdog").count("it is stopped by a signal") == 2
    assert changed(made, before) == {"aiohttp:web2", "standby"}
    for name in ("web2", "standby"):
        assert "(most recent call first)" in log(made, name), "it was continued, to write its stacks"


def test_a_blocked_worker_writes_where_it_is_blocked(watched: Callable[..., Site]) -> None:
    """The stacks of all threads are in its own log, the blocking line among them; then another takes its place."""
    made = watched("--hang=1", code=DEPLOYED)
    before = pids(made)
    with Client(made.place / "web_2.sock") as client:
        client.send(GET)
        until_reported(made, "web2: hung: no answer for 1.")
    assert "its event loop is blocked" in log(made, "watchdog")
    assert changed(made, before) == {"aiohttp:web2"}
    assert "in a_query_without_a_timeout" in log(made, "web2")


def test_a_blocked_start_up_is_left_alone(watched: Callable[..., Site]) -> None:
    """An application that needs longer than --hang to be imported starts all the same."""
    made = watched("--hang=1", code=DEPLOYED.replace("TAKES = 0", "TAKES = 4"), workers=1)
    assert "hung" not in log(made, "watchdog")


def test_recycling_no_request_fails(watched: Callable[..., Site]) -> None:
    """--max-requests under load: one worker after the other is drained and followed, until the budget is used up."""
    made = watched("--max-requests=300", "--budget=2", workers=3)
    before = pids(made)

    async def recycle() -> list[Failure]:
        async with load(made.port, 8, posts=made.posts) as tally:
            while "budget-spent" not in log(made, "watchdog"):
                await answered_more(tally, 100)
        return tally.problems

    assert asyncio.run(asyncio.wait_for(recycle(), 60)) == []
    found = changed(made, before)
    assert len(found) == 2
    assert all(name.startswith("aiohttp:web") for name in found)
    assert "requests, of 300 at most" in log(made, "watchdog")


def test_the_standby_applies_code_that_has_proved_itself(watched: Callable[..., Site], place: Path) -> None:
    """--settle seconds after a restart of all workers; the operator's command gets the event."""
    events = place / "events"
    made = watched("--settle=1", f"--notify='tee -a {events}'")
    before = pids(made)
    restart_later(made)
    until_reported(made, "standby: refreshed: all workers are newer")
    assert changed(made, before) == {"standby", "aiohttp:web1", "aiohttp:web2"}
    until("the event", lambda: events.exists() and events.read_text())
    event = json.loads(events.read_text())
    assert (event["event"], event["program"], event["worker"]) == ("refreshed", "aiohttp", "standby")


def test_the_standby_gets_what_the_workers_run_while_the_code_on_disk_is_broken(watched: Callable[..., Site]) -> None:
    """The workers are well, the checkout has become broken since."""
    made = watched("--settle=1", "--retry=1", code=DEPLOYED)
    before = pids(made)
    restart_later(made)
    deploy(made, DEPLOYED + "\nimport nothing_of_that_name\n")
    until_reported(made, "standby: refreshed")
    until("the standby to serve", made.is_ready)
    assert "standby" in changed(made, before)
    assert "nothing_of_that_name" not in log(made, "standby")


def test_an_executed_standby_keeps_its_code_while_that_on_disk_is_broken(watched: Callable[..., Site]) -> None:
    """Said once, and tried again when it is fixed."""
    made = watched("--settle=1", "--retry=1", code=DEPLOYED, plugin=False)
    before = pids(made)
    restart_later(made)
    deploy(made, DEPLOYED + "\nimport nothing_of_that_name\n")
    until_reported(made, "nothing_of_that_name")
    assert pids(made)["standby"] == before["standby"]
    assert "not-restarted: preflight of standby" in log(made, "watchdog")
    deploy(made, DEPLOYED)
    until_reported(made, "standby: refreshed")
    assert log(made, "watchdog").count("not-restarted") == 1
    assert "standby" in changed(made, before)


def test_the_watchdog_leaves_with_its_supervisord(watched: Callable[..., Site]) -> None:
    """kill -9 of supervisord: the next one starts a watchdog of its own, and two of them would act twice."""
    made = watched()
    pid = pids(made)["watchdog"]
    made.supervisord.kill()
    made.supervisord.wait(10)
    until("the watchdog to end", lambda: not is_running(pid))
    made.start()
    until("the next to watch", lambda: log(made, "watchdog").count("watching 3 workers") == 2)


def test_a_watchdog_that_is_stopped_starts_first_the_worker_it_has_stopped(watched: Callable[..., Site]) -> None:
    """SIGTERM in the middle of a recycle: a request of 8 s keeps the worker in its drain, and it comes back."""
    made = watched("--max-age=5", "--budget=1")
    before = pids(made)
    with ExitStack() as clients:
        for number in (1, 2):
            client = clients.enter_context(Client(made.place / f"web_{number}.sock"))
            client.send(b"GET /slow?seconds=8 HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        until_reported(made, "recycled: it is")
        made.ctl("stop", "watchdog")
    assert len(changed(made, before) - {"watchdog"}) == 1


def test_a_worker_that_has_failed_is_started_again(watched: Callable[..., Site]) -> None:
    """FATAL while the code was broken; said when it begins and when it is over."""
    made = watched("--retry=1", code=DEPLOYED, retries=1)
    deploy(made, DEPLOYED + "\nimport nothing_of_that_name\n")
    made.ctl("restart", "aiohttp:web1")
    until_reported(made, "web1: failing: supervisord has given it up")
    deploy(made, DEPLOYED)
    until_reported(made, "web1: recovered: it runs again")
    assert log(made, "watchdog").count("failing") == 1
