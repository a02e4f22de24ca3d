"""Tests of ``fleet init``: a stranger's project, from nothing to an answer."""

import fcntl
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp_fleet_drill.sandbox import end, free_port

from tests.forked import run
from tests.http import get
from tests.place import ROOT, USER, sandbox
from tests.site import BIN
from tests.wait import until

APP = """from aiohttp import web


async def hello(request):
    return web.Response(text="a stranger's")


app = web.Application()
app.router.add_get("/", hello)
"""
shared = pytest.mark.xdist_group("init")
"""One init for all tests that begin with one, see `written`."""


class Project:
    """A user's project.

    Attributes:
        root: its directory.
        port: a free one.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.port = root, free_port()
        (root / "shop.py").write_text(APP)

    def fleet(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``fleet`` in it."""
        return run("fleet", *arguments, cwd=self.root)

    def init(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``fleet init`` with two workers and sockets of its own."""
        options = (f"--port={self.port}", f"--run-dir={self.root}/s", "--workers=2", f"--user={USER}")
        return self.fleet("init", *options, *arguments)

    def shut_down(self) -> bool:
        """Tell its supervisord to end; whether it has."""
        pid = self.root / "deploy" / "run" / "supervisord.pid"
        run("supervisorctl", "-c", f"{self.root}/deploy/supervisord.conf", "shutdown")
        return not pid.exists()

    def command(self) -> str:
        """Return the workers' command."""
        return (self.root / "deploy" / "supervisord.conf").read_text().partition("\ncommand=")[2].partition("\n")[0]

    def one_line(self, *arguments: str) -> str:
        """Run an init that must fail in one line, and return that line."""
        done = self.init(*arguments)
        assert (done.stdout, done.stderr.count("\n")) == ("", 1), done.stdout + done.stderr
        assert not (self.root / "deploy" / "nginx.conf").exists() and not list(self.root.glob(".deploy.*"))
        assert done.returncode in (1, 2)
        return done.stderr


@pytest.fixture
def project(place: Path) -> Iterator[Project]:
    """Make a project; end whatever runs from it."""
    made = Project(place)
    try:
        yield made
    finally:
        if (place / "deploy" / "run" / "supervisor.sock").exists():  # its command line does not name the place
            until("its supervisord to end", made.shut_down)
        end(place)


@pytest.fixture(scope="module")
def initialized() -> Iterator[Project]:
    """Run an init in a project that is only looked at."""
    with sandbox() as directory:
        made = Project(directory)
        assert made.init().returncode == 0
        yield made


@pytest.fixture
def written(project: Project, initialized: Project) -> Project:
    """Make a project with what such an init has written."""
    project.port = initialized.port
    shutil.copytree(initialized.root / "deploy", project.root / "deploy")
    for file in (project.root / "deploy").rglob("*.conf"):
        file.write_text(file.read_text().replace(str(initialized.root), str(project.root)))
    return project


def test_init_then_supervisord_serves_the_application(project: Project) -> None:
    """Found by itself; the files agree, gixy has no complaint, and a second init has nothing to do."""
    assert project.init("--check").returncode == 1
    assert not (project.root / "deploy").exists()
    done = project.init()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"  {BIN}/supervisord -c deploy/supervisord.conf"
    assert project.fleet("render", "--check").returncode == 0
    assert project.init("--check").returncode == 0
    assert subprocess.run([BIN / "gixy", "deploy/nginx.conf"], cwd=project.root, capture_output=True).returncode == 0
    subprocess.run([BIN / "supervisord", "-c", "deploy/supervisord.conf"], cwd=project.root, check=True)
    waited = project.fleet("status", "--wait", "30")
    assert waited.returncode == 0, waited.stdout
    assert get(project.port) == b"a stranger's"
    again = project.init()  # while it runs: port and sockets are its own
    assert (again.returncode, again.stderr) == (0, "")
    assert "nothing to change" in again.stdout


def test_init_takes_a_file_with_settings(project: Project) -> None:
    """The application is built with it, and both commands name it."""
    (project.root / "shop.py").write_text(f"import os\nos.environ['NEEDED']\n{APP}")
    assert "KeyError: 'NEEDED'" in project.init().stderr
    (project.root / ".env").touch()
    (project.root / ".env").chmod(0o644)
    assert f"; chmod o= {project.root}/.env\n" in project.init("--env-file=.env").stderr
    (project.root / ".env").chmod(0o640)
    (project.root / ".env").write_text("NEEDED=1\n")
    assert project.init("--env-file=.env").returncode == 0
    text = (project.root / "deploy" / "supervisord.conf").read_text()
    assert text.count(' --env-file="%(here)s/../.env" --user=') == 1
    assert project.fleet("render", "--check").returncode == 0


@shared
def test_what_is_there_is_shown_and_kept(written: Project) -> None:
    """Only --write overwrites it; the run directory and the markers stay whose they are."""
    conf = written.root / "deploy" / "nginx.conf"
    mine = conf.read_text().replace("client_max_body_size 100m", "client_max_body_size 1g")
    conf.write_text(mine)
    done = written.init()
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "-    client_max_body_size 1g;\n+    client_max_body_size 100m;\n" in done.stdout
    assert conf.read_text() == mine
    assert written.init("--write").returncode == 0
    assert conf.read_text() != mine
    conf.write_text(mine.replace("# >>> fleet render", ""))
    done = written.init("--write")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "'# >>> fleet render' is there 0 times" in done.stderr


@shared
@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 1), (b"y\n", 0)])
def test_on_a_terminal_it_asks(written: Project, answer: bytes, code: int) -> None:
    """What would be lost is shown before the question."""
    ours, theirs = os.openpty()
    os.write(ours, answer)
    command = [str(BIN / "fleet"), "init", f"--port={written.port}", f"--run-dir={written.root}/s", f"--user={USER}"]
    done = subprocess.run([*command, "--domain=a.example"], cwd=written.root, stdin=theirs, capture_output=True)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == code
    assert b"+    server_name a.example;" in done.stdout
    assert (b"server_name a.example;" in (written.root / "deploy" / "nginx.conf").read_bytes()) is (code == 0)


