"""The files of a new project's ``deploy/``: planned, tested, then written."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from aiohttp_fleet.common.errors import os_errors
from aiohttp_fleet.common.read_files import differing, read_existing
from aiohttp_fleet.common.write_files import WRITTEN, written
from aiohttp_fleet.config.fleet import SITE, Fleet
from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.nginx.check_config import check_config
from aiohttp_fleet.nginx.generated import refresh_generated
from aiohttp_fleet.nginx.kit import kit_texts
from aiohttp_fleet.nginx.upstream_text import render_upstream
from aiohttp_fleet.setup.deploy_text import PROGRAM, Project, nginx_text, run_gitignore, supervisord_text
from aiohttp_fleet.supervision.preflight import preflight


@dataclass(frozen=True)
class Plan:
    """The texts that differ from what is there.

    Attributes:
        fleet: as supervisord.conf will describe it.
        own: supervisord.conf and nginx.conf or site.conf, which belong to the user.
        kit: files of kit/, which belong to the kit, and the one that keeps run/.
    """

    fleet: Fleet
    own: Mapping[Path, str]
    kit: Mapping[Path, str]


def planned(project: Project) -> Plan:
    """Return what is to be written, after the application was built and nginx has tested its files.

    Raises:
        FleetError: the application cannot be built, nginx refuses its file, an nginx.conf is there without its
            markers, or the project is not writable.
    """
    supervisord, conf = supervisord_text(project), project.deploy / (SITE if project.is_site else "nginx.conf")
    with _next_to_deploy(project.root) as directory:
        (directory / "supervisord.conf").write_text(supervisord)
        fleet = read_fleet(directory / "supervisord.conf", PROGRAM)
        preflight(fleet.workers[0], os.environ)
    fleet = replace(
        fleet,
        control_socket=str(project.deploy / "run" / "supervisor.sock"),
        supervisord_conf=project.deploy / "supervisord.conf",
        nginx_conf=conf,
    )
    kit = {**kit_texts(project.deploy, project.is_site), **run_gitignore(project)}
    text = render_upstream(fleet, nginx_text(project))
    check_config(conf, text, kit)
    if (old := read_existing(conf)) not in (None, text):
        render_upstream(fleet, old or "")  # a file without markers is not ours to replace
        check_config(conf, old or "", kit)  # it may stay
    return Plan(fleet, differing({fleet.supervisord_conf: supervisord, conf: text}), differing(kit))


@contextmanager
def _next_to_deploy(root: Path) -> Iterator[Path]:
    """Make a directory next to deploy/, where relative paths mean the same; remove it at the end."""
    with os_errors(root, "cannot be written", "see ls -ld, and retry as its owner"):
        directory = Path(tempfile.mkdtemp(dir=root, prefix=".deploy."))
    try:
        directory.chmod(0o755)  # the workers' user enters it in the preflight
        (directory / "run").mkdir()
        yield directory
    finally:
        shutil.rmtree(directory)


def create(project: Project, fleet: Fleet, texts: Mapping[Path, str]) -> None:
    """Write files, all or none, and make the directories that a fleet writes to.

    Raises:
        FleetError: one cannot be written.
    """
    made = project.run_dir
    with os_errors(None, *WRITTEN):
        if not made.exists():
            made.mkdir(parents=True)
            if os.geteuid() == 0:
                shutil.chown(made, project.user)
    with written(texts):
        if project.is_site and fleet.nginx_conf.exists():  # the launcher writes them for an nginx of its own
            refresh_generated(fleet.nginx_conf)
