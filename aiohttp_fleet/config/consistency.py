"""Settings that must agree, although they are in several files or sections."""

import re
from collections.abc import Iterator, Sequence

from aiohttp_fleet.common.findings import Finding, failure
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


def inconsistencies(fleet: Fleet, nginx_text: str) -> Iterator[Finding]:
    """Yield a failure for each rule that is broken.

    nginx's upstream keepalive_timeout < the workers' --drain < supervisord's stopwaitsecs, and the standby runs
    what the workers run, in the same environment.
    """
    keepalive = _keepalive_timeout(nginx_text)
    first, standby, section = fleet.workers[0], fleet.standby, f"[program:{fleet.program}]"
    for worker in (first, standby):
        if worker is None or worker.drain is None:
            continue
        if worker.stopwaitsecs < worker.drain + MARGIN:
            reason = f"supervisord kills it after stopwaitsecs={worker.stopwaitsecs}, not {MARGIN} s after its drain of"
            fix = f"set stopwaitsecs={worker.drain + MARGIN:g} or more in {fleet.supervisord_conf}"
            yield failure(worker.namespec, f"{reason} {worker.drain:g} s", fix)
        if keepalive >= worker.drain:
            reason = f"nginx keeps idle connections for keepalive_timeout {keepalive:g} s, not less than its drain of"
            fix = f"set keepalive_timeout 1s; in the upstream of {fleet.nginx_conf}"
            yield failure(worker.namespec, f"{reason} {worker.drain:g} s", fix)
    if standby and (standby.command, standby.drain) != (first.command, first.drain):
        reason, fix = f"its command is not that of {first.namespec}", f"copy all of it but --path from {section}"
        yield failure(standby.namespec, reason, fix)
    if standby and (names := _differing(fleet.workers, standby)):
        reason = f"{', '.join(names)} in its environment= is not that of {first.namespec}"
        yield failure(standby.namespec, reason, f"copy it from {section}")


def _differing(workers: Sequence[Worker], standby: Worker) -> list[str]:
    """Return the variables whose values the standby does not share, without those that differ between workers."""
    first, *others = (set(worker.environment.items()) for worker in workers)
    own = {NUMBER, *(name for other in others for name, _ in first ^ other)}
    return sorted({name for name, _ in first ^ set(standby.environment.items())} - own)


def _keepalive_timeout(nginx_text: str) -> float:
    found = _KEEPALIVE_TIMEOUT.search(nginx_text)
    if not found:
        return _DEFAULT
    return sum(int(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+)(ms|s|m|h|)", found[1]))
