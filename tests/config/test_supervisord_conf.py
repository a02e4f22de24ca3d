"""Tests of aiohttp_fleet/config/supervisord_conf.py."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.config.supervisord_conf import read_fleet
from tests.place import PROJECT
from tests.site import Site, edit

SHIPPED = PROJECT / "deploy" / "supervisord.conf"


@pytest.fixture
def conf(place: Path) -> Path:
    """Give the test a copy of the shipped file."""
    (place / "run").mkdir()
    copy = place / "supervisord.conf"
    copy.write_text(SHIPPED.read_text())
    return copy


def test_the_shipped_file_is_read() -> None:
    """Four workers on /tmp/web_1.sock to /tmp/web_4.sock, a standby outside their group, and nginx."""
    fleet = read_fleet(SHIPPED, "aiohttp")
    assert [(w.name, w.namespec, w.socket) for w in fleet.workers] == [
        (f"web{number}", f"aiohttp:web{number}", f"/tmp/web_{number}.sock") for number in (1, 2, 3, 4)
    ]
    assert {(w.drain, w.stopwaitsecs) for w in fleet.workers} == {(30.0, 45)}
    assert fleet.standby is not None
    assert (fleet.standby.namespec, fleet.standby.socket) == ("standby", "/tmp/web_standby.sock")
    assert fleet.standby.command == fleet.workers[0].command
    assert fleet.nginx == "nginx"
    assert fleet.control_socket == str(SHIPPED.parent / "run" / "supervisor.sock")
    assert fleet.nginx_conf == SHIPPED.parent / "nginx.conf"


def test_workers_are_in_the_order_of_their_numbers(conf: Path) -> None:
    """web10 comes after web9; supervisor's own list is sorted by name."""
    edit(conf, {"numprocs=4 ": "numprocs=12 "})
    assert [worker.name for worker in read_fleet(conf, "aiohttp").workers] == [f"web{n}" for n in range(1, 13)]


def test_without_numprocs_there_is_one_worker(conf: Path) -> None:
    """As supervisord has it; ``fleet scale`` needs the line."""
    edit(conf, {"numprocs=4 ": "; "})
    assert [worker.name for worker in read_fleet(conf, "aiohttp").workers] == ["web1"]


def test_nginx_uses_the_first_of_several_paths(conf: Path) -> None:
    """A worker may serve more, such as one for another proxy."""
    edit(conf, {r"--path=/tmp/web_%\(": "--path=/run/x_%(process_num)s --path=/tmp/web_%("})
    first = read_fleet(conf, "aiohttp").workers[0]
    assert (first.socket, first.sockets) == ("/run/x_1", ("/run/x_1", "/tmp/web_1.sock"))


def test_the_workers_default_drain_counts(conf: Path) -> None:
    """A command that leaves --drain out drains all the same."""
    edit(conf, {" --drain=30": ""})
    assert read_fleet(conf, "aiohttp").workers[0].drain == 30


def test_any_command_with_a_path_is_a_worker(conf: Path) -> None:
    """The documented recipe's own program can be read too."""
    edit(
        conf,
        {
            r'command=".*app\.main:create_app --path': "command=/srv/web.py --path",
            r"\[program:standby\]": "[program:x]",
        },
    )
    fleet = read_fleet(conf, "aiohttp")
    assert fleet.workers[0].command == ("/srv/web.py", "--user=nobody")
    assert fleet.standby is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({r"\[program:aiohttp\]": "[program:web]"}, "there is no [program:aiohttp] in it; add it, or name yours"),
        ({"numprocs=4": "numprocs=0"}, "numprocs is 0; a fleet has at least one worker"),
        ({"numprocs=4": "numprocs=four"}, "invalid literal for int"),
        ({r"--path=/tmp/web_%\(process_num\)s.sock": ""}, "its command has no --path; add --path=/tmp/web_"),
        (
            {r"web_%\(process_num\)s": "web_1"},
            "aiohttp:web1 and aiohttp:web2 and aiohttp:web3 and aiohttp:web4 are on one",
        ),
        ({"web_standby": "web_2"}, "aiohttp:web2 and standby are on one socket, /tmp/web_2.sock; give each its own"),
        ({r"--drain=30": "--drain=long"}, "its command cannot be read (argument --drain"),
        (
            {r"create_app --path=/tmp/web_%": "'create_app --path=/tmp/web_%"},
            "its command cannot be read (No closing quotation)",
        ),
        ({r"--path=/tmp/web_%": "--path=/tmp/w;b_%"}, "--path '/tmp/w;b_1.sock' would need quotes in nginx.conf"),
        (
            {r" --path=/tmp/web_%\(process_num\)s": " --path=/tmp/a_%(process_num)s --path=/tmp/web"},
            "aiohttp:web3 and aiohttp:web4 are on one socket, /tmp/web.sock",
        ),
        ({r"\[unix_http_server\]": "[unix_http]"}, "there is no [unix_http_server] in it"),
        ({r"\[supervisord\]": "[supervisor]"}, "does not include supervisord section"),
        (
            {r"numprocs_start=1": "numprocs_start=%(ENV_NO_SUCH)s"},
            "program:aiohttp.numprocs_start has %(ENV_NO_SUCH)s, and NO_SUCH is not set; export NO_SUCH=... with",
        ),
        ({r"numprocs_start=1": "numprocs_start=%(no_such)s"}, "contains names ('no_such') which cannot be expanded.;"),
        ({r"(?m)^(serverurl=.*)": r"\1\npassword=%(ENV_NO_SUCH)s"}, "supervisorctl.password has %(ENV_NO_SUCH)s, and"),
        ({r"(?m)^(serverurl=.*)": r"\1\npassword=50%"}, "'supervisorctl.password' is badly formatted"),
        ({r"\[supervisord\]": "supervisord"}, "fix it, then retry"),
        ({r"(?m)^\[program:nginx\]": "[group:all]\nprograms=aiohttp\n[program:nginx]"}, "a [group:x] has taken it in"),
    ],
)
def test_a_file_that_is_no_fleet_is_refused_with_the_section(conf: Path, changes: dict[str, str], words: str) -> None:
    """One line: the file, what is wrong in which section, what to do."""
    edit(conf, changes)
    with pytest.raises(FleetError) as error:
        read_fleet(conf, "aiohttp")
    assert words in str(error.value)
    assert str(error.value).startswith(str(conf))
    assert "\n" not in str(error.value)
    assert "Available" not in str(error.value)


def test_variables_come_from_the_supervisord_that_runs(
    site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not from the operator's environment, in which one is missing and another has another value."""
    made = site()
    edit(
        made.supervisord_conf,
        {
            r"/web_%\(process_num\)s": "/%(ENV_PREFIX)s_%(process_num)s",
            r"(?m)^priority=800 ": 'environment=A="%(ENV_MY_SECRET)s"\npriority=800 ',
        },
    )
    monkeypatch.setenv("PREFIX", "other")
    made.start({**os.environ, "PREFIX": "web", "MY_SECRET": "x"})
    assert made.described.workers[0].socket == str(made.place / "web_1.sock")
    made.stop()
    monkeypatch.setenv("MY_SECRET", "y")
    assert made.described.workers[0].socket == str(made.place / "other_1.sock")
