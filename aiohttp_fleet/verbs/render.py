"""``fleet render``: the lines of nginx.conf that follow from supervisord.conf."""

import click

from aiohttp_fleet.act.write import replace
from aiohttp_fleet.compute.agreement import disagreements
from aiohttp_fleet.compute.upstream import block, difference, rendered
from aiohttp_fleet.read.fleet import Fleet
from aiohttp_fleet.read.text import read_text
from aiohttp_fleet.verbs.shape import Chosen, verb


@verb
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when the two files disagree.")
@click.option("--write", is_flag=True, help="Write them into nginx.conf, between its markers.")
def render(chosen: Chosen, check: bool, write: bool) -> int:
    """Print the upstream's server lines, from supervisord.conf."""
    if check and write:
        raise click.UsageError("--check and --write exclude each other.")
    fleet = chosen.fleet()
    if check:
        return _check(fleet)
    if write:
        return _write(fleet)
    click.echo(block(fleet), nl=False)
    return 0


def _write(fleet: Fleet) -> int:
    text = read_text(fleet.nginx_conf)
    new = rendered(fleet, text)
    if new != text:
        replace(fleet.nginx_conf, new)
    click.echo(
        f"{fleet.nginx_conf}: {'nothing to change' if new == text else 'written; nginx takes it up at a reload'}"
    )
    return 0


def _check(fleet: Fleet) -> int:
    text = read_text(fleet.nginx_conf)
    changes = difference(fleet, text)
    click.echo(changes, nl=False)
    found = list(disagreements(fleet, text))
    if changes:
        found.insert(
            0, f"{fleet.nginx_conf}: its servers are not those of {fleet.supervisord_conf}; fleet render --write"
        )
    for line in found:
        click.echo(f"fleet: {line}", err=True)
    return 1 if found else 0
