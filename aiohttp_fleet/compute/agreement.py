"""What two places must agree on although no file can take it from the other."""

import re
from collections.abc import Iterator

from aiohttp_fleet.read.fleet import Fleet

_KEEPALIVE_TIMEOUT = re.compile(r"^\s*upstream\s[^}]*?^\s*keepalive_timeout\s+(\d+)(ms|s|m|h)?\s*;", re.M | re.S)
_DEFAULT = 60.0
"""Seconds; https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive_timeout"""
_SECONDS = {"ms": 0.001, "s": 1, None: 1, "m": 60, "h": 3600}


def disagreements(fleet: Fleet, nginx_text: str) -> Iterator[str]:
    """Yield one sentence for each rule that is broken.

    nginx's upstream keepalive_timeout < the workers' --drain < supervisord's stopwaitsecs, and the standby runs
    what the workers run.
    """
    kept = _keepalive_timeout(nginx_text)
    for worker in [*fleet.workers[:1], *([fleet.standby] if fleet.standby else [])]:
        if worker.drain is None:
            continue
        if worker.stopwaitsecs <= worker.drain:
            yield (
                f"{worker.namespec}: supervisord kills it after stopwaitsecs={worker.stopwaitsecs}, "
                f"within its --drain={worker.drain:g}; set stopwaitsecs to {worker.drain + 10:g}"
            )
        if kept >= worker.drain:
            yield (
                f"{worker.namespec}: nginx keeps idle connections for keepalive_timeout {kept:g} s, not less than "
                f"--drain={worker.drain:g}; set keepalive_timeout 1s in the upstream"
            )
    if fleet.standby and fleet.standby.command != fleet.workers[0].command:
        yield (
            f"{fleet.standby.namespec}: its command is not that of {fleet.workers[0].namespec}; "
            "copy all of it but --path from [program:" + fleet.program + "]"
        )


def _keepalive_timeout(nginx_text: str) -> float:
    found = _KEEPALIVE_TIMEOUT.search(nginx_text)
    return int(found[1]) * _SECONDS[found[2]] if found else _DEFAULT
