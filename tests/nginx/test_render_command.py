"""Tests of aiohttp_fleet/nginx/render_command.py and the command line around it."""

import fcntl
import json
import subprocess
from collections.abc import Callable

from tests.place import PROJECT
from tests.site import BIN, Site, edit

Make = Callable[..., Site]


def test_the_committed_pair_agrees() -> None:
    """``fleet render --check`` from the project's root."""
    done = subprocess.run([BIN / "fleet", "render", "--check"], cwd=PROJECT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_render_prints_the_block_and_writes_nothing(site: Make) -> None:
    """The lines can be read, or piped, as they are."""
    made = site()
    before = made.nginx_conf.read_text()
    done = made.fleet("render")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == f"server unix:{made.place}/web_1.sock max_fails=8 fail_timeout=0;"
    assert made.nginx_conf.read_text() == before


def test_check_fails_when_supervisord_conf_was_changed_alone(site: Make) -> None:
    """It shows what is missing, and --write adds it."""
    made = site()
    edit(made.supervisord_conf, {"numprocs=4": "numprocs=5"})
    done = made.fleet("render", "--check")
    assert done.returncode == 1
    assert f"+    server unix:{made.place}/web_5.sock" in done.stdout
    assert done.stderr.count("\n") == 1
    assert made.fleet("render", "--write").returncode == 0
    assert made.fleet("render", "--check").returncode == 0


def test_check_fails_when_nginx_conf_was_changed_alone(site: Make) -> None:
    """A server that was removed is put back by --write."""
    made = site()
    edit(made.nginx_conf, {r" +server unix:.*web_3.*\n": ""})
    assert made.fleet("render", "--check").returncode == 1
    assert "written" in made.fleet("render", "--write").stdout
    assert "nothing to change" in made.fleet("render", "--write").stdout


def test_check_fails_when_the_numbers_no_longer_fit(site: Make) -> None:
    """stopwaitsecs under --drain is a disagreement too."""
    made = site()
    edit(made.supervisord_conf, {"--drain=30": "--drain=60"})
    done = made.fleet("render", "--check")
    assert done.returncode == 1
    assert "aiohttp:web1: supervisord kills it after stopwaitsecs=45, not 10 s after its drain of 60 s" in done.stderr


def test_check_fails_when_the_kit_is_not_that_of_this_version(site: Make) -> None:
    """Edited, missing, or of another version; fleet init refreshes it."""
    made = site()
    kit = made.nginx_conf.parent / "kit"
    edit(kit / "tls.conf", {"10m": "20m"})
    (kit / "spool.conf").unlink()
    done = made.fleet("render", "--check")
    assert (done.returncode, done.stderr) == (
        1,
        f"fleet: {kit}: tls.conf, spool.conf not of this version of aiohttp-fleet; fleet init\n",
    )


def test_full_prints_all_that_nginx_reads(site: Make) -> None:
    """Each file with its path, and what is generated; nothing is written for it."""
    made = site()
    text = made.fleet("render", "--full").stdout
    deploy = made.nginx_conf.parent
    for name in ("nginx.conf", "kit/server.conf", "run/main.conf", "run/server.conf"):
        assert f"# configuration file {deploy}/{name}:\n" in text
    assert made.nginx_conf.read_text() in text
    assert "worker_processes " in text
    assert list((deploy / "run").iterdir()) == []


def test_write_holds_the_lock(site: Make) -> None:
    """So that it does not write while "fleet scale" does; --check and the lines need none."""
    made = site()
    with made.described.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = made.fleet("render", "--write")
        assert (done.returncode, "is changing the fleet" in done.stderr) == (1, True)
        assert made.fleet("render", "--check").returncode == 0


def test_the_reports_have_what_the_lines_say(site: Make) -> None:
    """For programs."""
    made = site()
    report = json.loads(made.fleet("render", "--json").stdout)
    assert report["text"].startswith(f"server unix:{made.place}/web_1.sock")
    edit(made.supervisord_conf, {"numprocs=4": "numprocs=5"})
    report = json.loads(made.fleet("render", "--check", "--json").stdout)
    assert (report["ok"], len(report["findings"])) == (False, 1)
    assert "web_5.sock" in report["diff"]
    report = json.loads(made.fleet("render", "--write", "--json").stdout)
    assert (report["file"], report["written"]) == (str(made.nginx_conf), True)


def test_wrong_usage_is_one_line_and_exit_code_2(site: Make) -> None:
    """Unknown verbs and options alike."""
    made = site()
    for arguments in (["rendr"], ["render", "--wirte"], ["render", "--check", "--write"]):
        done = made.fleet(*arguments)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_a_missing_file_is_one_line_and_exit_code_1(site: Make) -> None:
    """supervisord.conf or nginx.conf."""
    made = site()
    made.nginx_conf.unlink()
    done = made.fleet("render", "--check")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    made.supervisord_conf.unlink()
    done = made.fleet("render")
    assert done.returncode == 1
    assert (
        done.stderr == f"fleet: {made.supervisord_conf}: there is no such file; name a supervisord.conf with --config\n"
    )
