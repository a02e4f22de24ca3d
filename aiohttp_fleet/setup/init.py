"""The files of a new project's ``deploy/``: tried out as they will be, then written."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_existing, read_text
from aiohttp_fleet.common.write_files import write_file
from aiohttp_fleet.config.fleet import SITE, Fleet
from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.nginx.reload import check_config
from aiohttp_fleet.nginx.site.apply import site
from aiohttp_fleet.nginx.upstream_text import render_upstream
from aiohttp_fleet.setup.deploy_text import PROGRAM, Project, nginx_text, supervisord_text
from aiohttp_fleet.setup.templates import NGINX, SUPERVISORD, templates
from aiohttp_fleet.supervision.preflight import preflight


def planned_files(project: Project) -> Mapping[Path, str]:
    """Return the text of each file.

    The application was built with the files, and nginx has tested its own.

    Raises:
        FleetError: the application cannot be built, nginx refuses its file, an nginx.conf is there without its
            markers, or the project is not writable.
    """
    shipped = templates()
    with _aside(project.root) as directory:
        conf = directory / SUPERVISORD
        supervisord = supervisord_text(project, shipped[SUPERVISORD])
        conf.write_text(supervisord)
        fleet = read_fleet(conf, PROGRAM)
        text = render_upstream(fleet, nginx_text(project, shipped[NGINX]))
        _require_markers(replace(fleet, nginx_conf=project.root / "deploy" / NGINX))
        preflight(fleet.workers[0], os.environ)
        texts = {**shipped, SUPERVISORD: supervisord, NGINX: text}
        check_config(directory / NGINX, text)
    return {project.root / "deploy" / name: text for name, text in texts.items()}


@contextmanager
def _aside(root: Path) -> Iterator[Path]:
    """Make a directory beside deploy/, so that what is relative in the files means the same; remove it at the end."""
    try:
        directory = Path(tempfile.mkdtemp(dir=root, prefix=".deploy."))
    except OSError as error:
        step = "see ls -ld, and try as its owner"
        raise FleetError(str(root), f"cannot be written ({error.strerror})", step) from None
    try:
        directory.chmod(0o755)  # the preflight goes through it as the workers' user
        (directory / "run").mkdir()
        yield directory
    finally:
        shutil.rmtree(directory)


def _require_markers(fleet: Fleet) -> None:
    """Leave an nginx.conf alone that "fleet render" would not touch either: it is somebody's own."""
    if (text := read_existing(fleet.nginx_conf)) is not None:
        render_upstream(fleet, text)


def create(project: Project, texts: Mapping[Path, str]) -> None:
    """Write the files, and make the directories that a fleet writes into.

    Args:
        project: whose.
        texts: of those that are to be written.

    Raises:
        FleetError: one cannot be written.
    """
    made = project.run_dir
    try:
        if not made.exists():
            made.mkdir(parents=True)
            if os.geteuid() == 0:
                shutil.chown(made, project.user)
    except OSError as error:
        raise FleetError(str(error.filename), f"cannot be written ({error.strerror})", "see ls -ld") from None
    for path, text in texts.items():
        write_file(path, text)
    if project.is_site:
        conf = project.root / "deploy" / NGINX
        write_file(conf.parent / SITE, site(conf, read_text(conf)))
