"""What two places must agree on although no file can take it from the other."""

import re
from collections.abc import Iterator, Sequence

from aiohttp_fleet.config.fleet import Fleet, Worker
from aiohttp_fleet.config.standby_command import NUMBER

MARGIN = 10
"""Seconds between the drain deadline and SIGKILL, for handlers to be cancelled and the application's clean-up."""
_KEEPALIVE_TIMEOUT = re.compile(
    r"^\s*upstream\s[^}]*?^\s*keepalive_timeout\s+((?:\d+(?:ms|s|m|h)?\s*)+);", re.MULTILINE | re.DOTALL
)
_DEFAULT = 60.0
"""Seconds; https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive_timeout"""
_SECONDS = {"ms": 0.001, "s": 1, "": 1, "m": 60, "h": 3600}


def inconsistencies(fleet: Fleet, nginx_text: str) -> Iterator[str]:
    """Yield one sentence for each rule that is broken.

    nginx's upstream keepalive_timeout < the workers' --drain < supervisord's stopwaitsecs, and the standby runs
    what the workers run, in the same environment.
    """
    kept = _keepalive_timeout(nginx_text)
    for worker in [*fleet.workers[:1], *([fleet.standby] if fleet.standby else [])]:
        if worker.drain is None:
            continue
        if worker.stopwaitsecs < worker.drain + MARGIN:
            yield (
                f"{worker.namespec}: supervisord kills it after stopwaitsecs={worker.stopwaitsecs}, "
                f"not {MARGIN} s after its drain of {worker.drain:g} s; "
                f"set stopwaitsecs to {worker.drain + MARGIN:g} or more"
            )
        if kept >= worker.drain:
            yield (
                f"{worker.namespec}: nginx keeps idle connections for keepalive_timeout {kept:g} s, not less than "
                f"its drain of {worker.drain:g} s; set keepalive_timeout 1s in the upstream"
            )
    first = fleet.workers[0]
    if fleet.standby and (fleet.standby.command, fleet.standby.drain) != (first.command, first.drain):
        yield (
            f"{fleet.standby.namespec}: its command is not that of {first.namespec}; "
            "copy all of it but --path from [program:" + fleet.program + "]"
        )
    if fleet.standby and (names := _differing(fleet.workers, fleet.standby)):
        yield (
            f"{fleet.standby.namespec}: {', '.join(names)} in its environment= is not that of {first.namespec}; "
            f"copy it from [program:{fleet.program}]"
        )


def _differing(workers: Sequence[Worker], standby: Worker) -> list[str]:
    """Name the variables that the standby has otherwise, but for those that tell the workers from each other."""
    first, *others = (set(worker.environment.items()) for worker in workers)
    own = {NUMBER, *(name for other in others for name, _ in first ^ other)}
    return sorted({name for name, _ in first ^ set(standby.environment.items())} - own)


def _keepalive_timeout(nginx_text: str) -> float:
    found = _KEEPALIVE_TIMEOUT.search(nginx_text)
    if not found:
        return _DEFAULT
    return sum(int(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+)(ms|s|m|h|)", found[1]))
