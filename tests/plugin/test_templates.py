"""Tests of aiohttp_fleet/plugin/templates.py and its parts: fleets with workers from a template."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiohttp_fleet.common.processes import is_running, parent, title
from tests.http import get
from tests.place import PROJECT
from tests.site import Site, edit
from tests.wait import until

Make = Callable[..., Site]
GATE = "import pathlib, time\nwhile not pathlib.Path({!r}).exists(): time.sleep(0.01)\n"
CODE = """
import os
from aiohttp import web
VALUE = {!r}
async def answer(request): return web.Response(text=VALUE)
def create_app():
    app = web.Application()
    app.router.add_get('/', answer)
    return app
"""


def _described(made: Site) -> list[dict[str, Any]]:
    return list((made.rpc.plugin() or {})["templates"])


@pytest.fixture
def shop(site: Make, place: Path) -> Callable[..., Site]:
    """Return what makes a fleet of one worker, with an application of the test's own in shop.py; it is not started."""

    def make(code: str = CODE.format("old"), workers: int = 1) -> Site:
        (place / "shop.py").write_text(code)
        made = site("shop:create_app").with_workers(workers)
        edit(made.supervisord_conf, {f"directory={PROJECT}": f"directory={place}"})
        return made

    return make


def test_workers_are_supervisords_children_and_share_a_template(shop: Callable[..., Site]) -> None:
    """So supervisord restarts, logs and reaps them as before; the standby is one of them."""
    made = shop(workers=2).start()
    names = ("aiohttp:web1", "aiohttp:web2", "standby")
    assert {parent(made.pid(name)) for name in names} == {made.supervisord.pid}
    assert len(made.templates()) == 1
    assert "executed, not forked" not in made.evidence()


def test_a_worker_that_crashes_comes_back_with_the_code_that_the_fleet_runs(
    shop: Callable[..., Site], place: Path
) -> None:
    """Whatever is on the disk meanwhile."""
    made = shop().start()
    (place / "shop.py").write_text("half a fi")
    pid = made.pid("aiohttp:web1")
    os.kill(pid, signal.SIGKILL)
    until("another worker", lambda: made.pid("aiohttp:web1") not in (0, pid))
    until("it to be ready", made.is_ready)
    assert get(made.place / "web_1.sock") == b"old"


def test_a_restart_by_supervisorctl_loads_new_code(shop: Callable[..., Site], place: Path) -> None:
    """A template whose files have changed is replaced; the standby's stays until the standby is restarted."""
    made = shop(workers=2).start()
    (place / "shop.py").write_text(CODE.format("new"))
    made.ctl("restart", "aiohttp:*")
    until("the workers to be ready", made.is_ready)
    assert {get(made.place / f"web_{number}.sock") for number in (1, 2)} == {b"new"}
    assert get(made.place / "web_standby.sock") == b"old"
    assert len(made.templates()) == 2
    made.ctl("restart", "standby")
    until("the old template to end", lambda: len(made.templates()) == 1)


def test_without_a_change_a_restart_uses_the_template_that_is_there(shop: Callable[..., Site]) -> None:
    """So it takes milliseconds."""
    made = shop().start()
    before = made.templates()
    made.ctl("restart", "aiohttp:*")
    until("the worker to be ready", made.is_ready)
    assert made.templates() == before


def test_a_fleet_restart_tries_the_new_code_first(shop: Callable[..., Site], place: Path) -> None:
    """With code that cannot be built nothing is changed, and the reason is reported; fixed, all workers get it."""
    made = shop(workers=2).start()
    pids = made.pids()
    (place / "shop.py").write_text("def create_app(): raise RuntimeError('no database')\n")
    done = made.fleet("restart")
    assert (done.returncode, "no database" in done.stderr, "nothing was changed" in done.stderr) == (1, True, True)
    assert made.pids() == pids
    (place / "shop.py").write_text(CODE.format("new"))
    assert made.fleet("restart").returncode == 0
    assert {get(made.place / f"web_{number}.sock") for number in (1, 2)} == {b"new"}


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGSTOP])
def test_a_template_that_was_killed_or_stopped_is_replaced(shop: Callable[..., Site], signum: signal.Signals) -> None:
    """A worker comes back without it; supervisord waits two seconds for a stopped one."""
    made = shop().start()
    (template,) = made.templates()
    os.kill(template, signum)
    for _ in range(2):
        made.ctl("restart", "aiohttp:*")
        until("the worker to be ready", made.is_ready)
    assert not is_running(template)
    assert [each["shares"] for each in _described(made)] == ["application"]


