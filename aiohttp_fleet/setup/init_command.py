"""``fleet init``: one command, and an aiohttp project has its fleet."""

import os
import re
import shlex
import sys
from functools import partial
from pathlib import Path

import click

from aiohttp_fleet.common.errors import FleetError, os_errors
from aiohttp_fleet.common.hostnames import is_name
from aiohttp_fleet.common.limits import cgroup, cores
from aiohttp_fleet.common.output import Output
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.config.supervisord_conf import DEFAULT_CONF, read_fleet
from aiohttp_fleet.nginx import system_nginx
from aiohttp_fleet.setup.checks import check_prerequisites
from aiohttp_fleet.setup.confirm import changes, confirm_overwrite
from aiohttp_fleet.setup.deploy import PROGRAM, Project, create, planned
from aiohttp_fleet.setup.find_application import App, begins_program, find_apps, missing_script, named_app
from aiohttp_fleet.supervision.command import FleetContext, command
from aiohttp_fleet.supervision.lock import exclusive_lock
from aiohttp_fleet.worker.command_line import MODULE

_SITES = "/etc/nginx/conf.d"
"""Directory that the packages of nginx.org and of all distributions include."""
MEMORY = 150_000_000
"""Bytes that a worker is given credit for: 40 MB as it starts, and an application that does something."""
SHARE = 0.5
"""Of the memory, for workers; the other half is for the standby, nginx, the page cache and whatever else is here."""
_SPEC = re.compile(r"[\w.]+(:[\w.]+)?")


class ProgramCommand(click.Command):
    """A command whose last argument may be a program: all that stands behind its name is the program's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what comes before the program."""
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        with_value = {name for option in options if not option.is_flag for name in option.opts}
        at = 0
        while at < len(args) and args[at].startswith("-") and args[at] != MODULE:
            at += 2 if args[at] in with_value else 1
        if at < len(args) and begins_program(args[at]):
            args = [*args[:at], "--", *args[at:]]
        return super().parse_args(ctx, args)


@partial(command, kind=ProgramCommand)
@click.argument("app", nargs=-1, metavar="[MODULE:NAME | SCRIPT [ARGUMENT]... | -m MODULE [ARGUMENT]...]")
@click.option("--workers", type=click.IntRange(min=1), help="Their number; else as in deploy/, or one per core.")
@click.option("--user", default="nobody", show_default=True, help="User of the workers when started as root.")
@click.option("--env-file", type=click.Path(path_type=Path), help="File with settings and secrets of the application.")
@click.option("--group", help="Group of the sockets; with --site that of the system's nginx, else the workers' own.")
@click.option("--site/--no-site", default=None, help="The system runs nginx: write a site for it; else as in deploy/.")
@click.option("--run-dir", type=click.Path(path_type=Path), default=Path("/tmp"), show_default=True,
              help="Directory of the workers' sockets.")  # fmt: skip
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="Port of nginx.")
@click.option("--domain", help="Name of the site; else nginx answers to every name.")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when something would change.")
@click.option("--write", is_flag=True, help="Overwrite files of yours that differ.")
def init(
    context: FleetContext, app: tuple[str, ...], workers: int | None, user: str, env_file: Path | None,
    group: str | None, site: bool | None, run_dir: Path, port: int, domain: str | None, check: bool, write: bool,
) -> int:  # fmt: skip
    """Write deploy/ for the project in this directory, or refresh its kit/ after an upgrade."""
    if check and write:
        raise click.UsageError("--check and --write exclude each other.")
    if domain is not None and not is_name(domain):
        raise click.UsageError(f"--domain {domain!r} is no domain name; write it as in www.example.com.")
    if app and not begins_program(app[0]) and (len(app) > 1 or not _SPEC.fullmatch(app[0])):
        forms = "is not MODULE:NAME, such as app.main:create_app, and no program, such as web.py or -m shop"
        raise click.UsageError(f"{' '.join(app)!r} {forms}.")
    with os_errors(None, "cannot be read or written", "see ls -ld . deploy"):
        root = Path.cwd()
        if script := missing_script(root, app):
            raise FleetError(script, f"there is no such file in {root}", "check the spelling, or name MODULE:NAME")
        found = [named_app(root, app)] if app else find_apps(root)
        if len(found) != 1:
            return _choose(root, found, context.output)
        old = read_fleet(root / DEFAULT_CONF, PROGRAM) if (root / DEFAULT_CONF).exists() else None
        is_site = (old is not None and old.is_site) if site is None else site
        project = Project(
            root=root,
            app=found[0],
            python=Path(sys.executable),
            workers=workers or (len(old.workers) if old else _default_workers()),
            user=user,
            env_file=Path(os.path.normpath(root / env_file)) if env_file else None,
            group=group or (system_nginx.group() if is_site else None),
            run_dir=Path(os.path.normpath(root / run_dir)),
            port=port,
            domain=domain or "_",
            is_site=is_site,
        )
        return _init(project, old, context, check, write)


