"""Tests of ``fleet boot``: what systemd and logrotate get, and what they think of it."""

import json
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from tests.forked import run
from tests.http import Client, get
from tests.place import PROJECT, ROOT, sandbox
from tests.site import BIN, Site, edit, started
from tests.wait import until

ANALYZE = shutil.which("systemd-analyze")
LOGROTATE = shutil.which("logrotate", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
EXPOSURE = 2.0
"""What docs/boot.md says of an ordinary user's service, at most."""
ME = pwd.getpwuid(os.geteuid()).pw_name
ORDINARY = "daemon" if ROOT else ME
shared = pytest.mark.xdist_group("boot")
"""One fleet for both tests that need one, see `made`."""


class Project:
    """A copy of deploy/, and an image to write to.

    Attributes:
        root: the project's directory.
        image: below which etc/ is.
        service: the unit.
        logrotate: the log rotation.
    """

    def __init__(self, place: Path) -> None:
        self.root, self.image = place / "shop", place / "image"
        shutil.copytree(PROJECT / "deploy", self.root / "deploy", ignore=shutil.ignore_patterns("run", "tls"))
        (self.root / "deploy" / "run").mkdir()
        self.service = self.image / "etc" / "systemd" / "system" / "shop.service"
        self.logrotate = self.image / "etc" / "logrotate.d" / "shop"

    def boot(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``fleet boot``."""
        return run("fleet", "boot", *arguments, cwd=self.root)

    def settings(self, *arguments: str) -> dict[str, list[str]]:
        """Return the values of each setting of the printed unit."""
        done = self.boot(*arguments)
        assert done.returncode == 0, done.stderr
        unit = done.stdout.partition("/logrotate.d/")[0]
        found: dict[str, list[str]] = {}
        for name, value in re.findall(r"^(\w+)=(.*)$", unit, re.MULTILINE):
            found.setdefault(name, []).append(value)
        return found


@pytest.fixture
def project(place: Path) -> Project:
    """Make a project."""
    return Project(place)


def test_the_unit_is_of_this_project(project: Project) -> None:
    """Its paths, its owner, the time that its stop takes; no placeholder is left."""
    found = project.settings()
    conf = project.root / "deploy" / "supervisord.conf"
    assert found["ExecStart"] == [f"{BIN}/supervisord -n -c {conf}"]
    assert found["ExecReload"] == [f"{BIN}/fleet -c {conf} restart"]
    assert found["WorkingDirectory"] == [str(project.root)]
    assert found["User"] == [ME]
    assert found["TimeoutStopSec"] == ["210"]  # 45 + 45 + 60 + 45, and 15
    assert found["KillMode"] == ["process"]
    out = project.boot().stdout
    assert "systemctl start shop" in out and not re.search("@[A-Z_]+@", out)


def test_sockets_in_tmp_are_shared_and_sockets_in_run_are_created_at_a_boot(project: Project) -> None:
    """The project itself is in /tmp here, so it never gets a /tmp of its own."""
    found = project.settings()
    assert (found["PrivateTmp"], found["RuntimeDirectory"]) == (["no"], [""])
    assert found["ReadWritePaths"] == [f"{project.root} /tmp /var/tmp"]
    edit(project.root / "deploy" / "supervisord.conf", {"/tmp/web_": "/run/shop/web_"})
    assert project.settings("--user", ORDINARY)["RuntimeDirectory"] == ["shop"]
    assert project.settings("--user", "root")["RuntimeDirectoryMode"] == ["1777"]


def test_only_a_low_port_and_root_get_capabilities(project: Project) -> None:
    """An ordinary user's on 8080 has none at all."""
    assert project.settings("--user", ORDINARY)["CapabilityBoundingSet"] == [""]
    assert "CAP_SETUID" in project.settings("--user", "root")["CapabilityBoundingSet"][0]
    edit(project.root / "deploy" / "nginx.conf", {"listen 8080": "listen 80"})
    found = project.settings("--user", ORDINARY)
    assert found["CapabilityBoundingSet"] == found["AmbientCapabilities"] == ["CAP_NET_BIND_SERVICE"]
    found = project.settings("--user", "root")
    assert found["CapabilityBoundingSet"][0].endswith(" CAP_NET_BIND_SERVICE") and found["AmbientCapabilities"] == [""]


def test_nothing_is_rotated_for_an_nginx_that_the_system_runs(project: Project) -> None:
    """Nothing for logrotate."""
    assert "/etc/logrotate.d/shop" in project.boot().stdout
    edit(project.root / "deploy" / "supervisord.conf", {r"\[program:nginx\]": "[program:other]"})
    assert "/etc/logrotate.d/shop" not in project.boot().stdout


def test_write_prints_what_to_type_next(project: Project) -> None:
    """A second time there is nothing to change."""
    image = f"--root={project.image}"
    assert project.boot(image, "--check").returncode == 1
    done = project.boot(image, "--write")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-2:] == ["  systemctl daemon-reload", "  systemctl enable --now shop"]
    assert project.service.read_text() in project.boot().stdout
    assert project.boot(image, "--check").returncode == 0
    assert "nothing to change" in project.boot(image, "--write").stdout


def test_the_json_report_has_the_files_and_the_next_commands(project: Project) -> None:
    """With the state of each file before the command ran."""
    image = f"--root={project.image}"
    for option, state in (("--check", "missing"), ("--write", "missing"), ("--write", "current")):
        said = json.loads(project.boot(image, option, "--json").stdout)
        assert {file["state"] for file in said["files"]} == {state}
        assert [file["path"] for file in said["files"]] == [str(project.service), str(project.logrotate)]
    assert said["next"] == ["systemctl daemon-reload", "systemctl enable --now shop"]


def test_what_is_there_and_differs_is_shown(project: Project) -> None:
    """By --check, and before --write overwrites it."""
    image = f"--root={project.image}"
    project.boot(image, "--write")
    edit(project.service, {"RestartSec=1": "RestartSec=9"})
    for option, code in (("--check", 1), ("--write", 0), ("--check", 0)):
        done = project.boot(image, option)
        assert done.returncode == code
        assert ("-RestartSec=9\n+RestartSec=1\n" in done.stdout) is (option == "--write" or code == 1)


@pytest.fixture(scope="module")
def made() -> Iterator[Site]:
    """Start a fleet whose nginx soon writes what it logs."""
    with sandbox() as directory:
        made = Site(directory).with_workers(1)
        edit(made.nginx_conf, {"flush=5s": "flush=100ms"})
        with started(made):
            yield made


@shared
def test_a_supervisord_that_systemd_has_not_started_has_to_be_stopped(made: Site, place: Path) -> None:
    """It has the control socket that the service's would need."""
    done = made.fleet("boot", f"--root={place}/image", "--write")
    assert done.returncode == 0, done.stderr
    assert f"shutdown  # pid {made.supervisord.pid}, which systemd has not started\n" in done.stdout


@pytest.mark.skipif(ROOT, reason="root may write everywhere")
def test_only_root_may_write_to_etc(project: Project) -> None:
    """Found before anything is written."""
    assert "only root may write it; retry with sudo" in project.boot("--write").stderr


@pytest.mark.skipif(not ROOT, reason="the files of an ordinary user's project are its own")
def test_files_of_another_user_are_a_failure_with_the_command_to_type(project: Project) -> None:
    """The service could not write its logs."""
    done = project.boot(f"--root={project.image}", "--write", f"--user={ORDINARY}")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"then chown -R {ORDINARY}: {project.root}/deploy/run" in done.stderr
    assert not project.image.exists()


def test_no_supervisord_conf_is_one_line(place: Path) -> None:
    """As for every command."""
    done = run("fleet", "boot", cwd=place)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "deploy/supervisord.conf: there is none" in done.stderr


@pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze on this machine: apt-get install systemd")
@pytest.mark.parametrize("user", sorted({ME, ORDINARY}))
def test_systemd_accepts_the_unit_without_a_warning(project: Project, user: str) -> None:
    """systemd-analyze verify: no unknown setting, no program that is not there."""
    analyzed = _analyze(project, user, "verify")
    assert (analyzed.returncode, analyzed.stdout + analyzed.stderr) == (0, "")


@pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze on this machine: apt-get install systemd")
def test_the_service_of_an_ordinary_user_is_hardly_exposed(project: Project) -> None:
    """systemd-analyze security, whose scale ends at 10."""
    analyzed = _analyze(project, ORDINARY, "security", "--offline=true", f"--threshold={EXPOSURE * 10:g}")
    assert analyzed.returncode == 0, analyzed.stdout


def _analyze(project: Project, user: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    shutil.chown(project.root / "deploy" / "run", user)
    assert project.boot(f"--root={project.image}", f"--user={user}", "--write").returncode == 0
    assert ANALYZE is not None
    command = [ANALYZE, "--no-pager", *arguments, str(project.service)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(LOGROTATE is None, reason="no logrotate on this machine: apt-get install logrotate")
@shared
def test_a_rotation_under_load_loses_no_line(made: Site, place: Path) -> None:
    """Each request has its line, in the old file or in the new one, and both have some."""
    image, log = place / "image", made.place / "deploy" / "run" / "access.log"
    name = made.place.name
    assert made.fleet("boot", f"--root={image}", "--write").returncode == 0
    assert LOGROTATE is not None
    command = [LOGROTATE, "--force", f"--state={place}/state", f"{image}/etc/logrotate.d/{name}"]
    asked = [get(made.port) for _ in range(50)]
    done = Event()
    with ThreadPoolExecutor() as pool:
        more = pool.submit(_ask, made.port, done)
        until("the first line", lambda: _lines(log))  # nginx has written what it had, and notifempty holds
        rotated = subprocess.run(command, capture_output=True, text=True, timeout=20)
        assert (rotated.returncode, rotated.stderr) == (0, "")
        until("a line in the new file", lambda: log.exists() and _lines(log))
        done.set()
    number = len(asked) + more.result()
    old = log.with_name("access.log.1")
    until(f"{number} lines", lambda: _lines(old) + _lines(log) >= number)
    assert _lines(old) + _lines(log) == number and _lines(old) >= len(asked)


def _ask(port: int, done: Event) -> int:
    number = 0
    with Client(port) as client:
        while not done.is_set():
            assert client.get()[0] == 200
            number += 1
            done.wait(0.05)  # 1,000 requests, after which nginx ends a connection, take longer than the test may
    return number


def _lines(log: Path) -> int:
    return log.read_bytes().count(b"\n")


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (["--check", "--write"], "exclude each other", 2),
        (["--name=a b"], "'a b': a service cannot have this name; choose letters and digits with --name", 1),
        (["--name=../x"], "a service cannot have this name", 1),
        (["--user=nobody-here"], "there is no such user", 1),
    ],
)
def test_bad_input_is_one_line(project: Project, arguments: list[str], words: str, code: int) -> None:
    """The thing, the reason, the next step."""
    done = project.boot(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert words in done.stderr