def test_an_import_that_takes_long_holds_nothing_up(shop: Callable[..., Site], place: Path) -> None:
    """Workers are STARTING meanwhile, can be stopped, and supervisord answers."""
    gate = place / "gate"
    made = shop(GATE.format(str(gate)) + CODE.format("old"))
    made.launch()
    until("the worker to wait", lambda: "aiohttp:web1                     STARTING" in made.ctl("status"))
    assert made.pid("aiohttp:web1") == 0
    assert "stopped" in made.ctl("stop", "aiohttp:web1")
    assert made.rpc.process("aiohttp:web1")["statename"] == "STOPPED"
    gate.touch()
    until("the standby to serve", (place / "web_standby.sock").exists)
    made.ctl("start", "aiohttp:web1")
    until("the worker to be ready", made.is_ready)


def test_a_worker_that_crashes_while_the_next_template_imports_comes_back(
    shop: Callable[..., Site], place: Path
) -> None:
    """From its own, at once."""
    gate = place / "gate"
    made = shop(workers=2).start()
    (place / "shop.py").write_text(GATE.format(str(gate)) + CODE.format("new"))
    made.rpc.stop("aiohttp:web1")
    until("it to stop", lambda: made.rpc.process("aiohttp:web1")["statename"] == "STOPPED")
    made.rpc.start("aiohttp:web1")
    pid = made.pid("aiohttp:web2")
    os.kill(pid, signal.SIGKILL)
    until("another worker", lambda: made.pid("aiohttp:web2") not in (0, pid))
    until("it to serve", lambda: any(row.ready for row in made.rows() if row.name == "web2"))
    assert get(place / "web_2.sock") == b"old"
    assert made.pid("aiohttp:web1") == 0
    gate.touch()
    until("all to be ready", made.is_ready)
    assert get(place / "web_1.sock") == b"new"


@pytest.mark.parametrize(
    ("error", "executed"),
    [("os.kill(os.getpid(), 9)", True), ("raise MemoryError", False)],
)
def test_where_an_import_fails_only_in_the_template_workers_import(
    shop: Callable[..., Site], place: Path, error: str, executed: bool
) -> None:
    """The kernel has killed it for its memory, or there is none left: the fleet serves."""
    made = shop(f"import os\nif 'template: ' in open('/proc/self/cmdline').read(): {error}\n{CODE.format('old')}")
    made.start()
    assert get(place / "web_1.sock") == b"old"
    assert ("executed, not forked: template of aiohttp: it has ended" in made.evidence()) == executed


def test_what_cannot_be_shared_is_reported_and_the_rest_is_shared(shop: Callable[..., Site]) -> None:
    """An application that starts a thread at its import gets it in each worker."""
    thread = "import threading, time\nthreading.Thread(target=time.sleep, args=[999], daemon=True).start()\n"
    made = shop(thread + CODE.format("old")).start()
    (described,) = _described(made)
    assert (described["shares"], described["reason"]) == ("libraries", "shop starts a thread (Thread (sleep))")
    line = "workers share the libraries only: shop starts a thread (Thread (sleep)); see fleet help templates\n"
    assert made.fleet("status").stdout.endswith(line)
    names = [task.read_text() for task in Path(f"/proc/{made.pid('aiohttp:web1')}/task").glob("*/comm")]
    assert len([name for name in names if not name.startswith("iou-")]) == 2  # the kernel's, for an older uvloop


def test_each_program_has_a_template(shop: Callable[..., Site], place: Path) -> None:
    """Two applications in one supervisord."""
    made = shop()
    program = "\n[program:aiohttp]"
    text = made.supervisord_conf.read_text()
    section = text[text.index(program) :].split("\n[", 2)[1]
    other = (
        section.replace("program:aiohttp", "[program:other").replace("web_%", "other_%").replace("/web%(", "/other%(")
    )
    made.supervisord_conf.write_text(f"{text}\n{other}\n")
    made.start()
    until("the other to be ready", lambda: (place / "other_1.sock").exists())
    assert sorted(each["program"] for each in _described(made)) == ["aiohttp", "other"]


