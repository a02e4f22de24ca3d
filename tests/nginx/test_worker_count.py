"""Tests of aiohttp_fleet/nginx/worker_count.py."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aiohttp_fleet.nginx.worker_count import FILES, install_worker_count, processes
from tests.place import PROJECT, ROOT, USER


@pytest.mark.parametrize(("cores", "number"), [(1, 1), (2, 2), (6, 2), (8, 3), (16, 6)])
def test_there_is_one_for_each_three_cores(cores: int, number: int) -> None:
    """And two at least, where there are as many cores."""
    assert processes(cores, FILES) == (number, f"for {cores} cores")


@pytest.mark.parametrize(
    ("cores", "files", "number"), [(1, 20_000, 1), (2, 20_000, 2), (8, 20_000, 3), (8, 5_000, 5), (8, 1024, 8)]
)
def test_there_are_more_where_one_may_have_too_few_files(cores: int, files: int, number: int) -> None:
    """10,000 clients at once need 22,000; never more than there are cores."""
    assert processes(cores, files)[0] == number


def taken_up(place: Path, text: str) -> tuple[str, bool]:
    """Return what is written for such an nginx.conf, and whether there is a zone."""
    (place / "run").mkdir(exist_ok=True)
    install_worker_count(place / "nginx.conf", text)
    return (place / "run" / "processes.conf").read_text(), (place / "run" / "zone.conf").exists()


def test_what_nginx_conf_says_itself_holds(place: Path) -> None:
    """A directive given twice would be refused; several nginx workers share one state, a single one does not."""
    assert taken_up(place, "worker_processes auto;\n") == ("", True)
    assert taken_up(place, "worker_processes 1;\n") == ("", False)


def test_a_number_is_written_where_it_says_nothing(place: Path) -> None:
    """With the reason; an example in a comment says nothing."""
    text, zone = taken_up(place, "# worker_processes 1;\n")
    number = int(text.split()[1].rstrip(";"))
    assert text.startswith("worker_processes ")
    assert "; # " in text
    assert zone == (number > 1)


@pytest.mark.skipif(not ROOT or USER == "root", reason="only root leaves files that another user cannot write")
def test_what_root_has_written_is_in_nobodys_way(place: Path) -> None:
    """After root's "fleet reload" the nginx of an ordinary user's service starts again."""
    taken_up(place, "")
    (place / "tls" / "listen").mkdir(parents=True)
    (place / "tls" / "listen" / "0.conf").touch()
    shutil.chown(place / "run", USER)
    for name in ("processes", "zone", "tls-listen"):
        (place / "run" / f"{name}.conf").touch(mode=0o644)
    code = "from pathlib import Path; from aiohttp_fleet.nginx import by_version, worker_count; "
    code += "conf = Path('nginx.conf'); worker_count.install_worker_count(conf, ''); "
    code += "by_version.install_by_version(conf, '1.22.1')"
    subprocess.run([sys.executable, "-c", code], cwd=place, user=USER, env={"PYTHONPATH": str(PROJECT)}, check=True)
    assert (place / "run" / "processes.conf").owner() == USER
