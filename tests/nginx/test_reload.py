"""Tests of aiohttp_fleet/nginx/reload.py; tests/verbs/test_reload.py reloads a real one."""

import shutil
from pathlib import Path

import pytest

from aiohttp_fleet.nginx.reload import check_config
from tests.place import PROJECT, ROOT, free_port


@pytest.mark.skipif(not ROOT, reason="only root's nginx gives directories away")
def test_a_test_by_root_leaves_the_directories_of_another_users_nginx_alone(place: Path) -> None:
    """Its nginx could not take an upload any more."""
    spool = place / "run" / "client_body"
    spool.mkdir(parents=True)
    for path in (place / "run", spool):
        shutil.chown(path, "daemon")
    text = (PROJECT / "deploy" / "nginx.conf").read_text().replace("listen 8080", f"listen {free_port()}")
    check_config(place / "nginx.conf", text)
    assert {path.owner() for path in (place / "run").iterdir() if path.is_dir()} == {"daemon"}
