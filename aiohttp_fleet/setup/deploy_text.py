"""The files of ``deploy/`` for a project: the shipped ones, filled with what was decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

from aiohttp_fleet.common.templates import filled, plain, template
from aiohttp_fleet.nginx.kit import shared_values
from aiohttp_fleet.setup.find_application import App

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


def supervisord_text(project: Project) -> str:
    """Return supervisord.conf.

    Raises:
        FleetError: a path that cannot be written into it.
    """
    values = {
        "PYTHON": _here(project, project.python),
        "DIRECTORY": _here(project, project.app.directory),
        "APP": project.app.spec,
        "RUN_DIR": plain(project.run_dir),
        "WORKERS": str(project.workers),
        "USER": project.user,
        "OPTIONS": " ".join(_options(project)),
    }
    own_nginx = "" if project.is_site else filled("program-nginx.conf", values)
    return filled("supervisord.conf", values) + own_nginx


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


def run_gitignore(project: Project) -> Mapping[Path, str]:
    """Return the file that makes deploy/run exist in a repository."""
    return {project.deploy / "run" / ".gitignore": template("run.gitignore")}


def _options(project: Project) -> list[str]:
    env_file = [f'--env-file="{_here(project, project.env_file)}"'] if project.env_file else []
    group = [f"--group={project.group}"] if project.group else []
    return ["--drain=30", *env_file, f"--user={project.user}", *group]


def _here(project: Project, path: Path) -> str:
    """Return a path as supervisord.conf has it: relative to deploy/ within the project, which can then be moved."""
    if path.is_relative_to(project.root):
        return "/".join(["%(here)s/..", *path.relative_to(project.root).parts])
    return plain(path)
