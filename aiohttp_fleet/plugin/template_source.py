"""Of what a worker's template is made, read from supervisor's configuration of its process."""

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp_fleet.config.fleet import Worker
from aiohttp_fleet.config.standby_command import WORKER, common_environment, is_standby, split, standby_arguments
from aiohttp_fleet.config.supervisord_conf import read_fleet, worker_of
from aiohttp_fleet.worker.env_files import read_at_start

OFF = "--no-template"
LOW_PORTS = 1024
"""Only root may bind the ports below (ip(7), ip_unprivileged_port_start)."""
_PORT = re.compile(r"--port[= ](\d+)")


@dataclass(frozen=True)
class Source:
    """Of what a template is made; processes with an equal one share it.

    Attributes:
        program: the workers' program.
        command: their command, without what each has of its own.
        directory: the working directory, None for supervisord's.
        environment: the variables that all have with the same value.
        umask: of the program, None for supervisord's.
        uid: the user of the program (user=), None for supervisord's.
        argv: the command line of one of them.
    """

    program: str
    command: tuple[str, ...]
    directory: str | None
    environment: tuple[tuple[str, str], ...]
    umask: int | None
    uid: int | None
    argv: tuple[str, ...] = field(compare=False)


@dataclass(frozen=True)
class Wanted:
    """A worker that is to be forked.

    Attributes:
        source: of its template.
        arguments: of ``python -m aiohttp_fleet.worker``.
        environ: the variables in which it differs from its template.
        obstacle: why it is executed nevertheless; empty when it is forked.
    """

    source: Source
    arguments: tuple[str, ...]
    environ: Mapping[str, str]
    obstacle: str


def wanted(process: Any) -> Wanted | None:
    """Return what a process is to be forked from; None for one that is no worker of the kit.

    Args:
        process: supervisor's ``Subprocess``.

    Raises:
        FleetError: its command cannot be read.
        ValueError: the same.
    """
    config, group = process.config, process.group.config
    words = shlex.split(config.command)
    if is_standby(words):
        program, worker, workers = _standby(words)
    else:
        program = group.name
        workers = [worker_of(each, program, program) for each in group.process_configs if WORKER in each.command]
        worker = next((each for each in workers if each.name == config.name), None)
    if worker is None or WORKER not in worker.argv:
        return None
    common = dict(common_environment(workers))
    named = {"SUPERVISOR_PROCESS_NAME": config.name, "SUPERVISOR_GROUP_NAME": group.name, **worker.environment}
    own = {name: value for name, value in named.items() if common.get(name) != value}
    environment = tuple(sorted(common.items()))
    argv = worker.argv
    source = Source(program, worker.command, worker.directory, environment, config.umask, config.uid, argv)
    obstacle = _obstacle(worker, own, common, config.uid)
    return Wanted(source, argv[argv.index(WORKER) + 1 :], own, obstacle)


def _standby(argv: Sequence[str]) -> tuple[str, Worker | None, Sequence[Worker]]:
    """Return the program, the standby with its workers' command, and the workers."""
    given = standby_arguments(argv[3:])
    fleet = read_fleet(Path(given.conf).absolute(), given.program)
    return given.program, fleet.standby, fleet.workers


def _obstacle(worker: Worker, own: Mapping[str, str], common: Mapping[str, str], uid: int | None) -> str:
    """Say why a worker is executed; empty when it is forked."""
    words, _ = split(worker.argv)
    if OFF in words:
        return OFF
    if name := next((name for name in own if name in common), ""):
        return f"environment= gives it another {name} than the workers"
    if name := next(filter(read_at_start, own), ""):
        return f"environment= sets {name}, which is read when an interpreter starts, not to the same for all workers"
    port = _PORT.search(" ".join(words))
    if port and int(port[1]) < LOW_PORTS and os.geteuid() == 0 and uid is None:
        return f"only root may bind port {port[1]}"
    return ""


def template_argv(source: Source, fd: int) -> list[str]:
    """Return the command line of a template.

    Args:
        source: of it.
        fd: the descriptor of its socket.
    """
    at = source.argv.index(WORKER)
    return [*source.argv[:at], "aiohttp_fleet.template", str(fd), source.program, *source.argv[at + 1 :]]
