"""Tests of aiohttp_fleet/setup/deploy.py: what a project gets, and that deploy/ here is that with the defaults."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.nginx.kit import kit_texts
from aiohttp_fleet.nginx.upstream_text import render_upstream
from aiohttp_fleet.setup.deploy import PROGRAM, Project, kept_texts, nginx_text, supervisord_text
from aiohttp_fleet.setup.find_application import App
from tests.place import PROJECT

DEPLOY = PROJECT / "deploy"
LONGEST = 120
"""Lines of a file that a person owns: two screens."""
DEFAULT = Project(
    root=PROJECT,
    app=App("app.main:create_app", PROJECT),
    python=PROJECT / ".venv" / "bin" / "python",
    workers=4,
    user="nobody",
    env_file=None,
    group=None,
    run_dir=Path("/tmp"),
    port=8080,
    domain="_",
    is_site=False,
)


def rendered() -> Mapping[Path, str]:
    """Return all of deploy/; scripts/templates writes it."""
    fleet = read_fleet(DEPLOY / "supervisord.conf", PROGRAM)
    return {
        DEPLOY / "supervisord.conf": supervisord_text(DEFAULT),
        DEPLOY / "nginx.conf": render_upstream(fleet, nginx_text(DEFAULT)),
        **kept_texts(DEFAULT),
    }


def test_deploy_is_the_rendering_with_the_defaults() -> None:
    """After an edit of aiohttp_fleet/setup/files/: scripts/templates."""
    texts = rendered()
    assert {path: path.read_text() for path in texts} == texts
    committed = {path for path in DEPLOY.rglob("*.conf") if path.parent.name not in ("run", "tls")}
    assert committed <= set(texts)


@pytest.mark.parametrize("is_site", [False, True])
def test_what_a_person_owns_fits_on_two_screens(is_site: bool) -> None:
    """Both files, in both modes, with the servers of four workers."""
    project = replace(DEFAULT, is_site=is_site)
    nginx = render_upstream(read_fleet(DEPLOY / "supervisord.conf", PROGRAM), nginx_text(project))
    for text in (nginx, supervisord_text(project)):
        assert text.count("\n") <= LONGEST


def test_every_file_of_the_kit_says_that_it_is_not_to_be_edited() -> None:
    """In its first line."""
    for text in kit_texts(DEPLOY, is_site=False).values():
        assert text.startswith("# Shipped with aiohttp-fleet, replaced by the next version: do not edit.\n")


def test_names_and_paths_of_a_site_are_its_own() -> None:
    """All sites of an nginx share names, and relative paths would begin in the system's directory."""
    project = replace(DEFAULT, root=Path("/srv/my-shop"), is_site=True)
    texts = [nginx_text(project), *kit_texts(project.deploy, is_site=True).values()]
    lines = [line for text in texts for line in text.splitlines() if not line.lstrip().startswith("#")]
    text = "\n".join(lines)
    names = re.findall(r"^\s*map .*\$(\w+) \{|^upstream (\w+)|zone[ =](\w+)|shared:(\w+)", text, re.MULTILINE)
    assert {name for found in names for name in found if name and not name.startswith("my_shop_")} == set()
    paths = re.findall(r"^\s*(?:include|root|proxy_cache_path) (\S+)", text, re.MULTILINE)
    assert paths and all(path.startswith("/srv/my-shop/deploy/") for path in paths)
    assert "backlog" not in text


def test_a_site_has_no_nginx_of_its_own() -> None:
    """Everything else in supervisord.conf is the same."""
    whole, site = (supervisord_text(replace(DEFAULT, is_site=is_site)) for is_site in (False, True))
    assert whole.startswith(site)
    assert "[program:nginx]" in whole and "[program:nginx]" not in site


def test_a_path_that_would_need_quotes_is_refused() -> None:
    """In either file."""
    with pytest.raises(FleetError, match="would need quotes"):
        supervisord_text(replace(DEFAULT, run_dir=Path("/tmp/a b")))
    with pytest.raises(FleetError, match="would need quotes"):
        nginx_text(replace(DEFAULT, root=Path("/srv/a b"), is_site=True))


def test_options_are_in_the_command_of_the_workers() -> None:
    """A file with settings, relative to deploy/ within the project, and a group."""
    text = supervisord_text(replace(DEFAULT, env_file=PROJECT / ".env", group="www-data"))
    assert text.count(' --drain=30 --env-file="%(here)s/../.env" --user=nobody --group=www-data\n') == 1
