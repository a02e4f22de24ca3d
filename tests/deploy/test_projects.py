"""Strangers' projects, from pip install to an answer: the wheel, fleet init and supervisord, nothing else."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

import pytest
from aiohttp_fleet_drill.sandbox import end

from tests.place import PROJECT, USER, free_port
from tests.projects import visits
from tests.wait import until

PROJECTS = PROJECT / "tests" / "projects"
CHANGED = 1_700_000_000
"""When their files were changed."""


@dataclass(frozen=True)
class Stranger:
    """One of them.

    Attributes:
        name: of the project's directory.
        spec: its application, as ``fleet init`` is to find it.
        bare: Python that serves it with aiohttp alone.
        visit: what a client does.
    """

    name: str
    spec: str
    bare: str
    visit: visits.Visit


STRANGERS = (
    Stranger("single", "shop:app", "from shop import app", visits.single),
    Stranger("package", "blog.main:create_app", "from blog.main import create_app; app = create_app()", visits.package),
    Stranger("chat", "chat.app:create_app", "from chat.app import create_app; app = create_app()", visits.chat),
    Stranger("parts", "parts.site:make_app", "from parts.site import make_app; app = make_app()", visits.parts),
)


def _run(*command: object, cwd: Path = PROJECT) -> str:
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def _bare(stranger: Stranger, python: Path, project: Path) -> Iterator[int]:
    port = free_port()
    code = f"{stranger.bare}\nfrom aiohttp import web\nweb.run_app(app, host='127.0.0.1', port={port}, print=None)"
    serving = subprocess.Popen([python, "-c", code], cwd=project)
    try:
        until("aiohttp to answer", lambda: _answers(port))
        yield port
    finally:
        serving.terminate()
        serving.wait(20)


@contextmanager
def _fleet(stranger: Stranger, commands: Path, project: Path) -> Iterator[int]:
    port = free_port()
    options = ("--workers=2", f"--user={USER}", f"--port={port}", f"--run-dir={project}/s")
    said = _run(commands / "fleet", "init", *options, cwd=project)
    assert stranger.spec in said
    _run(commands / "supervisord", "-c", "deploy/supervisord.conf", cwd=project)
    try:
        _run(commands / "fleet", "status", "--wait", "30", cwd=project)
        _run(commands / "fleet", "render", "--check", cwd=project)
        yield port
    finally:
        _run(commands / "supervisorctl", "-c", "deploy/supervisord.conf", "shutdown", cwd=project)
        until("its supervisord to end", lambda: not (project / "deploy/run/supervisord.pid").exists(), 60)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 5):
            return True
    except ConnectionRefusedError:
        return False


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda stranger: stranger.name)
def test_a_project_is_served_as_by_aiohttp_alone(place: Path, commands: Path, stranger: Stranger) -> None:
    """A single file, a package with a database, an asynchronous chat, a site in parts: the same answers."""
    project = copytree(PROJECTS / stranger.name, place / stranger.name)
    for file in project.rglob("*"):  # nginx and aiohttp round a fraction of a second each its way
        os.utime(file, (CHANGED, CHANGED))
    try:
        with _bare(stranger, commands / "python", project) as port:
            expected = visits.visit(stranger.visit, port)
        with _fleet(stranger, commands, project) as port:
            assert visits.visit(stranger.visit, port) == expected
    finally:
        end(place)


def test_the_wheel_brings_no_package_of_the_developers(commands: Path) -> None:
    """Neither those of the tests nor those of the drill."""
    listed = _run(sys.executable, "-m", "pip", "--python", commands.parent, "list", "--format=freeze")
    brought = set(listed.lower().replace("_", "-").split())
    assert not {"rich", "pygments", "pytest"} & {line.partition("==")[0] for line in brought}