def test_without_templates_workers_are_executed(shop: Callable[..., Site], place: Path) -> None:
    """--no-template; fleet restart tries new code nevertheless."""
    made = shop()
    edit(made.supervisord_conf, {"shop:create_app ": "shop:create_app --no-template "})
    made.start()
    assert made.templates() == []
    assert b"aiohttp_fleet.worker" in title(made.pid("aiohttp:web1"))
    (place / "shop.py").write_text("raise RuntimeError('broken')\n")
    done = made.fleet("restart")
    assert (done.returncode, "broken" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('WORKER_NUMBER="%', 'PYTHONHASHSEED="%(process_num)s",WORKER_NUMBER="%', "environment= sets PYTHONHASHSEED"),
        (" --path=", " --port=80%(process_num)s --path=", "only root may bind port 80"),
    ],
)
def test_a_worker_that_cannot_be_forked_is_executed_and_says_why(site: Make, old: str, new: str, reason: str) -> None:
    """A variable that differs and is read when an interpreter starts; a port that only root may bind."""
    if "port" in reason and os.geteuid() != 0:
        pytest.skip("only root could")
    made = site().with_workers(2)
    edit(made.supervisord_conf, {old: new})
    made.launch()
    until("the reason", lambda: f"web1: executed, not forked: {reason}" in made.evidence())


def test_a_variable_that_an_interpreter_reads_at_its_start_is_honoured(site: Make) -> None:
    """PYTHONHASHSEED, the same for all workers, is the template's."""
    made = site("tests.apps.process:create_app").with_workers(1)
    edit(made.supervisord_conf, {'WORKER_NUMBER="%': 'PYTHONHASHSEED="7",WORKER_NUMBER="%'})
    made.start()
    assert "executed, not forked" not in made.evidence()


def test_workers_know_nothing_of_supervisords_memory(shop: Callable[..., Site]) -> None:
    """Neither a password of the control socket nor the environment of another program."""
    find = """
async def answer(request):
    import ctypes, re, sys
    found = []
    for line in open("/proc/self/maps"):
        span, modes, *_ = line.split()
        if modes.startswith("rw") and "[v" not in line:
            start, end = (int(word, 16) for word in span.split("-"))
            memory = ctypes.string_at(start, end - start)
            if any(memory[each.end() :][:7] == b"battery" for each in re.finditer(b"correct-horse-", memory)):
                found.append(span)
    return web.Response(text=f"{found} {'supervisor' in sys.modules}")
"""
    made = shop(CODE.format("old").replace("async def answer(request): return web.Response(text=VALUE)\n", find))
    secret = '\n[program:secret]\ncommand=sleep 99\nenvironment=PASSWORD="correct-horse-battery"\n'
    made.supervisord_conf.write_text(made.supervisord_conf.read_text() + secret)
    made.start()
    assert get(made.place / "web_1.sock") == b"[] False"


LIES = """
import json, os, sys
from aiohttp_fleet.common.processes import children
from aiohttp_fleet.template import fork_worker
supervisord = os.getppid()
def name_another_child(write, *rest):
    other = next(pid for pid in children(supervisord) if pid != os.getppid())
    os.write(write, json.dumps({"pid": other}).encode())
    os._exit(0)
if "aiohttp_fleet.template.main" in sys.modules:
    fork_worker._end_middle = name_another_child
"""


def test_a_template_cannot_make_supervisord_take_another_process_for_a_worker(shop: Callable[..., Site]) -> None:
    """It runs the application's code, as another user; supervisord would stop what it names."""
    made = shop(LIES + CODE.format("old")).start()
    assert "which is no new child of supervisord" in made.evidence()
    assert len(set(made.pids().values())) == len(made.pids())


def test_a_stop_signal_that_comes_at_once_is_obeyed(shop: Callable[..., Site]) -> None:
    """However young the worker is."""
    made = shop().start()
    for _ in range(10):
        made.rpc.stop("aiohttp:web1")
        until("it to stop", lambda: made.rpc.process("aiohttp:web1")["statename"] == "STOPPED")
        made.rpc.start("aiohttp:web1")
    made.rpc.stop("aiohttp:web1")
    until("it to stop", lambda: made.rpc.process("aiohttp:web1")["statename"] == "STOPPED")
