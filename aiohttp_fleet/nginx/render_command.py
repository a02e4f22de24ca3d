"""``fleet render``: the server lines of nginx.conf, from supervisord.conf."""

import click

from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.common.write_files import replace_file
from aiohttp_fleet.config.consistency import inconsistencies
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.site.apply import BY_HAND, due, follow
from aiohttp_fleet.nginx.site.apply import site as as_site
from aiohttp_fleet.nginx.upstream_text import render_upstream, server_lines, upstream_diff
from aiohttp_fleet.supervision.command import FleetContext, command


@command
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when the files disagree.")
@click.option("--write", is_flag=True, help="Write them into nginx.conf, between its markers; site.conf follows.")
@click.option("--site", is_flag=True, help="Print nginx.conf as a site of the system's nginx instead.")
def render(chosen: FleetContext, check: bool, write: bool, site: bool) -> int:
    """Print the upstream's server lines, from supervisord.conf."""
    if check + write + site > 1:
        raise click.UsageError("--check, --write and --site exclude each other.")
    fleet = chosen.fleet()
    if site:
        click.echo(as_site(fleet.nginx_conf, render_upstream(fleet, read_text(fleet.nginx_conf))), nl=False)
        return 0
    if check:
        return _check(fleet)
    if write:
        return _write(fleet)
    click.echo(server_lines(fleet), nl=False)
    return 0


def _write(fleet: Fleet) -> int:
    text = read_text(fleet.nginx_conf)
    new = render_upstream(fleet, text)
    if new != text:
        replace_file(fleet.nginx_conf, new)
    click.echo(
        f"{fleet.nginx_conf}: {'nothing to change' if new == text else 'written; nginx takes it up at a reload'}"
    )
    if follow(fleet, new):
        click.echo(f"{fleet.site_conf}: written; {BY_HAND}")
    return 0


def _check(fleet: Fleet) -> int:
    text = read_text(fleet.nginx_conf)
    changes = upstream_diff(fleet, text)
    click.echo(changes, nl=False)
    found = [str(finding) for finding in inconsistencies(fleet, text)]
    if changes:
        found.insert(
            0, f"{fleet.nginx_conf}: its servers are not those of {fleet.supervisord_conf}; fleet render --write"
        )
    if due(fleet, text) is not None:
        found.append(f"{fleet.site_conf}: it is not what nginx.conf makes of it; fleet render --write")
    for line in found:
        click.echo(f"fleet: {line}", err=True)
    return 1 if found else 0
