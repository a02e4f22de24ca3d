"""Tests of aiohttp_fleet/nginx/generated.py."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.nginx.generated import FILES, generated_texts, worker_count, write_generated
from aiohttp_fleet.nginx.tls_files import TlsFiles
from tests.place import PROJECT, ROOT, USER

SHIPPED = (PROJECT / "deploy" / "nginx.conf").read_text()
OLD, NEW = "1.22.1", "1.31.3"


@pytest.mark.parametrize(("cores", "number"), [(1, 1), (2, 2), (6, 2), (8, 3), (16, 6)])
def test_there_is_one_nginx_worker_for_three_cores(cores: int, number: int) -> None:
    """And two at least, if there are as many cores."""
    assert worker_count(cores, FILES) == (number, f"for {cores} cores")


@pytest.mark.parametrize(
    ("cores", "files", "number"), [(1, 20_000, 1), (2, 20_000, 2), (8, 20_000, 3), (8, 5_000, 5), (8, 1024, 8)]
)
def test_there_are_more_if_one_may_have_too_few_files(cores: int, files: int, number: int) -> None:
    """10,000 clients at a time need 22,000; never more than there are cores."""
    assert worker_count(cores, files)[0] == number


def server(place: Path, text: str, version: str) -> str:
    """Return the text of run/server.conf."""
    return generated_texts(place / "nginx.conf", text, version)[place / "run" / "server.conf"]


def test_a_number_of_the_users_own_wins(place: Path) -> None:
    """A directive given twice would be refused; an example in a comment is none."""
    main = place / "run" / "main.conf"
    assert generated_texts(place / "nginx.conf", "worker_processes auto;\n", NEW)[main] == ""
    assert generated_texts(place / "nginx.conf", "# worker_processes 1;\n", NEW)[main].startswith("worker_processes ")


def test_the_number_is_that_of_the_nginx_that_runs(place: Path) -> None:
    """Not of the command that asks, which may be on one core only."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("this machine has one core only")
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        texts = generated_texts(place / "nginx.conf", SHIPPED, NEW, process.pid)
        process.communicate()
    assert texts[place / "run" / "main.conf"] == "worker_processes 1; # for 1 cores\n"


def test_a_site_decides_nothing_about_the_systems_nginx(place: Path) -> None:
    """Its workers are the system's."""
    assert list(generated_texts(place / "site.conf", SHIPPED, NEW)) == [place / "run" / "server.conf"]


@pytest.mark.parametrize(("version", "has"), [(OLD, False), ("1.27.3", False), ("1.27.4", True), (NEW, True)])
def test_idle_connections_are_kept_for_5_s_or_closed_by_an_answer(place: Path, version: str, has: bool) -> None:
    """By what nginx's version knows. The path is absolute: nginx would look for it where it was started."""
    text = server(place, SHIPPED, version)
    assert ("keepalive_min_timeout 5s;" in text) is has
    assert (f'if (-f "{place}/run/closing") {{' in text) is not has
    assert ("  proxy_pass http://aiohttp;\n" in text) is not has


def test_locations_of_the_users_own_are_not_passed_by(place: Path) -> None:
    """While connections are closed no location counts, so with one of them nothing is closed."""
    assert "closing" not in server(
        place, SHIPPED.replace("location / {", "location /a { deny all; }\nlocation / {"), OLD
    )


@pytest.mark.parametrize(
    ("version", "lines"),
    [
        (OLD, "listen 443 ssl http2 backlog=4096;\n"),
        ("1.25.1", "listen 443 ssl backlog=4096;\nhttp2 on;\n"),
        (NEW, "listen 443 ssl backlog=4096;\nhttp2 on;\n"),
    ],
)
def test_http2_is_enabled_as_the_version_wants_it(place: Path, version: str, lines: str) -> None:
    """Only where "fleet tls" has written a port."""
    assert "http2" not in server(place, SHIPPED, version)
    TlsFiles(place).listen_conf.parent.mkdir()
    TlsFiles(place).listen_conf.write_text("listen 443 ssl backlog=4096;\n")
    assert lines in server(place, SHIPPED, version)


def test_a_missing_run_directory_is_an_error(place: Path) -> None:
    """Not a traceback."""
    (place / "nginx.conf").touch()
    with pytest.raises(FleetError, match="cannot be written"):
        write_generated(place / "nginx.conf", NEW)


def test_a_link_is_replaced_not_followed(place: Path) -> None:
    """Root's "fleet reload" writes no file outside of run/."""
    (place / "nginx.conf").touch()
    (place / "run").mkdir()
    (place / "precious").write_text("precious")
    (place / "run" / "server.conf").symlink_to(place / "precious")
    write_generated(place / "nginx.conf", NEW)
    assert (place / "precious").read_text() == "precious"
    assert not (place / "run" / "server.conf").is_symlink()


@pytest.mark.skipif(not ROOT or USER == "root", reason="only root leaves files that another user cannot write")
def test_files_of_root_can_be_replaced_by_the_owner_of_the_directory(place: Path) -> None:
    """After root's "fleet reload" the nginx of an ordinary user's service starts."""
    (place / "nginx.conf").touch()
    (place / "run").mkdir()
    shutil.chown(place / "run", USER)
    for name in ("main", "server"):
        (place / "run" / f"{name}.conf").touch(mode=0o644)
    code = "from pathlib import Path; from aiohttp_fleet.nginx.generated import write_generated; "
    code += "write_generated(Path('nginx.conf'), '1.22.1')"
    subprocess.run([sys.executable, "-c", code], cwd=place, user=USER, env={"PYTHONPATH": str(PROJECT)}, check=True)
    assert {(place / "run" / f"{name}.conf").owner() for name in ("main", "server")} == {USER}
