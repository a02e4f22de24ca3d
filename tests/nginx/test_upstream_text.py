"""Tests of aiohttp_fleet/nginx/upstream_text.py."""

import dataclasses

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.nginx.upstream_text import BEGIN, END, render_upstream, server_lines, upstream_diff
from tests.place import PROJECT

CONF = f"""upstream aiohttp {{
  {BEGIN}
  server unix:/old.sock;
  {END}
  keepalive 8;
}}
"""


@pytest.fixture
def fleet() -> Fleet:
    """Give the test the shipped fleet."""
    return read_fleet(PROJECT / "deploy" / "supervisord.conf", "aiohttp")


def test_each_worker_is_a_server_and_the_standby_the_backup(fleet: Fleet) -> None:
    """The standby is asked last, and always."""
    lines = server_lines(fleet).splitlines()
    assert lines[0] == "server unix:/tmp/web_1.sock max_fails=8 fail_timeout=0;"
    assert lines[-1] == "server unix:/tmp/web_standby.sock max_fails=0 backup;"
    assert len(lines) == 5


def test_without_a_standby_no_worker_is_ever_skipped(fleet: Fleet) -> None:
    """Or nginx would say "no live upstreams" while they restart."""
    alone = dataclasses.replace(fleet, standby=None)
    assert server_lines(alone).splitlines()[0] == "server unix:/tmp/web_1.sock max_fails=0;"


def test_only_the_lines_between_the_markers_change(fleet: Fleet) -> None:
    """What a person wrote around them stays, and the indentation is theirs."""
    text = render_upstream(fleet, CONF)
    assert text.startswith(f"upstream aiohttp {{\n  {BEGIN}\n  server unix:/tmp/web_1.sock")
    assert text.endswith(f"backup;\n  {END}\n  keepalive 8;\n}}\n")
    assert "/old.sock" not in text
    assert render_upstream(fleet, text) == text


def test_a_difference_is_shown_as_a_diff(fleet: Fleet) -> None:
    """Nothing where there is none."""
    assert "-  server unix:/old.sock;\n" in upstream_diff(fleet, CONF)
    assert upstream_diff(fleet, render_upstream(fleet, CONF)) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CONF.replace(BEGIN, "#"), f"the line {BEGIN!r} is there 0 times; put it once into the upstream"),
        (CONF.replace(END, "#"), f"the line {END!r} is there 0 times"),
        (CONF + CONF, f"the line {BEGIN!r} is there 2 times"),
        (f"{END}\n{BEGIN}\n", "stands above"),
    ],
)
def test_without_one_pair_of_markers_nothing_is_rendered(fleet: Fleet, text: str, said: str) -> None:
    """The line says where the markers belong."""
    with pytest.raises(FleetError) as error:
        render_upstream(fleet, text)
    assert said in str(error.value)
