"""The two files of ``deploy/`` for somebody's project: the shipped ones, with what was decided put in."""

from dataclasses import dataclass
from pathlib import Path

from aiohttp_fleet.common.substitution import plain, substitute
from aiohttp_fleet.config.numprocs_text import with_numprocs
from aiohttp_fleet.setup.find_application import App

PROGRAM = "aiohttp"
WITHOUT_NGINX = {
    r"(?s)\n; -+\n; nginx, the system's where there is one.*": "",
    r"their standby, a watchdog and nginx, under supervisord": (
        "their standby and a watchdog, under supervisord; nginx is the system's (docs/site.md)"
    ),
    r"; \[program:nginx\] has its twin": "; --group is that of nginx's workers",
    r'"restart all" restarts the standby and nginx too': '"restart all" restarts the standby too',
    r"start before nginx, stop after it ": "start first, stop last ",
}
"""What is different in supervisord.conf where nginx is run by the system."""


@dataclass(frozen=True)
class Project:
    """What was decided.

    Attributes:
        root: the project's directory; ``deploy/`` is in it.
        app: what the workers serve.
        python: their interpreter.
        workers: how many.
        user: who they become under root.
        env_file: with settings and secrets for the application, None for none.
        group: of their sockets, None for their own.
        run_dir: directory of their sockets.
        port: that nginx listens on.
        domain: nginx's server_name; ``_`` is any.
        is_site: whether nginx is run by the system, and this is a site of it.
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


def supervisord_text(project: Project, template: str) -> str:
    """Return supervisord.conf.

    Raises:
        FleetError: a path that cannot be written into it.
    """
    python, directory = _here(project, project.python), _here(project, project.app.directory)
    changes = {
        r"The fleet: four workers": "The fleet: workers",
        r"; The interpreter is the one that scripts/run installed into; put yours here if it is elsewhere\.\n": (
            "; The interpreter is the one of fleet init, which wrote this file.\n"
        ),
        r"aiohttp:web1 to aiohttp:web4 on /tmp/web_1\.sock to /tmp/web_4\.sock": (
            "aiohttp:web1 on /tmp/web_1.sock, and so on"
        ),
        r"answers while all four restart": "answers while all of them restart",
        r'"%\(here\)s/\.\./\.venv/bin/python"': f'"{python}"',
        r"directory=%\(here\)s/\.\.(?=\s)": f"directory={directory}",
        r"app\.main:create_app": project.app.spec,
        r"/tmp/web_": f"{plain(project.run_dir)}/web_",
        r"--user=nobody": f"--user={project.user}" + (f" --group={project.group}" if project.group else ""),
    }
    if project.env_file:
        changes[r" --drain=30 "] = f' --drain=30 --env-file="{_here(project, project.env_file)}" '
    if project.is_site:
        changes = {**WITHOUT_NGINX, **changes}
    text = substitute("supervisord.conf", template, {pattern: _literal(new) for pattern, new in changes.items()})
    return with_numprocs(text, PROGRAM, project.workers) or text


def nginx_text(project: Project, template: str) -> str:
    """Return nginx.conf; its server lines are those of the template, see `aiohttp_fleet.nginx.upstream_text`."""
    changes = {
        r"(listen (?:\[::\]:)?)8080": rf"\g<1>{project.port}",
        r"server_name _;": f"server_name {project.domain};",
    }
    return substitute("nginx.conf", template, changes)


def _here(project: Project, path: Path) -> str:
    """Write a path relative to deploy/ where it is in the project, so that the project can be moved."""
    if path.is_relative_to(project.root):
        return "/".join(["%(here)s/..", *path.relative_to(project.root).parts])
    return plain(path)


def _literal(text: str) -> str:
    return text.replace("\\", r"\\")
