"""Tests of drill/aiohttp_fleet_drill/private_copy.py."""

from pathlib import Path
from shutil import copytree

from aiohttp_fleet_drill.private_copy import PrivateCopy

from tests.place import PROJECT, USER


def test_the_copy_of_a_fleet_behind_the_systems_nginx_has_its_own(place: Path) -> None:
    """The system's nginx does not know its sockets."""
    deploy = copytree(PROJECT / "deploy", place / "theirs")
    conf = deploy / "supervisord.conf"
    text = conf.read_text()
    conf.write_text(text[: text.index("\n[program:nginx]\n")])
    copy = place / "copy"
    copy.mkdir()
    assert PrivateCopy(copy, deploy, "drilled:create_app", copy, USER).described.nginx == "nginx"