def _default_workers() -> int:
    """Return one worker per core, fewer where memory is short, and at least one."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if (limit := cgroup("memory.max")).isdigit():
        memory = min(memory, int(limit))
    return max(1, min(cores(), int(memory * SHARE) // MEMORY))


def _init(project: Project, old: Fleet | None, context: FleetContext, check: bool, write: bool) -> int:
    context.require(check_prerequisites(project))
    output = context.output
    fleet, kit, own = planned(project)
    texts = {**kit, **own}
    output.add(application=project.app.spec, workers=project.workers, files=list(map(str, texts)))
    if check:
        output.line(changes(texts, "fleet init"), newline=False)
        return 1 if texts else 0
    (project.deploy / "run").mkdir(parents=True, exist_ok=True)  # the lock is in it
    with exclusive_lock(old or fleet, "fleet init"):
        create(project, kit)
        if kit:
            output.line(f"{project.deploy / 'kit'}: written")
        confirm_overwrite(own, write, "fleet init", output)
        create(project, own)
    for path in own:
        output.line(f"{path}: written")
    if project.app.why:
        output.line(f"{project.app.spec}: {project.app.why}")
    if not texts:
        output.line(f"{project.deploy}: nothing to change")
    steps = _next_steps(project)
    output.add(next=steps)
    workers = f"{project.workers} worker{'s' * (project.workers > 1)}"
    title = f"{project.app.spec}: {workers}, http://127.0.0.1:{project.port}/ once you type"
    output.line("\n  ".join([title, *steps]))
    return 0


def _choose(root: Path, found: list[App], output: Output) -> int:
    output.add(applications=[app.spec for app in found])
    forms = "fleet init MODULE:NAME, or what you type today, fleet init python web.py"
    reason = f"no aiohttp application is found in its modules and packages; name yours, {forms}"
    if found:
        reason = f"it has {len(found)} applications; name one:"
    output.line("\n  fleet init ".join([f"fleet: {root}: {reason}", *(app.spec for app in found)]), err=True)
    return 2


def _next_steps(project: Project) -> list[str]:
    """Return what to type now. Root may link a site; another user who may write to the file would become root."""
    tool = project.python.with_name("supervisord")
    shown = tool.relative_to(project.root) if tool.is_relative_to(project.root) else tool
    start = f"{shlex.quote(str(shown))} -c deploy/supervisord.conf"
    if not project.is_site:
        return [start]
    there = f"{_SITES}/{project.root.name}.conf"
    if os.geteuid() == 0:
        return [start, f"ln -s {shlex.join((str(project.nginx_conf), there))}", "nginx -t && nginx -s reload"]
    copy = f"fleet render --full | sudo tee {shlex.quote(there)} >/dev/null"
    return [start, copy, "sudo nginx -t && sudo nginx -s reload"]
