"""``fleet render``: the part of nginx's file that follows from supervisord.conf, and all that nginx reads."""

from collections.abc import Iterator

import click

from aiohttp_fleet.common.findings import Finding, failure
from aiohttp_fleet.common.output import Output
from aiohttp_fleet.common.read_files import differing, read_included, read_text
from aiohttp_fleet.common.write_files import replace_file
from aiohttp_fleet.config.consistency import inconsistencies
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.check_config import run_nginx
from aiohttp_fleet.nginx.kit import kit_texts
from aiohttp_fleet.nginx.upstream_text import render_upstream, server_lines, upstream_diff
from aiohttp_fleet.supervision.command import FleetContext, command
from aiohttp_fleet.supervision.lock import exclusive_lock


@command
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when the files disagree.")
@click.option("--write", is_flag=True, help="Write them into nginx.conf or site.conf, between the two markers.")
@click.option("--full", is_flag=True, help="Print everything that nginx reads instead.")
def render(context: FleetContext, check: bool, write: bool, full: bool) -> int:
    """Print the server lines of nginx's upstream, from supervisord.conf."""
    if check + write + full > 1:
        raise click.UsageError("--check, --write and --full exclude each other.")
    fleet, output = context.fleet(), context.output
    if check:
        return _check(fleet, output)
    if write:
        with exclusive_lock(fleet, "fleet render"):
            _write(context.fleet(), output)  # read again, now that no other command changes it
        return 0
    text = _full(fleet) if full else server_lines(fleet)
    output.line(text, newline=False)
    output.add(file=str(fleet.nginx_conf), text=text)
    return 0


def _full(fleet: Fleet) -> str:
    """Return nginx.conf with its files, as nginx prints them; site.conf with its files in the place of its includes."""
    if fleet.is_site:
        return read_included(fleet.nginx_conf, generated=True)
    return run_nginx(fleet.nginx_conf, read_text(fleet.nginx_conf), {}, "-T")


def _write(fleet: Fleet, output: Output) -> None:
    text = read_text(fleet.nginx_conf)
    new = render_upstream(fleet, text)
    if new != text:
        replace_file(fleet.nginx_conf, new)
    done = "nothing to change" if new == text else "written; fleet reload makes nginx read it"
    output.line(f"{fleet.nginx_conf}: {done}")
    output.add(file=str(fleet.nginx_conf), written=new != text)


def _check(fleet: Fleet, output: Output) -> int:
    text = read_text(fleet.nginx_conf)
    changes = upstream_diff(fleet, text)
    found = list(_disagreements(fleet, text, changes))
    output.line(changes, newline=False)
    for finding in found:
        output.line(f"fleet: {finding}", err=True)
    output.add_findings(found)
    output.add(file=str(fleet.nginx_conf), diff=changes)
    return 1 if found else 0


def _disagreements(fleet: Fleet, text: str, changes: str) -> Iterator[Finding]:
    if changes:
        reason = f"its servers are not those of {fleet.supervisord_conf}"
        yield failure(fleet.nginx_conf, reason, "fleet render --write")
    yield from inconsistencies(fleet, text)
    deploy = fleet.nginx_conf.parent
    texts = kit_texts(deploy, fleet.is_site)
    if names := [path.name for path in differing(texts)]:
        reason = f"{', '.join(names)} not of this version of aiohttp-fleet"
        yield failure(deploy / "kit", reason, "fleet init")
