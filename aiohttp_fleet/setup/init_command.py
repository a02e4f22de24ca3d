"""``fleet init``: one command, and an aiohttp project has its fleet."""

import os
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.findings import require
from aiohttp_fleet.common.hostnames import is_name
from aiohttp_fleet.common.read_files import read_existing
from aiohttp_fleet.config.fleet import SITE
from aiohttp_fleet.config.locate import DEFAULT_CONF
from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.nginx.site import system_nginx
from aiohttp_fleet.setup.checks import check_prerequisites
from aiohttp_fleet.setup.confirm import confirm_overwrite, print_changes
from aiohttp_fleet.setup.deploy_text import PROGRAM, Project
from aiohttp_fleet.setup.find_application import App, find_apps, named_app
from aiohttp_fleet.setup.init import create, planned_files
from aiohttp_fleet.setup.worker_count import default_worker_count
from aiohttp_fleet.supervision.command import FleetContext, command

_SITES = "/etc/nginx/conf.d"
"""What the packages of nginx.org and of every distribution include."""
_SPEC = re.compile(r"[\w.]+(:[\w.]+)?")


@command
@click.argument("app", required=False, metavar="[MODULE:NAME]")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="How many; else as many as there are, or one per core, fewer where memory is short.",
)
@click.option("--user", default="nobody", show_default=True, help="Who the workers become under root.")
@click.option("--env-file", type=click.Path(path_type=Path), help="With settings and secrets of the application.")
@click.option("--group", help="Group of the sockets; with --site that of the system's nginx, else the workers' own.")
@click.option("--site", is_flag=True, help="The system runs nginx: a site for it, and no [program:nginx].")
@click.option("--run-dir", type=click.Path(path_type=Path), default=Path("/tmp"), show_default=True,
              help="Directory of the workers' sockets.")  # fmt: skip
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="That nginx listens on.")
@click.option("--domain", help="Name of the site; else nginx answers to every name.")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when something would change.")
@click.option("--write", is_flag=True, help="Overwrite files that are there and differ.")
def init(
    _: FleetContext, app: str | None, workers: int | None, user: str, env_file: Path | None, group: str | None,
    site: bool, run_dir: Path, port: int, domain: str | None, check: bool, write: bool,
) -> int:  # fmt: skip
    """Write deploy/ for the project in this directory: supervisord.conf and nginx.conf, ready to be started."""
    if check and write:
        raise click.UsageError("--check and --write exclude each other.")
    if domain is not None and not is_name(domain):
        raise click.UsageError(f"--domain {domain!r} is no domain name; write it as in www.example.com.")
    if app is not None and not _SPEC.fullmatch(app):
        raise click.UsageError(f"{app!r} is not MODULE:NAME, such as app.main:create_app.")
    try:
        root = Path.cwd()
        found = [named_app(root, app)] if app else find_apps(root)
        if len(found) != 1:
            return _choose(root, found)
        project = Project(
            root=root,
            app=found[0],
            python=Path(sys.executable),
            workers=workers or _number(root),
            user=user,
            env_file=Path(os.path.normpath(root / env_file)) if env_file else None,
            group=group or (system_nginx.group() if site else None),
            run_dir=Path(os.path.normpath(root / run_dir)),
            port=port,
            domain=domain or "_",
            is_site=site,
        )
        return _init(project, check, write)
    except OSError as error:
        raise FleetError(str(error.filename), f"out of reach ({error.strerror})", "see ls -ld") from None


def _init(project: Project, check: bool, write: bool) -> int:
    require(check_prerequisites(project))
    plan = planned_files(project)
    texts = {path: text for path, text in plan.items() if read_existing(path) != text}
    if check:
        print_changes(texts, "fleet init")
        return 1 if texts else 0
    confirm_overwrite(texts, write, "fleet init")
    create(project, texts)
    _next(project, texts)
    return 0


def _number(root: Path) -> int:
    """Return the number of workers that are there, which "fleet scale" may have changed, else a good one."""
    conf = root / DEFAULT_CONF
    return len(read_fleet(conf, PROGRAM).workers) if conf.exists() else default_worker_count()


def _choose(root: Path, found: list[App]) -> int:
    if found:
        click.echo(f"fleet: {root}: it has {len(found)} applications; name one:", err=True)
        for app in found:
            click.echo(f"  fleet init {app.spec}", err=True)
    else:
        step = "name yours, fleet init MODULE:NAME"
        click.echo(f"fleet: {root}: no aiohttp application is found in its modules and packages; {step}", err=True)
    return 2


def _next(project: Project, texts: Mapping[Path, str]) -> None:
    for path in texts:
        click.echo(f"{path}: written")
    if project.is_site:
        click.echo(f"{project.root / 'deploy' / SITE}: written")
    if not texts:
        click.echo(f"{project.root / 'deploy'}: nothing to change")
    tool = project.python.parent / "supervisord"
    shown = tool.relative_to(project.root) if tool.is_relative_to(project.root) else tool
    workers = f"{project.workers} worker{'s' * (project.workers > 1)}"
    click.echo(f"{project.app.spec}: {workers}, http://127.0.0.1:{project.port}/ once you type")
    click.echo(f"  {shlex.quote(str(shown))} -c deploy/supervisord.conf")
    if project.is_site:
        _next_site(project)


def _next_site(project: Project) -> None:
    """Root may link the file; whoever else may write to it would be root, so that one copies it."""
    there = f"{_SITES}/{project.root.name}.conf"
    if os.geteuid() == 0:
        click.echo(f"  ln -s {shlex.join((str(project.root / 'deploy' / SITE), there))}")
        click.echo("  nginx -t && nginx -s reload")
    else:
        click.echo(f"  fleet render --site | sudo tee {shlex.quote(there)} >/dev/null")
        click.echo("  sudo nginx -t && sudo nginx -s reload")
