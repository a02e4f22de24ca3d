"""Tests of aiohttp_fleet/plugin/fork.py and preload.py."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.http import get
from tests.place import PROJECT
from tests.site import Site, edit
from tests.wait import until

Make = Callable[..., Site]
FORKS = {"forks": True, "reason": "", "missing": []}
PLUGIN = r"\[rpcinterface:fleet\]\n.*\n"


def _plugin(made: Site) -> dict[str, Any] | None:
    return made.rpc.plugin()


def _shared(made: Site) -> int:
    """Return the kilobytes that web1 shares with supervisord (proc(5), smaps_rollup)."""
    text = Path(f"/proc/{made.pid('aiohttp:web1')}/smaps_rollup").read_text()
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Shared_Dirty"))


def _shown(made: Site) -> dict[str, Any]:
    """Return what the application shows of its process, while the watchdog has no connection to it."""
    made.ctl("stop", "watchdog")
    return dict(json.loads(get(made.place / "web_1.sock")))


def _start(made: Site, kit: Path | None = None) -> Site:
    """Start a site whose supervisord imports the kit from ``kit``."""
    return made.start({**os.environ, "PYTHONPATH": str(kit)} if kit else None)


@pytest.fixture
def kit(place: Path) -> Path:
    """Give the test a kit of its own, to be changed while supervisord has it in memory."""
    copied = place / "kit"
    shutil.copytree(PROJECT / "aiohttp_fleet", copied / "aiohttp_fleet")
    return copied


def test_a_forked_worker_is_the_process_that_an_executed_one_is(site: Make) -> None:
    """Arguments, path, environment, signals, descriptors, streams: the application cannot tell the difference."""
    made = site("tests.apps.process:create_app")
    edit(made.supervisord_conf, {"numprocs=4 ": "numprocs=1 "})
    _start(made)
    assert _plugin(made) == FORKS
    forked = _shown(made)
    shared = _shared(made)
    made.stop()
    edit(made.supervisord_conf, {PLUGIN: ""})
    _start(made)
    assert _plugin(made) is None
    executed = _shown(made)
    assert _shared(made) < shared / 2
    assert forked == executed


def test_new_code_is_loaded_by_a_restart(site: Make, place: Path) -> None:
    """supervisord never imports the application, so nothing of it is old."""
    code = "from aiohttp import web\nasync def answer(request): return web.Response(text={!r})\n"
    code += "def create_app():\n    app = web.Application()\n    app.router.add_get('/', answer)\n    return app\n"
    (place / "shop.py").write_text(code.format("old"))
    made = site("shop:create_app")
    edit(made.supervisord_conf, {"numprocs=4 ": "numprocs=1 ", f"directory={PROJECT}": f"directory={place}"})
    _start(made)
    assert get(made.port) == b"old"
    (place / "shop.py").write_text(code.format("new"))
    made.ctl("restart", "aiohttp:*")
    until("the new code to answer", lambda: get(made.port) == b"new")


def test_what_was_installed_since_is_executed(site: Make, kit: Path) -> None:
    """A worker whose code in memory is no longer the installed one is executed, and its log says why."""
    made = site().with_workers(1)
    edit(made.supervisord_conf, {f"directory={PROJECT}": f"directory={kit}"})
    _start(made, kit)
    assert "web1: exec'd" not in made.evidence()
    changed = kit / "aiohttp_fleet" / "common" / "stderr_log.py"
    changed.write_text(changed.read_text() + "# changed\n")
    plugin = _plugin(made)
    assert plugin is not None
    assert plugin["forks"] is False
    made.ctl("restart", "aiohttp:web1")
    until("web1 to be back", made.is_ready)
    log = (made.place / "deploy" / "run" / "web1.log").read_text()
    assert "web1: exec'd, not forked: the file of aiohttp_fleet.common.stderr_log has changed since supervisord" in log


def test_a_variable_that_an_interpreter_reads_at_its_start_is_honoured(site: Make) -> None:
    """PYTHONHASHSEED in environment= takes effect, by executing the worker."""
    made = site("tests.apps.process:create_app").with_workers(1)
    edit(made.supervisord_conf, {'WORKER_NUMBER="%': 'PYTHONHASHSEED="7",WORKER_NUMBER="%'})
    made.start()
    assert "web1: exec'd, not forked: environment= sets PYTHONHASHSEED" in made.evidence()
    assert "standby: executed" not in made.evidence()


def test_a_module_of_the_projects_own_is_imported_as_usual(site: Make, place: Path) -> None:
    """A project with a package that supervisord has in memory under the same name gets its own."""
    (place / "supervisor").mkdir()
    (place / "supervisor" / "__init__.py").write_text("MINE = True\n")
    (place / "shop.py").write_text("import supervisor; supervisor.MINE\nfrom tests.apps.work import create_app\n")
    made = site("shop:create_app")
    changes = {f"directory={PROJECT}": f"directory={place}", "numprocs=4 ": "numprocs=1 "}
    edit(made.supervisord_conf, changes)
    made.start()
    assert f"web1: exec'd, not forked: {place} has a module supervisor of its own" in made.evidence()


def test_a_plugin_that_cannot_load_the_worker_leaves_supervisord_alone(site: Make, kit: Path) -> None:
    """Everything runs, by exec; supervisord's log has the reason."""
    memory = kit / "aiohttp_fleet" / "plugin" / "preload.py"
    memory.write_text("raise RuntimeError('broken')\n")
    made = _start(site().with_workers(1), kit)
    log = (made.place / "deploy" / "run" / "supervisord.log").read_text()
    reason = "workers are exec'd, with more memory (RuntimeError: broken)"
    assert f"fleet: {reason}" in log
    assert _plugin(made) == {"forks": False, "reason": reason, "missing": [reason]}


@pytest.mark.xdist_group("plugin")
def test_it_survives_reread_update_reload_and_restart(made: Site) -> None:
    """supervisord's own verbs do what they did, and workers are forked after each."""
    for verb in (["reread"], ["update"], ["restart", "aiohttp:*"], ["reload"]):
        made.ctl(*verb)
        until(f"everything to be ready after {verb}", made.is_ready)
        assert _plugin(made) == FORKS
    assert "exec'd" not in made.evidence()
