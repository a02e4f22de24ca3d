"""``fleet render``: the lines of nginx.conf that follow from supervisord.conf."""

import click

from aiohttp_fleet.act.write import replace
from aiohttp_fleet.compute.agreement import disagreements
from aiohttp_fleet.compute.upstream import block, difference, rendered
from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.read.fleet import Fleet
from aiohttp_fleet.verbs.shape import Chosen, verb


@verb
@click.option("--check", "mode", flag_value="check", help="Change nothing; exit 1 when the two files disagree.")
@click.option("--write", "mode", flag_value="write", help="Write them into nginx.conf, between its markers.")
def render(chosen: Chosen, mode: str | None) -> int:
    """Print the upstream's server lines, from supervisord.conf."""
    fleet = chosen.fleet()
    if mode is None:
        click.echo(block(fleet), nl=False)
        return 0
    text = _text(fleet)
    changes = difference(fleet, text)
    if mode == "write":
        if changes:
            replace(fleet.nginx_conf, rendered(fleet, text))
        click.echo(f"{fleet.nginx_conf}: {'written; nginx -s reload takes it up' if changes else 'nothing to change'}")
        return 0
    click.echo(changes, nl=False)
    found = list(disagreements(fleet, text))
    if changes:
        found.insert(
            0, f"{fleet.nginx_conf}: its servers are not those of {fleet.supervisord_conf}; fleet render --write"
        )
    for line in found:
        click.echo(f"fleet: {line}", err=True)
    return 1 if found else 0


def _text(fleet: Fleet) -> str:
    try:
        return fleet.nginx_conf.read_text()
    except OSError as error:
        step = "it belongs beside supervisord.conf"
        raise FleetError(str(fleet.nginx_conf), f"cannot be read ({error.strerror})", step) from None
