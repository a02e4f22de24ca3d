"""Tests of aiohttp_fleet/supervision/preflight.py: the worker's own command, in a process of its own."""

import contextlib
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.processes import is_running, process_directory, process_environ
from aiohttp_fleet.config.fleet import Worker
from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.supervision.preflight import has_preflight, preflight
from tests.place import PROJECT, USER
from tests.site import Site
from tests.wait import until

Make = Callable[..., Site]
ENVIRON = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)}


@pytest.fixture
def web1(place: Path) -> Worker:
    """The shipped web1, with shop.py in the place as its application."""
    (shipped,) = read_fleet(PROJECT / "deploy" / "supervisord.conf", "aiohttp").workers[:1]
    argv = (sys.executable, "-m", "aiohttp_fleet.worker", "shop:create_app", f"--path={place}/x.sock", f"--user={USER}")
    return replace(shipped, argv=argv, directory=str(place), environment={"OWN": "program's"})


def _says(worker: Worker, **keywords: object) -> str:
    with pytest.raises(FleetError) as caught:
        preflight(worker, {**ENVIRON, "OURS": "supervisord's"}, **keywords)  # type: ignore[arg-type]
    return str(caught.value)


def test_the_application_gets_the_environment_that_supervisord_gives(web1: Worker, place: Path) -> None:
    """supervisord's environment, the program's, and its names; nothing of the operator's."""
    names = ("OURS", "OWN", "SUPERVISOR_ENABLED", "SUPERVISOR_PROCESS_NAME", "SUPERVISOR_GROUP_NAME")
    (place / "shop.py").write_text(f"import os\nraise RuntimeError([os.environ[name] for name in {names}])\n")
    assert str(["supervisord's", "program's", "1", "web1", "aiohttp"]) in _says(web1)


def test_a_program_without_a_directory_is_built_in_supervisords(web1: Worker, place: Path) -> None:
    """Not in the operator's."""
    (place / "shop.py").write_text("from aiohttp import web\ncreate_app = web.Application\n")
    preflight(replace(web1, directory=None), ENVIRON, directory=str(place))
    assert process_directory(os.getpid()) == str(Path.cwd())
    assert process_directory(0) is None


def test_a_build_that_hangs_reaches_the_deadline(web1: Worker, place: Path) -> None:
    """The error has what it printed until then."""
    (place / "shop.py").write_text("import time\nprint('asking the database', flush=True)\ntime.sleep(60)\n")
    text = _says(web1, seconds=2)
    assert "was not built in 2 s" in text
    assert "asking the database" in text


def test_a_process_that_outlives_the_build_is_not_waited_for(web1: Worker, place: Path) -> None:
    """It keeps the output open, which does not matter."""
    code = (
        "import subprocess\nfrom aiohttp import web\nsubprocess.Popen(['sleep', '3'])\ncreate_app = web.Application\n"
    )
    (place / "shop.py").write_text(code)
    preflight(web1, ENVIRON, seconds=8)


@pytest.mark.parametrize(
    "then", ["pass\n", "raise RuntimeError\n", "time.sleep(60)\n"], ids=["built", "failed", "hangs"]
)
def test_processes_of_the_build_end_with_it(web1: Worker, place: Path, then: str) -> None:
    """A pool that the factory makes, whatever becomes of the build."""
    code = (
        "import os, pathlib, time\nfrom aiohttp import web\nfrom concurrent.futures import ProcessPoolExecutor\n"
        "def create_app():\n    pool = ProcessPoolExecutor(1)\n    pid = pool.submit(os.getpid).result()\n"
        f"    pathlib.Path('pid').write_text(str(pid))\n    {then}    return web.Application()\n"
    )
    (place / "shop.py").write_text(code)
    place.chmod(0o777)
    with contextlib.suppress(FleetError):
        preflight(web1, ENVIRON, seconds=5)
    pid = int((place / "pid").read_text())
    until("the end of the pool", lambda: not is_running(pid))


def test_another_command_has_no_preflight(web1: Worker) -> None:
    """It does not know the flag."""
    other = replace(web1, argv=("false",))
    assert not has_preflight(other)
    preflight(other, ENVIRON)


def test_supervisord_lets_its_environment_be_read(site: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the plugin as well, which names its forks in the same memory."""
    monkeypatch.setenv("SECRET", "only in supervisord")
    made = site().with_workers(1).start()
    assert process_environ(made.supervisord.pid).items() >= os.environ.items()
