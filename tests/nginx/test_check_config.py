"""Tests of aiohttp_fleet/nginx/check_config.py."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.nginx.check_config import check_config
from tests.place import PROJECT, ROOT, free_port


@pytest.fixture
def deploy(place: Path) -> Path:
    """Copy the shipped files; nginx listens on a free port."""
    shutil.copytree(PROJECT / "deploy", place / "deploy", ignore=shutil.ignore_patterns("run", "tls"))
    conf = place / "deploy" / "nginx.conf"
    conf.write_text(conf.read_text().replace("listen 8080", f"listen {free_port()}"))
    (place / "deploy" / "run").mkdir()
    return place / "deploy"


def _state(directory: Path) -> Mapping[Path, tuple[str, bytes]]:
    return {path: (path.owner(), path.read_bytes() if path.is_file() else b"") for path in sorted(directory.rglob("*"))}


def test_nothing_that_is_live_changes(deploy: Path) -> None:
    """No file is made or changed, and root's nginx gives no directory to another user, who could no longer upload."""
    (deploy / "run" / "client_body").mkdir()
    (deploy / "run" / "main.conf").write_text("worker_processes 7;\n")
    (deploy / "run" / "server.conf").touch()
    if ROOT:
        for path in (deploy / "run", deploy / "run" / "client_body"):
            shutil.chown(path, "daemon")
    before = _state(deploy.parent)
    text = (deploy / "nginx.conf").read_text()
    check_config(deploy / "nginx.conf", text)
    check_config(deploy / "nginx.conf", f"worker_processes 3;\n{text}")
    assert _state(deploy.parent) == before


def test_the_reason_names_the_file_and_its_line(deploy: Path) -> None:
    """Not those of the copy that is tested."""
    text = (deploy / "nginx.conf").read_text()
    line = text[: text.index("least_conn;")].count("\n") + 1
    with pytest.raises(FleetError) as error:
        check_config(deploy / "nginx.conf", text.replace("least_conn;", "least_con;"))
    assert f'nginx refuses it (unknown directive "least_con" in {deploy}/nginx.conf:{line}); fix it first' in str(error)


def test_relative_paths_mean_the_same(deploy: Path) -> None:
    """In deploy/, next to it, and in a new file of the kit's that is not written yet."""
    (deploy / "mine.conf").write_text("include ../theirs.conf;\n")
    (deploy.parent / "theirs.conf").write_text("gzip on;\n")
    text = (deploy / "nginx.conf").read_text().replace("\nhttp {", "\nhttp {\n include mine.conf;")
    check_config(deploy / "nginx.conf", text)
    kit = {deploy / "kit" / "http.conf": "no_such_thing on;\n"}
    with pytest.raises(FleetError, match="no_such_thing.*deploy/kit/http.conf:1"):
        check_config(deploy / "nginx.conf", text, kit)
