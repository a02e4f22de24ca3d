"""The files of a project's ``deploy/``: the shipped ones, filled with what was decided, then tested, then written."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import indent

from aiohttp_fleet.common.errors import os_errors
from aiohttp_fleet.common.read_files import differing, read_existing
from aiohttp_fleet.common.templates import filled, plain, template
from aiohttp_fleet.common.write_files import WRITTEN, written
from aiohttp_fleet.config.fleet import SITE, Fleet
from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.nginx.check_config import check_config
from aiohttp_fleet.nginx.generated import refresh_generated
from aiohttp_fleet.nginx.kit import kit_texts, shared_values
from aiohttp_fleet.nginx.upstream_text import render_upstream
from aiohttp_fleet.setup.find_application import App
from aiohttp_fleet.supervision.preflight import preflight

PROGRAM = "aiohttp"


@dataclass(frozen=True)
class Project:
    """What was decided.

    Attributes:
        root: the project's directory; ``deploy/`` is in it.
        app: what the workers serve.
        python: their interpreter.
        workers: their number.
        user: user of the workers when supervisord runs as root.
        env_file: file with settings and secrets of the application, None for none.
        group: group of their sockets, None for their own.
        run_dir: directory of their sockets.
        port: port of nginx.
        domain: nginx's server_name; ``_`` is any.
        is_site: whether the system runs nginx, and this is a site of it.
    """

    root: Path
    app: App
    python: Path
    workers: int
    user: str
    env_file: Path | None
    group: str | None
    run_dir: Path
    port: int
    domain: str
    is_site: bool

    @property
    def deploy(self) -> Path:
        """The directory of the files."""
        return self.root / "deploy"

    @property
    def nginx_conf(self) -> Path:
        """nginx.conf, or site.conf."""
        return self.deploy / (SITE if self.is_site else "nginx.conf")


def supervisord_text(project: Project) -> str:
    """Return supervisord.conf.

    Raises:
        FleetError: a path that cannot be written into it.
    """
    values = {
        "PYTHON": _here(project, project.python),
        "DIRECTORY": _here(project, project.app.directory),
        "COMMAND": _command(project),
        "RUN_DIR": plain(project.run_dir),
        "WORKERS": str(project.workers),
        "USER": project.user,
    }
    own_nginx = "" if project.is_site else filled("program-nginx.conf", values)
    return filled("supervisord.conf", values) + own_nginx


def _command(project: Project) -> str:
    """Return the arguments of a worker."""
    env_file = [f'--env-file="{_here(project, project.env_file)}"'] if project.env_file else []
    group = [f"--group={project.group}"] if project.group else []
    path = f"--path={plain(project.run_dir)}/web_%(process_num)s.sock"
    options = [path, "--drain=30", *env_file, f"--user={project.user}", *group]
    app = project.app.spec.replace("%", "%%")
    return " ".join([*options, app] if project.app.is_program else [app, *options])


def nginx_text(project: Project) -> str:
    """Return nginx.conf, or site.conf for a site of the system's nginx, without the servers of its upstream.

    Raises:
        FleetError: a path that cannot be written into it.
    """
    values = {
        **shared_values(project.deploy, project.is_site),
        "PORT": str(project.port),
        "DOMAIN": project.domain,
        "BACKLOG": "" if project.is_site else " backlog=4096",  # nginx takes the options of a port from one site only
        "HTTPS": "fleet help site" if project.is_site else "fleet tls DOMAIN",
    }
    body = filled("site-body.conf", values)
    if project.is_site:
        return filled("site.conf", {"BODY": body.rstrip("\n")})
    return filled("nginx.conf", {"BODY": indent(body, "  ")})


def kept_texts(project: Project) -> Mapping[Path, str]:
    """Return the texts that belong to the kit: those of kit/, and of the file that keeps deploy/run in a repository."""
    keep = {project.deploy / "run" / ".gitignore": template("run.gitignore")}
    return {**kit_texts(project.deploy, project.is_site), **keep}


def planned(project: Project) -> tuple[Fleet, Mapping[Path, str], Mapping[Path, str]]:
    """Plan what to write, after the application was built and nginx has tested its files.

    Returns:
        The fleet as supervisord.conf will describe it, and the texts that differ from what is there: of the files that
        belong to the kit, and of supervisord.conf and nginx.conf or site.conf, which belong to the user.

    Raises:
        FleetError: the application cannot be built, nginx refuses its file, an nginx.conf is there without its
            markers, or the project is not writable.
    """
    supervisord, conf = supervisord_text(project), project.nginx_conf
    with os_errors(project.root, "cannot be written", "see ls -ld, and retry as its owner"):
        # next to deploy/, where relative paths mean the same
        temporary = tempfile.TemporaryDirectory(dir=project.root, prefix=".deploy.")
    with temporary as name:
        directory = Path(name)
        directory.chmod(0o755)  # the workers' user enters it in the preflight
        (directory / "run").mkdir()
        (directory / "supervisord.conf").write_text(supervisord)
        fleet = read_fleet(directory / "supervisord.conf", PROGRAM)
        preflight(fleet.workers[0], os.environ)
    fleet = replace(
        fleet,
        control_socket=str(project.deploy / "run" / "supervisor.sock"),
        supervisord_conf=project.deploy / "supervisord.conf",
        nginx_conf=conf,
    )
    kept, text, old = kept_texts(project), render_upstream(fleet, nginx_text(project)), read_existing(conf)
    check_config(conf, text, kept)
    if old not in (None, text):
        render_upstream(fleet, old or "")  # a file without markers is not ours to replace
        check_config(conf, old or "", kept)  # it may stay
    return fleet, differing(kept), differing({fleet.supervisord_conf: supervisord, conf: text})


def create(project: Project, texts: Mapping[Path, str]) -> None:
    """Write files, all or none, and make the directories that a fleet writes to.

    Raises:
        FleetError: one cannot be written.
    """
    with os_errors(project.run_dir, *WRITTEN):
        if not project.run_dir.exists():
            project.run_dir.mkdir(parents=True)
            if os.geteuid() == 0:
                shutil.chown(project.run_dir, project.user)
    with written(texts):
        if project.is_site and project.nginx_conf.exists():  # the launcher writes them for an nginx of its own
            refresh_generated(project.nginx_conf)


def _here(project: Project, path: Path) -> str:
    """Return a path as supervisord.conf has it: relative to deploy/ within the project, which can then be moved."""
    if path.is_relative_to(project.root):
        return "/".join(["%(here)s/..", *path.relative_to(project.root).parts])
    return plain(path)