def test_what_was_asked_for_is_in_the_files(project: Project) -> None:
    """The domain, the application in src and the number of workers."""
    (project.root / "src" / "inner").mkdir(parents=True)
    (project.root / "src" / "inner" / "web.py").write_text(APP)
    done = project.init("inner.web:app", "--domain=www.example.com")
    assert done.returncode == 0, done.stderr
    assert "server_name www.example.com;" in (project.root / "deploy" / "nginx.conf").read_text()
    text = (project.root / "deploy" / "supervisord.conf").read_text()
    assert "numprocs=2  " in text and "directory=%(here)s/../src" in text


@shared
def test_the_number_of_workers_is_that_of_the_files_once_they_are_there(written: Project) -> None:
    """So that an init after "fleet scale" does not take workers away."""
    options = (f"--port={written.port}", f"--run-dir={written.root}/s", f"--user={USER}", "--check")
    for number in ("1", "3"):
        assert written.init(f"--workers={number}", "--write").returncode == 0
        assert written.fleet("init", *options).returncode == 0


def test_several_applications_are_listed_with_the_command_to_type(project: Project) -> None:
    """Exit code 2."""
    (project.root / "other.py").write_text(APP)
    done = project.init()
    assert done.returncode == 2
    assert done.stderr.splitlines()[1:] == ["  fleet init other:app", "  fleet init shop:app"]


def test_no_application_is_said_so(project: Project) -> None:
    """With what to type."""
    (project.root / "shop.py").unlink()
    assert project.one_line().endswith("fleet init MODULE:NAME, or what you type today, fleet init python web.py\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--workers=0"], "0 is not in the range x>=1"),
        (["--port=70000"], "70000 is not in the range"),
        (["--domain=not a name"], "is no domain name"),
        (["--domain=x;}"], "is no domain name"),
        (["--user=no-such-user"], "there is no such user"),
        (["--group=no-such-group"], "there is no such group"),
        (["shop app"], "is not MODULE:NAME"),
        (["shop/app"], "shop/app: there is no such file in"),
        (["python", "gone.py", "--x"], "gone.py: there is no such file in"),
        (["python", "-u", "shop.py"], "python -u: an option of python's own; leave it out here"),
        (["--check", "--write"], "exclude each other"),
        ([f"--run-dir={'/tmp/' + 100 * 'x'}"], "at most 107 bytes"),
    ],
)
def test_bad_input_is_one_line(project: Project, arguments: list[str], words: str) -> None:
    """The thing, the reason, the next step; nothing is written."""
    assert words in project.one_line(*arguments)


def test_the_owners_command_is_what_the_workers_run(project: Project) -> None:
    """Found by itself where the module serves when it is run; or typed, as its owner types it."""
    serves = "import sys\nfrom aiohttp import web\napp = web.Application()\nprint(sys.argv[1:])\nweb.run_app(app)\n"
    (project.root / "shop.py").write_text(serves)
    done = project.init()
    assert (done.returncode, done.stderr) == (0, "")
    assert "shop.py: it serves by itself, in shop.py, line 5\n" in done.stdout
    assert project.command().endswith(f"--user={USER} shop.py")
    done = project.init("--write", "python", "shop.py", "--workers", "50 %")
    assert (done.returncode, done.stderr) == (0, "")
    assert project.command().endswith(f"--user={USER} shop.py --workers '50 %%'")
    assert project.fleet("render", "--check").returncode == 0


