"""Tests of aiohttp_fleet/config/standby_command.py."""

import shlex

import pytest

from aiohttp_fleet.config.standby_command import with_options, with_sockets

WORKER = "python -m aiohttp_fleet.worker"
SOCKETS = ["--path=/tmp/standby.sock"]


@pytest.mark.parametrize(
    ("command", "standby", "preflight"),
    [
        (
            f"{WORKER} app:create_app --path=/tmp/web_1.sock --drain=30",
            f"{WORKER} app:create_app --drain=30 --path=/tmp/standby.sock",
            f"{WORKER} app:create_app --path=/tmp/web_1.sock --drain=30 --preflight",
        ),
        (
            f"{WORKER} --path=/tmp/web_1.sock --drain=30 web.py --path=data -v",
            f"{WORKER} --drain=30 --path=/tmp/standby.sock web.py --path=data -v",
            f"{WORKER} --path=/tmp/web_1.sock --drain=30 --preflight web.py --path=data -v",
        ),
        (
            f"{WORKER} --drain=30 web.py --path=/tmp/web_1.sock -v",
            f"{WORKER} --drain=30 --path=/tmp/standby.sock web.py -v --path=/tmp/standby.sock",
            f"{WORKER} --drain=30 --preflight web.py --path=/tmp/web_1.sock -v",
        ),
        (
            "./web.py --path=/tmp/web_1.sock",
            "./web.py --path=/tmp/standby.sock",
            "./web.py --path=/tmp/web_1.sock --preflight",
        ),
    ],
    ids=["MODULE:NAME", "a program with a path of its own", "a program that shares it", "another server"],
)  # fmt: skip
def test_sockets_and_options_are_the_workers(command: str, standby: str, preflight: str) -> None:
    """They stand in front of a program, whose own words stay."""
    argv = shlex.split(command)
    assert shlex.join(with_sockets(argv, SOCKETS)) == standby
    assert shlex.join(with_options(argv, "--preflight")) == preflight