def test_all_problems_are_named_at_once(project: Project) -> None:
    """A user that does not exist, a port that is taken, a group that does not exist: one attempt shows all three."""
    with socket.create_server(("127.0.0.1", project.port)):
        done = project.init("--user=no-such-user", "--group=no-such-group")
    lines = done.stderr.splitlines()
    assert (done.returncode, len(lines)) == (1, 3)
    for line, words in zip(
        lines, ("--user no-such-user", "--group no-such-group", f"--port {project.port}"), strict=True
    ):
        assert words in line
    assert not (project.root / "deploy").exists()


def test_an_application_that_cannot_be_built_is_refused_with_its_error(project: Project) -> None:
    """Nothing is written."""
    (project.root / "shop.py").write_text(APP + "1 / 0\n")
    done = project.init()
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr and "cannot be built" in done.stderr
    assert not (project.root / "deploy").exists()


def test_a_taken_port_is_reported_with_who_has_it(project: Project) -> None:
    """Its pid and name."""
    with socket.create_server(("127.0.0.1", project.port)):
        assert f"pid {os.getpid()} (" in project.one_line()


def test_a_socket_of_another_fleet_is_reported_with_a_way_out(project: Project) -> None:
    """Two projects on one machine do not take each other's sockets."""
    (project.root / "s").mkdir(mode=0o777)
    (project.root / "s").chmod(0o777)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(f"{project.root}/s/web_2.sock")
        other.listen()
        line = project.one_line()
    assert "web_2.sock: another fleet serves it" in line and "--run-dir=" in line


@pytest.mark.skipif(not ROOT or USER == "root", reason="only root's workers become someone else")
def test_a_project_that_the_workers_may_not_read_is_refused(project: Project) -> None:
    """As under /root."""
    project.root.chmod(0o700)
    assert "user nobody, who the workers become, may not read it" in project.one_line()
    assert not (project.root / "deploy").exists()


@pytest.mark.skipif(ROOT, reason="root may write everywhere")
def test_a_directory_that_is_not_writable_is_reported(project: Project) -> None:
    """Before anything else is done."""
    project.root.chmod(0o555)
    try:
        assert f"{project.root}: cannot be written" in project.one_line()
    finally:
        project.root.chmod(0o755)  # so that it can be removed


@shared
def test_an_upgrade_replaces_the_kit_and_keeps_what_was_edited(written: Project) -> None:
    """Without a question for kit/; a file of one's own is shown and kept, and nginx has tested it with the new kit."""
    deploy = written.root / "deploy"
    mine = (deploy / "nginx.conf").read_text().replace("client_max_body_size 100m", "client_max_body_size 1g")
    (deploy / "nginx.conf").write_text(mine)
    (deploy / "kit" / "server.conf").write_text("# of an older version\n")
    assert "server.conf not of this version" in written.fleet("render", "--check").stderr
    done = written.init()
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stdout.startswith(f"{deploy}/kit: written\n")
    assert (deploy / "nginx.conf").read_text() == mine
    assert written.fleet("render", "--check").returncode == 0
    (deploy / "nginx.conf").write_text(mine.replace("least_conn;", "least_con;"))
    assert 'unknown directive "least_con"' in written.init().stderr


@shared
def test_it_holds_the_lock_while_it_writes(written: Project) -> None:
    """So that it does not write while "fleet scale" does."""
    with (written.root / "deploy" / "run" / "fleet.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = written.init("--domain=a.example", "--write")
    assert (done.returncode, "is changing the fleet" in done.stderr) == (1, True)
    assert "a.example" not in (written.root / "deploy" / "nginx.conf").read_text()


def test_the_report_has_what_the_lines_say(project: Project) -> None:
    """For programs: one object, also when files differ."""
    report = json.loads(project.init("--json").stdout)
    assert (report["application"], report["workers"]) == ("shop:app", 2)
    assert f"{project.root}/deploy/nginx.conf" in report["files"]
    assert report["next"] == [f"{BIN}/supervisord -c deploy/supervisord.conf"]
    done = project.init("--json", "--domain=a.example")
    assert (done.returncode, json.loads(done.stdout)["ok"]) == (1, False)
